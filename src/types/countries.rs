//! The countries whose numbers may be texted without having texted first: an attacker's numbers abroad cost money and
//! find nobody whom the portal serves. It must not know who asks.
use super::Msisdn;

/// Country codes of E.164 with two digits; those that begin with 1 or 7 have one, all others three.
const OF_TWO: [&str; 43] = [
    "20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45", "46", "47", "48", "49", "51",
    "52", "53", "54", "55", "56", "57", "58", "60", "61", "62", "63", "64", "65", "66", "81", "82", "84", "86", "90",
    "91", "92", "93", "94", "95",
];

/// `[push] countries`, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Countries(Vec<String>);

impl Countries {
    /// From country codes without a plus sign; the first that is none comes back.
    ///
    /// # Errors
    /// When one of them is not a country code.
    pub fn new(codes: Vec<String>) -> Result<Self, String> {
        match codes.iter().find(|code| !is_code(code)) {
            Some(wrong) => Err(wrong.clone()),
            None => Ok(Countries(codes)),
        }
    }

    /// Cambodia.
    pub fn cambodia() -> Self {
        Countries(vec!["855".to_owned()])
    }

    /// Whether a number is of one of them.
    pub fn hold(&self, number: &Msisdn) -> bool {
        // no country code begins with another one, so that a prefix is the code
        self.0.iter().any(|code| number.digits().starts_with(code.as_str()))
    }
}

fn is_code(text: &str) -> bool {
    if text.is_empty() || !text.bytes().all(|octet| octet.is_ascii_digit()) {
        return false;
    }
    let length = match text.as_bytes() {
        [b'1' | b'7', ..] => 1,
        [b'0', ..] => return false,
        _ if text.len() >= 2 && OF_TWO.contains(&&text[..2]) => 2,
        // 98 is the one of two digits beside a row of three, 99x
        [b'9', b'8', ..] => 2,
        _ => 3,
    };
    text.len() == length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_other_countries_and_satellites_are_told_from_ours() {
        let ours = Countries::cambodia();
        let number = |text: &str| Msisdn::parse_e164(text).expect(text);
        assert!(ours.hold(&number("85510000001")));
        for foreign in ["447700900123", "12025550123", "8816224105551", "870773111632", "85620555123", "8821612345678"]
        {
            assert!(!ours.hold(&number(foreign)), "{foreign}");
        }
        let more = Countries::new(vec!["855".into(), "66".into()]).expect("two codes");
        assert!(more.hold(&number("66812345678")) && !more.hold(&number("6591234567")));
    }

    #[test]
    fn half_a_code_or_a_longer_one_is_none() {
        for good in ["855", "1", "7", "44", "66", "98", "881", "870", "992"] {
            assert!(Countries::new(vec![good.into()]).is_ok(), "{good}");
        }
        for wrong in ["", "8", "85", "8551", "+855", "0855", "441", "1202", "kh", "៨៥៥", "981"] {
            assert_eq!(Countries::new(vec![wrong.into()]), Err(wrong.to_owned()));
        }
    }
}
