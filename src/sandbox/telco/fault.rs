//! What a telco can do wrong, on request: the `--fault` flags of `chrak smsc`, which its page sets too.
//! Knows nothing of sessions; they ask it.

use std::time::Duration;

/// The faults to play. The default is a telco that does everything right.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults {
    /// `delay-resp=MS`: submit_sm_resp and data_sm_resp come this much later.
    pub delay_resp: Duration,
    /// `drop-resp=PERCENT`: so many submits are taken but never answered.
    pub drop_resp: u8,
    /// `throttle=PERCENT`: so many submits are refused with 0x58.
    pub throttle: u8,
    /// `refuse-bind=STATUS`: every bind is refused with this status.
    pub refuse_bind: Option<u32>,
    /// `no-receipts`: receipts that were asked for never come.
    pub no_receipts: bool,
    /// `silent`: after the bind nothing is answered and nothing sent, but the connection stays.
    pub silent: bool,
    /// `receipt-ids=HOW`: how receipts write the id that the resp wrote in hexadecimal.
    pub receipt_ids: ReceiptIds,
    /// `shuffle-parts`: the parts of a long text come backwards, and the last of them twice.
    pub shuffle_parts: bool,
    /// `odd-tlvs`: TLVs that nobody knows stand in texts and receipts.
    pub odd_tlvs: bool,
    /// `congestion=PERCENT`: every submit_sm_resp and data_sm_resp says that the telco is so loaded.
    pub congestion: Option<u8>,
    /// `cut-after=N`: the connection is dropped at the Nth PDU after the bind.
    pub cut_after: Option<u64>,
    /// `receipt-first`: a receipt goes out at once, and the resp of its submit after it.
    pub receipt_first: bool,
    /// `fragment`: what is written goes out in pieces of a few octets.
    pub fragment: bool,
    /// `no-session`: inputs of USSD name no session, whatever the dialect.
    pub no_session: bool,
    /// `already-bound=SECONDS`: an account has one bind of a kind, and one that was dropped without an unbind is held for so
    /// long; others are refused with 0x05.
    pub already_bound: Option<Duration>,
}

/// What stands behind a flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wants {
    /// Nothing.
    Nothing,
    /// A number, in these words.
    Value(&'static str),
    /// One of these words.
    OneOf(&'static [&'static str]),
}

/// All flags, in the order in which they are shown.
pub const FLAGS: [(&str, Wants); 15] = [
    ("throttle", Wants::Value("%")),
    ("congestion", Wants::Value("%")),
    ("delay-resp", Wants::Value("ms")),
    ("drop-resp", Wants::Value("%")),
    ("no-receipts", Wants::Nothing),
    ("receipt-first", Wants::Nothing),
    ("receipt-ids", Wants::OneOf(&["decimal", "upper", "padded"])),
    ("shuffle-parts", Wants::Nothing),
    ("odd-tlvs", Wants::Nothing),
    ("no-session", Wants::Nothing),
    ("fragment", Wants::Nothing),
    ("silent", Wants::Nothing),
    ("cut-after", Wants::Value("PDU")),
    ("refuse-bind", Wants::Value("0x0e")),
    ("already-bound", Wants::Value("s")),
];

/// How receipts write ids.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ReceiptIds {
    /// As the resp did.
    #[default]
    Same,
    /// As a decimal number.
    Decimal,
    /// In capitals.
    Upper,
    /// With zeros before it, ten digits in all.
    Padded,
}

impl ReceiptIds {
    /// The id of a resp, as a receipt has it.
    pub fn write(self, id: &str) -> String {
        match self {
            ReceiptIds::Same => id.to_owned(),
            ReceiptIds::Decimal => u64::from_str_radix(id, 16).map_or_else(|_| id.to_owned(), |n| n.to_string()),
            ReceiptIds::Upper => id.to_uppercase(),
            ReceiptIds::Padded => format!("{id:0>10}"),
        }
    }
}

/// A `--fault` that cannot be read; the message names the flag and what it takes.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("--fault {flag}: {wants}")]
pub struct BadFault {
    flag: String,
    wants: &'static str,
}

impl Faults {
    /// Adds one flag as written on the command line, such as `drop-resp=20`.
    pub fn add(&mut self, flag: &str) -> Result<(), BadFault> {
        let (name, value) = flag.split_once('=').unwrap_or((flag, ""));
        let bad = |wants| BadFault { flag: flag.to_owned(), wants };
        let percent = || match value.parse::<u8>() {
            Ok(n) if n <= 100 => Ok(n),
            _ => Err(bad("takes a percentage, 0 to 100")),
        };
        match name {
            "delay-resp" => {
                let ms = value.parse::<u64>().ok().filter(|ms| *ms <= 600_000);
                self.delay_resp =
                    ms.map(Duration::from_millis).ok_or_else(|| bad("takes milliseconds, at most 600000"))?;
            }
            "drop-resp" => self.drop_resp = percent()?,
            "throttle" => self.throttle = percent()?,
            "congestion" => self.congestion = Some(percent()?),
            "refuse-bind" => {
                let status = match value.strip_prefix("0x") {
                    Some(hex) => u32::from_str_radix(hex, 16).ok(),
                    None => value.parse().ok(),
                };
                let status = status.filter(|s| *s != 0);
                self.refuse_bind = Some(status.ok_or_else(|| bad("takes a command status, such as 0x0e"))?);
            }
            "no-receipts" if value.is_empty() => self.no_receipts = true,
            "receipt-ids" => {
                self.receipt_ids = match value {
                    "decimal" => ReceiptIds::Decimal,
                    "upper" => ReceiptIds::Upper,
                    "padded" => ReceiptIds::Padded,
                    _ => return Err(bad("takes decimal, upper or padded")),
                };
            }
            "shuffle-parts" if value.is_empty() => self.shuffle_parts = true,
            "odd-tlvs" if value.is_empty() => self.odd_tlvs = true,
            "silent" if value.is_empty() => self.silent = true,
            "receipt-first" if value.is_empty() => self.receipt_first = true,
            "fragment" if value.is_empty() => self.fragment = true,
            "no-session" if value.is_empty() => self.no_session = true,
            "already-bound" => {
                let seconds = value.parse::<u64>().ok().filter(|seconds| *seconds <= 600);
                let held = seconds.map(Duration::from_secs).ok_or_else(|| bad("takes seconds, at most 600"))?;
                self.already_bound = Some(held);
            }
            "cut-after" => {
                let n = value.parse().ok().filter(|n| *n > 0);
                self.cut_after = Some(n.ok_or_else(|| bad("takes a number of PDUs above 0"))?);
            }
            _ => {
                return Err(bad("not known; there are delay-resp=MS, drop-resp=PERCENT, throttle=PERCENT, \
                     refuse-bind=STATUS, already-bound=SECONDS, no-receipts, receipt-first, receipt-ids=HOW, \
                     shuffle-parts, odd-tlvs, no-session, congestion=PERCENT, fragment, silent, cut-after=N"));
            }
        }
        Ok(())
    }

    /// What stands behind a flag of [`FLAGS`] now; `None` where it is not set.
    pub fn value(&self, flag: &str) -> Option<String> {
        let set = |is: bool| is.then(String::new);
        let percent = |share: u8| (share > 0).then(|| share.to_string());
        match flag {
            "throttle" => percent(self.throttle),
            "congestion" => self.congestion.map(|percent| percent.to_string()),
            "delay-resp" => Some(self.delay_resp.as_millis()).filter(|ms| *ms > 0).map(|ms| ms.to_string()),
            "drop-resp" => percent(self.drop_resp),
            "no-receipts" => set(self.no_receipts),
            "receipt-first" => set(self.receipt_first),
            "receipt-ids" => match self.receipt_ids {
                ReceiptIds::Same => None,
                ReceiptIds::Decimal => Some("decimal".to_owned()),
                ReceiptIds::Upper => Some("upper".to_owned()),
                ReceiptIds::Padded => Some("padded".to_owned()),
            },
            "shuffle-parts" => set(self.shuffle_parts),
            "odd-tlvs" => set(self.odd_tlvs),
            "no-session" => set(self.no_session),
            "fragment" => set(self.fragment),
            "silent" => set(self.silent),
            "cut-after" => self.cut_after.map(|pdus| pdus.to_string()),
            "refuse-bind" => self.refuse_bind.map(|status| format!("{status:#04x}")),
            "already-bound" => self.already_bound.map(|held| held.as_secs().to_string()),
            _ => None,
        }
    }

    /// Reads all flags of a command line.
    pub fn parse<S: AsRef<str>>(flags: &[S]) -> Result<Self, BadFault> {
        let mut faults = Self::default();
        for flag in flags {
            faults.add(flag.as_ref())?;
        }
        Ok(faults)
    }
}

/// Throws for percentages: spread evenly but without a period, and the same on every run.
#[derive(Debug, Default)]
pub struct Dice(u64);

impl Dice {
    /// True in about `percent` of a hundred throws; never at 0, always at 100.
    pub fn hit(&mut self, percent: u8) -> bool {
        if percent == 0 {
            return false;
        }
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % 100 < u64::from(percent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_read_and_wrong_ones_named() {
        let f = Faults::parse(&["delay-resp=50", "throttle=20", "refuse-bind=0x0e", "silent"]);
        let f = f.unwrap();
        assert_eq!(f.delay_resp, Duration::from_millis(50));
        assert_eq!((f.throttle, f.refuse_bind, f.silent), (20, Some(0x0E), true));
        let f = Faults::parse(&["receipt-ids=decimal", "shuffle-parts", "odd-tlvs", "congestion=95"]).unwrap();
        assert_eq!((f.receipt_ids, f.shuffle_parts, f.odd_tlvs), (ReceiptIds::Decimal, true, true));
        assert_eq!(f.congestion, Some(95));
        for bad in [
            "throttle=101",
            "congestion",
            "receipt-ids=roman",
            "odd-tlvs=1",
            "throttle",
            "silent=1",
            "cut-after=0",
            "refuse-bind=0",
            "x",
        ] {
            let e = Faults::parse(&[bad]).unwrap_err().to_string();
            assert!(e.starts_with(&format!("--fault {bad}: ")), "{e}");
        }
    }

    #[test]
    fn every_flag_is_told_as_it_was_set_and_named_where_one_is_not_known() {
        let unknown = Faults::parse(&["x"]).unwrap_err().to_string();
        for (flag, wants) in FLAGS {
            assert!(unknown.contains(flag), "{flag} is not in: {unknown}");
            assert_eq!(Faults::default().value(flag), None, "{flag}");
            let value = match wants {
                Wants::Nothing => "",
                Wants::Value(example) => {
                    if example.starts_with("0x") {
                        example
                    } else {
                        "60"
                    }
                }
                Wants::OneOf(words) => words[0],
            };
            let written = if value.is_empty() { flag.to_owned() } else { format!("{flag}={value}") };
            assert_eq!(Faults::parse(&[written]).unwrap().value(flag).as_deref(), Some(value), "{flag}");
        }
    }

    #[test]
    fn receipts_write_ids_as_they_are_told() {
        for (how, written) in [
            (ReceiptIds::Same, "a1"),
            (ReceiptIds::Decimal, "161"),
            (ReceiptIds::Upper, "A1"),
            (ReceiptIds::Padded, "00000000a1"),
        ] {
            assert_eq!(how.write("a1"), written);
        }
    }

    #[test]
    fn dice_keep_their_percentage() {
        let mut dice = Dice::default();
        let hits = (0..10_000).filter(|_| dice.hit(20)).count();
        assert!((1_800..2_200).contains(&hits), "{hits}");
        assert!(!dice.hit(0) && dice.hit(100));
    }
}
