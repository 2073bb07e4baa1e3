//! Sign-ins as a portal that holds the keys of CamDigiKey would have them (1.1 of the contract), and the page that stands in
//! for its telephone application: one picks an invented person, and those two digits of three that the kiosk shows. All of it
//! lives in memory. It must not know a kiosk.
use super::{
    changes::{self, Named, once, plain},
    holders::{PEOPLE, TOKEN_FOR},
    problem::Problem,
    server::{Server, Shared},
    slots,
    waiting::{OPEN_FOR, Stands, TOLD_FOR},
};
use crate::types::lock;
use askama::Template;
use axum::{
    Form,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;

/// It may be asked about so often.
const POLL_S: u64 = 2;

/// `POST /v1/sign-ins`
pub async fn begin(State(server): State<Server>, headers: HeaderMap, body: Bytes) -> Result<Response, Problem> {
    let body = changes::json(&body)?;
    if !matches!(body["language"].as_str(), Some("km" | "km-Latn" | "en")) {
        return Err(Problem::validation("/language", "must be km, km-Latn or en"));
    }
    let office = body["office_id"].as_str().map(str::to_owned);
    if office.as_ref().is_some_and(|id| server.directory.office(id).is_none()) {
        return Err(Problem::validation("/office_id", "is no office"));
    }
    let call = Named { method: "POST", path: "/v1/sign-ins", body: &body };
    let of = server.clone();
    once(&server, &headers, call, move |_, _| {
        Box::pin(async move {
            let (id, check) = of.sign_ins.begin(office);
            let ends = ends_in(&of, OPEN_FOR)?;
            let url = of.page_of(&id);
            let body = json!({ "id": id, "url": url, "check": check, "expires_at": ends, "poll_s": POLL_S });
            Ok((StatusCode::CREATED, body))
        })
    })
    .await
}

fn ends_in(server: &Shared, time: Duration) -> Result<String, Problem> {
    let time = SignedDuration::try_from(time).map_err(|_| Problem::internal())?;
    let ends = server.now().checked_add(time).map_err(|_| Problem::internal())?;
    Ok(slots::rfc3339(&ends))
}

/// `GET /v1/sign-ins/{id}`
pub async fn look(State(server): State<Server>, Path(id): Path<String>) -> Result<Response, Problem> {
    let mut all = lock(&server.sign_ins.all);
    let one = all.get_mut(&id).ok_or_else(Problem::not_found)?;
    let expired = json!({ "status": "expired" });
    let told = match &mut one.state {
        Stands::Pending if one.begun.elapsed() >= OPEN_FOR => expired,
        Stands::Pending => json!({ "status": "pending" }),
        Stands::Denied => json!({ "status": "denied" }),
        Stands::Done { told: Some(at), .. } if at.elapsed() >= TOLD_FOR => expired,
        Stands::Done { token, ends, told } => {
            told.get_or_insert_with(Instant::now);
            json!({ "status": "done", "citizen_token": token, "token_expires_at": ends })
        }
    };
    Ok(plain(&told))
}

/// `DELETE /v1/sign-ins/{id}`
pub async fn end(
    State(server): State<Server>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let path = format!("/v1/sign-ins/{id}");
    let call = Named { method: "DELETE", path: &path, body: &Value::Null };
    let of = server.clone();
    once(&server, &headers, call, move |_, _| {
        Box::pin(async move {
            let one = lock(&of.sign_ins.all).remove(&id).ok_or_else(Problem::not_found)?;
            if let Stands::Done { token, .. } = one.state {
                of.holders.end(&token);
            }
            Ok((StatusCode::NO_CONTENT, Value::Null))
        })
    })
    .await
}

#[derive(Template)]
#[template(path = "sign-in.html")]
struct PhonePage {
    /// Whose kiosk asks, in Khmer and English.
    office: Option<(String, String)>,
    /// `None`: there is nothing to be answered.
    digits: Option<[String; 3]>,
    /// What came of it: class, Khmer, English.
    said: Option<(&'static str, &'static str, &'static str)>,
}

impl PhonePage {
    fn response(&self) -> Response {
        let mut answer = match self.render() {
            Ok(text) => Html(text).into_response(),
            Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        };
        let policy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
        answer.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
        answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        answer.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        answer
    }

    fn over() -> Response {
        let said = Some(("bad", "លេខនេះលែងប្រើបានហើយ។ សូមស្កេនម្តងទៀត។", "This can no longer be used. Please scan again."));
        PhonePage { office: None, digits: None, said }.response()
    }
}

/// What the telephone's page sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Answered {
    who: String,
    check: String,
}

/// `GET /sandbox/sign-ins/{id}`: what the telephone shows.
pub async fn phone(State(server): State<Server>, Path(id): Path<String>) -> Response {
    let all = lock(&server.sign_ins.all);
    let Some(one) = all.get(&id).filter(|one| one.waits()) else { return PhonePage::over() };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let office = one.office.as_ref().and_then(|id| server.directory.office(id));
    let office = office.map(|office| (text(&office["name"]["km"]), text(&office["name"]["en"])));
    let mut digits = [one.check.clone(), one.others[0].clone(), one.others[1].clone()];
    digits.sort_unstable();
    PhonePage { office, digits: Some(digits), said: None }.response()
}

/// `POST /sandbox/sign-ins/{id}`: who it is and the digits; without a person it is a no, and so are wrong digits.
pub async fn answer(State(server): State<Server>, Path(id): Path<String>, Form(form): Form<Answered>) -> Response {
    let mut all = lock(&server.sign_ins.all);
    let Some(one) = all.get_mut(&id).filter(|one| one.waits()) else { return PhonePage::over() };
    let person = PEOPLE.iter().find(|person| person.id == form.who);
    let said = match (person, form.check == one.check, ends_in(&server, TOKEN_FOR)) {
        (Some(person), true, Ok(ends)) => {
            one.state = Stands::Done { token: server.holders.make(person), ends, told: None };
            ("good", "រួចរាល់។ សូមមើលអេក្រង់នៅកញ្ចក់ប៉ះ។", "Done. Please look at the kiosk.")
        }
        (None, ..) => {
            one.state = Stands::Denied;
            ("bad", "បានបដិសេធ។ គ្មានអ្វីត្រូវបានបង្ហាញទេ។", "Refused. Nothing was shown.")
        }
        _ => {
            one.state = Stands::Denied;
            ("bad", "លេខមិនត្រូវនឹងកញ្ចក់ប៉ះទេ ដូច្នេះត្រូវបានបដិសេធ។", "These are not the kiosk's digits, so it was refused.")
        }
    };
    PhonePage { office: None, digits: None, said: Some(said) }.response()
}
