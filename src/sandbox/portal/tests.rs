//! The sandbox portal as its callers meet it.
use super::*;
use crate::types::{CodeRules, CodeVerdict, civic::ApplicationStatus};
use serde_json::Value;
use std::collections::BTreeSet;

const ID: &str = "0b9d2c54-51f5-4d61-9d0e-6f4f6a1f8a10";

struct Caller {
    portal: Portal,
    http: reqwest::Client,
}

struct Got {
    status: u16,
    headers: reqwest::header::HeaderMap,
    body: Value,
}

impl Caller {
    async fn new(db: Option<PathBuf>) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listen = ([127, 0, 0, 1], 0).into();
        let config = PortalConfig { listen, token: Some("t".into()), delay: Duration::ZERO, db, stands_at: None };
        let portal = Portal::start(config).await.expect("starts");
        Caller { portal, http: reqwest::Client::builder().no_proxy().build().expect("a client") }
    }

    async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Got {
        let mut request = self.http.get(format!("http://{}{path}", self.portal.addr()));
        let usual = [("authorization", "Bearer t"), ("x-request-id", ID), ("x-channel", "sms")];
        for (name, value) in usual.iter().filter(|(name, _)| !headers.iter().any(|(other, _)| other == name)) {
            request = request.header(*name, *value);
        }
        for (name, value) in headers.iter().filter(|(_, value)| !value.is_empty()) {
            request = request.header(*name, *value);
        }
        let response = request.send().await.expect("an answer");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.bytes().await.expect("a body");
        Got { status, headers, body: serde_json::from_slice(&body).unwrap_or_default() }
    }
}

#[tokio::test]
async fn what_a_caller_learns_follows_from_the_factors() {
    let caller = Caller::new(None).await;
    let [ready, review, private] = sample_codes();
    let public = caller.get(&format!("/v1/applications/{private}"), &[]).await;
    assert_eq!((public.status, &public.body["disclosure"]), (200, &Value::from("public")));
    assert_eq!(public.body["service"], serde_json::json!({ "sensitive": true }));
    assert!(public.body.get("timeline").is_none() && public.body.get("fee").is_none());
    assert_eq!(public.headers["cache-control"], "private, max-age=60, stale-if-error=3600");
    assert_eq!(public.headers["x-request-id"], ID);

    let path = format!("/v1/applications/{review}");
    let contact = caller.get(&path, &[("x-citizen-msisdn", "+85510000001")]).await;
    assert_eq!(contact.body["disclosure"], "contact");
    assert_eq!(
        contact.body["status"],
        contact.body["timeline"].as_array().expect("steps").last().expect("one")["status"]
    );
    assert_eq!(contact.headers["cache-control"], "no-store");
    let stranger = caller.get(&path, &[("x-citizen-msisdn", "+85510000002")]).await;
    assert_eq!((stranger.status, &stranger.body["disclosure"]), (200, &Value::from("public")));
    let verified = caller.get(&path, &[("x-citizen-pin", "4821")]).await;
    assert_eq!(
        (&verified.body["disclosure"], &verified.body["fee"]["amount_khr"]),
        (&"verified".into(), &20_000.into())
    );
    assert!(caller.get(&format!("/v1/applications/{ready}"), &[]).await.body["ready"]["until"].is_string());
    caller.portal.stop().await;
}

#[tokio::test]
async fn five_wrong_pins_lock_pins_but_not_the_code() {
    let caller = Caller::new(None).await;
    let path = format!("/v1/applications/{}", sample_codes()[1]);
    for left in (0..5).rev() {
        let wrong = caller.get(&path, &[("x-citizen-pin", "0000")]).await;
        assert_eq!((wrong.status, &wrong.body["attempts_left"]), (403, &left.into()));
    }
    let locked = caller.get(&path, &[("x-citizen-pin", "4821")]).await;
    assert_eq!((locked.status, &locked.body["code"]), (423, &"locked".into()));
    assert!(locked.headers["retry-after"].to_str().expect("digits").parse::<u64>().expect("seconds") > 1700);
    assert_eq!(caller.get(&path, &[]).await.status, 200);
}

#[tokio::test]
async fn what_is_not_as_agreed_is_refused_in_words() {
    let caller = Caller::new(None).await;
    let path = format!("/v1/applications/{}", sample_codes()[1]);
    for (path, headers, status, code) in [
        (path.as_str(), vec![("authorization", "Bearer x")], 401, "unauthorized"),
        (&path, vec![("authorization", "")], 401, "unauthorized"),
        (&path, vec![("x-request-id", "7")], 400, "bad_request"),
        (&path, vec![("x-channel", "")], 400, "bad_request"),
        (&path, vec![("x-channel", "fax")], 400, "bad_request"),
        (&path, vec![("x-citizen-msisdn", "010000001")], 400, "bad_request"),
        (&path, vec![("x-citizen-pin", "12")], 400, "bad_request"),
        ("/v1/applications/abc", vec![], 400, "bad_request"),
        ("/v1/applications/120500260481938", vec![], 404, "not_found"),
        ("/v1/nothing", vec![], 404, "not_found"),
        ("/v1/services?limit=101", vec![], 400, "bad_request"),
        ("/v1/services?cursor=x", vec![], 400, "bad_request"),
        ("/v1/services?level=moon", vec![], 400, "bad_request"),
        ("/v1/offices?division=1", vec![], 400, "bad_request"),
        ("/v1/offices/owso-1205/slots?service=legalise-copy&from=2026-12-01&to=2027-02-01", vec![], 400, "bad_request"),
    ] {
        let got = caller.get(path, &headers).await;
        assert_eq!((got.status, got.body["code"].as_str()), (status, Some(code)), "{path} {headers:?}");
        assert_eq!(got.headers["content-type"], "application/problem+json", "{path}");
    }
}

#[tokio::test]
async fn lists_are_paged_searched_and_kept() {
    let caller = Caller::new(None).await;
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = caller.get(&format!("/v1/services?limit=8{cursor}"), &[]).await.body;
        seen.extend(page["items"].as_array().expect("items").iter().map(|item| item["code"].clone()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let codes: BTreeSet<String> = seen.iter().map(Value::to_string).collect();
    assert_eq!((seen.len(), codes.len()), (74, 74));

    let found = caller.get("/v1/services?q=%E1%9E%95%E1%9F%92%E1%9E%91%E1%9F%87%E1%9E%87%E1%9E%BD%E1%9E%9B", &[]).await;
    assert_eq!(found.body["items"][0]["id"], "rental-room-licence");
    let offered = caller.get("/v1/services?office=commune-120510&topic=one-window", &[]).await;
    assert_eq!(offered.body["items"].as_array().map(Vec::len), Some(11));
    let offices = caller.get("/v1/offices?division=1205&kind=commune", &[]).await;
    assert_eq!(offices.body["items"].as_array().map(Vec::len), Some(3));

    let first = caller.get("/v1/topics", &[]).await;
    let tag = first.headers["etag"].to_str().expect("a tag");
    let again = caller.get("/v1/topics", &[("if-none-match", tag)]).await;
    assert_eq!((again.status, &again.headers["etag"]), (304, &first.headers["etag"]));
}

#[tokio::test]
async fn times_lie_within_the_hours_of_a_day_on_which_the_office_is_open() {
    let caller = Caller::new(None).await;
    let day =
        |ahead: i64| (now(None, &crate::types::time::phnom_penh()).date() + jiff::Span::new().days(ahead)).to_string();
    let path = format!("/v1/offices/owso-1205/slots?service=rental-room-licence&from={}&to={}", day(0), day(31));
    let got = caller.get(&path, &[]).await;
    let items = got.body["items"].as_array().expect("items");
    assert!(
        items.len() > 150 && items.iter().any(|slot| slot["free"] == 0) && items.iter().any(|slot| slot["free"] == 2)
    );
    for slot in items {
        let start = slot["start"].as_str().expect("a time");
        assert!(start.ends_with("+07:00") && ("07:30".."17:30").contains(&&start[11..16]), "{start}");
        assert!(!start.starts_with("2026-11-24") && !start.starts_with("2027-01-01"), "{start}");
    }
    let none = caller.get(&path.replace("rental-room-licence", "death-certificate"), &[]).await;
    assert_eq!(none.body["items"].as_array().map(Vec::len), Some(0));
}

#[tokio::test]
async fn the_sample_covers_every_status_and_stays_in_its_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("portal.db");
    let caller = Caller::new(Some(file.clone())).await;
    let pool = &caller.portal.shared.db.pool;
    let codes: Vec<String> = sqlx::query_scalar("SELECT code FROM applications").fetch_all(pool).await.expect("codes");
    let rules = CodeRules::recommended();
    let mut statuses = BTreeSet::new();
    let mut private = 0;
    for code in &codes {
        assert!(matches!(rules.read(code), CodeVerdict::Good(_)), "{code}");
        let got = caller.get(&format!("/v1/applications/{code}"), &[]).await;
        statuses.insert(got.body["status"].to_string());
        private += u32::from(got.body["service"]["sensitive"] == true);
        assert_eq!(got.body["status"] == "ready_for_collection", got.body.get("ready").is_some(), "{code}");
    }
    assert!(codes.len() >= 40 && private >= 10);
    assert_eq!(statuses.len(), ApplicationStatus::ALL.len());
    let before = caller.get(&format!("/v1/applications/{}", codes[0]), &[]).await.body;
    caller.portal.stop().await;
    let caller = Caller::new(Some(file)).await;
    assert_eq!(caller.get(&format!("/v1/applications/{}", codes[0]), &[]).await.body, before);
}

/// What an SMS or a USSD screen can show of a directory: where it has no word in Latin letters the English one is sent.
#[test]
fn whoever_reads_khmer_in_latin_letters_reads_the_whole_directory_so() {
    let whole: Value = serde_json::from_str(include_str!("directory.json")).expect("JSON");
    let mut missing = Vec::new();
    let mut look = |what: &str, text: &Value| {
        if text.is_object() && text["km-Latn"].as_str().is_none_or(|latin| latin.trim().is_empty() || !latin.is_ascii())
        {
            missing.push(format!("{what}: {}", text["km"]));
        }
    };
    let all = |value: &Value| value.as_array().expect("a list").clone();
    for service in all(&whole["services"]) {
        look("name", &service["name"]);
        all(&service["documents"]).iter().for_each(|document| look("document", &document["name"]));
        all(&service["fees"]).iter().for_each(|fee| look("note", &fee["note"]));
    }
    for office in all(&whole["offices"]) {
        ["name", "short", "address"].iter().for_each(|part| look(part, &office[part]));
    }
    for list in ["ministries", "topics", "groups"] {
        all(&whole[list]).iter().for_each(|one| look(list, &one["name"]));
    }
    all(&whole["holidays"]).iter().for_each(|holiday| look("holiday", &holiday["reason"]));
    assert!(missing.is_empty(), "{missing:#?}");
}

#[tokio::test]
async fn pages_groups_and_holidays_are_told_and_what_is_made_up_says_so() {
    let caller = Caller::new(None).await;
    let topics = caller.get("/v1/topics", &[]).await.body;
    let named: BTreeSet<&str> =
        topics["items"].as_array().expect("topics").iter().filter_map(|one| one["name"]["en"].as_str()).collect();
    let of_the_deck = [
        "Commerce",
        "Council for the Development",
        "Culture and Arts",
        "Education",
        "Electricity Supply",
        "Information",
        "Information, Communication and Technology",
        "Intellectual Property",
        "Jobs and Training",
        "Justice",
        "One Window Service Mechanism",
        "Public Works and Transport",
        "Telecommunication",
        "Water Supply",
    ];
    assert_eq!(named, BTreeSet::from(of_the_deck));
    let groups = caller.get("/v1/groups", &[]).await.body;
    assert!(groups["items"].as_array().is_some_and(|all| all.len() >= 10));
    let listed = caller.get("/v1/pages?kind=legal", &[]).await.body;
    let listed = listed["items"].as_array().expect("pages").clone();
    assert!(listed.len() >= 3 && listed.iter().all(|one| one["kind"] == "legal" && one.get("sections").is_none()));
    let one = caller.get("/v1/pages/law-18", &[]).await.body;
    assert_eq!((&one["number"], &one["date"]), (&"18 ANKr.BK".into(), &"2017-02-08".into()));
    assert!(one["sections"].as_array().is_some_and(|sections| !sections.is_empty()));
    for kind in crate::types::civic::PageKind::ALL.iter().filter(|kind| kind.as_str() != "guide") {
        let some = caller.get(&format!("/v1/pages?kind={}", kind.as_str()), &[]).await.body;
        assert!(some["items"].as_array().is_some_and(|all| !all.is_empty()), "{kind:?}");
    }
    let days = caller.get("/v1/holidays?year=2027", &[]).await.body;
    let days = days["items"].as_array().expect("days").clone();
    assert!(days.len() > 10 && days.iter().all(|day| day["date"].as_str().is_some_and(|at| at.starts_with("2027"))));
    for (path, status) in [
        ("/v1/pages?kind=advert", 400),
        ("/v1/pages?language=fr", 400),
        ("/v1/pages/nothing", 404),
        ("/v1/holidays?year=27", 400),
    ] {
        assert_eq!(caller.get(path, &[]).await.status, status, "{path}");
    }
    let whole: Value = serde_json::from_str(include_str!("directory.json")).expect("JSON");
    for service in whole["services"].as_array().expect("services") {
        let fees = service["fees"].as_array().expect("fees");
        let made_up = fees.iter().any(|fee| fee["note"]["en"].as_str().is_some_and(|note| note.starts_with("Sample")));
        assert!(
            !made_up || service["sample"] == true,
            "{}: a fee is made up and the service does not say so",
            service["id"]
        );
    }
    assert!(whole["offices"].as_array().expect("offices").iter().all(|office| office["sample"] == true));
}
