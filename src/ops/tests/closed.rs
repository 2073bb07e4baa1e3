//! The ports of which the console asks nothing.
use super::{Depths, closed};
use crate::{
    ports::{
        PortFuture, StoreFault,
        citizens::CitizenRecord,
        feedback::{Feedback, FeedbackEnd, NewFeedback, StoredFeedback},
        inbox::NewMo,
        kiosks::{Command, Heartbeat, Kiosk, Kiosks, NewKiosk, Offer, Pairing, TokenHash},
        messages::{CallEnd, MessageStatus, Messages, NewCall},
        parts::{Joined, KeptPart, NewPart, OpenText, Parts},
        pushes::{Asked, Bounds, NewPush, PushEnd, Pushes, StoredPush},
        ussd::{UssdSession, UssdSessions, UssdStep},
    },
    types::{CauseId, Msisdn, MtId, UnixMs, names::Family},
};

#[rustfmt::skip]
impl UssdSessions for Depths {
    fn ussd(&self, _: Family, _: Msisdn) -> PortFuture<'_, Result<(Option<UssdSession>, CitizenRecord), StoreFault>> { closed() }
    fn keep_ussd(&self, _: UssdStep, _: UnixMs) -> PortFuture<'_, Result<Vec<MtId>, StoreFault>> { closed() }
}

#[rustfmt::skip]
impl Parts for Depths {
    fn keep_part(&self, _: NewPart) -> PortFuture<'_, Result<KeptPart, StoreFault>> { closed() }
    fn ended_texts(&self, _: UnixMs, _: usize) -> PortFuture<'_, Result<Vec<CauseId>, StoreFault>> { closed() }
    fn open_text(&self, _: CauseId) -> PortFuture<'_, Result<Option<OpenText>, StoreFault>> { closed() }
    fn join_parts(&self, _: NewMo, _: usize) -> PortFuture<'_, Result<Joined, StoreFault>> { closed() }
}

#[rustfmt::skip]
impl Messages for Depths {
    fn accept_call(&self, _: NewCall, _: UnixMs) -> PortFuture<'_, Result<CallEnd, StoreFault>> { closed() }
    fn message(&self, _: String, _: String, _: UnixMs) -> PortFuture<'_, Result<Option<MessageStatus>, StoreFault>> { closed() }
    fn messages_under(&self, _: String, _: String, _: UnixMs) -> PortFuture<'_, Result<Vec<MessageStatus>, StoreFault>> { closed() }
    fn messages_of(&self, _: String, _: String, _: UnixMs) -> PortFuture<'_, Result<Vec<MessageStatus>, StoreFault>> { closed() }
}

#[rustfmt::skip]
impl Pushes for Depths {
    fn take_event(&self, _: String, _: Option<NewPush>, _: UnixMs) -> PortFuture<'_, Result<bool, StoreFault>> { closed() }
    fn take_asked(&self, _: String, _: NewPush, _: Bounds, _: UnixMs) -> PortFuture<'_, Result<Asked, StoreFault>> { closed() }
    fn due_pushes(&self, _: UnixMs, _: usize) -> PortFuture<'_, Result<Vec<StoredPush>, StoreFault>> { closed() }
    fn end_push(&self, _: CauseId, _: PushEnd, _: UnixMs) -> PortFuture<'_, Result<(), StoreFault>> { closed() }
    fn event_cursor(&self) -> PortFuture<'_, Result<Option<String>, StoreFault>> { closed() }
    fn set_event_cursor(&self, _: Option<String>) -> PortFuture<'_, Result<(), StoreFault>> { closed() }
}

#[rustfmt::skip]
impl Feedback for Depths {
    fn keep_feedback(&self, _: NewFeedback, _: u64, _: UnixMs) -> PortFuture<'_, Result<bool, StoreFault>> { closed() }
    fn due_feedback(&self, _: UnixMs, _: usize) -> PortFuture<'_, Result<Vec<StoredFeedback>, StoreFault>> { closed() }
    fn end_feedback(&self, _: uuid::Uuid, _: FeedbackEnd, _: UnixMs) -> PortFuture<'_, Result<(), StoreFault>> { closed() }
}

impl crate::ports::leases::Leases for Depths {}

#[rustfmt::skip]
impl Kiosks for Depths {
    fn kiosk(&self, _: TokenHash) -> PortFuture<'_, Result<Option<Kiosk>, StoreFault>> { closed() }
    fn kiosks(&self) -> PortFuture<'_, Result<Vec<Kiosk>, StoreFault>> { closed() }
    fn pairing(&self, _: TokenHash, _: UnixMs) -> PortFuture<'_, Result<Pairing, StoreFault>> { closed() }
    fn offer_pairing(&self, _: Offer, _: UnixMs) -> PortFuture<'_, Result<(), StoreFault>> { closed() }
    fn take_pairing(&self, _: TokenHash, _: TokenHash, _: UnixMs) -> PortFuture<'_, Result<bool, StoreFault>> { closed() }
    fn pairing_taken(&self, _: String) -> PortFuture<'_, Result<(), StoreFault>> { closed() }
    fn pair(&self, _: NewKiosk, _: UnixMs) -> PortFuture<'_, Result<bool, StoreFault>> { closed() }
    fn revoke(&self, _: String, _: UnixMs) -> PortFuture<'_, Result<bool, StoreFault>> { closed() }
    fn keep_heartbeats(&self, _: Vec<(String, Heartbeat)>) -> PortFuture<'_, Result<(), StoreFault>> { closed() }
    fn tell_kiosk(&self, _: String, _: Command, _: UnixMs) -> PortFuture<'_, Result<bool, StoreFault>> { closed() }
    fn commands(&self, _: String, _: UnixMs) -> PortFuture<'_, Result<Vec<Command>, StoreFault>> { closed() }
    fn commands_done(&self, _: String, _: Vec<String>, _: UnixMs) -> PortFuture<'_, Result<(), StoreFault>> { closed() }
    fn tallied(&self, _: Vec<String>, _: UnixMs) -> PortFuture<'_, Result<Vec<u32>, StoreFault>> { closed() }
    fn tally_ends(&self, _: Vec<String>, _: UnixMs) -> PortFuture<'_, Result<Vec<UnixMs>, StoreFault>> { closed() }
    fn tally(&self, _: Vec<(String, i64, u32)>, _: UnixMs) -> PortFuture<'_, Result<bool, StoreFault>> { closed() }
    fn untally(&self, _: Vec<String>, _: UnixMs) -> PortFuture<'_, Result<(), StoreFault>> { closed() }
    fn seal(&self, _: &'static str, _: &[u8], _: &[u8]) -> Option<Vec<u8>> { None }
    fn unseal(&self, _: &'static str, _: &[u8], _: &[u8]) -> Option<Vec<u8>> { None }
    fn digest(&self, _: &str) -> [u8; 32] { [0; 32] }
}
