//! What goes into an ESME and what comes out of it, as plain values.
use crate::{
    smpp::{
        anomaly::Anomaly,
        decode::Deliver,
        pdu::{Address, UssdSubmit},
        session::CloseReason,
    },
    types::{CauseId, MtId, UnixMs},
};
use std::time::{Duration, Instant};

/// One moment by both clocks.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// For timers.
    pub at: Instant,
    /// For what the telco is told of the time (validity_period).
    pub wall: UnixMs,
}

/// A deliver_sm or data_sm that waits for its resp; never the same twice on one connection, whatever sequence_numbers
/// the telco uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Owed(pub(super) u64);

/// What became of what the telco delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// It is durable, or there was nothing durable to it: ESME_ROK. With an id, [`Effect::Read`] says when the telco
    /// has read that.
    Kept(Option<CauseId>),
    /// Too much in hand: ESME_RTHROTTLED, the telco keeps it.
    Overload,
    /// It could not be stored, or nobody knows: ESME_RSYSERR, the telco sends it again.
    Failed,
}

/// What became of a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The telco took it, under this id when it gave one.
    Sent {
        /// message_id of the resp.
        message_id: Option<String>,
    },
    /// Refused because the whole link is too fast: to be sent again, the try not counted.
    Throttled {
        /// command_status.
        status: u32,
    },
    /// Refused for now.
    Retry {
        /// Not before so long from now.
        after: Duration,
        /// command_status.
        status: u32,
    },
    /// Refused for good, or tried too often.
    Failed {
        /// command_status.
        status: u32,
    },
    /// Nobody knows: no resp in time, or the session ended.
    Unknown,
    /// It was never written.
    Unwritten,
}

impl Outcome {
    /// Whether it was written, so that [`super::Esme::settled`] is to be told when this outcome is stored.
    pub fn was_written(&self) -> bool {
        *self != Outcome::Unwritten
    }
}

/// A USSD screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Screen {
    /// The owner's name for it; comes back in [`Effect::Screen`].
    pub id: u64,
    /// What is sent.
    pub pdu: UssdSubmit,
    /// From then on it is too late: the gateway has ended the session.
    pub until: Instant,
}

/// What became of a screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScreenFate {
    /// It was written then, and the gateway took it or has not said what became of it.
    Written {
        /// When it was put into the output, the last time.
        at: Instant,
    },
    /// It was too late, and is not shown.
    Late,
    /// The gateway refused it, and it is not tried again.
    Refused {
        /// command_status.
        status: u32,
    },
}

/// What happened, or is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The telco took the bind.
    Bound {
        /// What it calls itself.
        system_id: String,
        /// Its sc_interface_version, when told.
        version: Option<u8>,
    },
    /// The telco refused the bind; the session is over.
    Refused {
        /// command_status.
        status: u32,
    },
    /// A citizen's text: to be stored, then [`super::Esme::stored`].
    Text {
        /// Its resp.
        owed: Owed,
        /// As it came.
        deliver: Deliver,
    },
    /// An input of a USSD session: [`super::Esme::stored`] at once, nothing durable is lost with it.
    Ussd {
        /// Its resp.
        owed: Owed,
        /// As it came.
        deliver: Deliver,
    },
    /// A receipt with the last word on a segment: to be stored, then [`super::Esme::stored`]. Of one that says "on its
    /// way" nothing is told.
    Receipt {
        /// Its resp.
        owed: Owed,
        /// The id of the submit_sm_resp, as written here.
        message_id: String,
        /// It arrived; else it will not.
        delivered: bool,
        /// source_addr.
        source: Address,
        /// destination_addr.
        destination: Address,
    },
    /// A receipt by its esm_class that names no message: it is acknowledged, as no repetition would name one.
    UnreadReceipt,
    /// The telco has read that these are stored, in the order in which it was told.
    Read(Vec<CauseId>),
    /// What became of a segment; once for each.
    Settle {
        /// Which.
        segment: MtId,
        /// What.
        outcome: Outcome,
        /// From its submit_sm to the resp, where there is one.
        after: Option<Duration>,
    },
    /// A segment was written that is the last of an answer, so long after the question was read.
    Answered {
        /// From reading to writing.
        after: Duration,
    },
    /// What became of a screen; once for each, unless the session ends while it waits to be written.
    Screen {
        /// The owner's name for it.
        id: u64,
        /// What.
        fate: ScreenFate,
    },
    /// The gateway refused a screen as it is too fast; it waits in its place, and goes again while it is of use.
    ScreenRefused {
        /// The owner's name for it.
        id: u64,
        /// command_status.
        status: u32,
    },
    /// The telco says that it is too fast.
    Throttled {
        /// It takes nothing at all any more: nothing goes for so long.
        pause: Option<Duration>,
    },
    /// The telco says that it nears congestion, and from now on is spoken to more slowly.
    Congested {
        /// Its load, in percent.
        percent: u8,
        /// submit_sm per second.
        per_second: u32,
    },
    /// The telco refuses what is sent as if this were no bind; the session is left, to be bound anew.
    Forgotten,
    /// Something odd that was survived.
    Anomaly(Anomaly),
    /// The session is over; the last effect, but that a segment which is handed over after it comes back.
    Closed(CloseReason),
}
