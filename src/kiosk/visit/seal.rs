//! What the server must be able to trust of a page is sealed in it: it opens at this device, and for a short time. It must
//! not know what is sealed.
use super::typed::CLOSES;
use crate::{kiosk::state::KioskState, types::UnixMs};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use std::time::Duration;

/// How long a page's sealed part can be used.
const PAGE_FOR: Duration = Duration::from_secs(30 * 60);
/// Octets of the time that stands before what is sealed.
const TIME: usize = 8;

/// What a seal is bound to: it opens at this device and with this time only.
fn place(device: &str, at: &[u8]) -> Vec<u8> {
    // names of devices hold no NUL, so the two cannot run into each other
    [device.as_bytes(), &[0], at].concat()
}

/// Seals something for a hidden field of this device's pages, with the time.
pub fn seal(state: &KioskState, device: &str, plain: &[u8]) -> String {
    let at = state.backend.now().0.to_be_bytes();
    let sealed = state.backend.seal(&place(device, &at), plain);
    match sealed {
        Some(sealed) => URL_SAFE_NO_PAD.encode([&at[..], &sealed].concat()),
        None => {
            tracing::error!("a visit cannot be sealed; it begins anew with its next page");
            String::new()
        }
    }
}

/// Opens what [`seal`] made at this device a short time ago.
pub fn open(state: &KioskState, device: &str, sealed: &str) -> Option<Vec<u8>> {
    // what stands behind is for the page only
    let (sealed, _) = sealed.split_once(CLOSES).unwrap_or((sealed, ""));
    let octets = URL_SAFE_NO_PAD.decode(sealed).ok()?;
    let (at, sealed) = octets.split_first_chunk::<TIME>()?;
    let age = state.backend.now().since_ms(UnixMs(i64::from_be_bytes(*at)));
    // a clock that was set back a little ends no visit
    (age.unsigned_abs() <= PAGE_FOR.as_millis() as u64).then(|| state.backend.unseal(&place(device, at), sealed))?
}
