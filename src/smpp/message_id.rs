//! How the id of a submit_sm_resp and that of its receipt are found to be one. Telcos write it twice and not
//! always alike: in another case, with zeros before it, once in hexadecimal and once in decimal. Knows no store: a
//! store looks rows up by [`key`] and [`partners`], and [`choose`] says which of them it is.

/// Longest id that is looked at, in characters.
pub const ID_CHARS_MAX: usize = 64;

/// `[[smsc]].message_id`: which spellings count as one id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rule {
    /// Exactly; else but for case and zeros; else in the other radix, where the number or experience agrees.
    #[default]
    Auto,
    /// Exactly.
    Exact,
    /// The receipt writes a hexadecimal number: it is compared as a number, also with a decimal resp.
    Hex,
    /// The receipt writes a decimal number: it is compared as a number, also with a hexadecimal resp.
    Decimal,
}

impl Rule {
    /// As a store keeps it.
    pub fn code(self) -> u8 {
        match self {
            Rule::Auto => 0,
            Rule::Exact => 1,
            Rule::Hex => 2,
            Rule::Decimal => 3,
        }
    }

    /// What [`Rule::code`] wrote; anything else is compared exactly, so that nothing is assigned by mistake.
    pub fn of_code(code: u8) -> Self {
        match code {
            0 => Rule::Auto,
            2 => Rule::Hex,
            3 => Rule::Decimal,
            _ => Rule::Exact,
        }
    }
}

/// How two ids are one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fit {
    /// Octet for octet.
    Exact,
    /// But for case and zeros before it.
    Alike,
    /// The receipt writes in decimal what the resp wrote in hexadecimal.
    ReceiptDecimal,
    /// The receipt writes in hexadecimal what the resp wrote in decimal.
    ReceiptHex,
}

/// What the receipts of a family have proven so far: how often an id in another radix belonged to the number that
/// the receipt named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Learned {
    /// Of [`Fit::ReceiptDecimal`].
    pub receipt_decimal: u64,
    /// Of [`Fit::ReceiptHex`].
    pub receipt_hex: u64,
}

impl Learned {
    /// Notes a case that the number has confirmed. Returns whether it is the first of its kind.
    pub fn confirm(&mut self, fit: Fit) -> bool {
        let count = match fit {
            Fit::Exact | Fit::Alike => return false,
            Fit::ReceiptDecimal => &mut self.receipt_decimal,
            Fit::ReceiptHex => &mut self.receipt_hex,
        };
        *count += 1;
        *count == 1
    }

    /// How often a case of this kind was confirmed.
    pub fn count(self, fit: Fit) -> u64 {
        match fit {
            Fit::Exact | Fit::Alike => 0,
            Fit::ReceiptDecimal => self.receipt_decimal,
            Fit::ReceiptHex => self.receipt_hex,
        }
    }

    fn knows(self, fit: Fit) -> bool {
        match fit {
            Fit::Exact | Fit::Alike => true,
            Fit::ReceiptDecimal => self.receipt_decimal > 0,
            Fit::ReceiptHex => self.receipt_hex > 0,
        }
    }
}

/// The canonical form of an id that is a number: lower case, no zeros before it. `None` for any other: those are
/// names, in which `a` and `A` differ. Digits of both cases in one id are no hexadecimal number of any machine,
/// but may well be a name.
pub fn key(id: &str) -> Option<String> {
    let id = id.trim();
    let plain = (1..=ID_CHARS_MAX).contains(&id.len()) && id.bytes().all(|octet| octet.is_ascii_hexdigit());
    let both = id.bytes().any(|octet| octet.is_ascii_lowercase()) && id.bytes().any(|octet| octet.is_ascii_uppercase());
    if !plain || both {
        return None;
    }
    let digits = id.trim_start_matches('0');
    Some(if digits.is_empty() { "0".to_owned() } else { digits.to_ascii_lowercase() })
}

/// What stands beside an id where that is not its canonical form already, so that a look-up finds it by either.
pub fn key_beside(id: &str) -> Option<String> {
    key(id).filter(|key| key != id)
}

fn hex_of_decimal(key: &str) -> Option<String> {
    let decimal = key.bytes().all(|octet| octet.is_ascii_digit());
    decimal.then(|| key.parse::<u128>().ok()).flatten().map(|value| format!("{value:x}"))
}

fn decimal_of_hex(key: &str) -> Option<String> {
    u128::from_str_radix(key, 16).ok().map(|value| value.to_string())
}

/// Under which ids or keys the partner of this id may stand, the resp's of a receipt or the receipt's of a resp.
/// At most four.
pub fn partners(id: &str) -> Vec<String> {
    let mut all = vec![id.to_owned()];
    if let Some(key) = key(id) {
        let (hex, decimal) = (hex_of_decimal(&key), decimal_of_hex(&key));
        all.push(key);
        all.extend(hex);
        all.extend(decimal);
    }
    let mut seen = std::collections::HashSet::new();
    all.retain(|one| seen.insert(one.clone()));
    all
}

/// A resp and a receipt that may belong together.
#[derive(Clone, Copy, Debug)]
pub struct Pair<'a> {
    /// message_id of the resp.
    pub resp: &'a str,
    /// The id in the receipt.
    pub receipt: &'a str,
    /// The rule of the telco that the receipt came from.
    pub rule: Rule,
    /// Whether the receipt is about the number that the segment went to; `None`: it does not say.
    pub same_number: Option<bool>,
}

impl Pair<'_> {
    /// How the two ids are one, if the rule lets them be.
    fn fit(&self) -> Option<Fit> {
        if self.resp == self.receipt {
            return Some(Fit::Exact);
        }
        if self.rule == Rule::Exact {
            return None;
        }
        let (resp, receipt) = (key(self.resp)?, key(self.receipt)?);
        if resp == receipt {
            return Some(Fit::Alike);
        }
        if self.rule != Rule::Hex && hex_of_decimal(&receipt).as_ref() == Some(&resp) {
            return Some(Fit::ReceiptDecimal);
        }
        (self.rule != Rule::Decimal && decimal_of_hex(&receipt).as_ref() == Some(&resp)).then_some(Fit::ReceiptHex)
    }

    /// The fit and how much it is to be believed, the best first; `None`: not at all.
    fn believed(&self, learned: Learned) -> Option<(u8, Fit)> {
        let fit = self.fit()?;
        let place = match (fit, self.same_number) {
            // An equal id is an equal id, also where a telco writes strange addresses into its receipts; only a
            // segment of the very number the receipt names goes before one of another.
            (Fit::Exact, Some(false)) => 4,
            (Fit::Exact, _) => 0,
            (_, Some(false)) => return None,
            (Fit::Alike, _) => 1,
            (_, Some(true)) => 2,
            // nothing but the digits speaks for it: only where the operator says so, or earlier receipts did
            (_, None) if self.rule != Rule::Auto || learned.knows(fit) => 3,
            (_, None) => return None,
        };
        Some((place, fit))
    }
}

/// Which pair belongs together; `None` when none does, or when two are as good as each other: a receipt is
/// better kept than given to the wrong segment.
pub fn choose(pairs: &[Pair<'_>], learned: Learned) -> Option<(usize, Fit)> {
    let mut found: Vec<(u8, bool, usize, Fit)> = pairs
        .iter()
        .enumerate()
        .filter_map(|(at, pair)| {
            let (place, fit) = pair.believed(learned)?;
            Some((place, pair.same_number != Some(true), at, fit))
        })
        .collect();
    found.sort_unstable();
    match found.as_slice() {
        [] => None,
        [(place, other, ..), (second, another, ..), ..] if (place, other) == (second, another) => None,
        [(_, _, at, fit), ..] => Some((*at, *fit)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: Learned = Learned { receipt_decimal: 0, receipt_hex: 0 };

    fn one(rule: Rule, resp: &str, receipt: &str, same_number: Option<bool>, learned: Learned) -> Option<Fit> {
        choose(&[Pair { resp, receipt, rule, same_number }], learned).map(|(_, fit)| fit)
    }

    #[test]
    fn ids_of_resp_and_receipt_are_found_to_be_one_however_they_are_written() {
        for (resp, receipt, fit) in [
            ("a1b2db", "a1b2db", Some(Fit::Exact)),
            ("a1b2db", "A1B2DB", Some(Fit::Alike)),
            ("A1B2DB", "a1b2db", Some(Fit::Alike)),
            ("a1b2db", "0000a1b2db", Some(Fit::Alike)),
            ("0000A1B2DB", "a1b2db", Some(Fit::Alike)),
            ("0000000012", "12", Some(Fit::Alike)),
            ("a1b2db", "10597083", Some(Fit::ReceiptDecimal)),
            ("00A1B2DB", "0010597083", Some(Fit::ReceiptDecimal)),
            ("10597083", "a1b2db", Some(Fit::ReceiptHex)),
            ("0010597083", "00A1B2DB", Some(Fit::ReceiptHex)),
            ("ffffffffffffffffffffffffffffffff", "340282366920938463463374607431768211455", Some(Fit::ReceiptDecimal)),
            ("812FC747A1B2C3D4", "9308878065267557332", Some(Fit::ReceiptDecimal)),
            ("6f9619ff-8b86-d011-b42d-00c04fc964ff", "6f9619ff-8b86-d011-b42d-00c04fc964ff", Some(Fit::Exact)),
            ("a1b2db", "a1b2dc", None),
            ("Qm9nbw", "qm9nbw", None),
            ("0Qm9nbw", "Qm9nbw", None),
            ("aBcD", "AbCd", None),
            ("aBcD", "abcd", None),
            ("c0ffee-1", "C0FFEE-1", None),
            ("", "0", None),
        ] {
            assert_eq!(one(Rule::Auto, resp, receipt, Some(true), NOTHING), fit, "{resp} {receipt}");
            // what was found is also looked for, from either side
            if fit.is_some() {
                let key = |id: &str| key_beside(id).unwrap_or_else(|| id.to_owned());
                let finds = |from: &str, to: &str| partners(from).iter().any(|one| *one == to || *one == key(to));
                assert!(finds(receipt, resp) && finds(resp, receipt), "{resp} {receipt}");
            }
        }
    }

    #[test]
    fn another_radix_is_only_believed_of_that_number_or_from_experience() {
        let decimal = Learned { receipt_decimal: 1, receipt_hex: 0 };
        for (rule, same_number, learned, fits) in [
            (Rule::Auto, Some(true), NOTHING, true),
            (Rule::Auto, None, NOTHING, false),
            (Rule::Auto, None, decimal, true),
            (Rule::Auto, Some(false), decimal, false),
            (Rule::Auto, None, Learned { receipt_decimal: 0, receipt_hex: 9 }, false),
            (Rule::Decimal, None, NOTHING, true),
            (Rule::Decimal, Some(false), NOTHING, false),
            (Rule::Hex, Some(true), NOTHING, false),
            (Rule::Exact, Some(true), decimal, false),
        ] {
            let fit = one(rule, "1f", "31", same_number, learned);
            assert_eq!(fit.is_some(), fits, "{rule:?} {same_number:?} {learned:?}");
        }
        assert_eq!(one(Rule::Hex, "31", "1f", None, NOTHING), Some(Fit::ReceiptHex));
        assert_eq!(one(Rule::Decimal, "31", "1f", Some(true), NOTHING), None);
        assert_eq!(one(Rule::Exact, "1F", "1f", Some(true), NOTHING), None);
        let mut learned = NOTHING;
        assert!(learned.confirm(Fit::ReceiptDecimal) && !learned.confirm(Fit::ReceiptDecimal));
        assert_eq!((learned.receipt_decimal, learned.confirm(Fit::Alike)), (2, false));
    }

    #[test]
    fn a_receipt_is_never_given_to_the_wrong_segment() {
        let pairs = |resps: &[(&'static str, Option<bool>)], receipt: &'static str| -> Vec<Pair<'static>> {
            let pair = |(resp, same_number): &(&'static str, Option<bool>)| Pair {
                resp,
                receipt,
                rule: Rule::Auto,
                same_number: *same_number,
            };
            resps.iter().map(pair).collect()
        };
        let all = Learned { receipt_decimal: 5, receipt_hex: 5 };
        for (what, resps, receipt, chosen) in [
            ("an exact one wins", vec![("1f", Some(true)), ("31", None)], "31", Some(1)),
            ("an exact one of its number wins", vec![("1f", Some(true)), ("31", Some(true))], "31", Some(1)),
            ("the number tells", vec![("1f", Some(true)), ("31", Some(false))], "31", Some(0)),
            ("an exact one of another number", vec![("31", Some(false))], "31", Some(0)),
            ("two are alike", vec![("0A1", None), ("00a1", None)], "a1", None),
            ("two are alike, one of its number", vec![("0A1", None), ("00a1", Some(true))], "a1", Some(1)),
            ("an alike one before a converted one", vec![("1f", Some(true)), ("0031", None)], "31", Some(1)),
            ("both radixes at once", vec![("10", Some(true)), ("22", Some(true))], "16", None),
            ("alike, of another number", vec![("A1", Some(false))], "a1", None),
        ] {
            let found = choose(&pairs(&resps, receipt), all).map(|(at, _)| at);
            assert_eq!(found, chosen, "{what}");
        }
    }

    #[test]
    fn a_rule_is_kept_as_a_number() {
        for rule in [Rule::Auto, Rule::Exact, Rule::Hex, Rule::Decimal] {
            assert_eq!(Rule::of_code(rule.code()), rule);
        }
        assert_eq!(Rule::of_code(9), Rule::Exact);
        let codes = [Rule::Auto, Rule::Exact, Rule::Hex, Rule::Decimal].map(Rule::code);
        assert_eq!(codes, [0, 1, 2, 3], "they stand in databases");
    }

    #[test]
    fn an_id_that_is_a_number_has_one_form() {
        let long = "f".repeat(ID_CHARS_MAX);
        for (id, form) in [
            ("0", Some("0")),
            ("000", Some("0")),
            ("00A1", Some("a1")),
            (" a1 ", Some("a1")),
            (&long, Some(&long[..])),
            (&format!("0{long}"), None),
            ("aB", None),
            ("1g", None),
            ("", None),
        ] {
            assert_eq!(key(id).as_deref(), form, "{id}");
            let beside = form.filter(|form| *form != id);
            assert_eq!(key_beside(id).as_deref(), beside, "{id}");
        }
        // by either radix, and each once
        assert_eq!(partners("0010"), ["0010", "10", "a", "16"]);
        assert_eq!(partners("10"), ["10", "a", "16"]);
        assert_eq!(partners("a1"), ["a1", "161"]);
        assert_eq!(partners("Qm"), ["Qm"]);
    }
}
