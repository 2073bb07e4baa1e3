//! Views become words: text messages and USSD screens here, and the words that every channel shares. Knows nothing of how a
//! text travels nor of how a view came about.
pub mod agency;
mod fit;
pub mod kiosk;
pub mod sms;
mod texts;
pub mod ussd;
pub mod words;

pub use sms::{SmsText, render_sms};
pub use ussd::render_ussd;
