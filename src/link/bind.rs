//! One bind of a telco as it is kept, and how its connections end.
use super::{dial::ConnectFault, shared::Shared};
use crate::types::UnixMs;
use crate::{
    exchange::{Hold, Over},
    ports::status::{BindState, BindStatus, LastError},
    smpp::{
        pdu::BindKind,
        session::CloseReason,
        status::{BindClass, ESME_RINVBNDSTS, ESME_RMSGQFUL, ESME_RTHROTTLED, bind_class, name},
    },
};
use std::sync::{Arc, atomic::AtomicUsize};

/// How a connection ended, as operators are told it.
#[derive(Debug, thiserror::Error)]
pub(super) enum End {
    /// It was bound, and then something ended it.
    #[error("{0}")]
    WasBound(Why),
    /// It never was; nobody refused it.
    #[error("{0}")]
    NotBound(Why),
    /// The telco refused the bind.
    #[error("the telco refused the bind: {}", name(*.0))]
    Refused(u32),
}

impl End {
    /// The telco wants to be left alone for a while: it holds an old session still, or has too much to do.
    pub(super) fn is_for_later(&self) -> bool {
        let throttled = |status: u32| matches!(status, ESME_RTHROTTLED | ESME_RMSGQFUL);
        matches!(self, End::Refused(status) if bind_class(*status) == BindClass::AlreadyBound || throttled(*status))
    }

    /// An operator wants a new one, or none for now.
    pub(super) fn is_ordered(&self) -> bool {
        let ordered = |why: &Why| matches!(why, Why::Rebind | Why::Drained);
        matches!(self, End::WasBound(why) | End::NotBound(why) if ordered(why))
    }

    /// Another node is to have the bind, or may have it already.
    pub(super) fn is_for_another(&self) -> bool {
        let another = |why: &Why| matches!(why, Why::GivenUp | Why::LeaseLost);
        matches!(self, End::WasBound(why) | End::NotBound(why) if another(why))
    }

    /// The account is wrong: a matter for people.
    pub(super) fn is_of_the_account(&self) -> bool {
        matches!(self, End::Refused(status) if bind_class(*status) == BindClass::Account)
    }
}

/// Why a connection ended, or was not made.
#[derive(Debug, thiserror::Error)]
pub(super) enum Why {
    /// As the session ended.
    #[error("{0}")]
    Closed(CloseReason),
    /// It could not be made.
    #[error("{0}")]
    NotConnected(ConnectFault),
    /// TLS ended it, in words.
    #[error("{0}")]
    Tls(String),
    /// The system has given the connection up.
    #[error("nothing that is sent to the telco arrives any more: the connection is dead")]
    LineDead,
    /// It does not know the bind any more.
    #[error("the telco answers as if we were not bound, with {}: binding anew", name(ESME_RINVBNDSTS))]
    Forgotten,
    /// The server stops.
    #[error("stopping")]
    Stopping,
    /// It is to come again at once.
    #[error("an operator has ordered a new bind")]
    Rebind,
    /// It is not to come again until it is wanted.
    #[error("an operator has drained this telco")]
    Drained,
    /// The telco is none of ours any more.
    #[error("the telco is taken out of the configuration")]
    Retired,
    /// It is another node's share.
    #[error("another node is to have this bind")]
    GivenUp,
    /// Whoever else may have it: nothing may be sent any more.
    #[error("this node could not keep the lease of this bind in time: another one may have it")]
    LeaseLost,
    /// SMSCs are to keep their messages.
    #[error("the database is lost: staying away until it works")]
    StoreLost,
}

impl From<Over> for Why {
    fn from(over: Over) -> Self {
        match over {
            Over::Lost => Why::LeaseLost,
            Over::GivenUp => Why::GivenUp,
        }
    }
}

/// One bind of a telco, kept until its link ends.
pub(super) struct Keeper {
    pub(super) shared: Arc<Shared>,
    pub(super) kind: BindKind,
    pub(super) name: String,
    /// Address and port of the other end of the present connection.
    pub(super) peer: Option<String>,
    pub(super) last_error: Option<LastError>,
    /// When it is tried again.
    pub(super) again_at: Option<UnixMs>,
    /// The node that holds it.
    pub(super) node: Option<String>,
    /// That it is ours.
    pub(super) hold: Hold,
}

impl Keeper {
    /// One of which nothing is known yet.
    pub(super) fn new(shared: Arc<Shared>, kind: BindKind, name: String) -> Self {
        Keeper { shared, kind, name, peer: None, last_error: None, again_at: None, node: None, hold: Hold::free() }
    }

    /// Publishes where the bind stands; returned is where it says how many submit_sm are in flight.
    pub(super) fn publish(&self, state: BindState) -> Arc<AtomicUsize> {
        let shared = &self.shared;
        shared.board.publish(BindStatus {
            smsc: shared.telco.name.clone(),
            bind: self.name.clone(),
            state,
            since: shared.clock.now(),
            in_flight: 0,
            window: if self.kind.sends() { shared.telco.window } else { 0 },
            peer: self.peer.clone(),
            last_error: self.last_error.clone(),
            node: self.node.clone(),
            again_at: self.again_at.filter(|_| state == BindState::Waiting),
        })
    }
}
