//! The store as the services see it: each of its commits says whether the store takes them, so that nobody has to
//! remember to. It must not know what is stored.
use super::health::Health;
use crate::{
    ports::{
        PortFuture, Store, StoreFault, Trouble,
        citizens::{CitizenRecord, Citizens},
        feedback::{Feedback, FeedbackEnd, NewFeedback, StoredFeedback},
        inbox::{Accepted, Finish, Inbox, NewMo, Recovery, StoredMo},
        kiosks::{Command, Heartbeat, Kiosk, Kiosks, NewKiosk, Offer, Pairing, TokenHash},
        leases::{BindId, Leases, OwnLease, Shares},
        messages::{CallEnd, MessageStatus, Messages, NewCall},
        nodes::{Neighbours, Nodes, TakenOver},
        orders::Order,
        outbox::{DueMt, NewReceipt, Outbox, Receipted, Resolved, Settlement},
        parts::{Joined, KeptPart, NewPart, OpenText, Parts},
        pushes::{Asked, Bounds, NewPush, PushEnd, Pushes, StoredPush},
        ussd::{UssdSession, UssdSessions, UssdStep},
    },
    smpp::message_id::Learned,
    types::{
        CauseId, Msisdn, MtId, SessionId, UnixMs,
        limits::STORE_STALLED,
        names::{Family, SmscName},
    },
};
use std::sync::Arc;
use tokio::time::Instant;
use uuid::Uuid;

/// A store whose failed commits are known to the health of the exchange.
pub(super) struct Watched {
    store: Arc<dyn Store>,
    health: Arc<Health>,
}

impl Watched {
    pub(super) fn new(store: Arc<dyn Store>, health: Arc<Health>) -> Self {
        Watched { store, health }
    }

    /// What a call came to; a failure is told, and so is one that does not come back: a disk that hangs fails nothing. A row that somebody else has, and a change that breaks a rule, say
    /// nothing of the store: it was there to refuse them.
    fn watch<'a, T: Send + 'a>(
        &'a self,
        call: PortFuture<'a, Result<T, StoreFault>>,
    ) -> PortFuture<'a, Result<T, StoreFault>> {
        Box::pin(async move {
            let begun = Instant::now();
            let mut call = call;
            let came = match tokio::time::timeout(STORE_STALLED, &mut call).await {
                Ok(came) => came,
                Err(_) => {
                    self.health.failed(begun);
                    call.await
                }
            };
            if let Err(StoreFault::Busy | StoreFault::Unknown | StoreFault::Closed) = came {
                self.health.failed(begun);
            }
            came
        })
    }
}

/// Implements a port: `watch` for commits, and for the reads without which no text goes on; `pass` for what is only
/// shown.
macro_rules! passes_on {
    ($port:ident { $($how:ident $name:ident($($arg:ident: $type:ty),*) -> $told:ty;)* } $($rest:tt)*) => {
        impl $port for Watched {
            $(fn $name(&self, $($arg: $type),*) -> PortFuture<'_, Result<$told, StoreFault>> {
                passes_on!(@$how self, self.store.$name($($arg),*))
            })*
            $($rest)*
        }
    };
    (@watch $self:ident, $call:expr) => { $self.watch($call) };
    (@pass $self:ident, $call:expr) => { $call };
}

passes_on!(Parts {
    watch keep_part(part: NewPart) -> KeptPart;
    watch ended_texts(now: UnixMs, limit: usize) -> Vec<CauseId>;
    watch open_text(text: CauseId) -> Option<OpenText>;
    watch join_parts(mo: NewMo, parts: usize) -> Joined;
});

passes_on!(Nodes {
    pass neighbours() -> Neighbours;
    watch take_over(now: UnixMs) -> TakenOver;
});

passes_on!(Inbox {
    watch begin(now: UnixMs) -> Recovery;
    watch end(now: UnixMs) -> ();
    watch accept(mo: NewMo) -> Accepted;
    watch waiting(suspects: bool, after: Option<CauseId>, limit: usize) -> Vec<StoredMo>;
    watch claim(mo: CauseId, alone: bool, now: UnixMs) -> CitizenRecord;
    watch release(mo: CauseId, now: UnixMs) -> ();
    watch finish(finish: Finish, now: UnixMs) -> Vec<MtId>;
    watch confirm(mos: Vec<CauseId>) -> ();
    pass inbox_depth() -> u64;
    pass probe() -> ();
    watch sweep(texts_before: UnixMs, now: UnixMs) -> u64;
}
fn trouble(&self) -> Option<Trouble> {
    self.store.trouble()
});

passes_on!(Outbox {
    watch due(smsc: SmscName, now: UnixMs, limit: usize) -> Vec<DueMt>;
    watch queued(smsc: SmscName) -> bool;
    watch begin_submit(mts: Vec<MtId>, session: SessionId, now: UnixMs) -> Vec<MtId>;
    watch settle(settlements: Vec<Settlement>, now: UnixMs) -> ();
    watch resolve_ambiguous(smsc: SmscName, before: UnixMs, now: UnixMs) -> Resolved;
    watch expire(now: UnixMs) -> u64;
    watch receipt(receipt: NewReceipt, now: UnixMs) -> Receipted;
    pass learned() -> Vec<(Family, Learned)>;
    pass outbox_depth() -> u64;
});

passes_on!(Citizens {
    pass citizen(number: Msisdn) -> CitizenRecord;
});

passes_on!(Pushes {
    watch take_event(event: String, push: Option<NewPush>, now: UnixMs) -> bool;
    watch take_asked(name: String, push: NewPush, bounds: Bounds, now: UnixMs) -> Asked;
    pass due_pushes(now: UnixMs, limit: usize) -> Vec<StoredPush>;
    watch end_push(push: CauseId, end: PushEnd, now: UnixMs) -> ();
    pass event_cursor() -> Option<String>;
    watch set_event_cursor(cursor: Option<String>) -> ();
});

passes_on!(Feedback {
    watch keep_feedback(new: NewFeedback, most: u64, now: UnixMs) -> bool;
    pass due_feedback(now: UnixMs, limit: usize) -> Vec<StoredFeedback>;
    watch end_feedback(id: Uuid, end: FeedbackEnd, now: UnixMs) -> ();
});

passes_on!(Messages {
    watch accept_call(call: NewCall, now: UnixMs) -> CallEnd;
    pass message(agency: String, id: String, now: UnixMs) -> Option<MessageStatus>;
    pass messages_under(agency: String, reference: String, now: UnixMs) -> Vec<MessageStatus>;
    pass messages_of(agency: String, request: String, now: UnixMs) -> Vec<MessageStatus>;
});

passes_on!(UssdSessions {
    watch ussd(family: Family, number: Msisdn) -> (Option<UssdSession>, CitizenRecord);
    watch keep_ussd(step: UssdStep, now: UnixMs) -> Vec<MtId>;
});

// a round that fails comes again in a second: it says nothing of what is written
passes_on!(Leases {
    pass renew_leases(run: i64, held: Vec<(OwnLease, bool)>) -> Vec<BindId>;
    pass take_seats(run: i64, telcos: Vec<SmscName>) -> ();
    pass shares() -> Shares;
    pass take_leases(run: i64, binds: Vec<BindId>) -> Vec<OwnLease>;
    pass release_leases(run: i64, leases: Vec<OwnLease>) -> ();
    pass order(smsc: SmscName, order: Order) -> ();
}
fn node(&self) -> Option<String> {
    self.store.node()
});

passes_on!(Kiosks {
    pass kiosk(token: TokenHash) -> Option<Kiosk>;
    pass kiosks() -> Vec<Kiosk>;
    pass pairing(token: TokenHash, now: UnixMs) -> Pairing;
    watch offer_pairing(offer: Offer, now: UnixMs) -> ();
    watch pair(new: NewKiosk, now: UnixMs) -> bool;
    watch take_pairing(old: TokenHash, new: TokenHash, now: UnixMs) -> bool;
    watch pairing_taken(id: String) -> ();
    watch revoke(id: String, now: UnixMs) -> bool;
    watch keep_heartbeats(heartbeats: Vec<(String, Heartbeat)>) -> ();
    watch tell_kiosk(id: String, command: Command, now: UnixMs) -> bool;
    pass commands(id: String, since: UnixMs) -> Vec<Command>;
    watch commands_done(id: String, done: Vec<String>, now: UnixMs) -> ();
    pass tallied(names: Vec<String>, now: UnixMs) -> Vec<u32>;
    pass tally_ends(names: Vec<String>, now: UnixMs) -> Vec<UnixMs>;
    watch tally(windows: Vec<(String, i64, u32)>, now: UnixMs) -> bool;
    watch untally(names: Vec<String>, now: UnixMs) -> ();
}
fn seal(&self, name: &'static str, place: &[u8], plain: &[u8]) -> Option<Vec<u8>> {
    self.store.seal(name, place, plain)
}
fn unseal(&self, name: &'static str, place: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    self.store.unseal(name, place, sealed)
}
fn digest(&self, of: &str) -> [u8; 32] {
    self.store.digest(of)
});
