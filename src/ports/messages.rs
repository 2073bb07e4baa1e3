//! Messages of agencies: accepted in one commit with their call, looked up later. Each method is one
//! transaction.
use super::{PortFuture, Refusal, StoreFault, pushes::NewPush};
use crate::types::UnixMs;

/// What a text costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Cost {
    /// SMS that it takes.
    pub segments: u8,
    /// Whether it takes UCS-2.
    pub ucs2: bool,
}

/// A message that was judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMessage {
    /// Not guessable.
    pub id: String,
    /// The agency's own name for it.
    pub reference: Option<String>,
    /// Digest of what was asked for.
    pub fingerprint: [u8; 32],
    /// The number as it may be shown.
    pub masked: String,
    /// Respects STOP and quiet hours.
    pub notice: bool,
    /// What its text costs; `None` when there is none to count.
    pub cost: Option<Cost>,
    /// Not before.
    pub send_at: Option<UnixMs>,
    /// End of its validity.
    pub expires_at: UnixMs,
    /// Refused, or to be sent.
    pub verdict: Result<NewPush, Refusal>,
}

/// One call with its messages.
#[derive(Clone, Debug)]
pub struct NewCall {
    /// Who calls.
    pub agency: String,
    /// Names the call: its Idempotency-Key and a digest of its body.
    pub key: Option<(String, [u8; 32])>,
    /// Names the call for questions about its messages.
    pub request: String,
    /// What the NOMSA shape calls its credentials.
    pub label: String,
    /// In the order in which they came.
    pub messages: Vec<NewMessage>,
    /// Messages a day; 0 is no limit.
    pub per_day: u32,
    /// Today, `YYYY-MM-DD` in the zone of the offices.
    pub day: String,
}

/// What became of one message of a call.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Item {
    /// Its id, or that of the one that was accepted before under its reference.
    pub id: String,
    /// The agency's own name for it.
    pub reference: Option<String>,
    /// Why it was refused.
    pub refused: Option<Refusal>,
    /// It had been accepted before; it is not sent again.
    pub replayed: bool,
    /// What its text costs.
    pub cost: Option<Cost>,
}

/// What became of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallEnd {
    /// Judged and stored.
    Done {
        /// Names the call for questions about its messages.
        request: String,
        /// In the order of the messages.
        items: Vec<Item>,
        /// The same call had been made before; nothing was stored.
        replayed: bool,
    },
    /// The key named another call.
    Mismatch,
    /// It would pass the quota; nothing was stored.
    Quota {
        /// Messages left today.
        left: u32,
    },
}

/// Where a message stands; the names are those of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the states of the API's document")]
pub enum MessageState {
    Accepted,
    HeldQuietHours,
    Queued,
    Submitted,
    Delivered,
    Undelivered,
    Expired,
    Rejected,
}

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageStatus {
    /// Its id.
    pub id: String,
    /// The agency's own name for it.
    pub reference: Option<String>,
    /// The number as it may be shown.
    pub masked: String,
    /// What the NOMSA shape calls its credentials.
    pub label: String,
    /// Respects STOP and quiet hours.
    pub notice: bool,
    /// Where it stands.
    pub state: MessageState,
    /// When it last reached each state that it has had.
    pub times: Vec<(MessageState, UnixMs)>,
    /// As asked for.
    pub send_at: Option<UnixMs>,
    /// With `HeldQuietHours`.
    pub held_until: Option<UnixMs>,
    /// End of its validity.
    pub expires_at: UnixMs,
    /// What its text costs.
    pub cost: Option<Cost>,
    /// The telco that took or refused it.
    pub smsc: Option<String>,
    /// Why Chrak refused it.
    pub refused: Option<Refusal>,
    /// command_status of the telco's refusal.
    pub command_status: Option<u32>,
    /// The telco's word for why it did not arrive.
    pub receipt_error: Option<String>,
    /// Id that the telco gave to its first segment.
    pub message_id: Option<String>,
    /// A telco has put it off at least once.
    pub deferred: bool,
    /// Destroyed after its retention.
    pub redacted: bool,
}

/// The port.
pub trait Messages: Send + Sync {
    /// Stores a call with its messages, or repeats what it came to. Durable when done.
    fn accept_call(&self, call: NewCall, now: UnixMs) -> PortFuture<'_, Result<CallEnd, StoreFault>>;
    /// One message of an agency.
    fn message(
        &self,
        agency: String,
        id: String,
        now: UnixMs,
    ) -> PortFuture<'_, Result<Option<MessageStatus>, StoreFault>>;
    /// Messages of an agency under a reference, latest first, at most 100.
    fn messages_under(
        &self,
        agency: String,
        reference: String,
        now: UnixMs,
    ) -> PortFuture<'_, Result<Vec<MessageStatus>, StoreFault>>;
    /// Messages of a call of an agency; empty when there is no such call.
    fn messages_of(
        &self,
        agency: String,
        request: String,
        now: UnixMs,
    ) -> PortFuture<'_, Result<Vec<MessageStatus>, StoreFault>>;
}
