//! The page of the try-out's telco: what goes wrong and how USSD is spoken, set while it runs; and its ledger in JSON. For this
//! machine only, as it shows numbers and texts. It must not know what a fault does.
//!
//! | request | answer |
//! |---|---|
//! | `GET /telco` | the page |
//! | `POST /telco` | a form of flags as `chrak smsc --fault` has them, and `dialect`; what is left out is off |
//! | `POST /telco/cut` | drops every bind without a word |
//! | `GET /telco/ledger` | all that the telco saw |
use super::{
    phone::local_only,
    telco::{
        Dialect, Telco,
        fault::{FLAGS, Faults, Wants},
        ledger::Counters,
    },
};
use crate::web::{self, filters};
use askama::Template;
use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Form, Request, State},
    http::StatusCode,
    middleware::{Next, from_fn},
    response::{Html, IntoResponse, Redirect, Response},
    routing::{get, post},
};

/// Largest form, in octets.
const BODY_MAX: usize = 4 * 1024;

#[derive(Template)]
#[template(path = "faults.html")]
struct Page {
    flags: Vec<Shown>,
    dialects: Vec<(&'static str, bool)>,
    binds: usize,
    counters: Counters,
    wrong: Option<String>,
}

/// A flag as the page has it.
struct Shown {
    name: &'static str,
    km: &'static str,
    en: &'static str,
    wants: Wants,
    set: Option<String>,
}

/// The routes.
pub fn routes(telco: Telco) -> Router {
    Router::new()
        .route("/telco", get(show).post(set))
        .route("/telco/cut", post(cut))
        .route("/telco/ledger", get(ledger))
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .layer(from_fn(local_only))
        .layer(from_fn(headers))
        .with_state(telco)
}

async fn headers(request: Request, next: Next) -> Response {
    let transport = web::Transport::of(request.headers());
    let mut answer = next.run(request).await;
    web::protect(answer.headers_mut(), transport);
    answer
}

async fn show(State(telco): State<Telco>) -> Response {
    page(&telco, None)
}

async fn set(State(telco): State<Telco>, Form(given): Form<Vec<(String, String)>>) -> Response {
    match read(&given) {
        Ok((faults, dialect)) => {
            telco.set_faults(faults);
            if dialect != telco.dialect() {
                telco.set_dialect(dialect);
            }
            Redirect::to("/telco").into_response()
        }
        Err(wrong) => {
            let mut answer = page(&telco, Some(wrong));
            *answer.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
            answer
        }
    }
}

/// The flags of a form, each as it would stand on the command line.
fn read(given: &[(String, String)]) -> Result<(Faults, Dialect), String> {
    let (mut faults, mut dialect) = (Faults::default(), Dialect::default());
    for (name, value) in given {
        let value = value.trim();
        if name == "dialect" {
            dialect = Dialect::parse(value).ok_or_else(|| format!("dialect: one of {}", Dialect::NAMES))?;
            continue;
        }
        let nothing = FLAGS.iter().any(|(flag, wants)| flag == name && *wants == Wants::Nothing);
        let flag = match value {
            "" => continue,
            "on" if nothing => name.clone(),
            value => format!("{name}={value}"),
        };
        faults.add(&flag).map_err(|bad| bad.to_string())?;
    }
    Ok((faults, dialect))
}

async fn cut(State(telco): State<Telco>) -> Response {
    telco.cut();
    Redirect::to("/telco").into_response()
}

async fn ledger(State(telco): State<Telco>) -> Response {
    Json(telco.snapshot()).into_response()
}

fn page(telco: &Telco, wrong: Option<String>) -> Response {
    let (faults, spoken) = (telco.faults(), telco.dialect().name());
    let flags = FLAGS.into_iter().map(|(name, wants)| {
        let (km, en) = words(name);
        Shown { name, km, en, wants, set: faults.value(name) }
    });
    let page = Page {
        flags: flags.collect(),
        dialects: Dialect::NAMES.split(", ").map(|name| (name, name == spoken)).collect(),
        binds: telco.binds().len(),
        counters: telco.counters(),
        wrong,
    };
    match page.render() {
        Ok(text) => Html(text).into_response(),
        // Only a template that names an asset which is not there, and a test looks for those.
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// What a flag does.
fn words(flag: &str) -> (&'static str, &'static str) {
    match flag {
        "throttle" => ("បដិសេធសារ ដោយថាលឿនពេក", "submits refused as too fast"),
        "congestion" => ("ប្រាប់ថាបណ្តាញមានសារច្រើនប៉ុណ្ណា", "how loaded each response says that it is"),
        "delay-resp" => ("ឆ្លើយតបយឺត", "responses come so much later"),
        "drop-resp" => ("ទទួលសារ តែមិនឆ្លើយតប", "submits taken and never answered"),
        "no-receipts" => ("គ្មានរបាយការណ៍បញ្ជូន", "no receipts"),
        "receipt-first" => ("របាយការណ៍មកមុនការឆ្លើយតប", "receipts before the response of their submit"),
        "receipt-ids" => ("របៀបសរសេរលេខសារក្នុងរបាយការណ៍", "how receipts write the message id"),
        "shuffle-parts" => ("ផ្នែកនៃសារវែងមកបញ្ច្រាស", "parts of long texts backwards, the last one twice"),
        "odd-tlvs" => ("TLV ដែលគ្មានអ្នកស្គាល់", "TLVs that nobody knows"),
        "no-session" => ("USSD គ្មានលេខវគ្គ", "USSD without a session id"),
        "fragment" => ("សរសេរម្តងពីរបីអុកតេត", "a few octets at a time"),
        "silent" => ("ស្ងាត់ទាំងស្រុង", "silence after the bind"),
        "cut-after" => ("ផ្តាច់ក្រោយ PDU ចំនួននេះ", "the connection is dropped after so many PDUs"),
        "refuse-bind" => ("បដិសេធការភ្ជាប់", "binds are refused with this status"),
        "already-bound" => ("គណនីមួយភ្ជាប់បានតែម្តង", "one bind an account; a dropped one is held so long"),
        _ => ("", ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::telco::TelcoConfig;
    use axum::body::{Body, to_bytes};
    use tower::ServiceExt as _;

    async fn ask(app: &Router, method: &str, uri: &str, body: &str, origin: &str) -> (u16, String) {
        let request = axum::http::Request::builder().method(method).uri(uri).header("host", "127.0.0.1:8080");
        let request = request.header("origin", origin).header("content-type", "application/x-www-form-urlencoded");
        let answer = app.clone().oneshot(request.body(Body::from(body.to_owned())).unwrap()).await.unwrap();
        let status = answer.status().as_u16();
        (status, String::from_utf8(to_bytes(answer.into_body(), 1 << 20).await.unwrap().to_vec()).unwrap())
    }

    #[tokio::test]
    async fn faults_and_dialect_are_set_live_and_shown_as_they_are() {
        let config = TelcoConfig { listen: ([127, 0, 0, 1], 0).into(), ..TelcoConfig::default() };
        let telco = Telco::start(config).await.unwrap();
        let (app, ours) = (routes(telco.clone()), "http://127.0.0.1:8080");
        let (status, page) = ask(&app, "GET", "/telco", "", ours).await;
        for (flag, _) in FLAGS {
            assert!(page.contains(&format!("name=\"{flag}\"")), "{flag} is not on the page");
            assert!(!words(flag).0.is_empty(), "{flag} is not explained");
        }
        assert!(status == 200 && !page.contains(" checked"), "{page}");
        let form = "throttle=30&fragment=on&receipt-ids=decimal&refuse-bind=&dialect=spec-omits";
        assert_eq!(ask(&app, "POST", "/telco", form, ours).await.0, 303);
        let wanted = Faults::parse(&["throttle=30", "fragment", "receipt-ids=decimal"]).unwrap();
        assert_eq!((telco.faults(), telco.dialect()), (wanted.clone(), Dialect::SpecOmits));
        let (_, page) = ask(&app, "GET", "/telco", "", ours).await;
        assert!(page.contains("name=\"throttle\" value=\"30\"") && page.matches(" checked").count() == 1, "{page}");
        assert!(page.contains("<option selected>decimal") && page.contains("<option selected>spec-omits"), "{page}");
        // what makes no sense changes nothing and is told
        for wrong in ["throttle=101", "silent=yes", "bogus=1", "dialect=esperanto"] {
            let (status, page) = ask(&app, "POST", "/telco", wrong, ours).await;
            assert!(status == 422 && page.contains("role=\"alert\""), "{wrong}: {status}");
            assert_eq!(telco.faults(), wanted, "{wrong}");
        }
        // another site's page may do nothing
        for uri in ["/telco", "/telco/cut"] {
            assert_eq!(ask(&app, "POST", uri, "", "http://elsewhere.example").await.0, 403);
        }
        assert_eq!(ask(&app, "POST", "/telco", "", ours).await.0, 303);
        assert_eq!((telco.faults(), telco.dialect()), (Faults::default(), Dialect::Spec), "all is well again");
        let (_, ledger) = ask(&app, "GET", "/telco/ledger", "", ours).await;
        assert!(ledger.starts_with("{\"counters\":{\"binds\":0"), "{ledger}");
        telco.stop().await;
    }
}
