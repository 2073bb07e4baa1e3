//! What an engineer does on a bind by hand, each step with its findings in lines: bind, ask, text and wait for the receipt,
//! unbind. It must not know who asks for it, nor where the findings go.
use super::{
    dial::{ConnectFault, SHUT_OVER_TLS},
    hand::{Hand, Happened},
    telco::{PATIENCE, Telco},
};
use crate::{
    ports::clock::Clock,
    smpp::{
        concat::{Cut, Encoded, encode},
        esme::{Effect, Outcome, Segment},
        explain::explain,
        message_id,
        session::CloseReason,
        status::{BindClass, bind_class, name},
        trace::Seen,
    },
    text::segment::{self, Alphabet},
    types::{Msisdn, MtId},
};
use rusmpp_core::CommandId;
use std::time::Duration;
use tokio::time::Instant;

/// Wait for the receipts of a text.
pub(super) const RECEIPT_WAIT: Duration = Duration::from_secs(60);

/// What the telco or the network did, so that a step failed.
#[derive(Debug, thiserror::Error)]
pub enum StepFault {
    /// There is no connection.
    #[error("{0}")]
    NotConnected(#[from] ConnectFault),
    /// TLS ended the session, in words.
    #[error("{0}")]
    Tls(String),
    /// The telco refused the bind.
    #[error("bind refused: {}{}", name(*.0), advice(*.0))]
    BindRefused(u32),
    /// The session ended.
    #[error("{0}")]
    Closed(CloseReason),
    /// The telco did not answer that it is there.
    #[error("no enquire_link_resp within {} s", PATIENCE.as_secs())]
    NoEnquireResp,
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
    /// A receipt came that names another message.
    #[error("a receipt came, but it names \"{0}\", which is no message_id of this text: see `message_id` of [[smsc]]")]
    StrangeReceipt(String),
    /// Nothing came from the telephone.
    #[error("nothing came from this number within {0} s")]
    NothingCame(u64),
    /// A USSD input came that does not begin a session in this profile.
    #[error("a USSD input came that `ussd.profile` does not read as a beginning (it reads {0}): see its PDU")]
    NoBeginning(&'static str),
    /// Another text than the one that was to be typed.
    #[error("what came was read as {0} characters that are not those that were to be typed")]
    AnotherText(usize),
}

/// What to do about a refusal.
fn advice(status: u32) -> &'static str {
    match (status, bind_class(status)) {
        (0x05, _) => ": is a server bound with this account, or does the telco still hold an old session?",
        (_, BindClass::Account) => {
            ": check system_id and password, and with the telco our address and the kind of bind"
        }
        _ => "",
    }
}

/// What a step found, a line each.
pub(super) type Found = Result<Vec<String>, StepFault>;

fn ms(since: Instant) -> u128 {
    since.elapsed().as_millis()
}

/// A peer's word, fit for a line.
fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(16).collect()
}

/// How a session ended that should not have.
fn over(happened: &Happened, tls: bool) -> Option<StepFault> {
    match happened {
        Happened::Effect(Effect::Refused { status }) => Some(StepFault::BindRefused(*status)),
        Happened::Over(Some(words)) => Some(StepFault::Tls(words.clone())),
        Happened::Over(None) if tls => Some(StepFault::Tls(SHUT_OVER_TLS.to_owned())),
        Happened::Over(None) => Some(StepFault::Closed(CloseReason::TelcoClosed)),
        // what TLS has to say of it comes behind it
        Happened::Effect(Effect::Closed(CloseReason::TelcoClosed)) => None,
        Happened::Effect(Effect::Closed(reason)) => Some(StepFault::Closed(*reason)),
        Happened::Effect(_) | Happened::Pdu(_) => None,
    }
}

/// Waits for the bind_resps: what the telco says of itself.
pub(super) async fn bind(hand: &mut Hand, telco: &Telco) -> Found {
    let begun = Instant::now();
    let (mut found, mut left) = (Vec::new(), hand.binds());
    let done = hand.wait(0, 2 * PATIENCE, |happened| {
        if let Happened::Effect(Effect::Bound { system_id, version }) = happened {
            let version = version.map_or("not told".to_owned(), |octet| format!("{octet:#04x}"));
            let peer = printable(system_id);
            found.push(format!("bound in {} ms; system_id \"{peer}\", interface version {version}", ms(begun)));
            left -= 1;
        }
        match over(happened, telco.tls.is_some()) {
            Some(fault) => Some(Err(fault)),
            None => (left == 0).then_some(Ok(())),
        }
    });
    done.await.unwrap_or(Err(StepFault::Closed(CloseReason::NoBindResp)))?;
    found.extend(tlvs_of_bind_resps(hand));
    Ok(found)
}

/// Whether a telco took the bind and did not say which version it speaks.
pub(super) fn tells_no_version(hand: &Hand) -> bool {
    hand.log.iter().any(|happened| matches!(happened, Happened::Effect(Effect::Bound { version: None, .. })))
}

/// TLVs of a bind_resp beside its version.
fn tlvs_of_bind_resps(hand: &Hand) -> Vec<String> {
    let resps = hand.pdus(0).filter(|seen| !seen.sent && seen.octets.get(4) == Some(&0x80));
    let fields = resps.flat_map(|seen| explain(&seen.octets).fields);
    let tlvs = fields.filter(|field| field.name.contains(" (0x") && !field.name.starts_with("sc_interface_version"));
    tlvs.map(|field| format!("bind_resp also says {}: {}", field.name, field.value)).collect()
}

fn is(seen: &Seen, sent: bool, command: CommandId) -> bool {
    seen.sent == sent && seen.octets.get(4..8) == Some(&u32::from(command).to_be_bytes()[..])
}

/// Asks on each bind whether the telco is there.
pub(super) async fn enquire(hand: &mut Hand) -> Found {
    let (mark, begun) = (hand.mark(), Instant::now());
    let mut left = hand.binds();
    hand.enquire();
    let answered = hand.wait(mark, PATIENCE, |happened| {
        match happened {
            Happened::Pdu(seen) if is(seen, false, CommandId::EnquireLinkResp) => left -= 1,
            Happened::Effect(_) | Happened::Pdu(_) | Happened::Over(_) => {}
        }
        match over(happened, false) {
            Some(fault) => Some(Err(fault)),
            None => (left == 0).then_some(Ok(vec![format!("enquire_link answered in {} ms", ms(begun))])),
        }
    });
    answered.await.unwrap_or(Err(StepFault::NoEnquireResp))
}

/// Whether it is an enquire_link, of either side.
pub(super) fn is_enquire_link(seen: &Seen) -> bool {
    is(seen, seen.sent, CommandId::EnquireLink)
}

/// A text to a number.
pub(super) struct Message<'a> {
    pub(super) to: Msisdn,
    pub(super) text: &'a str,
    /// Common to its parts.
    pub(super) reference: u16,
    pub(super) cut: Cut,
}

/// Texts a number, part by part, and waits for the receipts where they are asked for.
pub(super) async fn text(hand: &mut Hand, telco: &Telco, clock: &dyn Clock, message: Message<'_>) -> Found {
    let mark = hand.mark();
    let mut found = Vec::new();
    let mut ids = Vec::new();
    for segment in segments(telco, clock, &message) {
        let (part, begun) = (hand.mark(), Instant::now());
        hand.submit(segment);
        let id = taken(hand, part, telco.response_timeout + PATIENCE).await?;
        found.push(format!("text taken as \"{id}\" in {} ms", ms(begun)));
        ids.push(id);
    }
    if telco.receipts {
        found.extend(receipts(hand, mark, ids).await?);
    }
    Ok(found)
}

/// Hands a text over and waits for nothing.
pub(super) fn submit(hand: &Hand, telco: &Telco, clock: &dyn Clock, message: &Message<'_>) {
    segments(telco, clock, message).into_iter().for_each(|segment| hand.submit(segment));
}

fn segments(telco: &Telco, clock: &dyn Clock, message: &Message<'_>) -> Vec<Segment> {
    let alphabet = Alphabet::of(message.text);
    let cut = match message.cut {
        // it goes whole, and the SMSC cuts it
        Cut::Payload => vec![message.text],
        cut => segment::plan_with(message.text, alphabet.single(), cut.room(alphabet)).segments,
    };
    let parts = u8::try_from(cut.len()).unwrap_or(u8::MAX);
    let numbered = cut.iter().zip(1..=parts);
    let segment = |(text, part): (&&str, u8)| {
        let Encoded { body, data_coding, udhi } = encode(message.cut, alphabet, text, message.reference, part, parts);
        Segment {
            id: MtId(uuid::Uuid::nil()),
            source: telco.short_codes.first().cloned().unwrap_or_default(),
            destination: message.to,
            body,
            data_coding,
            udhi,
            reference: message.reference.wrapping_add(u16::from(part)),
            not_after: clock.now().plus_ms(600_000),
            attempts: 1,
            read_at: None,
        }
    };
    numbered.map(segment).collect()
}

/// Waits until the telco has taken the segment: under which id.
async fn taken(hand: &mut Hand, mark: usize, within: Duration) -> Result<String, StepFault> {
    let settled = hand.wait(mark, within, |happened| match happened {
        Happened::Effect(Effect::Settle { outcome, .. }) => match outcome {
            Outcome::Sent { message_id } => Some(Ok(message_id.clone().unwrap_or_default())),
            Outcome::Throttled { status } | Outcome::Retry { status, .. } | Outcome::Failed { status } => {
                Some(Err(StepFault::TextRefused(*status)))
            }
            // how the session ended, if it did, stands behind it
            Outcome::Unknown | Outcome::Unwritten => None,
        },
        other => over(other, false).map(Err),
    });
    settled.await.unwrap_or(Err(StepFault::NoResp))
}

/// Waits for a receipt of each id.
async fn receipts(hand: &mut Hand, mark: usize, mut ids: Vec<String>) -> Found {
    let begun = Instant::now();
    let (mut found, mut strange) = (Vec::new(), None);
    let all = hand.wait(mark, RECEIPT_WAIT, |happened| {
        if let Happened::Effect(Effect::Receipt { message_id, delivered, .. }) = happened {
            match ids.iter().position(|id| same(id, message_id)) {
                Some(_) if !delivered => return Some(Err(StepFault::NotDelivered)),
                Some(at) => {
                    let id = ids.remove(at);
                    let spelt = if id == *message_id { String::new() } else { format!(", spelt \"{message_id}\"") };
                    found.push(format!("receipt: delivered after {} ms{spelt}", ms(begun)));
                }
                None => strange = Some(message_id.clone()),
            }
        }
        match over(happened, false) {
            Some(fault) => Some(Err(fault)),
            None => ids.is_empty().then_some(Ok(())),
        }
    });
    match (all.await, strange) {
        (Some(all), _) => all.map(|()| found),
        (None, Some(id)) => Err(StepFault::StrangeReceipt(printable(&id))),
        (None, None) => Err(StepFault::NoReceipt),
    }
}

/// Whether a receipt's id may be that of the resp, however it is spelt.
fn same(resp: &str, receipt: &str) -> bool {
    let canonical = message_id::key(receipt);
    let is = |one: &String| one == receipt || canonical.as_ref() == Some(one);
    resp == receipt || message_id::partners(resp).iter().any(is)
}

/// Leaves politely.
pub(super) async fn unbind(hand: &mut Hand) -> Found {
    let (mark, begun, mut left) = (hand.mark(), Instant::now(), hand.binds());
    hand.leave();
    let mut answered = 0;
    hand.wait(mark, 2 * PATIENCE, |happened| {
        match happened {
            Happened::Pdu(seen) if is(seen, false, CommandId::UnbindResp) => answered += 1,
            Happened::Over(_) => left -= 1,
            Happened::Effect(_) | Happened::Pdu(_) => {}
        }
        (left == 0).then_some(())
    })
    .await;
    match (answered == hand.binds(), left) {
        (true, 0) => Ok(vec![format!("unbound in {} ms", ms(begun))]),
        (false, 0) => Ok(vec!["the telco closed the connection instead of answering the unbind".to_owned()]),
        _ => Err(StepFault::Closed(CloseReason::NoUnbindResp)),
    }
}

/// What is out of spec in what the telco sent since `mark`, each kind once.
pub(super) fn out_of_spec(hand: &Hand, mark: usize) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for seen in hand.pdus(mark).filter(|seen| !seen.sent) {
        for warning in explain(&seen.octets).warnings {
            if !all.contains(&warning) {
                all.push(warning);
            }
        }
    }
    all
}
