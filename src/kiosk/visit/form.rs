//! What a page of a visit sends: what was typed, the key that was pressed, and what is sealed. It must not know what a key
//! does.
use super::{
    state::VisitState,
    typed::{ONCE, Typed, dialled, digits_of},
};
use crate::kiosk::{context::Device, errors::unreadable, respond::both, state::KioskState};
use axum::{
    Form,
    extract::{FromRequest, Request},
    http::StatusCode,
    response::Response,
};
use std::sync::Arc;

/// What the form of a visit sends.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub struct VisitForm {
    pub digits: String,
    pub at: String,
    pub pin: String,
    pub phone: String,
    pub once: String,
    #[serde(rename = "held")]
    pub visit: String,
    pub key: String,
    /// Free text: of a complaint.
    pub text: String,
}

impl VisitForm {
    /// What was typed, as far as it can be.
    pub fn typed(&self, most: usize) -> Typed {
        let typed = Typed::read(&self.digits, &self.at, most).with_pin(&self.pin);
        Typed { phone: dialled(&self.phone), once: digits_of(&self.once, ONCE), visit: self.visit.clone(), ..typed }
    }
}

/// The form of a visit, or the page that says why it cannot be read.
pub struct Sent(pub VisitForm);

impl FromRequest<KioskState> for Sent {
    type Rejection = Response;

    async fn from_request(request: Request, state: &KioskState) -> Result<Self, Response> {
        let device = request.extensions().get::<Arc<Device>>().cloned();
        let form = Form::<VisitForm>::from_request(request, state).await;
        let Form(form) = form.map_err(|fault| unreadable(&fault))?;
        let device = device.map_or_else(|| Device::open().id, |device| device.id.clone());
        if !form.visit.is_empty() && !VisitState::goes_on_at(state, &device, &form.visit) {
            return Err(both(StatusCode::GONE, "clock", true, |words| &words.visit_over));
        }
        Ok(Sent(form))
    }
}
