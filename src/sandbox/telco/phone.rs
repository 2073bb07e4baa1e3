//! What a phone may send, and what it is told of it. It must not know how it travels.
use super::alphabet::Alphabet;

/// Why a text was not taken from a phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// More than 255 segments.
    #[error("the text is longer than 255 segments")]
    TooLong,
    /// There is no USSD session to answer in.
    #[error("no USSD session is open; dial first, such as *1212#")]
    NoSession,
    /// Too many wait already.
    #[error("the telco's queue is full; is an ESME bound?")]
    QueueFull,
}

/// A text taken from a phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Sent {
    /// The MO's id.
    pub id: u64,
    /// Segments it travels in.
    pub segments: usize,
    /// What it travels as.
    pub alphabet: Alphabet,
    /// Length in the alphabet's units.
    pub units: usize,
}

/// Whether this can be dialled as a USSD code: `*1212#`, `*1212*1*120…#`.
pub fn valid_dialled(code: &str) -> bool {
    code.len() <= 60
        && code.len() > 2
        && code.starts_with('*')
        && code.ends_with('#')
        && code.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'*' | b'#'))
}

/// Whether this is a number as phones and short codes have them: 1 to 20 digits.
pub fn valid_number(number: &str) -> bool {
    (1..=20).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit())
}
