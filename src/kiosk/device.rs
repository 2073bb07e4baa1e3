//! Which device asks. It must not know how a device is paired.
use super::{
    context::Device,
    state::{KioskState, Pairing},
};
use crate::web;
use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, request::Parts},
};
use std::{convert::Infallible, sync::Arc};

/// What the guard found out about who asks.
pub enum Known {
    /// A kiosk that may be used.
    Device(Arc<Device>),
    /// One to be paired first.
    Stranger,
    /// It cannot be found out now.
    Away,
}

/// Which device sent these headers.
pub async fn who(state: &KioskState, headers: &HeaderMap) -> Known {
    let token = web::device_token(headers).unwrap_or_default();
    let known = if token.is_empty() { Ok(None) } else { state.backend.device(token).await };
    match (known, state.pairing) {
        (Ok(Some(kiosk)), _) => Known::Device(Arc::new(kiosk.into())),
        (_, Pairing::Off) => Known::Device(Arc::new(Device { office: state.stands_at.clone(), ..Device::open() })),
        (Ok(None), Pairing::Required) => Known::Stranger,
        (Err(_), Pairing::Required) => Known::Away,
    }
}

/// The device at the first page, where no language is known yet.
pub struct Start(pub Arc<Device>);

impl<S: Sync> FromRequestParts<S> for Start {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let device = parts.extensions.get::<Arc<Device>>().cloned();
        Ok(Start(device.unwrap_or_else(|| Arc::new(Device::open()))))
    }
}
