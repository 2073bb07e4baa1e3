//! command_status: the names, and what an ESME does about each (SMPP 3.4 §5.1.3).
use rusmpp_core::CommandStatus;

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

/// Sorts a refusal of a submit_sm.
pub fn class(status: u32) -> Class {
    match status {
        0x14 | 0x58 => Class::Throttle,
        0x04 | 0x08 | 0x45 | 0x64 | 0xFE | 0xFF => Class::Retry,
        _ => Class::Permanent,
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
    fn names_are_those_of_the_standard() {
        assert_eq!(name(0x58), "ESME_RTHROTTLED (0x58)");
        assert_eq!(name(0x0E), "ESME_RINVPASWD (0x0E)");
        assert!(name(0x0777).contains("unknown"));
    }
}
