//! For when the line is down: the service worker, and what it shows where the server cannot be asked. It must not know what
//! the worker keeps.
use crate::{
    kiosk::{
        context::PageContext,
        parts::{facts::Action, frame::Back, message::MessagePage, office::phones},
        respond::page,
        state::{self, KioskState},
    },
    web::assets,
};
use axum::{
    extract::State,
    http::{HeaderName, StatusCode, header},
    response::{IntoResponse, Response},
};

/// Of assets that the server names itself.
const CHECKED: &str = "the start looked for every asset";

/// `GET /kiosk/sw.js`: keeps the directory for when the line is down.
pub async fn service_worker(State(state): State<KioskState>) -> Response {
    let kept = [
        "app.css",
        "pad.css",
        "visit.css",
        "home.css",
        "lists.css",
        "gate.css",
        "print.css",
        "icons.svg",
        "mark.svg",
        "kiosk.js",
        "keys.js",
        "voice.js",
    ];
    let fonts =
        ["khmer-400", "khmer-700", "latin-400", "latin-700"].map(|name| format!("fonts/noto-khmer-{name}.woff2"));
    let ours = kept.into_iter().map(str::to_owned).chain(fonts).map(|name| assets::asset(&name).expect(CHECKED));
    let assets: Vec<String> = ours.chain(state.signs.addresses().map(str::to_owned)).collect();
    let text = assets::text("sw.js").expect(CHECKED);
    let script = format!("const BUILD={:?},ASSETS={:?};\n{text}", state::build(), assets);
    let headers = [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache"),
        (HeaderName::from_static("service-worker-allowed"), "/kiosk"),
    ];
    (headers, script).into_response()
}

/// `GET /kiosk/{lang}/offline`: what the service worker shows where the server cannot be asked.
pub async fn offline(State(state): State<KioskState>, context: PageContext) -> Response {
    let message = &context.lang.device().offline_book;
    let frame = context.frame(message.title, "offline", Back::In("home".into()));
    let facts = phones(&state, &context).await;
    let actions = vec![
        Action::open("services", "paper", context.words.services_card.title),
        Action::open("offices", "office", context.words.offices_card.title),
    ];
    page(StatusCode::OK, &MessagePage { frame, class: "your-turn", icon: "cloud", message, facts, actions })
}
