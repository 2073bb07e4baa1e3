//! USSD sessions in the telco's state: inputs go out, screens and notices come in, and who is too slow is told so. It must
//! not know how a dialect writes them.
use super::{
    alphabet::{self, Alphabet},
    codec::{self, Submit, status, tag},
    gateway::{Dialect, Input, Session, alphabet_of, deliver, wrongs},
    hub::{Cargo, Event, Item, TelcoState},
    load::Load,
    phone::SendError,
};
use std::time::Duration;
use tokio::time::Instant;

/// Sessions at a time.
const MAX_SESSIONS: usize = 100_000;
/// Screens of Latin letters and of others that a telephone can show (3GPP TS 23.038, GSM 04.80).
const SEPTETS: usize = 182;
const UNITS: usize = 80;
/// A notice, and what confirms it.
const NOTICE: u8 = 3;
const NOTICE_CONFIRMED: u8 = 19;

impl TelcoState {
    /// Opens a session by dialling, in place of one that is open.
    pub fn dial(&mut self, from: &str, dialled: &str, sender: Option<u32>) -> Result<(), SendError> {
        if self.gateway.sessions.len() >= MAX_SESSIONS {
            return Err(SendError::QueueFull);
        }
        self.gateway.next = self.gateway.next.wrapping_add(1);
        let code: String = dialled.trim_start_matches('*').chars().take_while(char::is_ascii_digit).collect();
        let id = self.gateway.next << 1;
        let session = Session { id, code, waits: None, acked: false, screens: 0, inputs: 0, its: None, bare: false };
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

    /// Speaks USSD in another way from now on; sessions that are open end.
    pub fn speak(&mut self, dialect: Dialect) {
        self.dialect = dialect;
        let open: Vec<String> = self.gateway.sessions.keys().cloned().collect();
        for number in open {
            self.session_over(&number, "the gateway speaks another dialect now");
        }
    }

    /// Hangs up; the ESME is told.
    pub fn hang_up(&mut self, from: &str) -> Result<(), SendError> {
        self.ussd_input(from, Input::Release, None)?;
        self.session_over(from, "released");
        Ok(())
    }

    fn ussd_input(&mut self, from: &str, input: Input<'_>, sender: Option<u32>) -> Result<(), SendError> {
        let (dialect, bare) = (self.dialect, self.faults.no_session);
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
        session.bare = bare;
        session.its = dialect.its(id, session.inputs).filter(|_| !bare);
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
