//! The telco's USSD gateway: it plays each dialect as gateways do, keeps one session for each phone, and notes
//! what an ESME does wrong. A second implementation on purpose: it must not know `crate::smpp::dialect`.

use std::collections::HashMap;
use tokio::time::Instant;

use super::alphabet::{self, Alphabet};
use super::codec::{self, Submit, tag};

/// Operations of ussd_service_op: a dialled start, the subscriber's answer, given up.
const START: u8 = 1;
const ANSWER: u8 = 18;
const RELEASE: u8 = 129;

/// A dialect as a gateway speaks it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dialect {
    /// its_session_info with its end bit, operations 1, 18, 129 in and 2, 17 out.
    #[default]
    Spec,
    /// As spec; the low octet counts the inputs of the session, which is the high one.
    SpecCounts,
    /// As spec; the session's octet is the high one in a start, the low one in what follows.
    SpecMoves,
    /// As spec; only a start has its_session_info.
    SpecOmits,
    /// As spec, with operation 2 for every screen and answer: only the bit says that it is over.
    Tata,
    /// user_message_reference and no its_session_info.
    Mica,
    /// As spec; the dialled string also stands in destination_addr's place.
    SixDee,
    /// No session at all, and a service_type that does not say USSD.
    Msisdn,
}

impl Dialect {
    /// As the command line calls them.
    pub const NAMES: &str = "spec, spec-counts, spec-moves, spec-omits, tata, mica, sixdee, msisdn";

    /// By its name on the command line.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "spec" => Self::Spec,
            "spec-counts" => Self::SpecCounts,
            "spec-moves" => Self::SpecMoves,
            "spec-omits" => Self::SpecOmits,
            "tata" => Self::Tata,
            "mica" => Self::Mica,
            "sixdee" => Self::SixDee,
            "msisdn" => Self::Msisdn,
            _ => return None,
        })
    }

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Spec => "spec",
            Self::SpecCounts => "spec-counts",
            Self::SpecMoves => "spec-moves",
            Self::SpecOmits => "spec-omits",
            Self::Tata => "tata",
            Self::Mica => "mica",
            Self::SixDee => "sixdee",
            Self::Msisdn => "msisdn",
        }
    }

    /// its_session_info of an input, without its end bit; `inputs`: those of the session before it.
    pub(super) fn its(self, session: u16, inputs: u16) -> Option<u16> {
        let [_, low] = session.to_be_bytes();
        match self {
            Self::Spec | Self::Tata | Self::SixDee => Some(session),
            Self::SpecCounts => Some(u16::from_be_bytes([low, (inputs << 1) as u8])),
            Self::SpecMoves if inputs > 0 => Some(u16::from(low)),
            Self::SpecMoves => Some(u16::from_be_bytes([low, 0])),
            Self::SpecOmits if inputs > 0 => None,
            Self::SpecOmits => Some(session),
            Self::Mica | Self::Msisdn => None,
        }
    }

    /// Whether it speaks as the standard does, but for what it makes of its_session_info.
    fn is_spec(self) -> bool {
        matches!(self, Self::Spec | Self::SpecCounts | Self::SpecMoves | Self::SpecOmits)
    }

    /// The operations of an answer and of a release.
    fn operations(self) -> (u8, u8) {
        match self {
            Self::Tata => (2, 17),
            _ => (ANSWER, RELEASE),
        }
    }
}

/// One open session.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) id: u16,
    pub(super) code: String,
    /// The ESME owes a screen since then.
    pub(super) waits: Option<Instant>,
    /// The deliver_sm of the last input was answered.
    pub(super) acked: bool,
    pub(super) screens: u32,
    pub(super) inputs: u16,
    /// its_session_info of the last input, without its end bit.
    pub(super) its: Option<u16>,
    /// The last input named its session in no way.
    pub(super) bare: bool,
}

/// All sessions, by number.
#[derive(Debug, Default)]
pub struct Gateway {
    pub(super) sessions: HashMap<String, Session>,
    pub(super) next: u16,
}

/// What an input is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Input<'a> {
    Dial(&'a str),
    Answer(&'a str),
    Release,
}

/// What is wrong with a screen.
pub(super) fn wrongs(dialect: Dialect, session: &Session, submit: &Submit) -> Vec<&'static str> {
    let mut wrong = Vec::new();
    if session.waits.is_none() {
        wrong.push("a USSD screen that nobody asked for");
    }
    if !session.acked {
        wrong.push("a USSD screen before the deliver_sm_resp of its input");
    }
    let its = submit.its.as_deref().map(|octets| match octets {
        [high, low] => u16::from_be_bytes([*high, *low]) & 0xFFFE,
        _ => 0,
    });
    if session.its.is_some() && its != session.its {
        wrong.push("a USSD screen with another its_session_info than its input");
    }
    if dialect == Dialect::Mica && !session.bare && submit.umr.as_deref() != Some(&session.id.to_be_bytes()) {
        wrong.push("a USSD screen with another session's user_message_reference");
    }
    if session.its.is_none() && submit.its.is_some() {
        wrong.push("its_session_info, which this input did not have");
    }
    wrong
}

/// The body of the deliver_sm of an input.
pub(super) fn deliver(dialect: Dialect, session: &Session, from: &str, input: Input<'_>) -> bytes::Bytes {
    let (answer, release) = dialect.operations();
    let (op, text) = match input {
        Input::Dial(dialled) => (START, dialled),
        Input::Answer(text) => (answer, text),
        Input::Release => (release, ""),
    };
    let op = [op];
    let over = u16::from(input == Input::Release);
    let its = session.its.map(|its| (its | over).to_be_bytes());
    let reference = session.id.to_be_bytes();
    let mut tlvs: Vec<(u16, &[u8])> = vec![(tag::USSD_SERVICE_OP, &op)];
    if let Some(its) = &its {
        tlvs.push((tag::ITS_SESSION_INFO, its));
    }
    if dialect == Dialect::Mica && !session.bare {
        tlvs.push((tag::USER_MESSAGE_REFERENCE, &reference));
    }
    let service_type = if dialect == Dialect::Msisdn { "P2" } else { "USSD" };
    let (data_coding, octets) = match alphabet::septets(text) {
        Some(septets) => (if dialect.is_spec() || dialect == Dialect::Msisdn { 0x0F } else { 0 }, septets),
        None => (if dialect.is_spec() { 0x48 } else { 8 }, text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
    };
    // before 2014 this gateway left it empty
    let destination = if dialect == Dialect::Mica { "" } else { session.code.as_str() };
    codec::deliver_body_of(service_type, from, destination, data_coding, &octets, &tlvs)
}

/// The data codings of cell broadcast beside those of SMPP.
pub(super) fn alphabet_of(data_coding: u8) -> Alphabet {
    match data_coding {
        0x0F | 0x10 => Alphabet::Gsm7,
        0x48 | 0x11 => Alphabet::Ucs2,
        other => alphabet::of_data_coding(other),
    }
}
