//! Scanners that nobody here wrote, over a kiosk, the console and the machine API of the running program. What they find
//! is compared with what is explained here: a new finding fails, and an explained one that is gone fails too. A slice of
//! their work is done; `CHRAK_SCAN=all` does all of it.
use crate::support::{
    mirror::{Mirror, serve},
    scanners::{Finding, nameless, sqlmap, thorough, wapiti},
    whole::{AGENCY, Whole},
};
use axum::{Router, extract::Query, response::Html, routing::get};
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};

/// Of pages with forms.
const PAGES: &str = "crlf,exec,file,htaccess,permanentxss,redirect,sql,timesql,upload,xss";
/// Of an API without pages.
const CALLS: &str = "crlf,exec,file,redirect,sql,timesql,xss";

const NO_TOKEN: &str = "Cross Site Request Forgery";

/// wapiti looks for a hidden field with a token. A form of ours has none: it is refused when `Sec-Fetch-Site` or `Origin`
/// names another site, and the cookies are `SameSite=Strict` (`only_our_own_pages_may_send_forms`).
const KIOSK_EXPLAINED: &[(&str, &str)] = &[
    (NO_TOKEN, "POST /kiosk/en/appointments"),
    (NO_TOKEN, "POST /kiosk/en/check"),
    (NO_TOKEN, "POST /kiosk/en/complain"),
    (NO_TOKEN, "POST /kiosk/en/feedback"),
    (NO_TOKEN, "POST /kiosk/en/look"),
    (NO_TOKEN, "POST /kiosk/en/ticket"),
];
const CONSOLE_EXPLAINED: &[(&str, &str)] = &[
    (NO_TOKEN, "POST /kiosks/pair"),
    (NO_TOKEN, "POST /kiosks/{id}/tell"),
    (NO_TOKEN, "POST /telcos"),
    (NO_TOKEN, "POST /trace/file"),
];

/// Nothing else was found, and all that is explained was.
fn compare(found: &[Finding], explained: &[(&str, &str)]) {
    let found: BTreeSet<(&str, &str)> = found.iter().map(|(kind, place)| (kind.as_str(), place.as_str())).collect();
    let explained: BTreeSet<(&str, &str)> = explained.iter().copied().collect();
    let new: Vec<_> = found.difference(&explained).collect();
    // all of its work finds the same kinds at more places
    let new: Vec<_> = new.into_iter().filter(|(kind, _)| !thorough() || *kind != NO_TOKEN).collect();
    let gone: Vec<_> = explained.difference(&found).collect();
    assert!(new.is_empty() && gone.is_empty(), "found: {new:#?}\nexplained and not found: {gone:#?}");
}

/// The scanner was there, and was let in.
fn reached(mirror: &Mirror, places: &[(&str, &str)], least: usize) {
    let seen = mirror.seen();
    let (all, good) = mirror.figures();
    println!("{all} requests, {good} of them let in and at a page");
    for (method, path) in places {
        let at = seen.iter().filter(|one| one.method == *method && nameless(&one.path) == *path);
        let statuses: Vec<u16> = at.map(|one| one.status).collect();
        let open = statuses.iter().any(|status| !matches!(status, 401 | 403 | 405 | 502));
        assert!(open, "{method} {path} was not reached: {statuses:?}");
    }
    assert!(good >= least, "only {good} of {all} requests came to something");
    let broken: Vec<_> = seen.iter().filter(|one| one.status >= 500).collect();
    assert!(broken.is_empty(), "{broken:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn wapiti_finds_nothing_at_a_kiosk() {
    let served = Whole::start("").await;
    let (at, cookie) = (format!("{}/kiosk/en/", served.pages.at), format!("Cookie: {}", served.kiosk));
    // each page with a form is begun at: what the crawler takes first is chance
    let starts =
        ["home", "check", "appointments", "feedback", "look", "ticket", "complain"].map(|page| format!("{at}{page}"));
    let mut words = vec!["-u", &at, "-H", &cookie];
    words.extend(starts.iter().flat_map(|start| ["-s", start.as_str()]));
    let found = wapiti(served.folder.path(), PAGES, &words).await;
    compare(&found, KIOSK_EXPLAINED);
    let posts = ["check", "appointments", "feedback"].map(|page| format!("/kiosk/en/{page}"));
    let posts: Vec<_> = posts.iter().map(|path| ("POST", path.as_str())).collect();
    reached(&served.pages, &posts, 400);
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wapiti_finds_nothing_in_an_operators_console() {
    let served = Whole::start("").await;
    let (at, cookie) = (format!("{}/", served.ops.at), format!("Cookie: {}", served.operator));
    let (first, out) = (format!("{at}console"), format!("{at}console/sign-out*"));
    let words = ["-u", &at, "-s", &first, "-H", &cookie, "-x", &out];
    let found = wapiti(served.folder.path(), PAGES, &words).await;
    compare(&found, CONSOLE_EXPLAINED);
    reached(&served.ops, &[("GET", "/console"), ("POST", "/kiosks/pair"), ("POST", "/kiosks/{id}/tell")], 100);
    served.stop().await;
}

/// A schema that allows everything may be written `true`; wapiti reads only `{}`.
fn readable(document: &mut Value) {
    match document {
        Value::Object(fields) => {
            for (name, value) in fields {
                if name == "properties" {
                    let all = value.as_object_mut().into_iter().flat_map(|all| all.values_mut());
                    all.filter(|one| **one == Value::Bool(true)).for_each(|one| *one = serde_json::json!({}));
                }
                readable(value);
            }
        }
        Value::Array(all) => all.iter_mut().for_each(readable),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wapiti_finds_nothing_in_the_machine_api() {
    let served = Whole::start("").await;
    let at = served.pages.at.clone();
    let get = crate::support::program::client().get(format!("{at}/v1/openapi.json"));
    let mut document: Value = get.send().await.expect("an answer").json().await.expect("JSON");
    readable(&mut document);
    document["servers"] = serde_json::json!([{ "url": at }]);
    let file = served.folder.path().join("openapi.json");
    std::fs::write(&file, document.to_string()).expect("written");
    let (first, token) = (format!("{at}/"), format!("Authorization: Bearer {AGENCY}"));
    let (file, pages) = (file.to_str().expect("UTF-8"), format!("{at}/kiosk*"));
    let words = ["-u", &first, "--swagger", file, "-H", &token, "-x", &pages];
    compare(&wapiti(served.folder.path(), CALLS, &words).await, &[]);
    let calls = [
        ("POST", "/v1/messages"),
        ("GET", "/v1/messages"),
        ("POST", "/v1/transactional/sms/send"),
        ("POST", "/send/sms/single"),
        ("POST", "/send/sms/batch"),
        ("GET", "/status/sms"),
    ];
    reached(&served.pages, &calls, 100);
    served.stop().await;
}

/// Off here, so that what stands behind the limits is reached, and not the page that tells of them.
const NO_LIMITS: &str = "[limits]\nfailed_lookups_per_kiosk = { per_10_min = 0 }\nfailed_lookups_global_per_hour = 0\n";

#[tokio::test(flavor = "multi_thread")]
async fn sqlmap_injects_nothing_anywhere() {
    let served = Whole::start(NO_LIMITS).await;
    let (pages, ops, folder) = (&served.pages.at, &served.ops.at, served.folder.path());
    let token = format!("Authorization: Bearer {AGENCY}");
    let message = r#"{"messages":[{"to":"+85510000001","text":"a*","class":"transactional"}]}"#;
    let url = |base: &str, path: &str| format!("{base}{path}");
    let slice = [
        (vec!["-u".to_owned(), url(pages, "/kiosk/en/services?q=rent*"), "--cookie".into(), served.kiosk.clone()]),
        (vec!["-u".to_owned(), url(pages, "/v1/messages?client_reference=a*"), "-H".into(), token.clone()]),
        (vec!["-u".to_owned(), url(ops, "/kiosks/pair"), "--cookie".into(), served.operator.clone()])
            .into_iter()
            .chain(["--data".to_owned(), "code=12345678&office=owso-1205*&profile=kiosk-22".into()])
            .collect(),
        (vec!["-u".to_owned(), url(pages, "/kiosk/en/check"), "--cookie".into(), served.kiosk.clone()])
            .into_iter()
            .chain(["--data".to_owned(), "digits=120500260512678*&at=&key=ok".into()])
            .collect(),
    ];
    let rest = [
        vec!["-u".to_owned(), url(pages, "/v1/messages/a*"), "-H".into(), token.clone()],
        vec!["-u".to_owned(), url(pages, "/status/sms?status=a*"), "-H".into(), token.clone()],
        vec!["-u".to_owned(), url(pages, "/v1/messages"), "-H".into(), token, "--data".into(), message.to_owned()],
        vec!["-u".to_owned(), url(ops, "/console?lang=en*"), "--cookie".into(), served.operator.clone()],
    ];
    let rest = if thorough() { rest.to_vec() } else { Vec::new() };
    for words in slice.into_iter().chain(rest) {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        assert_eq!(sqlmap(folder, &words).await, None, "{}", words[1]);
    }
    reached(&served.pages, &[("GET", "/kiosk/en/services"), ("POST", "/kiosk/en/check"), ("GET", "/v1/messages")], 100);
    reached(&served.ops, &[("POST", "/kiosks/pair")], 20);
    served.stop().await;
}

/// A page that puts what it is asked into its markup and into its SQL.
async fn careless() -> Router {
    let options = sqlx::sqlite::SqlitePoolOptions::new().max_connections(1);
    let pool = options.connect("sqlite::memory:").await.expect("a database");
    let rows = "create table item (id integer, name text); insert into item values (1, 'a pen'), (2, 'a book')";
    sqlx::raw_sql(rows).execute(&pool).await.expect("rows");
    let item = move |Query(asked): Query<HashMap<String, String>>| {
        let pool = pool.clone();
        async move {
            let id = asked.get("id").cloned().unwrap_or_default();
            let sql = sqlx::AssertSqlSafe(format!("select name from item where id = {id}"));
            match sqlx::query_scalar::<_, String>(sql).fetch_all(&pool).await {
                Ok(names) => Html(format!("<p>{} found: {}</p>", names.len(), names.join(", "))),
                Err(fault) => Html(format!("<p>SQLite error: {fault}</p>")),
            }
        }
    };
    let echo = |Query(asked): Query<HashMap<String, String>>| async move {
        Html(format!("<p>no {}</p>", asked.get("word").cloned().unwrap_or_default()))
    };
    let forms = "<form action=\"/echo\"><input name=\"word\" value=\"a\"><button>go</button></form>\
                 <form action=\"/item\"><input name=\"id\" value=\"1\"><button>go</button></form>";
    Router::new()
        .route("/", get(move || async move { Html(forms) }))
        .route("/echo", get(echo))
        .route("/item", get(item))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_scanners_find_a_fault_that_is_there() {
    let (at, task) = serve(careless().await).await;
    let folder = tempfile::tempdir().expect("a folder");
    let found = wapiti(folder.path(), PAGES, &["-u", &format!("{at}/")]).await;
    let kinds: BTreeSet<&str> = found.iter().map(|(kind, _)| kind.as_str()).collect();
    assert!(kinds.contains("Reflected Cross Site Scripting"), "{found:?}");
    let said = sqlmap(folder.path(), &["-u", &format!("{at}/item?id=1*")]).await;
    assert!(said.is_some_and(|said| said.contains("boolean-based blind")));
    task.abort();
}
