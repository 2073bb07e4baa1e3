//! One bind made by hand: connect, bind, ask, perhaps send a text and wait for its receipt, unbind. For
//! `chrak check --bind`.
use super::{
    dial::{ConnectFault, SHUT_OVER_TLS, dial},
    driver::{User, drive, now},
    telco::{PATIENCE, Telco},
};
use crate::{
    ports::clock::Clock,
    smpp::{
        esme::{Effect, Esme, Now, Outcome, Pace, Segment, Stored},
        pdu::BindKind,
        session::CloseReason,
        status::name,
    },
    tls,
    types::{Msisdn, MtId},
};
use std::{
    ops::ControlFlow,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::io::{AsyncRead, AsyncWrite};

/// Wait for the receipt of the text.
const RECEIPT_WAIT: Duration = Duration::from_secs(60);
/// What the text says, in characters that are the same octet in ASCII and in GSM 7.
const TEXT: &[u8] = b"Chrak: test";
const _: () = {
    let mut at = 0;
    while at < TEXT.len() {
        assert!(TEXT[at].is_ascii_alphanumeric() || matches!(TEXT[at], b' ' | b':'), "not the same octet in GSM 7");
        at += 1;
    }
};

/// What the telco or the network did, so that the probe found no more.
#[derive(Debug, thiserror::Error)]
pub enum ProbeFault {
    /// There is no connection.
    #[error("{0}")]
    NotConnected(#[from] ConnectFault),
    /// TLS ended the session, in words.
    #[error("{0}")]
    Tls(String),
    /// The telco refused the bind.
    #[error("bind refused: {}", name(*.0))]
    BindRefused(u32),
    /// The session ended before anything was found.
    #[error("{0}")]
    Closed(CloseReason),
    /// The telco refused the text.
    #[error("text refused: {}", name(*.0))]
    TextRefused(u32),
    /// The telco said nothing of the text.
    #[error("no submit_sm_resp in time")]
    NoResp,
    /// The telco says that the text will not arrive.
    #[error("receipt: the text was not delivered")]
    NotDelivered,
    /// The telco never said what became of the text.
    #[error("no receipt within {} s", RECEIPT_WAIT.as_secs())]
    NoReceipt,
}

/// What the telco said and did, one line each.
///
/// # Errors
/// [`ProbeFault`]; one line that says what the telco or the network did.
pub async fn probe(telco: &Telco, send: Option<Msisdn>, clock: Arc<dyn Clock>) -> Result<Vec<String>, ProbeFault> {
    let (reader, writer) = dial(telco).await?;
    probe_on(reader, writer, telco, send, &*clock).await
}

/// The probe on a connection that is made.
pub(super) async fn probe_on(
    reader: impl AsyncRead + Unpin,
    writer: impl AsyncWrite + Unpin,
    telco: &Telco,
    send: Option<Msisdn>,
    clock: &dyn Clock,
) -> Result<Vec<String>, ProbeFault> {
    let kind = if telco.pair { BindKind::Transmitter } else { BindKind::Transceiver };
    let begun = now(clock);
    let mut esme = Esme::new(telco.esme_config(kind), Arc::new(Pace::new(0)), begun);
    let mut probe = Probe {
        telco,
        findings: Vec::new(),
        fault: None,
        started: begun.at,
        send,
        taken: false,
        until: begun.at + PATIENCE + RECEIPT_WAIT,
    };
    let broke = drive(reader, writer, &mut esme, &mut probe, clock).await;
    // with TLS 1.3 a certificate of ours is refused when the handshake is over
    if let Some(words) = broke.as_ref().and_then(tls::words) {
        return Err(ProbeFault::Tls(words));
    }
    match probe.fault {
        Some(fault) => Err(fault),
        None => Ok(probe.findings),
    }
}

struct Probe<'a> {
    telco: &'a Telco,
    findings: Vec<String>,
    fault: Option<ProbeFault>,
    started: Instant,
    /// The text to send once bound.
    send: Option<Msisdn>,
    /// The telco took the text.
    taken: bool,
    until: Instant,
}

impl Probe<'_> {
    fn bound(&mut self, system_id: &str, version: Option<u8>, esme: &mut Esme, now: Now) {
        let version = version.map_or("not told".to_owned(), |octet| format!("{octet:#04x}"));
        let took = now.at.saturating_duration_since(self.started).as_millis();
        let peer: String = system_id.chars().filter(|c| !c.is_control()).take(16).collect();
        self.findings.push(format!("bound in {took} ms; system_id \"{peer}\", interface version {version}"));
        match self.send {
            Some(number) => esme.submit(self.segment(number, now), now),
            None => esme.leave(now),
        }
    }

    fn segment(&self, number: Msisdn, now: Now) -> Segment {
        Segment {
            id: MtId(uuid::Uuid::nil()),
            source: self.telco.short_codes.first().cloned().unwrap_or_default(),
            destination: number,
            body: TEXT.to_vec(),
            data_coding: 0,
            udhi: false,
            reference: 1,
            not_after: now.wall.plus_ms(600_000),
            attempts: 1,
            read_at: None,
        }
    }

    /// The first fault is the one that is told.
    fn failed(&mut self, fault: ProbeFault) {
        self.fault.get_or_insert(fault);
    }

    fn settled(&mut self, outcome: Outcome, esme: &mut Esme, now: Now) {
        match outcome {
            Outcome::Sent { message_id } => {
                self.findings.push(format!("text taken as \"{}\"", message_id.as_deref().unwrap_or_default()));
                self.taken = true;
                if !self.telco.receipts {
                    esme.leave(now);
                }
            }
            Outcome::Throttled { status } | Outcome::Retry { status, .. } | Outcome::Failed { status } => {
                self.failed(ProbeFault::TextRefused(status));
            }
            // how the session ended says more than that nobody knows
            Outcome::Unknown | Outcome::Unwritten if esme.is_over() => {}
            Outcome::Unknown | Outcome::Unwritten => self.failed(ProbeFault::NoResp),
        }
    }
}

impl User for Probe<'_> {
    type Wake = ();

    /// The time is up.
    async fn next(&mut self, _room: bool) {
        tokio::time::sleep_until(self.until.into()).await;
    }

    fn act(&mut self, (): (), _esme: &mut Esme, _now: Now) {
        self.failed(ProbeFault::NoReceipt);
    }

    fn effect(&mut self, effect: Effect, esme: &mut Esme, now: Now) {
        match effect {
            Effect::Bound { system_id, version } => self.bound(&system_id, version, esme, now),
            Effect::Refused { status } => self.failed(ProbeFault::BindRefused(status)),
            // A citizen's text is not ours to take here: the telco keeps it for a bind that stays.
            Effect::Text { owed, .. } | Effect::Ussd { owed, .. } => esme.stored(owed, Stored::Overload, now),
            Effect::Receipt { owed, delivered, .. } => {
                esme.stored(owed, Stored::Kept(None), now);
                if self.taken && delivered {
                    self.findings.push("receipt: delivered".to_owned());
                    esme.leave(now);
                } else if self.taken {
                    self.failed(ProbeFault::NotDelivered);
                }
            }
            Effect::Settle { outcome, .. } => self.settled(outcome, esme, now),
            Effect::Closed(CloseReason::TelcoClosed) if self.findings.is_empty() && self.telco.tls.is_some() => {
                self.failed(ProbeFault::Tls(SHUT_OVER_TLS.to_owned()));
            }
            Effect::Closed(reason) if self.findings.is_empty() => self.failed(ProbeFault::Closed(reason)),
            _ => {}
        }
    }

    fn round(&mut self, _esme: &Esme) -> ControlFlow<()> {
        if self.fault.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}
