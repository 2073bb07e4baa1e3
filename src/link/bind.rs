//! One bind of a telco as it is kept, and how its connections end.
use super::shared::Shared;
use crate::{
    ports::status::{BindState, BindStatus},
    smpp::pdu::BindKind,
};
use std::sync::Arc;

/// How a connection ended.
#[derive(Clone, Debug)]
pub enum End {
    /// It was bound, and then something ended it.
    WasBound(String),
    /// It never was; nobody refused it.
    NotBound(String),
    /// The telco refused the bind.
    Refused(u32),
}

/// One bind of a telco, kept until the server stops.
pub(super) struct Keeper {
    pub(super) shared: Arc<Shared>,
    pub(super) kind: BindKind,
    pub(super) name: String,
    pub(super) last_error: Option<String>,
}

impl Keeper {
    /// Publishes where the bind stands.
    pub(super) fn publish(&self, state: BindState, in_flight: usize) {
        let shared = &self.shared;
        shared.board.publish(BindStatus {
            smsc: shared.telco.name.clone(),
            bind: self.name.clone(),
            state,
            since: shared.clock.now(),
            in_flight,
            window: if self.kind.sends() { shared.telco.window } else { 0 },
            last_error: self.last_error.clone(),
        });
    }
}
