//! The ports of which the console asks nothing.
use super::{Depths, closed};
use crate::{
    ports::{
        PortFuture, StoreFault,
        citizens::CitizenRecord,
        messages::{CallEnd, MessageStatus, Messages, NewCall},
        pushes::{NewPush, PushEnd, Pushes, StoredPush},
        ussd::{UssdSession, UssdSessions, UssdStep},
    },
    types::{MoId, Msisdn, UnixMs, names::Family},
};

#[rustfmt::skip]
impl UssdSessions for Depths {
    fn ussd(&self, _: Family, _: Msisdn) -> PortFuture<'_, Result<(Option<UssdSession>, CitizenRecord), StoreFault>> { closed() }
    fn keep_ussd(&self, _: UssdStep, _: UnixMs) -> PortFuture<'_, Result<(), StoreFault>> { closed() }
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
    fn due_pushes(&self, _: UnixMs, _: usize) -> PortFuture<'_, Result<Vec<StoredPush>, StoreFault>> { closed() }
    fn end_push(&self, _: MoId, _: PushEnd, _: UnixMs) -> PortFuture<'_, Result<(), StoreFault>> { closed() }
    fn event_cursor(&self) -> PortFuture<'_, Result<Option<String>, StoreFault>> { closed() }
    fn set_event_cursor(&self, _: Option<String>) -> PortFuture<'_, Result<(), StoreFault>> { closed() }
    fn failed_look_ups(&self, _: i64) -> PortFuture<'_, Result<u32, StoreFault>> { closed() }
}
