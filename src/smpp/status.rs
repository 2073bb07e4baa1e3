//! command_status: the names, and what an ESME does about each (SMPP 3.4 §5.1.3).
use rusmpp_core::CommandStatus;
use std::collections::BTreeMap;

/// It was done.
pub const ESME_ROK: u32 = 0x00;
/// The body does not fit its length.
pub const ESME_RINVCMDLEN: u32 = 0x02;
/// Nobody here knows that command.
pub const ESME_RINVCMDID: u32 = 0x03;
/// Not in this state of the session.
pub const ESME_RINVBNDSTS: u32 = 0x04;
/// Store trouble: send it again.
pub const ESME_RSYSERR: u32 = 0x08;
/// Too much at once: send it again.
pub const ESME_RTHROTTLED: u32 = 0x58;
/// Its queue is full.
pub const ESME_RMSGQFUL: u32 = 0x14;

/// What a refusal of a submit_sm means for the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Try again later, a bounded number of times.
    Retry,
    /// The whole link goes too fast.
    Throttle,
    /// Never again.
    Permanent,
}

/// Sorts a refusal of a submit_sm, as the standard means it.
pub fn class(status: u32) -> Class {
    match status {
        0x14 | 0x58 => Class::Throttle,
        0x04 | 0x08 | 0x45 | 0x64 | 0xFE | 0xFF => Class::Retry,
        _ => Class::Permanent,
    }
}

impl Class {
    /// Reads the word of the configuration.
    ///
    /// # Errors
    /// The words there are.
    pub fn parse(word: &str) -> Result<Self, &'static str> {
        match word {
            "retry" => Ok(Class::Retry),
            "permanent" => Ok(Class::Permanent),
            "throttle" => Ok(Class::Throttle),
            _ => Err("retry, permanent, throttle"),
        }
    }
}

/// Why an entry of a [`Table`] cannot be used, in words for the person who wrote it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadEntry(String);

/// What each refusal means at one telco: the table of [`class`], and what its operator says otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table(BTreeMap<u32, Class>);

impl Table {
    /// From pairs of a status, in hexadecimal (`0x45`) or decimal, and a word of [`Class::parse`].
    ///
    /// # Errors
    /// [`BadEntry`] for the first that is none, or that says what an earlier one said.
    pub fn of<'a>(entries: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, BadEntry> {
        let mut table = BTreeMap::new();
        for (written, word) in entries {
            let hex = written.strip_prefix("0x").or_else(|| written.strip_prefix("0X"));
            let digits = hex.unwrap_or(written);
            let plain = !digits.is_empty() && digits.bytes().all(|octet| octet.is_ascii_hexdigit());
            let status = u32::from_str_radix(digits, if hex.is_some() { 16 } else { 10 });
            let Some(status) = status.ok().filter(|_| plain) else {
                let text = format!("\"{written}\" is no command_status such as \"0x45\" or \"69\"");
                return Err(BadEntry(text));
            };
            if status == ESME_ROK {
                return Err(BadEntry(format!("\"{written}\" is no refusal: the telco took the text")));
            }
            let class = Class::parse(word)
                .map_err(|words| BadEntry(format!("\"{written}\": \"{word}\" is none of {words}")))?;
            if table.insert(status, class).is_some() {
                return Err(BadEntry(format!("{} stands twice", name(status))));
            }
        }
        Ok(Table(table))
    }

    /// Sorts a refusal of a submit_sm.
    pub fn class(&self, status: u32) -> Class {
        self.0.get(&status).copied().unwrap_or_else(|| class(status))
    }
}

/// What a refused bind means for the next try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BindClass {
    /// The account is wrong: a matter for people; trying often may lock it.
    Account,
    /// Already bound: the telco has not noticed that the last session ended.
    AlreadyBound,
    /// Busy or unknown: later.
    Later,
}

/// Sorts a refusal of a bind.
pub fn bind_class(status: u32) -> BindClass {
    match status {
        0x0D..=0x0F => BindClass::Account,
        0x05 => BindClass::AlreadyBound,
        _ => BindClass::Later,
    }
}

/// The status in words and hex: `ESME_RINVPASWD (0x0E)`.
pub fn name(status: u32) -> String {
    let word = match CommandStatus::from(status) {
        CommandStatus::Other(_) => "vendor or unknown status".to_owned(),
        known => screaming(&format!("{known:?}")),
    };
    format!("{word} (0x{status:02X})")
}

/// `EsmeRinvpaswd` as the standard writes it.
fn screaming(word: &str) -> String {
    match word.strip_prefix("Esme") {
        Some(rest) => format!("ESME_{}", rest.to_uppercase()),
        None => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operator_says_what_a_status_means_here() {
        let table = Table::of([("0x45", "permanent"), ("11", "retry"), ("0X0000040B", "throttle")]).expect("a table");
        for (status, meant) in [
            (0x45, Class::Permanent),
            (0x0B, Class::Retry),
            (0x40B, Class::Throttle),
            (0x58, Class::Throttle),
            (0x14, Class::Throttle),
            (0x08, Class::Retry),
            (0x0A, Class::Permanent),
        ] {
            assert_eq!(table.class(status), meant, "{status:#x}");
        }
        assert_eq!((Table::default().class(0x45), Table::default().class(0x0B)), (Class::Retry, Class::Permanent));
    }

    #[test]
    fn an_entry_that_means_nothing_is_refused_in_words() {
        for (written, word, told) in [
            ("0xZZ", "retry", "\"0xZZ\" is no command_status"),
            ("", "retry", "\"\" is no command_status"),
            ("0x", "retry", "\"0x\" is no command_status"),
            ("45h", "retry", "\"45h\" is no command_status"),
            ("+45", "retry", "\"+45\" is no command_status"),
            ("0x1FFFFFFFF", "retry", "is no command_status"),
            ("ESME_RSYSERR", "retry", "is no command_status"),
            ("0x00", "retry", "is no refusal"),
            ("0x45", "never", "\"0x45\": \"never\" is none of retry, permanent, throttle"),
        ] {
            let fault = Table::of([(written, word)]).expect_err(written).to_string();
            assert!(fault.contains(told), "{fault}");
        }
        let twice = Table::of([("0x45", "retry"), ("69", "permanent")]).expect_err("one status").to_string();
        assert!(twice.contains("(0x45) stands twice"), "{twice}");
    }

    #[test]
    fn refusals_mean_what_the_standard_means_by_them() {
        for (status, meant) in [
            (0x14, Class::Throttle),  // ESME_RMSGQFUL
            (0x58, Class::Throttle),  // ESME_RTHROTTLED
            (0x04, Class::Retry),     // ESME_RINVBNDSTS
            (0x08, Class::Retry),     // ESME_RSYSERR
            (0x45, Class::Retry),     // ESME_RSUBMITFAIL
            (0x64, Class::Retry),     // ESME_RX_T_APPN
            (0xFE, Class::Retry),     // ESME_RDELIVERYFAILURE
            (0xFF, Class::Retry),     // ESME_RUNKNOWNERR
            (0x01, Class::Permanent), // ESME_RINVMSGLEN
            (0x0B, Class::Permanent), // ESME_RINVDSTADR
            (0x65, Class::Permanent), // ESME_RX_P_APPN
            (0x400, Class::Permanent),
            (0x4FF, Class::Permanent),
        ] {
            assert_eq!(class(status), meant, "{status:#x}");
        }
        let for_good = [0x01, 0x06, 0x07, 0x0A, 0x0B, 0x0C, 0x15, 0x43, 0x53, 0x54, 0x61, 0x62, 0x63, 0x65, 0x66];
        for status in for_good.into_iter().chain(0x48..=0x51).chain(0xC0..=0xC4).chain(0x100..=0x112) {
            assert_eq!(class(status), Class::Permanent, "{status:#x}");
        }
        for (status, meant) in [
            (0x0C, BindClass::Later),
            (0x0D, BindClass::Account), // ESME_RBINDFAIL
            (0x0E, BindClass::Account), // ESME_RINVPASWD
            (0x0F, BindClass::Account), // ESME_RINVSYSID
            (0x10, BindClass::Later),
            (0x05, BindClass::AlreadyBound), // ESME_RALYBND
            (0x04, BindClass::Later),
            (0x58, BindClass::Later),
        ] {
            assert_eq!(bind_class(status), meant, "{status:#x}");
        }
    }

    #[test]
    fn names_are_those_of_the_standard() {
        assert_eq!(name(0x58), "ESME_RTHROTTLED (0x58)");
        assert_eq!(name(0x0E), "ESME_RINVPASWD (0x0E)");
        assert!(name(0x0777).contains("unknown"));
    }
}
