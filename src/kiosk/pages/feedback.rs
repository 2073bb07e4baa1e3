//! A rating by a face. It must not know what becomes of it.
use crate::{
    kiosk::{
        context::PageContext,
        errors::unreadable,
        parts::{
            frame::{Back, Frame},
            message::MessagePage,
        },
        respond::{both, page},
        state::KioskState,
        texts::Message,
    },
    ports::random::new_id,
    types::civic::Filed,
    web::filters,
};
use askama::Template;
use axum::{
    Form,
    extract::{State, rejection::FormRejection},
    http::StatusCode,
    response::Response,
};

#[derive(Template)]
#[template(path = "feedback.html")]
struct FeedbackPage {
    frame: Frame,
    /// The same for however many presses of this page.
    intent: uuid::Uuid,
    grades: Vec<(u8, &'static str, &'static str)>,
    /// Where complaints are taken.
    complain: Option<&'static Message>,
}

/// `GET /kiosk/{lang}/feedback`
pub async fn feedback(State(state): State<KioskState>, context: PageContext) -> Response {
    let words = context.words;
    let frame = context.frame(words.feedback_title, "feedback", Back::In("home".into()));
    let icons = ["face-1", "face-2", "face-3", "face-4", "face-5"];
    let mut grades: Vec<_> =
        (1..).zip(icons).zip(words.grades).map(|((grade, icon), word)| (grade, icon, word)).collect();
    grades.reverse();
    let complain = state.backend.abilities().complaints.then_some(&context.lang.visit().complain_card);
    page(StatusCode::OK, &FeedbackPage { frame, intent: new_id(state.backend.now()), grades, complain })
}

/// What the form of the faces holds.
#[derive(serde::Deserialize)]
pub struct Rating {
    rating: u8,
    intent: uuid::Uuid,
}

/// `POST /kiosk/{lang}/feedback`: pressed twice it is told once.
pub async fn rate(
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
    let (class, icon, message) = match taken {
        Some(Filed::Passed(_)) => ("good", "check", &words.thanks),
        Some(Filed::Kept { .. }) => ("good", "check", &words.rating_kept),
        None => ("your-turn", "cloud", &words.not_taken),
    };
    MessagePage::plain(frame, class, icon, message)
}
