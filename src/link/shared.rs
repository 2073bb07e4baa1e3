//! What every bind of a telco shares. It must not know a PDU.
use super::{telco::Telco, ussd_senders};
use crate::{
    exchange::Exchange,
    ports::{clock::Clock, status::Board, telcos::TelcoBoard, trace::Trace},
    smpp::esme::Pace,
};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use tokio_util::sync::CancellationToken;

/// What every bind of a telco shares.
pub(super) struct Shared {
    pub(super) telco: Telco,
    pub(super) exchange: Exchange,
    pub(super) board: Arc<Board>,
    pub(super) trace: Arc<Trace>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) pace: Arc<Pace>,
    /// What operators see of the telco as a whole.
    pub(super) shown: Arc<TelcoBoard>,
    pub(super) ussd_senders: ussd_senders::UssdSenders,
    /// A receipt that could not be read was told of.
    pub(super) unread_told: AtomicBool,
    pub(super) stop: CancellationToken,
}

impl Shared {
    /// Counts a receipt that names no message, and says so once: how a telco writes them does not change from one
    /// to the next.
    pub(super) fn unread_receipt(&self) {
        let smsc = &self.telco.name;
        metrics::counter!("chrak_receipts_total", "smsc" => smsc.as_str().to_owned(), "result" => "unread")
            .increment(1);
        if !self.unread_told.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                smsc = %smsc,
                "a delivery receipt names no message: neither receipted_message_id nor id: stands in it; its like are \
                 acknowledged and counted as unread"
            );
        }
    }
}
