//! The first page, home, help and feedback. It must not know how an answer is found.
use super::{
    KioskState,
    context::PageContext,
    errors::{no_such_page, unreadable},
    frame::{Back, Frame},
    parts::{HelpPage, MessagePage},
    respond::{both, page},
    views::Action,
    words::{EN, KM, Lang, Message, Words},
};
use crate::{
    ports::random::new_id,
    web::{assets, filters},
};
use askama::Template;
use axum::{
    Form,
    extract::{Path, State, rejection::FormRejection},
    http::{HeaderMap, HeaderName, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};

#[derive(Template)]
#[template(path = "start.html")]
struct StartPage {
    km: &'static Words,
    en: &'static Words,
    class: String,
    build: String,
    /// What one can do here, shown in turn.
    can: Vec<(&'static str, &'static str)>,
    message: Option<(String, String)>,
}

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage {
    frame: Frame,
    visit_words: &'static super::words_visit::VisitWords,
    /// Where the kiosk stands, if tickets can be taken there.
    office: Option<String>,
}

#[derive(Template)]
#[template(path = "feedback.html")]
struct FeedbackPage {
    frame: Frame,
    /// The same for however many presses of this page.
    intent: uuid::Uuid,
    grades: Vec<(u8, &'static str, &'static str)>,
    complain: &'static Message,
}

/// Of assets that the server names itself.
const CHECKED: &str = "the start looked for every asset";

/// `GET /kiosk/sw.js`: keeps the directory for when the line is down.
pub(super) async fn service_worker() -> Response {
    let kept = ["app.css", "print.css", "icons.svg", "mark.svg", "kiosk.js", "keys.js"];
    let fonts =
        ["khmer-400", "khmer-700", "latin-400", "latin-700"].map(|name| format!("fonts/noto-khmer-{name}.woff2"));
    let assets: Vec<String> =
        kept.into_iter().map(str::to_owned).chain(fonts).map(|name| assets::asset(&name).expect(CHECKED)).collect();
    let text = assets::text("sw.js").expect(CHECKED);
    let script = format!("const BUILD={:?},ASSETS={:?};\n{text}", super::build(), assets);
    let headers = [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache"),
        (HeaderName::from_static("service-worker-allowed"), "/kiosk"),
    ];
    (headers, script).into_response()
}

/// `GET /kiosk/{lang}/offline`: what the service worker shows where the server cannot be asked.
pub(super) async fn offline(State(state): State<KioskState>, context: PageContext) -> Response {
    let message = &context.lang.device().offline_book;
    let frame = context.frame(message.title, "offline", Back::In("home".into()));
    let facts = super::device::phones(&state, &context).await;
    let actions = vec![
        Action::open("services", "paper", context.words.services_card.title),
        Action::open("offices", "office", context.words.offices_card.title),
    ];
    page(StatusCode::OK, &MessagePage { frame, class: "your-turn", icon: "cloud", message, facts, actions })
}

/// A page that needs a visit was opened without one.
pub(super) async fn not_alone(context: PageContext) -> Redirect {
    Redirect::to(&format!("/kiosk/{}/home", context.lang.tag()))
}

/// What one can do here, in Khmer and English.
fn can() -> Vec<(&'static str, &'static str)> {
    let of = |lang: Lang| {
        let (words, visit_words) = (lang.words(), lang.visit());
        [words.check.title, visit_words.appointments_card.title, words.services_card.title, words.offices_card.title]
    };
    of(Lang::Km).into_iter().zip(of(Lang::En)).collect()
}

/// Every visit begins and ends here: the look of the last one is forgotten.
pub(super) async fn start(
    State(state): State<KioskState>,
    device: super::device::Start,
    headers: HeaderMap,
) -> Response {
    let class = device.0.profile.name.to_owned();
    let mut answer = match super::device::closed(&state, &device.0).await {
        Some(closed) => closed,
        None => match device.0.language {
            Some(lang) => Redirect::to(&format!("/kiosk/{}/home", lang.tag())).into_response(),
            None => {
                let message = device.0.message.as_deref().and_then(super::device::said);
                page(
                    StatusCode::OK,
                    &StartPage { km: &KM, en: &EN, class, build: device.0.build(), can: can(), message },
                )
            }
        },
    };
    // the service worker fetches this page while somebody else's visit goes on
    if headers.contains_key("x-keep") {
        return answer;
    }
    let forget = format!("{}=; Path=/kiosk; Max-Age=0; HttpOnly; SameSite=Strict", super::context::DISPLAY_PREFS);
    answer.headers_mut().append(header::SET_COOKIE, crate::web::header_value(&forget));
    answer
}

pub(super) async fn to_start() -> Redirect {
    Redirect::to("/kiosk")
}

pub(super) async fn to_home(Path(segment): Path<String>) -> Response {
    let known = ["home", "check", "help", "services", "offices", "feedback", "appointments", "complain", "look"];
    match Lang::from_tag(&segment) {
        Some(lang) => Redirect::to(&format!("/kiosk/{}/home", lang.tag())).into_response(),
        None if known.contains(&segment.as_str()) => Redirect::to("/kiosk").into_response(),
        None => no_such_page().await,
    }
}

pub(super) async fn home(context: PageContext) -> Response {
    let frame = context.frame(context.words.home_title, "home", Back::To("/kiosk"));
    page(StatusCode::OK, &HomePage { frame, visit_words: context.lang.visit(), office: context.device.office.clone() })
}

pub(super) async fn help(context: PageContext) -> Response {
    let frame = context.frame(context.words.help_title, "help", Back::In("home".into()));
    page(StatusCode::OK, &HelpPage { frame })
}

/// `GET /kiosk/{lang}/feedback`
pub(super) async fn feedback(State(state): State<KioskState>, context: PageContext) -> Response {
    let words = context.words;
    let frame = context.frame(words.feedback_title, "feedback", Back::In("home".into()));
    let icons = ["face-1", "face-2", "face-3", "face-4", "face-5"];
    let mut grades: Vec<_> =
        (1..).zip(icons).zip(words.grades).map(|((grade, icon), word)| (grade, icon, word)).collect();
    grades.reverse();
    let complain = &context.lang.visit().complain_card;
    page(StatusCode::OK, &FeedbackPage { frame, intent: new_id(state.backend.now()), grades, complain })
}

/// What the form of the faces holds.
#[derive(serde::Deserialize)]
pub(super) struct Rating {
    rating: u8,
    intent: uuid::Uuid,
}

/// `POST /kiosk/{lang}/feedback`: pressed twice it is told once.
pub(super) async fn rate(
    State(state): State<KioskState>,
    context: PageContext,
    form: Result<Form<Rating>, FormRejection>,
) -> Response {
    let taken = match form {
        Ok(Form(Rating { rating: rating @ 1..=5, intent })) => {
            state.backend.rate(&context.who(None), rating, intent).await
        }
        Ok(_) => return both(StatusCode::BAD_REQUEST, "alert", true, |words| &words.unreadable),
        Err(fault) => return unreadable(&fault),
    };
    let words = context.words;
    let frame = context.frame(words.feedback_title, "feedback", Back::In("home".into()));
    let (class, icon, message) =
        if taken { ("good", "check", &words.thanks) } else { ("your-turn", "cloud", &words.not_taken) };
    MessagePage::plain(frame, class, icon, message)
}
