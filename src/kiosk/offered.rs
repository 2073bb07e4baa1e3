//! What the portal does not offer has no tile; who opens its address all the same is told so. It must not know what a page does.
use super::{
    context::PageContext,
    parts::{frame::Back, message::MessagePage},
    state::KioskState,
};
use crate::types::civic::Abilities;
use axum::{
    extract::{FromRequestParts, Request, State},
    middleware::Next,
    response::Response,
};

/// Lets through what is offered.
pub async fn only(State(state): State<KioskState>, request: Request, next: Next) -> Response {
    // /kiosk/{lang}/{page}
    let page = request.uri().path().split('/').nth(3).unwrap_or_default();
    if is_offered(page, state.backend.abilities()) {
        return next.run(request).await;
    }
    let (mut parts, _) = request.into_parts();
    match PageContext::from_request_parts(&mut parts, &state).await {
        Ok(context) => {
            let message = &context.words.not_offered;
            let frame = context.frame(message.title, "home", Back::In("home".into()));
            MessagePage::plain(frame, "ended", "minus", message)
        }
        Err(answer) => answer,
    }
}

fn is_offered(page: &str, offers: Abilities) -> bool {
    match page {
        "appointments" => offers.appointments,
        "ticket" => offers.tickets,
        "pay" => offers.payment,
        "feedback" => offers.feedback,
        "complain" => offers.complaints,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_stands_and_falls_with_what_it_needs() {
        let none = Abilities {
            factors: false,
            appointments: false,
            holds: false,
            payment: false,
            tickets: false,
            feedback: false,
            complaints: false,
            events: false,
        };
        for page in ["appointments", "ticket", "pay", "feedback", "complain"] {
            assert!(is_offered(page, Abilities::ALL) && !is_offered(page, none), "{page}");
        }
        for page in ["check", "home", "services", "offices", "send", ""] {
            assert!(is_offered(page, none), "{page}");
        }
    }
}
