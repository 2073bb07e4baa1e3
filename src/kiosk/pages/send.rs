//! What the screen shows is texted to a number that is only typed. It must not know how it is sent.
use crate::{
    dialogue::View,
    exchange::TextRefusal,
    kiosk::{
        backend::CheckAnswer,
        context::PageContext,
        parts::{digits::DigitsPage, frame::Back, message::MessagePage, phone},
        respond::page,
        state::KioskState,
        texts::Notice,
        visit::{
            form::Sent,
            state::VisitState,
            typed::{PHONE_MAX, Typed, most, pressed},
        },
    },
    types::Msisdn,
};
use axum::{extract::State, http::StatusCode, response::Response};

/// `POST /kiosk/{lang}/send`: `begin`, `f…` types the number, `go` sends where the application stands to it.
pub async fn send(State(state): State<KioskState>, context: PageContext, Sent(form): Sent) -> Response {
    let mut typed = form.typed(most(&state.groups));
    let visit = VisitState::open(&state, &context, &typed.visit);
    match form.key.as_str() {
        "begin" => {
            // the same however often the text is sent from here
            typed.visit = visit.seal(&state, &context);
            typed.phone.clear();
            send_page(&context, typed, None)
        }
        "go" => send_now(&state, &context, typed, visit).await,
        key => {
            if let Some(press) = key.strip_prefix('f') {
                pressed(&mut typed.phone, press, PHONE_MAX);
            }
            send_page(&context, typed, None)
        }
    }
}

fn send_page(context: &PageContext, typed: Typed, notice: Option<Notice>) -> Response {
    let visit_words = context.lang.visit();
    let words = (visit_words.send_title, visit_words.send_hint, visit_words.send);
    let frame = context.frame(visit_words.send_title, "send", Back::KeyAt("check", "ok"));
    let template = DigitsPage::for_a_number(words, notice, typed, frame);
    page(StatusCode::OK, &template)
}

async fn send_now(state: &KioskState, context: &PageContext, typed: Typed, visit: VisitState) -> Response {
    let (visit_words, language) = (context.lang.visit(), context.lang.language());
    let to = Msisdn::parse_cambodian(&typed.phone);
    // who only typed a number is told no more than anybody
    let who = context.who(visit.number().filter(|proven| Some(*proven) == to));
    let refused = match state.backend.check(&who, &typed.digits, None, language).await {
        CheckAnswer::Status(facts) => {
            let view = View::Status(facts);
            state.backend.send_view(&who, &typed.phone, &view, language, visit.id).await.err()
        }
        _ => Some(TextRefusal::Away),
    };
    match refused {
        None => {
            let typed = Typed { phone: String::new(), ..typed };
            let frame =
                context.frame(visit_words.sent.title, "send", Back::KeyAt("check", "ok")).keeping(typed, "sent");
            MessagePage::plain(frame, "good", "check", &visit_words.sent)
        }
        Some(refusal) => send_page(context, typed, Some(phone::refused(context, refusal))),
    }
}
