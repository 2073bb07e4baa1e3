//! Where visitors want to go. Whoever proves something (a number by its one-time code, a PIN) goes on from here, so that
//! no page needs to know another. It must not know how a proof is given.
//!
//! To add a way to prove: set the visit's goal before it begins, and end it with [`Goal::resume`]. To add a goal: a variant,
//! an arm here, and a file with its pages.
pub mod appointments;
pub mod login;
pub mod status;

use crate::kiosk::{
    context::PageContext,
    state::KioskState,
    visit::{
        state::{Goal, VisitState},
        typed::Typed,
    },
};
use axum::response::Response;

impl Goal {
    /// The page to which the visitor wanted. `visit` has what was proven; `typed` is what that page keeps, with the visit
    /// sealed in it.
    pub async fn resume(self, state: &KioskState, context: &PageContext, visit: VisitState, typed: Typed) -> Response {
        match self {
            Goal::Status => status::answer(state, context, &visit, typed).await,
            Goal::Appointments => appointments::go_on(state, context, visit).await,
        }
    }
}
