//! What one can do here, and how it works. It must not know how an answer is found.
use crate::{
    kiosk::{
        context::PageContext,
        parts::{
            doors,
            frame::{Back, Frame},
            message::{HelpPage, MessagePage},
            office::Shut,
            tiles::Tile,
        },
        respond::page,
        state::KioskState,
        texts::{Message, VisitWords},
    },
    types::civic::Abilities,
    web::filters,
};
use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage {
    frame: Frame,
    visit_words: &'static VisitWords,
    /// What the portal offers.
    offers: Abilities,
    /// Where the kiosk stands, if tickets can be taken there now.
    office: Option<String>,
    /// That its office is closed, and when it opens again.
    shut: Option<String>,
    /// One can sign in to see what is one's own.
    mine: Option<&'static Message>,
    /// Doors to what the portal has: the country, the one window.
    doors: Vec<Tile>,
    /// For whom services are.
    audiences: Vec<Tile>,
}

/// `GET /kiosk/{lang}/home`
pub async fn home(State(state): State<KioskState>, context: PageContext) -> Response {
    let frame = context.frame(context.words.home_title, "home", Back::To("/kiosk"));
    let shut = Shut::of(&state, &context.device).await.map(|shut| shut.line(context.lang));
    let office = context.device.office.clone().filter(|_| shut.is_none());
    // the one window stands behind the country: what is on this page is seen at once
    let mut doors = doors::of_portal(&state, &context).await;
    doors.truncate(1);
    let audiences = doors::audiences(context.lang);
    let offers = state.backend.abilities();
    // only where it is known which office's kiosk this is
    let signs_in = context.device.office.is_some() && state.backend.offers_sign_in();
    let mine = signs_in.then(|| &context.lang.login().tile);
    let visit_words = context.lang.visit();
    page(StatusCode::OK, &HomePage { frame, visit_words, offers, office, shut, mine, doors, audiences })
}

/// `GET /kiosk/{lang}/help`
pub async fn help(context: PageContext) -> Response {
    let frame = context.frame(context.words.help_title, "help", Back::In("home".into()));
    page(StatusCode::OK, &HelpPage { frame })
}

/// `POST /kiosk/{lang}/call`: an officer is called to this kiosk, which the console shows.
pub async fn call_staff(State(state): State<KioskState>, context: PageContext) -> Response {
    let words = context.lang.device();
    let called = context.device.office.is_some();
    if called {
        state.backend.call_staff(&context.device.id).await;
    }
    let message = if called { &words.staff_called } else { &words.nobody_to_call };
    let frame = context.frame(message.title, "help", Back::In("help".into()));
    MessagePage::plain(frame, if called { "under-way" } else { "your-turn" }, "bell", message)
}
