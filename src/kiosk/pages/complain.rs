//! A complaint in the visitor's own words. It must not know what becomes of it.
use crate::{
    kiosk::{
        context::PageContext,
        parts::{
            facts::{Action, Fact},
            frame::{Back, Frame},
            message::MessagePage,
        },
        respond::page,
        state::KioskState,
        texts::{Message, VisitWords},
        visit::form::Sent,
    },
    types::civic::{Answer, Change, ChangeKind, Filed, Query},
    web::filters,
};
use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};

/// Longest complaint, in characters.
const COMPLAINT_MAX: usize = 1_000;

#[derive(Template)]
#[template(path = "complain.html")]
struct ComplainPage {
    frame: Frame,
    visit_words: &'static VisitWords,
    notice: Option<&'static Message>,
    text: String,
    most: usize,
}

/// `GET /kiosk/{lang}/complain`
pub async fn ask(context: PageContext) -> Response {
    complain_page(&context, String::new(), None)
}

fn complain_page(context: &PageContext, text: String, notice: Option<&'static Message>) -> Response {
    let visit_words = context.lang.visit();
    let frame =
        context.frame(visit_words.complain_title, "complain", Back::In("feedback".into())).keeping_form("words");
    page(StatusCode::OK, &ComplainPage { frame, visit_words, notice, text, most: COMPLAINT_MAX })
}

/// `POST /kiosk/{lang}/complain`: the words are passed on once, however often they are sent.
pub async fn file(State(state): State<KioskState>, context: PageContext, Sent(form): Sent) -> Response {
    let visit_words = context.lang.visit();
    let text: String = form.text.trim().chars().filter(|c| !c.is_control() || *c == '\n').take(COMPLAINT_MAX).collect();
    if text.is_empty() || form.key == "stay" {
        return complain_page(&context, text, None);
    }
    // the same words from this kiosk within ten minutes are one complaint
    let print = crate::web::digest(&format!("{} {} {text}", context.device.id, state.backend.now().0 / 600_000));
    let intent = uuid::Builder::from_custom_bytes(print[..16].try_into().expect("sixteen octets")).into_uuid();
    let what = ChangeKind::Complain { text: text.clone(), language: context.lang.language() };
    let query = Query::Change(Change { what, attempt: 0 });
    match state.backend.ask(&context.who(None), &query, Some(intent)).await {
        Ok(Answer::Filed(Ok(Filed::Kept { .. }))) => {
            let frame = context.frame(visit_words.complaint_kept.title, "complain", Back::In("home".into()));
            MessagePage::plain(frame, "good", "check", &visit_words.complaint_kept)
        }
        Ok(Answer::Filed(Ok(Filed::Passed(Some(reference))))) => {
            let frame = context.frame(visit_words.complained.title, "complain", Back::In("home".into()));
            let facts = vec![Fact { icon: "receipt", label: visit_words.ticket_number, value: reference, note: None }];
            let actions = vec![Action::print(visit_words.print)];
            page(
                StatusCode::OK,
                &MessagePage { frame, class: "good", icon: "check", message: &visit_words.complained, facts, actions },
            )
        }
        Err(_) => complain_page(&context, text, Some(&context.words.paused)),
        Ok(_) => complain_page(&context, text, Some(&visit_words.not_complained)),
    }
}
