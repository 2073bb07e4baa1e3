//! What an ESME does on one connection, as a state machine without a socket: the session and what stands around it.
//! [`Esme`] is handed octets, what the store said, segments, screens and the time; it is asked for octets to write,
//! for what happened ([`Effect`]) and when to come again. What it keeps to, whatever the telco does:
//!
//! - no resp says ESME_ROK before the store does;
//! - no more segments are written than the window holds before their outcomes are stored;
//! - each segment is settled once, and as sent, refused or unwritten only where that is certain;
//! - a screen goes before every text, and not when it is too late.
//!
//! It must not know what a text says, who is asked about it, nor what carries the octets.
mod acks;
mod congestion;
mod effect;
mod machine;
mod pace;
mod retry;
mod screens;
mod submit;
mod window;

pub use effect::{Effect, Now, Outcome, Owed, Screen, ScreenFate, Stored};
pub use machine::{Esme, EsmeConfig};
pub use pace::{Allowed, Pace};
pub use submit::{NumberFormat, Segment, Style, Validity};

#[cfg(test)]
pub(crate) mod tests;
