//! What a telco can do wrong, on request: the `--fault` flags of `chrak smsc`.
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
}

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
            "cut-after" => {
                let n = value.parse().ok().filter(|n| *n > 0);
                self.cut_after = Some(n.ok_or_else(|| bad("takes a number of PDUs above 0"))?);
            }
            _ => {
                return Err(bad("not known; there are delay-resp=MS, drop-resp=PERCENT, throttle=PERCENT, \
                     refuse-bind=STATUS, no-receipts, receipt-ids=HOW, shuffle-parts, odd-tlvs, congestion=PERCENT, silent, cut-after=N"));
            }
        }
        Ok(())
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
