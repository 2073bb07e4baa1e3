//! The PIN printed on a receipt: proof, so it never shows.
use std::fmt;

/// 4 to 6 digits. `Debug` is masked and there is no `Display`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Pin(String);

impl Pin {
    /// Reads 4 to 6 ASCII digits.
    pub fn parse(text: &str) -> Option<Self> {
        ((4..=6).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| Pin(text.to_owned()))
    }

    /// The digits.
    pub fn digits(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[pin]")
    }
}
