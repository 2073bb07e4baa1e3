//! An office's own systems in the words of GovStack: what their answers mean, what of them is looked at, and what is not offered.
use super::*;
use crate::{
    portal::{GovstackDirectory, GovstackOptions, GovstackPlace, Identifier, Patience, Portals, SchedulerOptions},
    ports::portal::Abilities,
    types::{
        AskedAt, CodePattern, CodeRules, CodeVerdict, Secret, UnixMs,
        civic::{ApplicationStatus, Change, ChangeKind, Disclosure, OfficeSearch, ServiceSearch},
    },
};
use ring::hmac;

const SERVICE: &str = "f7d33db0-2809-484e-a780-76b7ccd4ecbf";

fn directory() -> String {
    let name = r#"{"km":"ក","en":"A"}"#;
    format!(
        r#"{{"services":[{{"id":"s","code":"1002","name":{name},"purpose":{name},"sensitive":false,"bookable":true,
        "popular":false,"govstack":{{"service_id":"{SERVICE}"}}}}],
        "offices":[{{"id":"o","name":{name},"division":"1205","address":{name},"services":["s"],"phones":["+85523001205"],
        "govstack":{{"entity_id":"67890"}}}}]}}"#
    )
}

fn options(url: &str, with_scheduler: bool) -> GovstackOptions {
    let place = || GovstackPlace { url: url.to_owned(), road: None };
    GovstackOptions {
        registration: place(),
        token: Secret::new(""),
        scheduler: with_scheduler.then(|| SchedulerOptions {
            place: place(),
            requestor_id: "chrak".to_owned(),
            request_token: Secret::new("hush"),
        }),
        ca_file: None,
        client: Identifier::client("CAMBODIA/GOV/CAMDX-1/CHRAK").expect("an identifier"),
        directory: GovstackDirectory::read(directory().as_bytes()).expect("a directory"),
        pseudonyms: hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]),
    }
}

fn govstack(url: &str, with_scheduler: bool) -> PortalClient {
    drop(rustls::crypto::ring::default_provider().install_default());
    PortalClient::govstack("portal", options(url, with_scheduler), Arc::default(), Arc::new(Still::at_noon()))
        .expect("a client")
}

fn file(more: &str) -> String {
    format!(
        r#"{{"fileId":"{CODE}","registered":"2026-11-02T09:30:00+07:00","serviceId":"{SERVICE}","applicantId":"x",{more}
        "applicationData":{{"applicationName":"Secret Name","applicantId":"42962de0","formData":{{"phone":"+85512000000"}}}}}}"#
    )
}

fn ok(body: &str) -> Vec<u8> {
    http("200 OK", "content-type: application/json\r\n", body)
}

#[tokio::test]
async fn a_file_says_where_it_stands_and_nothing_of_who_filed_it() {
    let canned = canned(vec![ok(&file(r#""status":{"code":"SENDBACK","title":"Sent back"},"#))]).await;
    let client = govstack(&canned.url, false);
    let answer = ask(&client, Some("730152")).await.expect("an answer");
    let application = &answer.application;
    assert_eq!(
        (application.status, application.disclosure),
        (ApplicationStatus::ReturnedForCorrection, Disclosure::Public)
    );
    let registered = UnixMs::from_rfc3339("2026-11-02T09:30:00+07:00");
    assert_eq!((application.status_at, application.registered_at), (None, registered));
    assert_eq!((application.office.id.as_str(), application.service.id.as_deref()), ("o", Some("s")));
    assert!(answer.office.is_some_and(|office| office.id == "o"), "the directory knows the office");
    assert!(!format!("{application:?}").contains("Secret"));
    let heads = canned.requests.lock().expect("no panic holds it").join("\n").to_lowercase();
    assert!(heads.starts_with(&format!("get /applications/{CODE} http/1.1")), "{heads}");
    assert!(heads.contains("information-mediator-client: cambodia/gov/camdx-1/chrak"));
    for private in ["x-citizen", "730152", "85510000001", "authorization", "x-channel"] {
        assert!(!heads.contains(private), "{private}: {heads}");
    }
}

#[tokio::test]
async fn every_kind_of_answer_of_a_registration_system_has_its_meaning() {
    let huge = format!("\"{}\"", "x".repeat(3 << 20));
    let other = file("").replace(CODE, "120500260481938");
    let balancer = "<html><body><h1>503 Service Temporarily Unavailable</h1></body></html>";
    for (what, answer, wanted) in [
        ("not found", http("404 Not Found", "", ""), PortalFault::NotFound),
        ("refused", http("403 F", "", r#"{"code":"factor_wrong"}"#), PortalFault::Refused),
        ("unauthorized", http("401 U", "", ""), PortalFault::Refused),
        ("500", http("500 I", "", "{}"), PortalFault::Away),
        ("too large", ok(&huge), PortalFault::Away),
        ("a load balancer's words", ok(balancer), PortalFault::Unusable),
        ("a load balancer's fault", http("503 U", "", balancer), PortalFault::Away),
        ("another file", ok(&other), PortalFault::Unusable),
        ("no file id", ok(&file("").replace("fileId", "id")), PortalFault::Unusable),
        ("no service", ok(&file("").replace("serviceId", "service")), PortalFault::Unusable),
        ("no time", ok(&file("").replace("2026-11-02T09:30:00+07:00", "soon")), PortalFault::Unusable),
        ("redirect", http("302 Found", "location: /x\r\n", ""), PortalFault::Unusable),
    ] {
        let canned = canned(vec![answer]).await;
        assert_eq!(ask(&govstack(&canned.url, false), None).await, Err(wanted), "{what}");
    }
    for (what, body, status) in [
        ("no status", file(""), ApplicationStatus::InReview),
        ("no code", file(r#""status":{},"#), ApplicationStatus::InReview),
        ("an unknown one", file(r#""status":{"code":"PARKED"},"#), ApplicationStatus::InReview),
        ("a pending one", file(r#""status":{"code":"PENDING"},"ended":false,"#), ApplicationStatus::InReview),
        ("one that is approved", file(r#""status":{"code":"APPROVED"},"ended":true,"#), ApplicationStatus::Approved),
    ] {
        let canned = canned(vec![ok(&body)]).await;
        let answer = ask(&govstack(&canned.url, false), None).await.expect(what);
        assert_eq!(answer.application.status, status, "{what}");
    }
    let stranger = file("").replace(SERVICE, "00000000-0000-0000-0000-000000000000");
    let canned = canned(vec![ok(&stranger)]).await;
    let application = ask(&govstack(&canned.url, false), None).await.expect("an answer").application;
    assert!(
        application.service.sensitive && application.office.id.is_empty(),
        "of an unknown service nothing is named"
    );
}

#[tokio::test]
async fn the_directory_comes_from_the_file_and_what_is_lacking_is_not_offered() {
    let client = govstack("http://127.0.0.1:1", false);
    let lacks = Abilities { appointments: false, ..client.abilities() };
    assert_eq!(client.abilities(), lacks);
    assert!(
        !lacks.payment && !lacks.tickets && !lacks.feedback && !lacks.complaints && !lacks.events && !lacks.factors
    );
    let asked = |query: Query| {
        let client = client.clone();
        async move { client.ask(&query, asker("85510000001")).await }
    };
    let Answer::Services(Ok(found)) = asked(Query::Services(ServiceSearch::default())).await else {
        panic!("services")
    };
    assert_eq!((found.items.len(), found.as_of, found.items[0].bookable), (1, None, false), "nothing is booked");
    let Answer::Offices(Ok(found)) = asked(Query::Offices(OfficeSearch::default())).await else { panic!("offices") };
    assert_eq!(found.items.len(), 1);
    let Answer::Office(Ok(office)) = asked(Query::Office { id: "o".into() }).await else { panic!("an office") };
    assert_eq!(office.phones, ["+85523001205"]);
    for what in [
        ChangeKind::Feedback { rating: 5, text: None },
        ChangeKind::Complain { text: "x".into(), language: crate::types::Language::En },
        ChangeKind::Pay { application: CODE.into(), office: None, pin: None, token: None },
        ChangeKind::Ticket { office: "o".into(), service: None, appointment: None },
        ChangeKind::Hold { slot: "1".into() },
        ChangeKind::Cancel { reference: "1".into(), was: None },
    ] {
        let answer = asked(Query::Change(Change { what, attempt: 0 })).await;
        assert_eq!(answer.fault(), Some(PortalFault::NotOffered), "{answer:?}");
    }
    for query in [Query::Complaint { reference: "1".into() }, Query::Payment { id: "1".into() }, Query::Appointments] {
        assert_eq!(asked(query).await.fault(), Some(PortalFault::NotOffered));
    }
    assert!(govstack("http://127.0.0.1:1", true).abilities().appointments);
}

#[test]
fn what_is_wrong_with_a_directory_is_one_line() {
    let good = directory();
    for (text, told) in [
        ("".to_owned(), "EOF while parsing"),
        (good.replace("\"offices\"", "\"office\""), "unknown field `office`"),
        (good.replace("\"purpose\"", "\"reason\""), "services[0]: missing field `purpose`"),
        (good.replace("\"1002\"", "\"12\""), "services[0]: code must be four digits"),
        (good.replace("service_id", "id"), "services[0]: govstack = { service_id } is missing"),
        (good.replace("\"67890\"", "67890"), "offices[0]: govstack.entity_id must be a text"),
        (good.replace("[\"s\"]", "[\"t\"]"), "offices[0] (\"o\") offers \"t\", which is none of the services"),
        (r#"{"services":[],"offices":[]}"#.to_owned(), "holds no service or no office"),
    ] {
        let fault = GovstackDirectory::read(text.as_bytes()).expect_err(told);
        assert!(fault.contains(told) && !fault.contains('\n'), "{fault}");
    }
    let twice =
        good.replacen("\"services\":[", &format!("\"services\":[{},", &good[13..good.find("],").expect("an end")]), 1);
    let fault = GovstackDirectory::read(twice.as_bytes()).expect_err("twice");
    assert!(fault.contains("services[1]: id \"s\" is empty or stands twice"), "{fault}");
    let without = good.replace("{\"entity_id\":\"67890\"}", "{}");
    let read = GovstackDirectory::read(without.as_bytes()).expect("an office need not be known to a scheduler");
    assert_eq!(read.lacks_entity(), Some("o"));
}

/// A pattern of the one window, and one that is asked about elsewhere.
fn two_kinds() -> CodeRules {
    let other =
        CodePattern::new("obr", "[0-9]{9}", crate::types::code::CheckDigit::None, Vec::new()).expect("a pattern");
    let asked_at = AskedAt { source: Some("obr".into()), takes_factors: false };
    CodeRules::new(vec![CodePattern::recommended(), other.asked_at(asked_at)])
}

fn about(rules: &CodeRules, typed: &str) -> Query {
    let CodeVerdict::Good(code) = rules.read(typed) else { panic!("a good code: {typed}") };
    Query::Application { code, pin: None }
}

#[tokio::test]
async fn a_code_is_asked_about_at_its_own_place_and_each_place_fails_alone() {
    let rules = two_kinds();
    let portal = canned(vec![good("in_review", "public")]).await;
    let registry = canned(vec![ok(&file("").replace(CODE, "123456789")), http("500 I", "", "")]).await;
    let board = Arc::new(crate::ports::status::Board::default());
    let source =
        PortalClient::govstack("obr", options(&registry.url, false), Arc::clone(&board), Arc::new(Still::at_noon()));
    let mut all = Portals::new(client(&portal));
    let second = Duration::from_secs(1);
    all.add("obr", source.expect("a client"), Patience { ussd: second, kiosk: second, sms: second });
    let ask = async |typed: &str| match all.ask(&about(&rules, typed), asker("85510000001")).await {
        Answer::Application(answer) => answer,
        other => panic!("{other:?}"),
    };
    let there = ask("123456789").await.expect("an answer of the source");
    assert_eq!((there.application.code.canonical(), there.as_of), ("123456789", None));
    for _ in 0..5 {
        assert!(ask("123456789").await.expect("what was kept").as_of.is_some(), "its own answers are kept");
    }
    assert!(!board.breaker_open(), "the breaker on the board is the portal's");
    assert!(ask(CODE).await.expect("an answer of the portal").as_of.is_none());
    assert_eq!(
        portal.requests.lock().expect("no panic holds it").len(),
        1,
        "the portal was asked about its own code only"
    );
}
