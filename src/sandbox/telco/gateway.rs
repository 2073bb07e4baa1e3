//! The telco's USSD gateway: it plays each dialect as gateways do, keeps one session for each phone, and notes
//! what an ESME does wrong. A second implementation on purpose: it must not know `crate::smpp::dialect`.

use std::collections::HashMap;
use std::time::Duration;
use tokio::time::Instant;

use super::alphabet::{self, Alphabet};
use super::codec::{self, Submit, status, tag};
use super::hub::{Cargo, Event, Item, TelcoState};
use super::{SendError, load::Load};

/// Sessions at a time.
const MAX_SESSIONS: usize = 100_000;
/// Screens of Latin letters and of others that a telephone can show (3GPP TS 23.038, GSM 04.80).
const SEPTETS: usize = 182;
const UNITS: usize = 80;
/// Operations of ussd_service_op: a dialled start, the subscriber's answer, given up, and what is confirmed of
/// a notice.
const START: u8 = 1;
const ANSWER: u8 = 18;
const RELEASE: u8 = 129;
const NOTICE: u8 = 3;
const NOTICE_CONFIRMED: u8 = 19;

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

    /// its_session_info of an input, without its end bit; `inputs`: those of the session before it.
    fn its(self, session: u16, inputs: u16) -> Option<u16> {
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
struct Session {
    id: u16,
    code: String,
    /// The ESME owes a screen since then.
    waits: Option<Instant>,
    /// The deliver_sm of the last input was answered.
    acked: bool,
    screens: u32,
    inputs: u16,
    /// its_session_info of the last input, without its end bit.
    its: Option<u16>,
}

/// All sessions, by number.
#[derive(Debug, Default)]
pub struct Gateway {
    sessions: HashMap<String, Session>,
    next: u16,
}

/// What an input is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Input<'a> {
    Dial(&'a str),
    Answer(&'a str),
    Release,
}

impl TelcoState {
    /// Opens a session by dialling, in place of one that is open.
    pub fn dial(&mut self, from: &str, dialled: &str, sender: Option<u32>) -> Result<(), SendError> {
        if self.gateway.sessions.len() >= MAX_SESSIONS {
            return Err(SendError::QueueFull);
        }
        self.gateway.next = self.gateway.next.wrapping_add(1);
        let code: String = dialled.trim_start_matches('*').chars().take_while(char::is_ascii_digit).collect();
        let id = self.gateway.next << 1;
        let session = Session { id, code, waits: None, acked: false, screens: 0, inputs: 0, its: None };
        self.gateway.sessions.insert(from.to_owned(), session);
        self.ussd_input(from, Input::Dial(dialled), sender)
    }

    /// Answers the screen that is shown.
    pub fn answer_screen(&mut self, from: &str, text: &str, sender: Option<u32>) -> Result<(), SendError> {
        self.ussd_input(from, Input::Answer(text), sender)
    }

    /// Whether a phone has a session.
    pub fn in_session(&self, from: &str) -> bool {
        self.gateway.sessions.contains_key(from)
    }

    /// Hangs up; the ESME is told.
    pub fn hang_up(&mut self, from: &str) -> Result<(), SendError> {
        self.ussd_input(from, Input::Release, None)?;
        self.session_over(from, "released");
        Ok(())
    }

    fn ussd_input(&mut self, from: &str, input: Input<'_>, sender: Option<u32>) -> Result<(), SendError> {
        let dialect = self.dialect;
        let Some(session) = self.gateway.sessions.get_mut(from) else {
            return Err(SendError::NoSession);
        };
        let id = session.id;
        if input == Input::Release {
            session.waits = None;
        } else {
            session.waits = Some(Instant::now());
            session.acked = false;
        }
        session.its = dialect.its(id, session.inputs);
        session.inputs = session.inputs.wrapping_add(1);
        let body = deliver(dialect, session, from, input);
        self.ledger.counters.ussd_inputs += 1;
        self.enqueue(Item::new(Cargo::Ussd { number: from.to_owned(), session: id, sender }, body))
    }

    /// The ESME answered the deliver_sm of an input.
    pub fn ussd_acked(&mut self, number: &str, id: u16, sender: Option<u32>, status: u32, now: Instant) {
        let open = self.gateway.sessions.get_mut(number).filter(|session| session.id == id);
        if status != status::ROK {
            if open.is_some() {
                self.session_over(number, "refused by the service");
            }
            return;
        }
        if let Some(session) = open {
            session.acked = true;
        }
        if let (Some(load), Some(sender)) = (&mut self.load, sender) {
            load.acked(sender, now);
        }
    }

    /// Takes a screen, or a notice that opens nothing.
    pub fn screen(&mut self, esme: u64, submit: &Submit, now: Instant) -> Result<String, u32> {
        self.next_message += 1;
        let message_id = format!("{:x}", self.next_message);
        let number = submit.dest.digits.clone();
        if submit.esm_class != 0 || submit.registered != 0 {
            self.ledger.violation(format!("session {esme}: a USSD screen with esm_class or registered_delivery"));
        }
        let alphabet = alphabet_of(submit.data_coding);
        let decoded = alphabet::decode(alphabet, &submit.body);
        let most = if alphabet == Alphabet::Gsm7 { SEPTETS } else { UNITS };
        if decoded.units > most {
            self.ledger.violation(format!("session {esme}: a USSD screen of {} {alphabet:?}", decoded.units));
        }
        if submit.ussd_op == Some(NOTICE) {
            self.notice(&number, &submit.source.digits, decoded.text, alphabet, decoded.units);
            return Ok(message_id);
        }
        let dialect = self.dialect;
        let Some(session) = self.gateway.sessions.get_mut(&number) else {
            self.ledger.counters.screens_late += 1;
            return Err(status::INVDSTADR);
        };
        let (op, session_id) = (submit.ussd_op.unwrap_or(0), session.id);
        let wrong = wrongs(dialect, session, submit);
        if !wrong.is_empty() {
            for what in wrong {
                self.ledger.violation(format!("session {esme}: {what}"));
            }
            return Err(status::SYSERR);
        }
        let waited = session.waits.take();
        session.screens += 1;
        let screens = session.screens;
        let by_bit = submit.its.as_ref().and_then(|its| its.last()).is_some_and(|low| low & 1 == 1);
        let end = if session.its.is_some() { by_bit } else { op == 17 };
        if end && dialect != Dialect::Tata && op != 17 || !end && op != 2 {
            self.ledger.violation(format!("session {esme}: operation {op} where end is {end}"));
        }
        self.ledger.counters.ussd_screens += 1;
        if let Some(load) = &mut self.load {
            load.answered(&number, now);
        }
        if end {
            self.gateway.sessions.remove(&number);
        }
        self.tell(Event::Screen {
            number,
            session: session_id,
            text: decoded.text,
            end,
            alphabet,
            units: decoded.units,
            size: most,
            screens,
            latency_ms: waited.map(|since| u64::try_from((now - since).as_millis()).unwrap_or(u64::MAX)),
            at: crate::sandbox::now(),
        });
        self.drive(now);
        Ok(message_id)
    }

    fn notice(&mut self, number: &str, from: &str, text: String, alphabet: Alphabet, units: usize) {
        self.tell(Event::Screen {
            number: number.to_owned(),
            session: 0,
            text,
            end: true,
            alphabet,
            units,
            size: if alphabet == Alphabet::Gsm7 { SEPTETS } else { UNITS },
            screens: 1,
            latency_ms: None,
            at: crate::sandbox::now(),
        });
        let op = [NOTICE_CONFIRMED];
        let body = codec::deliver_body_of("USSD", number, from, 15, b"", &[(tag::USSD_SERVICE_OP, &op)]);
        let cargo = Cargo::Ussd { number: number.to_owned(), session: 0, sender: None };
        // a full queue loses the confirmation, as a gateway would
        let _ = self.enqueue(Item::new(cargo, body));
    }

    /// Ends sessions for which the ESME was too slow.
    pub fn sweep_sessions(&mut self, now: Instant, timeout: Duration) {
        let slow: Vec<String> = self
            .gateway
            .sessions
            .iter()
            .filter(|(_, session)| session.waits.is_some_and(|since| now - since > timeout))
            .map(|(number, _)| number.clone())
            .collect();
        for number in slow {
            self.ledger.counters.sessions_timed_out += 1;
            // the ESME is told as gateways tell it
            let _ = self.ussd_input(&number, Input::Release, None);
            self.session_over(&number, "the service did not answer in time");
        }
    }

    fn session_over(&mut self, number: &str, why: &'static str) {
        if self.gateway.sessions.remove(number).is_some() {
            self.tell(Event::Ended { number: number.to_owned(), why, at: crate::sandbox::now() });
        }
    }

    /// An input of a load: the first step dials, the others answer what is shown.
    pub fn drive_ussd(&mut self, load: &Load, sender: u32) {
        let from = Load::msisdn(sender);
        let (first, step) = load.step(sender);
        let sent = if step.starts_with('*') || !self.in_session(&from) {
            self.dial(&from, if step.starts_with('*') { step } else { first }, Some(sender))
        } else {
            self.answer_screen(&from, step, Some(sender))
        };
        debug_assert!(sent.is_ok(), "there was room");
    }
}

/// What is wrong with a screen.
fn wrongs(dialect: Dialect, session: &Session, submit: &Submit) -> Vec<&'static str> {
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
    if dialect == Dialect::Mica && submit.umr.as_deref() != Some(&session.id.to_be_bytes()) {
        wrong.push("a USSD screen with another session's user_message_reference");
    }
    if session.its.is_none() && submit.its.is_some() {
        wrong.push("its_session_info, which this input did not have");
    }
    wrong
}

fn deliver(dialect: Dialect, session: &Session, from: &str, input: Input<'_>) -> bytes::Bytes {
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
    if dialect == Dialect::Mica {
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
fn alphabet_of(data_coding: u8) -> Alphabet {
    match data_coding {
        0x0F | 0x10 => Alphabet::Gsm7,
        0x48 | 0x11 => Alphabet::Ucs2,
        other => alphabet::of_data_coding(other),
    }
}
