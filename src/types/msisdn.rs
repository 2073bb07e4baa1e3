//! Telephone numbers. What a telco writes (`855…`, `0…`, `+855…`) becomes one form here; who it is never
//! shows in a log.
use std::fmt;

/// National significant numbers of Cambodia's mobile telcos.
const MOBILE_NATIONAL: &str = "^(?:(?:(?:1[28]|3[18]|9[67])\\d|6[016-9]|7(?:[07-9]|[16]\\d)|8(?:[013-79]|8\\d))\\d{6}\
    |(?:1\\d|9[0-57-9])\\d{6}|(?:2[3-6]|3[2-6]|4[2-4]|[5-7][2-5])48\\d{5})$";

/// A subscriber's number in E.164 without the plus sign: 8 to 15 digits, the first not 0.
///
/// `Debug` and `Display` are masked (`+855******01`), so that a number cannot leak into a log; the digits
/// are had only by asking for them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Msisdn {
    digits: [u8; 15],
    len: u8,
}

impl Msisdn {
    /// No subscriber's number.
    pub const NOBODY: Msisdn = Msisdn { digits: *b"000000000000000", len: 8 };

    /// Reads `+85510000001` or `85510000001`: only digits after an optional plus sign.
    pub fn parse_e164(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('+').unwrap_or(text).as_bytes();
        if !(8..=15).contains(&digits.len()) || digits[0] == b'0' || !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let mut held = [0; 15];
        held[..digits.len()].copy_from_slice(digits);
        Some(Msisdn { digits: held, len: digits.len() as u8 })
    }

    /// Reads what a Cambodian telco or person writes: `+855…`, `855…`, `00855…`, `0…` or the bare national
    /// number of 8 or 9 digits. Other countries' numbers are read in their international form.
    pub fn parse_cambodian(text: &str) -> Option<Self> {
        let digits: String = text.trim().chars().filter(|c| !matches!(c, ' ' | '-' | '.' | '(' | ')')).collect();
        if let Some(rest) = digits.strip_prefix('+') {
            return Self::parse_e164(rest);
        }
        if let Some(rest) = digits.strip_prefix("00") {
            return Self::parse_e164(rest);
        }
        if let Some(national) = digits.strip_prefix('0') {
            return Self::national(national);
        }
        if digits.starts_with("855") && (11..=12).contains(&digits.len()) {
            return Self::parse_e164(&digits);
        }
        match digits.len() {
            8 | 9 => Self::national(&digits),
            10.. => Self::parse_e164(&digits),
            _ => None,
        }
    }

    fn national(digits: &str) -> Option<Self> {
        ((8..=9).contains(&digits.len()) && !digits.starts_with('0'))
            .then(|| Self::parse_e164(&format!("855{digits}")))
            .flatten()
    }

    /// The digits without the plus sign: `85510000001`.
    pub fn digits(&self) -> &str {
        std::str::from_utf8(&self.digits[..usize::from(self.len)]).unwrap_or_default()
    }

    /// E.164 with the plus sign, as the portal wants it: `+85510000001`.
    pub fn e164(&self) -> String {
        format!("+{}", self.digits())
    }

    /// Whether it can be a mobile number: of Cambodia by its prefix and length (libphonenumber's metadata,
    /// Apache-2.0), of another country by not being known to be none.
    pub fn can_be_mobile(&self) -> bool {
        static MOBILE: std::sync::OnceLock<Option<regex::Regex>> = std::sync::OnceLock::new();
        let Some(national) = self.national_digits() else { return true };
        let mobile = MOBILE.get_or_init(|| regex::Regex::new(MOBILE_NATIONAL).ok());
        mobile.as_ref().is_some_and(|mobile| mobile.is_match(national))
    }

    /// The national significant number where the country is Cambodia: `10000001`.
    pub fn national_digits(&self) -> Option<&str> {
        self.digits().strip_prefix("855")
    }
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
mod tests {
    use super::*;

    #[test]
    fn every_way_of_writing_one_number_is_that_number() {
        for text in ["+85510000001", "85510000001", "0085510000001", "010000001", "10000001", "010 000-001"] {
            assert_eq!(Msisdn::parse_cambodian(text).expect(text).e164(), "+85510000001", "{text}");
        }
    }

    #[test]
    fn mobile_numbers_are_told_from_others() {
        for number in ["85510000001", "855880000003", "85512000002", "85597123456", "855972345678", "66812345678"] {
            assert!(Msisdn::parse_e164(number).is_some_and(|n| n.can_be_mobile()), "{number}");
        }
        for number in ["85523001205", "85500000001", "8551000000123", "8553112345"] {
            assert!(!Msisdn::parse_e164(number).is_some_and(|n| n.can_be_mobile()), "{number}");
        }
    }

    #[test]
    fn words_and_short_codes_are_no_numbers() {
        for text in ["", "1212", "SMART", "+", "0", "+0123456789", "0123", "12345678901234567"] {
            assert_eq!(Msisdn::parse_cambodian(text), None, "{text}");
        }
    }

    #[test]
    fn debug_and_display_tell_nobody_who_it_is() {
        let number = Msisdn::parse_e164("+85510234501").expect("a good number");
        assert_eq!(format!("{number} {number:?}"), "+855******01 +855******01");
    }
}
