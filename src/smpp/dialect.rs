//! How a telco's USSD gateway speaks SMPP: where the operation, the session and the service code stand, and how
//! a screen is sent back. Dialects are data; there is one reader and one writer for all. Knows no session state:
//! whether a session is known is the exchange's to say.
//!
//! ussd_service_op is SMPP 3.4 §5.3.2.44, its_session_info §5.3.2.43; the data codings are those of cell
//! broadcast (3GPP TS 23.038 §5), as most gateways use, or those of SMPP.
use super::{
    decode::Deliver,
    pdu::{Address, Tlv, UssdSubmit, tag},
};
use crate::text::{
    gsm7,
    octets::{self, Declared},
    plausible::{LEFT_OVER, Reading, likeliest},
    ucs2,
};
use bytes::Bytes;

/// USSN request (§5.3.2.44).
const NOTIFY: u8 = 3;

/// Where the name of a session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionAt {
    /// its_session_info, opaque; without its lowest bit where that is the end bit.
    Its16,
    /// its_session_info: fifteen bits name the session, the lowest says that it ends.
    Its15,
    /// user_message_reference, together with the subscriber.
    UmrMsisdn,
    /// Nowhere: one session for each subscriber.
    Msisdn,
    /// The TLV of this tag.
    Tlv(u16),
}

impl SessionAt {
    fn tag(self) -> Option<u16> {
        match self {
            SessionAt::Its16 | SessionAt::Its15 => Some(tag::ITS_SESSION_INFO),
            SessionAt::UmrMsisdn => Some(tag::USER_MESSAGE_REFERENCE),
            SessionAt::Msisdn => None,
            SessionAt::Tlv(tag) => Some(tag),
        }
    }
}

/// Where the service code of a start stands; the other place is looked at when this one is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeAt {
    /// destination_addr.
    Destination,
    /// short_message.
    Text,
}

/// By which PDU screens go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UssdPdu {
    /// submit_sm with short_message.
    SubmitSm,
    /// data_sm with message_payload.
    DataSm,
}

/// One dialect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// As the configuration calls it.
    pub name: String,
    /// Where the name of a session stands.
    pub session: SessionAt,
    /// Operations that open a session.
    pub start: Vec<u8>,
    /// Operations that go on.
    pub next: Vec<u8>,
    /// Operations by which the subscriber or the gateway ends it.
    pub abort: Vec<u8>,
    /// Our operation for a screen that waits for an input.
    pub reply_continue: u8,
    /// Our operation for the last screen.
    pub reply_end: u8,
    /// The lowest bit of its_session_info says, both ways, that the session is over.
    pub end_bit: bool,
    /// Where the service code stands.
    pub code_in: CodeAt,
    /// By which PDU screens go.
    pub pdu: UssdPdu,
    /// service_type of our screens.
    pub service_type: String,
    /// data_coding of GSM 7-bit screens.
    pub gsm7: u8,
    /// data_coding of UCS-2 screens.
    pub ucs2: u8,
    /// Septets are packed.
    pub packed: bool,
    /// TLVs of an input that its screen carries back.
    pub echo_tlvs: Vec<u16>,
    /// Our operation for a notice nobody asked for; `None`: not allowed here.
    pub push: Option<u8>,
}

/// What an input is, as far as its PDU tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// A session opens.
    Start,
    /// The subscriber answered a screen.
    Next,
    /// The subscriber hung up, or the gateway gave up.
    Abort,
    /// The telephone has shown our notice.
    Confirmed,
    /// An operation that the dialect does not have: goes on where a session is known.
    Unknown,
}

/// A USSD input.
#[derive(Clone, PartialEq, Eq)]
pub struct UssdInput {
    /// What it is.
    pub signal: Signal,
    /// The name of its session as far as the gateway gives one; empty when it does not.
    pub session: Vec<u8>,
    /// What was dialled or typed.
    pub text: String,
    /// The service code as it came in destination_addr.
    pub code: String,
    /// What the screen needs to find its way back.
    pub back: Back,
}

impl std::fmt::Debug for UssdInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UssdInput").field("signal", &self.signal).finish_non_exhaustive()
    }
}

/// The addresses and TLVs of an input that its screen repeats.
#[derive(Clone, PartialEq, Eq)]
pub struct Back {
    subscriber: Address,
    service: Address,
    session: Option<Bytes>,
    echo: Vec<Tlv>,
}

impl Dialect {
    /// A built-in dialect: `spec`, `tata`, `mica`, `sixdee`, `msisdn`.
    pub fn built_in(name: &str) -> Option<Self> {
        let spec = Dialect {
            name: name.to_owned(),
            session: SessionAt::Its16,
            start: vec![1],
            next: vec![18],
            abort: vec![129],
            reply_continue: 2,
            reply_end: 17,
            end_bit: true,
            code_in: CodeAt::Destination,
            pdu: UssdPdu::SubmitSm,
            service_type: "USSD".to_owned(),
            gsm7: 0x0F,
            ucs2: 0x48,
            packed: false,
            echo_tlvs: Vec::new(),
            push: None,
        };
        let smpp = Dialect { gsm7: 0, ucs2: 8, ..spec.clone() };
        Some(match name {
            "spec" => spec,
            "tata" => Dialect { next: vec![2, 18], abort: vec![17, 129], reply_end: 2, ..smpp },
            "mica" => Dialect { session: SessionAt::UmrMsisdn, end_bit: false, ..smpp },
            "sixdee" => Dialect { session: SessionAt::Its15, code_in: CodeAt::Text, ..smpp },
            "msisdn" => Dialect { session: SessionAt::Msisdn, end_bit: false, ..spec },
            _ => return None,
        })
    }

    /// Whether a PDU is a USSD input at all.
    pub fn is_ussd(deliver: &Deliver) -> bool {
        deliver.tlv(tag::USSD_SERVICE_OP).is_some() || deliver.service_type.eq_ignore_ascii_case(b"USSD")
    }

    /// Reads an input; every PDU that [`Dialect::is_ussd`] is one.
    pub fn read(&self, deliver: &Deliver) -> UssdInput {
        // a value of another length than the standard's is read by its last octet
        let op = deliver.tlv(tag::USSD_SERVICE_OP).and_then(|value| value.last()).copied();
        let session = self.session.tag().and_then(|tag| deliver.tlv(tag)).cloned();
        let over =
            self.ends_by_bit() && session.as_ref().and_then(|value| value.last()).is_some_and(|low| low & 1 == 1);
        let signal = match op {
            _ if over => Signal::Abort,
            Some(op) if self.start.contains(&op) => Signal::Start,
            Some(op) if self.abort.contains(&op) => Signal::Abort,
            Some(op) if self.next.contains(&op) => Signal::Next,
            // the confirmation of USSN request (3) is 19, by the same distance as all others
            Some(op) if self.push == Some(NOTIFY) && op == NOTIFY + 16 => Signal::Confirmed,
            _ => Signal::Unknown,
        };
        let echo = deliver.tlvs.iter().filter(|tlv| self.echo_tlvs.contains(&tlv.tag)).cloned().collect();
        UssdInput {
            signal,
            session: self.key(session.as_deref()),
            text: self.decode(deliver.data_coding, &deliver.body),
            code: deliver.destination.text(),
            back: Back { subscriber: deliver.source.clone(), service: deliver.destination.clone(), session, echo },
        }
    }

    /// What was dialled after the service code, step by step: `*1212*1*120…#` is `1`, `120…`. `codes`: the
    /// service codes that are ours, as dialled.
    pub fn dialled(&self, input: &UssdInput, codes: &[String]) -> Vec<String> {
        let dialled = |text: &str| text.starts_with(['*', '#']);
        let (text, code) = (input.text.trim(), input.code.trim());
        let whole = match (self.code_in, dialled(text), dialled(code)) {
            // a gateway that has the code in one place may have all that was dialled in the other
            (_, true, true) => {
                if code.len() > text.len() {
                    code
                } else {
                    text
                }
            }
            (_, true, false) => text,
            (CodeAt::Text, false, true) if text.is_empty() => code,
            (CodeAt::Destination, false, true) if text.is_empty() || bare(codes, text) => code,
            // only what follows the code was passed on
            _ => return if bare(codes, text) { Vec::new() } else { steps(text) },
        };
        let rest = codes
            .iter()
            .filter_map(|code| {
                let rest = whole.strip_prefix(code.trim_end_matches('#'))?;
                rest.starts_with(['*', '#']).then_some(rest).or(rest.is_empty().then_some(rest))
            })
            .min_by_key(|rest| rest.len());
        match rest {
            Some(rest) => steps(rest),
            None => steps(whole).into_iter().skip(1).collect(),
        }
    }

    /// Which of our service codes an input names; `None` when it names none of them.
    pub fn service<'a>(&self, input: &UssdInput, codes: &'a [String]) -> Option<&'a str> {
        let named = |place: &str| {
            let place = place.trim().trim_matches(['*', '#']);
            codes
                .iter()
                .filter(|code| {
                    let rest = place.strip_prefix(code.trim_matches(['*', '#']));
                    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('*'))
                })
                .max_by_key(|code| code.len())
        };
        let dialled = if input.signal == Signal::Start { input.text.as_str() } else { "" };
        named(&input.code).or_else(|| named(dialled)).map(String::as_str)
    }

    /// The screen of an input. `code`: our service code, where the input named none.
    pub fn reply(&self, back: &Back, code: &str, text: &str, end: bool) -> UssdSubmit {
        let mut source = back.service.clone();
        if source.digits.is_empty() {
            source.digits = Bytes::copy_from_slice(code.as_bytes());
        }
        let op = if end { self.reply_end } else { self.reply_continue };
        let mut tlvs = vec![Tlv { tag: tag::USSD_SERVICE_OP, value: Bytes::copy_from_slice(&[op]) }];
        if let (Some(tag), Some(value)) = (self.session.tag(), &back.session) {
            let mut value = value.to_vec();
            if let Some(low) = value.last_mut().filter(|_| self.ends_by_bit()) {
                *low = (*low & 0xFE) | u8::from(end);
            }
            tlvs.push(Tlv { tag, value: value.into() });
        }
        tlvs.extend(
            back.echo.iter().filter(|tlv| tlvs.iter().all(|own| own.tag != tlv.tag)).cloned().collect::<Vec<_>>(),
        );
        self.submit(source, back.subscriber.clone(), text, tlvs)
    }

    /// A notice nobody asked for; `None` where the gateway takes none.
    pub fn notice(&self, source: Address, subscriber: Address, text: &str) -> Option<UssdSubmit> {
        let op = self.push?;
        let tlvs = vec![Tlv { tag: tag::USSD_SERVICE_OP, value: Bytes::copy_from_slice(&[op]) }];
        Some(self.submit(source, subscriber, text, tlvs))
    }

    fn submit(&self, source: Address, destination: Address, text: &str, tlvs: Vec<Tlv>) -> UssdSubmit {
        let (data_coding, body) = match gsm7::encode(text) {
            Some(septets) if self.packed => (self.gsm7, gsm7::pack(&septets)),
            Some(septets) => (self.gsm7, septets),
            None => (self.ucs2, ucs2::encode(text)),
        };
        UssdSubmit {
            as_data_sm: self.pdu == UssdPdu::DataSm,
            service_type: self.service_type.clone(),
            source,
            destination,
            data_coding,
            body: body.into(),
            tlvs,
        }
    }

    fn ends_by_bit(&self) -> bool {
        self.end_bit && matches!(self.session, SessionAt::Its16 | SessionAt::Its15)
    }

    fn key(&self, value: Option<&[u8]>) -> Vec<u8> {
        let mut key = value.unwrap_or_default().to_vec();
        let masked = self.ends_by_bit() || self.session == SessionAt::Its15;
        if let Some(low) = key.last_mut().filter(|_| masked) {
            *low &= 0xFE;
        }
        key
    }

    /// By the coding groups of TS 23.038 §5 and by SMPP's own values. Operators confuse them, so it is only what they
    /// say: see [`octets`].
    fn decode(&self, data_coding: u8, octets: &[u8]) -> String {
        let declared = match data_coding {
            0x08 | 0x11 | 0x18..=0x1B | 0x48..=0x4B | 0x58..=0x5B => Declared::Utf16,
            0x02 | 0x04 | 0x44..=0x47 | 0x54..=0x57 | 0xF4..=0xF7 => Declared::Binary,
            _ if self.packed => Declared::Packed(0),
            _ => Declared::Gsm7,
        };
        let mut readings = octets::readings(octets, declared);
        if declared == Declared::Utf16 && data_coding == 0x11 {
            readings.extend(behind_language(octets));
        }
        let mut text = likeliest(readings);
        if matches!(declared, Declared::Gsm7 | Declared::Packed(_)) {
            // a NUL that ends a string, or the spare bits of packed septets
            text.truncate(text.trim_end_matches('@').len());
        }
        if data_coding == 0x10 {
            text = without_language(text);
        }
        text.trim_matches(|c: char| c.is_whitespace() || c == '\0').to_owned()
    }
}

/// What follows the language of data_coding 0x11: two letters in two octets of packed septets.
fn behind_language(octets: &[u8]) -> Option<Reading> {
    let (language, text) = octets.split_first_chunk::<2>()?;
    let letters = gsm7::unpack(language).iter().all(|septet| septet.is_ascii_alphabetic());
    let mut reading = octets::readings(text, Declared::Utf16).into_iter().next()?;
    reading.doubt += if letters { LANGUAGE } else { LEFT_OVER };
    Some(reading)
}

/// Bits by which a language is chosen, where it is one.
const LANGUAGE: u32 = 4;

/// data_coding 0x10: two letters of a language and a line end stand before the text.
fn without_language(text: String) -> String {
    match text.char_indices().nth(2) {
        Some((at, '\r' | '\n')) => text[at + 1..].to_owned(),
        _ => text,
    }
}

/// Whether this is one of our service codes without its stars.
fn bare(codes: &[String], text: &str) -> bool {
    codes.iter().any(|code| code.trim_matches(['*', '#']) == text)
}

/// What stands between the stars.
fn steps(text: &str) -> Vec<String> {
    text.trim()
        .trim_end_matches('#')
        .split('*')
        .map(str::trim)
        .filter(|step| !step.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
#[path = "dialect_tests.rs"]
mod tests;
