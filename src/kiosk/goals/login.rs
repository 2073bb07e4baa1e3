//! Signing in is over: what that is told as, wherever it was noticed. It must not know how one signs in.
use crate::{
    exchange::SignedIn,
    kiosk::{
        context::PageContext,
        parts::{facts::Action, frame::Back, message::MessagePage},
        respond::page,
        state::KioskState,
        visit::{state::VisitState, typed::Typed},
    },
};
use axum::{http::StatusCode, response::Response};

/// A visit in which nobody is signed in any more.
pub fn ended(mut visit: VisitState) -> VisitState {
    visit.login = None;
    visit
}

/// Time is over, or the portal knows the token no more: whoever let them sign in is told, and so is the visitor.
pub fn over(state: &KioskState, context: &PageContext, visit: VisitState, signed: SignedIn) -> Response {
    state.backend.end_sign_in(&signed);
    let message = &context.lang.login().ended;
    let typed = Typed::carrying(&ended(visit).seal(state, context));
    let frame = context.frame(message.title, "mine", Back::In("home".into())).keeping(typed, "begin");
    let actions = vec![Action::key("mine", "new", "qr", context.lang.login().new_code)];
    page(StatusCode::OK, &MessagePage { frame, class: "ended", icon: "clock", message, facts: Vec::new(), actions })
}
