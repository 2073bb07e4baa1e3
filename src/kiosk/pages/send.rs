//! What the screen shows, or what a journey came to, is texted to a number that is only typed. It must not know how it is
//! sent.
use crate::{
    dialogue::View,
    exchange::{Receiver, TextRefusal},
    kiosk::{
        backend::CheckAnswer,
        context::PageContext,
        errors,
        parts::{
            digits::DigitsPage,
            frame::Back,
            keepsake::{keepsake, service},
            message::MessagePage,
            phone,
        },
        respond::page,
        state::KioskState,
        texts::Notice,
        visit::{
            form::Sent,
            state::{Came, Kept, VisitState},
            typed::{PHONE_MAX, Typed, most, pressed},
        },
    },
    types::Msisdn,
};
use axum::{extract::State, http::StatusCode, response::Response};

/// `POST /kiosk/{lang}/send`: `begin` with where an application stands, `keep` with what a journey came to, `sheet-ID` with a service; `f…` types the
/// number, `go` sends it there.
pub async fn send(State(state): State<KioskState>, context: PageContext, Sent(form): Sent) -> Response {
    let mut typed = form.typed(most(&state.groups));
    let mut visit = VisitState::open(&state, &context, &typed.visit);
    if let Some(id) = form.key.strip_prefix("sheet-") {
        let Some(service) = service(&state, id).await else {
            return errors::no_such_page().await;
        };
        visit.renew_id(state.backend.now());
        let came = Came::Read { id: id.to_owned(), code: service.code.clone() };
        visit.kept = Some(Kept { came, told: None, failed: false });
        typed = Typed { visit: visit.clone().seal(&state, &context), ..Typed::default() };
        return send_page(&context, &visit, typed, None);
    }
    match form.key.as_str() {
        key @ ("begin" | "keep") => {
            if key == "begin" {
                visit.kept = None;
            }
            // the same however often the text is sent from here
            typed.visit = visit.clone().seal(&state, &context);
            typed.phone.clear();
            send_page(&context, &visit, typed, None)
        }
        "go" => send_now(&state, &context, typed, visit).await,
        key => {
            if let Some(press) = key.strip_prefix('f') {
                pressed(&mut typed.phone, press, PHONE_MAX);
            }
            send_page(&context, &visit, typed, None)
        }
    }
}

/// Where what is sent is shown.
fn back(visit: &VisitState) -> Back {
    match visit.kept.as_ref().map(|kept| &kept.came) {
        None => Back::KeyAt("check", "ok"),
        Some(Came::Booked { .. } | Came::Moved { .. } | Came::Cancelled { .. }) => Back::KeyAt("appointments", "kept"),
        Some(Came::Complained { .. }) => Back::KeyAt("complain", "kept"),
        Some(Came::Queued { .. }) => Back::KeyAt("ticket", "kept"),
        Some(Came::Paid { .. }) => Back::KeyAt("pay", "kept"),
        Some(Came::Read { code, .. }) => Back::In(format!("service/{code}").into()),
    }
}

fn send_page(context: &PageContext, visit: &VisitState, typed: Typed, notice: Option<Notice>) -> Response {
    let visit_words = context.lang.visit();
    let words = (visit_words.send_title, visit_words.send_hint, visit_words.send);
    let frame = context.frame(visit_words.send_title, "send", back(visit));
    let template = DigitsPage::for_a_number(words, notice, typed, frame);
    page(StatusCode::OK, &template)
}

async fn send_now(state: &KioskState, context: &PageContext, typed: Typed, visit: VisitState) -> Response {
    let (visit_words, language) = (context.lang.visit(), context.lang.language());
    let refused = match &visit.kept {
        Some(kept) => {
            let (who, keepsake) = (context.who_of(visit.name, visit.number()), keepsake(state, &kept.came).await);
            let receiver = Receiver::Typed(&typed.phone);
            state.backend.send_keepsake(&who, receiver, &keepsake, language, visit.id).await.err()
        }
        None => send_status(state, context, &typed, &visit).await,
    };
    match refused {
        None => {
            let typed = Typed { phone: String::new(), ..typed };
            let frame = context.frame(visit_words.sent.title, "send", back(&visit)).keeping(typed, "sent");
            MessagePage::plain(frame, "good", "check", &visit_words.sent)
        }
        Some(refusal) => send_page(context, &visit, typed, Some(phone::refused(context, refusal))),
    }
}

async fn send_status(
    state: &KioskState,
    context: &PageContext,
    typed: &Typed,
    visit: &VisitState,
) -> Option<TextRefusal> {
    let language = context.lang.language();
    let to = Msisdn::parse_cambodian(&typed.phone);
    // who only typed a number is told no more than anybody
    let who = context.who_of(visit.name, visit.number().filter(|proven| Some(*proven) == to));
    match state.backend.check(&who, &typed.digits, None, language).await {
        CheckAnswer::Status(facts) => {
            let view = View::Status(facts);
            state.backend.send_view(&who, &typed.phone, &view, language, visit.id).await.err()
        }
        _ => Some(TextRefusal::Away),
    }
}
