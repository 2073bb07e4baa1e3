//! Telephone numbers. What people, programs and telcos write (`855…`, `0…`, `+855…`, `00855…`, in groups, in any
//! digits) becomes one form here; who it is never shows in a log.
use super::writing;
use std::fmt;

/// A subscriber's number in E.164 without the plus sign: 8 to 15 digits, the first not 0.
///
/// `Debug` and `Display` are masked (`+855******01`), so that a number cannot leak into a log; the digits
/// are had only by asking for them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Msisdn {
    digits: [u8; 15],
    len: u8,
}

/// Cambodia's country code.
const CAMBODIA: &str = "855";

/// Longest writing of a number that is read: 15 digits and `00`, each set apart.
const WRITTEN_MAX: usize = 64;

impl Msisdn {
    /// No subscriber's number.
    pub const NOBODY: Msisdn = Msisdn { digits: *b"000000000000000", len: 8 };

    /// Reads `+85510000001` or `85510000001`: only digits after an optional plus sign. For what programs of the
    /// house have written.
    pub fn parse_e164(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('+').unwrap_or(text).as_bytes();
        if !(8..=15).contains(&digits.len()) || digits[0] == b'0' || !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let mut held = [0; 15];
        held[..digits.len()].copy_from_slice(digits);
        Some(Msisdn { digits: held, len: digits.len() as u8 })
    }

    /// Reads what a person or a telco here writes: all of [`Msisdn::parse_written`], and the bare national number of
    /// 8 or 9 digits.
    pub fn parse_cambodian(text: &str) -> Option<Self> {
        let digits = plain(text)?;
        let bare = (8..=9).contains(&digits.len()) && digits.starts_with(|first| matches!(first, '1'..='9'));
        if bare { Self::international(&format!("{CAMBODIA}{digits}")) } else { Self::of_plain(&digits) }
    }

    /// Reads what a program writes for somebody: `+855…`, `855…`, `00855…` or `0…`, in groups or not, in the digits
    /// of any script; numbers of other countries in their international form. A number without any of these
    /// beginnings is not read: nobody knows which country it lost.
    pub fn parse_written(text: &str) -> Option<Self> {
        Self::of_plain(&plain(text)?)
    }

    /// Reads an address of a telco; `ton` is its type of number (SMPP 3.4 §5.2.5). Telcos call national numbers
    /// international, so the number itself decides first; nine digits that are none of ours are another country's where
    /// the telco says so.
    pub fn from_telco(ton: u8, text: &str) -> Option<Self> {
        const INTERNATIONAL: u8 = 1;
        let number = Self::parse_cambodian(text)?;
        let foreign =
            if ton == INTERNATIONAL && !number.can_be_mobile() { Self::parse_e164(text.trim()) } else { None };
        Some(foreign.unwrap_or(number))
    }

    /// Reads the beginning of Cambodian numbers, as `[[smsc]].prefixes` has it: `10`, `010`, `+855 10`, `00855 10` become
    /// `10`. A bare `855…` is not read: it is the country, or numbers that begin with `0855`.
    pub fn parse_prefix(text: &str) -> Option<String> {
        let digits = plain(text)?;
        let abroad = digits.strip_prefix('+').or_else(|| digits.strip_prefix("00"));
        let national = match abroad {
            Some(abroad) => abroad.strip_prefix(CAMBODIA)?,
            None if digits.starts_with(CAMBODIA) => return None,
            None => digits.strip_prefix('0').unwrap_or(&digits),
        };
        let sound = (1..=9).contains(&national.len()) && !national.starts_with('0');
        sound.then(|| national.to_owned())
    }

    fn of_plain(digits: &str) -> Option<Self> {
        if let Some(rest) = digits.strip_prefix('+').or_else(|| digits.strip_prefix("00")) {
            return Self::international(rest);
        }
        match digits.strip_prefix('0') {
            Some(national) if (8..=9).contains(&national.len()) => {
                Self::international(&format!("{CAMBODIA}{national}"))
            }
            Some(_) => None,
            // shorter ones are bare national numbers, or short codes
            None if digits.len() >= 10 => Self::international(digits),
            None => None,
        }
    }

    /// People write the trunk's zero behind the country code, too: `+855 (0)10 000 001`.
    fn international(digits: &str) -> Option<Self> {
        let Some(national) = digits.strip_prefix(CAMBODIA) else { return Self::parse_e164(digits) };
        let national = national.strip_prefix('0').unwrap_or(national);
        (!national.starts_with('0')).then(|| Self::parse_e164(&format!("{CAMBODIA}{national}"))).flatten()
    }

    /// The digits without the plus sign: `85510000001`.
    pub fn digits(&self) -> &str {
        std::str::from_utf8(&self.digits[..usize::from(self.len)]).expect("only ASCII digits are ever held")
    }

    /// E.164 with the plus sign, as the portal wants it: `+85510000001`.
    pub fn e164(&self) -> String {
        format!("+{}", self.digits())
    }

    /// Whether it can be a mobile number: of Cambodia by its prefix and length (libphonenumber's metadata,
    /// Apache-2.0), of another country by not being known to be none.
    pub fn can_be_mobile(&self) -> bool {
        self.national_digits().is_none_or(is_mobile)
    }

    /// The national significant number where the country is Cambodia: `10000001`.
    pub fn national_digits(&self) -> Option<&str> {
        self.digits().strip_prefix(CAMBODIA)
    }
}

/// National significant numbers of Cambodia's mobile telcos: prefix and length. Code, not a pattern: there is nothing
/// to build that could fail to be built.
fn is_mobile(national: &str) -> bool {
    let [first, second, rest @ ..] = national.as_bytes() else { return false };
    match (national.len(), first, second) {
        (8, b'1', b'0'..=b'9')
        | (8, b'6', b'0' | b'1' | b'6'..=b'9')
        | (8, b'7', b'0' | b'7'..=b'9')
        | (8, b'8', b'0' | b'1' | b'3'..=b'7' | b'9')
        | (8, b'9', b'0'..=b'5' | b'7'..=b'9') => true,
        (9, b'1', b'2' | b'8')
        | (9, b'3', b'1' | b'8')
        | (9, b'7', b'1' | b'6')
        | (9, b'8', b'8')
        | (9, b'9', b'6' | b'7') => true,
        // mobile numbers under the area codes of the provinces
        (9, b'2', b'3'..=b'6') | (9, b'3', b'2'..=b'6') | (9, b'4', b'2'..=b'4') | (9, b'5'..=b'7', b'2'..=b'5') => {
            rest.starts_with(b"48")
        }
        _ => false,
    }
}

/// ASCII digits, with a plus sign before them where one was written; `None` when anything else than digits and what
/// sets them apart is there.
fn plain(text: &str) -> Option<String> {
    let mut out = String::with_capacity(16);
    for c in text.chars().take(WRITTEN_MAX + 1).filter(|c| !sets_apart(*c)) {
        match (writing::ascii_digit(c), c) {
            (Some(digit), _) => out.push(digit),
            (None, '+' | '\u{FF0B}' | '\u{FE62}') if out.is_empty() => out.push('+'),
            _ => return None,
        }
    }
    (text.chars().nth(WRITTEN_MAX).is_none() && !out.is_empty()).then_some(out)
}

/// Spaces of every width, dashes, dots, slashes, brackets, and what cannot be seen (it comes with a copied number).
fn sets_apart(c: char) -> bool {
    writing::is_blank(c)
        || writing::is_dash(c)
        || writing::is_invisible(c)
        || matches!(
            c,
            '.' | '\u{00B7}'
                | '\u{2022}'
                | '\u{2024}'
                | '\u{3002}'
                | '\u{FF0E}'
                | '/'
                | '('
                | ')'
                | '\u{FF08}'
                | '\u{FF09}'
        )
}

impl fmt::Display for Msisdn {
    /// Masked: country code, stars, last two digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.digits();
        write!(f, "+{}******{}", &digits[..3], &digits[digits.len() - 2..])
    }
}

impl fmt::Debug for Msisdn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
#[path = "msisdn_tests.rs"]
mod tests;
