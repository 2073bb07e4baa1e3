//! The conversation, whatever the channel: what is said goes through the dialogue, the dialogue asks the portal through its
//! gate, within the caller's limits. Writes nothing but counts, and what was said and did not reach the portal; what a
//! channel keeps of it is the channel's.
mod budget;
pub(super) mod counts;
pub(super) mod gate;
pub(super) mod keep;
pub(super) mod limits;
mod run;
mod shut;
pub(super) mod talk;
mod visits;

pub(super) use run::Heard;
pub use shut::Shut;
pub use visits::Visit;

use super::settings::Settings;
use crate::ports::{clock::Clock, feedback::Feedback, portal::Abilities};
use gate::Gate;
use std::sync::Arc;
use tokio_util::task::TaskTracker;

/// Converses. Cheap to clone.
#[derive(Clone)]
pub struct Conversation {
    core: Arc<Core>,
}

struct Core {
    gate: Gate,
    feedback: Arc<dyn Feedback>,
    clock: Arc<dyn Clock>,
    settings: Arc<Settings>,
    tasks: TaskTracker,
}

impl Conversation {
    /// Before this gate; `tasks`: what is ended whether somebody waits for it or not.
    pub(super) fn new(
        gate: Gate,
        feedback: Arc<dyn Feedback>,
        clock: Arc<dyn Clock>,
        settings: Arc<Settings>,
        tasks: TaskTracker,
    ) -> Self {
        Conversation { core: Arc::new(Core { gate, feedback, clock, settings, tasks }) }
    }

    /// What the portal offers.
    pub fn abilities(&self) -> Abilities {
        self.core.gate.abilities()
    }

    /// Gives back to the store what was taken for guesses that nobody made.
    pub(super) async fn settle(&self) {
        self.core.gate.settle().await;
    }
}

#[cfg(test)]
mod tests;
