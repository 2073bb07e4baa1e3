//! One bind made by hand: connect, bind, ask, perhaps send a text and wait for its receipt, unbind. For
//! `chrak check --bind`.
use super::{
    connect::connect,
    submit::submit_sm,
    telco::{PATIENCE, Telco},
};
use crate::{
    ports::{clock::Clock, outbox::DueMt},
    smpp::{
        pdu::BindKind,
        receipt::{self, DeliveryState as Delivery},
        session::{Event, Session},
        status::{ESME_ROK, ESME_RTHROTTLED, name},
    },
    types::{CauseId, Msisdn, MtId},
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

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

struct Probe {
    session: Session,
    findings: Vec<String>,
    started: Instant,
    /// The text to send once bound.
    send: Option<Msisdn>,
    message_id: Option<String>,
    until: Instant,
    tlvs: bool,
    clock: Arc<dyn Clock>,
}

/// What the telco said and did, one line each.
///
/// # Errors
/// One line that says what the telco or the network did.
pub async fn probe(telco: &Telco, send: Option<Msisdn>, clock: Arc<dyn Clock>) -> Result<Vec<String>, String> {
    let mut stream = connect(&telco.address).await?;
    let started = Instant::now();
    let kind = if telco.pair { BindKind::Transmitter } else { BindKind::Transceiver };
    let mut probe = Probe {
        session: Session::new(telco.session_config(kind), started),
        findings: Vec::new(),
        started,
        send,
        message_id: None,
        until: started + PATIENCE + RECEIPT_WAIT,
        tlvs: false,
        clock,
    };
    let mut buffer = vec![0; 8192];
    loop {
        let output = probe.session.take_output();
        stream.write_all(&output).await.map_err(|fault| format!("write: {fault}"))?;
        while let Some(event) = probe.session.poll_event() {
            if probe.event(telco, event)? {
                return Ok(probe.findings);
            }
        }
        if !probe.session.has_output() {
            probe.wait(&mut stream, &mut buffer).await?;
        }
    }
}

impl Probe {
    /// Returns whether all is done.
    fn event(&mut self, telco: &Telco, event: Event) -> Result<bool, String> {
        let now = Instant::now();
        match event {
            Event::Bound { system_id, version } => {
                let version = version.map_or("not told".to_owned(), |octet| format!("{octet:#04x}"));
                self.tlvs = version != "not told";
                let took = self.started.elapsed().as_millis();
                let peer: String = system_id.chars().filter(|c| !c.is_control()).take(16).collect();
                self.findings.push(format!("bound in {took} ms; system_id \"{peer}\", interface version {version}"));
                match self.send {
                    Some(number) => self.send_text(telco, number, now),
                    None => self.session.unbind(now),
                }
            }
            Event::BindRefused { status } => return Err(format!("bind refused: {}", name(status))),
            Event::Deliver(deliver) => {
                let kind = receipt::kind(deliver.esm_class);
                let receipt = (kind == receipt::Kind::Receipt).then(|| receipt::read(&deliver)).flatten();
                // A citizen's text is not ours to take here: the telco keeps it for a bind that stays.
                let status = if kind == receipt::Kind::Message { ESME_RTHROTTLED } else { ESME_ROK };
                self.session.respond(deliver.sequence, deliver.is_data_sm, status, Instant::now());
                if let Some(receipt) = receipt.filter(|_| self.message_id.is_some()) {
                    self.received(&receipt, now)?;
                }
            }
            Event::Submitted { status: ESME_ROK, message_id, .. } => {
                self.findings.push(format!("text taken as \"{}\"", message_id.as_deref().unwrap_or_default()));
                self.message_id = Some(message_id.unwrap_or_default());
                if !telco.receipts {
                    self.session.unbind(now);
                }
            }
            Event::Submitted { status, .. } => {
                return Err(format!("text refused: {}", name(status)));
            }
            Event::SubmitTimeout { .. } => return Err("no submit_sm_resp in time".to_owned()),
            Event::Closed { .. } if !self.findings.is_empty() => return Ok(true),
            Event::Closed { reason, .. } => return Err(reason.to_owned()),
            Event::Confirmed { .. } | Event::Anomaly(_) => {}
        }
        Ok(false)
    }

    fn send_text(&mut self, telco: &Telco, number: Msisdn, now: Instant) {
        let wall = self.clock.now();
        let mt = DueMt {
            id: MtId(uuid::Uuid::nil()),
            mo: CauseId(uuid::Uuid::nil()),
            source: telco.short_codes.first().cloned().unwrap_or_default(),
            destination: number,
            body: TEXT.to_vec(),
            data_coding: 0,
            udhi: false,
            reference: 1,
            not_after: wall.plus_ms(600_000),
            attempts: 1,
        };
        // The window is empty and the bind can send, so it is taken.
        if self.session.submit(&submit_sm(telco, &mt, self.tlvs, wall), 0, now).is_err() {
            self.session.unbind(now);
        }
    }

    fn received(&mut self, receipt: &receipt::Receipt, now: Instant) -> Result<(), String> {
        match receipt.state {
            Delivery::Delivered => {
                self.findings.push("receipt: delivered".to_owned());
                self.session.unbind(now);
                Ok(())
            }
            Delivery::Undelivered => Err("receipt: the text was not delivered".to_owned()),
            Delivery::Pending => Ok(()),
        }
    }

    async fn wait(&mut self, stream: &mut TcpStream, buffer: &mut [u8]) -> Result<(), String> {
        let timer = self.session.poll_timeout().unwrap_or(self.until).min(self.until);
        tokio::select! {
            read = stream.read(buffer) => match read {
                Ok(0) | Err(_) => self.session.peer_closed(),
                Ok(octets) => self.session.handle_bytes(&buffer[..octets], Instant::now()),
            },
            () = tokio::time::sleep_until(timer.into()) => self.session.handle_timeout(Instant::now()),
        }
        if Instant::now() >= self.until {
            return Err(format!("no receipt within {} s", RECEIPT_WAIT.as_secs()));
        }
        Ok(())
    }
}
