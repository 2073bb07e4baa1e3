//! Texts whose commit took so long that the link has given them back meanwhile, though it succeeded at last: they come again,
//! over the same session, and are then no new questions. It must not know what a commit is.
use crate::types::{
    CauseId,
    limits::{COMMIT_SLOW, MO_IN_HAND_MAX},
    lock,
};
use std::{collections::VecDeque, sync::Mutex, time::Duration};
use tokio::time::Instant;

/// The link's clock began a little before ours.
const EARLIER: Duration = Duration::from_millis(50);
/// How long one is waited for: an SMSC tries again within minutes.
const KEPT: Duration = Duration::from_secs(10 * 60);

/// The newest of them, each once for every commit: a text in parts has several.
#[derive(Default)]
pub(super) struct Slowly(Mutex<VecDeque<(Instant, CauseId)>>);

impl Slowly {
    /// Notes what a commit that began then has stored, if it was given back.
    pub(super) fn stored(&self, mo: CauseId, begun: Instant) {
        let now = Instant::now();
        if now - begun + EARLIER < COMMIT_SLOW {
            return;
        }
        let mut all = lock(&self.0);
        if all.len() == MO_IN_HAND_MAX {
            all.pop_front();
        }
        all.push_back((now, mo));
    }

    /// Whether this one was given back and has not come again yet; from then on it has.
    pub(super) fn comes_again(&self, mo: CauseId) -> bool {
        let mut all = lock(&self.0);
        all.retain(|(at, _)| at.elapsed() < KEPT);
        let found = all.iter().position(|(_, noted)| *noted == mo);
        found.and_then(|at| all.remove(at)).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_was_given_back_comes_again_once_and_what_was_not_is_new() {
        let (slowly, mo, other) =
            (Slowly::default(), CauseId(uuid::Uuid::from_u128(1)), CauseId(uuid::Uuid::from_u128(2)));
        let begun = Instant::now();
        slowly.stored(other, begun);
        tokio::time::advance(Duration::from_millis(2_000)).await;
        slowly.stored(mo, begun);
        assert!(slowly.comes_again(mo) && !slowly.comes_again(mo) && !slowly.comes_again(other));
        slowly.stored(mo, begun);
        tokio::time::advance(KEPT).await;
        assert!(!slowly.comes_again(mo), "nobody tries again so late");
    }
}
