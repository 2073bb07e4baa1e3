//! What kiosks need besides answers: to be paired and told things, to know whose number was typed, and to send what they
//! show to a telephone. It must not know a page.
mod devices;
mod heartbeats;
mod number_proof;
pub(super) mod send;
mod staff_calls;

pub use number_proof::CodeTried;
pub use send::{Receiver, TextRefusal, TextsToPhones};

use super::conversation::counts::Counts;
use crate::ports::{clock::Clock, kiosks as port};
use heartbeats::Heartbeats;
use staff_calls::StaffCalls;
use std::{sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

/// In which staff PINs are counted, and for which orders to a device are of use.
const TEN_MINUTES: Duration = Duration::from_secs(10 * 60);

/// Serves kiosks. Cheap to clone.
#[derive(Clone)]
pub struct Kiosks {
    needs: Arc<Needs>,
    heartbeats: Arc<Heartbeats>,
    staff_calls: Arc<StaffCalls>,
    /// Sends what they show to telephones.
    pub phones: TextsToPhones,
}

/// What kiosks need of others.
pub(super) struct Needs {
    pub(super) store: Arc<dyn port::Kiosks>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) counts: Counts,
}

impl Kiosks {
    pub(super) fn new(needs: Needs, phones: TextsToPhones) -> Self {
        Kiosks { needs: Arc::new(needs), heartbeats: Arc::default(), staff_calls: Arc::default(), phones }
    }

    /// Keeps what devices said, until `stop`.
    pub(super) async fn keep_heartbeats(self, stop: CancellationToken) {
        self.heartbeats.keep(&*self.needs.store, stop).await;
    }
}

#[cfg(test)]
mod tests;
