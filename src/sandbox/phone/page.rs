//! The page at `/phone`: feature phones in the browser, side by side. It shows and sends what the JSON API
//! has; it must not know the telco.
use crate::web::{self, filters};
use askama::Template;
use axum::{
    Router,
    extract::{Request, State},
    http::StatusCode,
    middleware::{Next, from_fn},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use std::sync::Arc;

/// The numbers of the phones that are there at first. The sample applications have the first two on file.
const NUMBERS: [&str; 3] = ["85510000001", "85512345678", "85597000111"];

/// What the page offers to try.
#[derive(Clone, Debug)]
pub struct PhonePage {
    /// Applications to ask for.
    pub codes: Vec<SampleCode>,
    /// The number that texts go to.
    pub short_code: String,
    /// Where the console is, if it is anywhere.
    pub console: Option<String>,
}

/// An invented application to ask for.
#[derive(Clone, Debug)]
pub struct SampleCode {
    /// Its code in print.
    pub code: String,
    /// What it is, in Khmer.
    pub km: String,
    /// What it is, in English.
    pub en: String,
    /// The PIN on its receipt.
    pub pin: String,
    /// The number on file with it, as people write it.
    pub owner: String,
}

#[derive(Template)]
#[template(path = "phone.html")]
struct Page<'a> {
    codes: &'a [SampleCode],
    samples: Vec<Sample>,
    dials: Vec<Sample>,
    short_code: &'a str,
    console: Option<&'a str>,
    numbers: [&'static str; 3],
    keys: [(&'static str, &'static str); 12],
}

/// A text to send with one touch.
struct Sample {
    text: String,
    km: &'static str,
    en: &'static str,
}

const KEYS: [(&str, &str); 12] = [
    ("1", ".,?"),
    ("2", "abc"),
    ("3", "def"),
    ("4", "ghi"),
    ("5", "jkl"),
    ("6", "mno"),
    ("7", "pqrs"),
    ("8", "tuv"),
    ("9", "wxyz"),
    ("*", "+-"),
    ("0", "␣"),
    ("#", "@/"),
];

/// `GET /phone`
pub fn routes(page: PhonePage) -> Router {
    Router::new().route("/phone", get(show)).layer(from_fn(headers)).with_state(Arc::new(page))
}

async fn headers(request: Request, next: Next) -> Response {
    let transport = web::Transport::of(request.headers());
    let mut answer = if super::is_local(request.headers()) {
        next.run(request).await
    } else {
        super::refuse(StatusCode::FORBIDDEN, "this is for this machine only")
    };
    web::protect(answer.headers_mut(), transport);
    answer
}

async fn show(State(page): State<Arc<PhonePage>>) -> Response {
    let samples = page.codes.get(1).map(|one| samples(&one.code)).unwrap_or_default();
    let dials = dials(&page.short_code, page.codes.get(1).map_or("", |one| one.code.as_str()));
    let (short_code, console) = (&page.short_code, page.console.as_deref());
    let page = Page { codes: &page.codes, samples, dials, short_code, console, numbers: NUMBERS, keys: KEYS };
    match page.render() {
        Ok(text) => Html(text).into_response(),
        // Only a template that names an asset which is not there, and a test looks for those.
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// What can be dialled.
fn dials(short_code: &str, code: &str) -> Vec<Sample> {
    let sample = |text, km, en| Sample { text, km, en };
    vec![
        sample(format!("*{short_code}#"), "ម៉ឺនុយ", "the menu"),
        sample(format!("*{short_code}*1*{}#", code.replace('-', "")), "ស្ថានភាពភ្លាមៗ", "straight to a status"),
        sample(format!("*{short_code}*2#"), "ណាត់ជួប", "appointments"),
        sample(format!("*{short_code}*3*1002#"), "តម្លៃសេវា", "what a service costs"),
    ]
}

/// The ways in which people write a code, and what is no code.
fn samples(code: &str) -> Vec<Sample> {
    let khmer = code.chars().map(|c| c.to_digit(10).and_then(|digit| char::from_u32(0x17E0 + digit)).unwrap_or(c));
    let last = code.chars().next_back().and_then(|c| c.to_digit(10)).unwrap_or(0);
    let mistyped = format!("{}{}", &code[..code.len().saturating_sub(1)], (last + 1) % 10);
    let sample = |text: String, km, en| Sample { text, km, en };
    vec![
        sample(code.replace('-', ""), "លេខតែម្យ៉ាង", "digits alone"),
        sample(format!("STATUS {code}"), "ពាក្យអង់គ្លេស", "an English keyword"),
        sample(khmer.collect(), "លេខខ្មែរ", "Khmer digits"),
        sample(code.replace('-', " "), "មានដកឃ្លា", "with spaces"),
        sample(mistyped, "ខុសមួយខ្ទង់", "one digit wrong"),
        sample("A".to_owned(), "ណាត់ជួប រួចចុច 1", "an appointment, then 1, 1, 1 …"),
        sample("FEE 1002".to_owned(), "តម្លៃសេវា", "what a service costs"),
        sample("ការិយាល័យ ដង្កោ".to_owned(), "រកការិយាល័យ", "an office by its place"),
        sample("HELP".to_owned(), "សុំជំនួយ", "asking for help"),
        sample("K".to_owned(), "ប្តូរជាភាសាខ្មែរ", "answers in Khmer"),
        sample("R".to_owned(), "អក្សរឡាតាំង", "Khmer in Latin letters"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::{Body, to_bytes};
    use tower::ServiceExt;

    fn page() -> Router {
        let one = |code: &str, km: &str, en: &str| SampleCode {
            code: code.to_owned(),
            km: km.to_owned(),
            en: en.to_owned(),
            pin: "4821".to_owned(),
            owner: "010000001".to_owned(),
        };
        let codes = vec![one("120500-26-051267-5", "រួចរាល់", "ready"), one("120500-26-048193-7", "<km>", "in review")];
        let console = Some("http://127.0.0.1:9090/console".to_owned());
        routes(PhonePage { codes, short_code: "1212".to_owned(), console })
    }

    async fn get(host: &str) -> (StatusCode, axum::http::HeaderMap, String) {
        let request = axum::http::Request::builder().uri("/phone").header("host", host).body(Body::empty());
        let answer = page().oneshot(request.expect("a request")).await.expect("an answer");
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = to_bytes(answer.into_body(), 1 << 20).await.expect("a body");
        (status, headers, String::from_utf8(body.to_vec()).expect("UTF-8"))
    }

    #[tokio::test]
    async fn the_page_offers_codes_and_ways_to_write_them() {
        let (status, headers, page) = get("127.0.0.1:8080").await;
        assert_eq!(status, StatusCode::OK);
        assert!(headers["content-security-policy"].to_str().expect("text").contains("script-src 'self'"));
        for text in [
            "120500-26-051267-5",
            "120500260481937",
            "STATUS 120500-26-048193-7",
            "១២០៥០០-២៦-០៤៨១៩៣-៧",
            "120500 26 048193 7",
            "120500-26-048193-8",
        ] {
            assert!(page.contains(&format!("\"{text}\"")), "{text}");
        }
        assert!(page.contains("PIN 4821 · 010000001"), "what is needed to try it whole");
        assert!(page.contains("85510000001 ") && page.contains("&#60;km&#62;") && !page.contains("<km>"));
        let console = "<a href=\"http://127.0.0.1:9090/console\">";
        assert!(page.contains(console));
        let page = page.replace(console, "");
        assert!(!page.contains("http://") && !page.contains("https://") && !page.contains("style="));
    }

    #[tokio::test]
    async fn only_this_machine_gets_it() {
        assert_eq!(get("evil.example").await.0, StatusCode::FORBIDDEN);
        assert_eq!(get("localhost:8080").await.0, StatusCode::OK);
    }
}
