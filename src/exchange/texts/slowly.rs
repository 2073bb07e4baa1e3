//! Texts that were given back with an error and are stored all the same, or may be: their commit took so long that the link had
//! given them back meanwhile, or nobody knows how it ended. They come again, over the same session, and are then no new questions. It must not know what a commit is.
use crate::types::{
    CauseId,
    limits::{COMMIT_SLOW, MO_IN_HAND_MAX},
    lock,
};
use std::{collections::VecDeque, sync::Mutex, time::Duration};
use tokio::time::Instant;

/// A commit that ends within this was told to the telco as it ended. The link's clock began a little before ours.
pub(super) const IN_TIME: Duration = COMMIT_SLOW.saturating_sub(Duration::from_millis(50));
/// How long one is waited for: an SMSC tries again within minutes.
const KEPT: Duration = Duration::from_secs(10 * 60);

/// The newest of them, each once for every commit: a text in parts has several.
#[derive(Default)]
pub(super) struct Slowly {
    noted: Mutex<VecDeque<(Instant, CauseId)>>,
    /// The same by their redelivery keys: in an open conversation nothing but the key tells that one comes again.
    keyed: Mutex<VecDeque<(Instant, Digest, CauseId)>>,
}

/// Of a redelivery key.
type Digest = [u8; 32];

impl Slowly {
    /// Notes what a commit that began then has stored, if it was given back.
    pub(super) fn stored(&self, mo: CauseId, begun: Instant) {
        let now = Instant::now();
        if now - begun < IN_TIME {
            return;
        }
        let mut all = lock(&self.noted);
        if all.len() == MO_IN_HAND_MAX {
            all.pop_front();
        }
        all.push_back((now, mo));
    }

    /// Notes what was given back with this key, and is stored or may be.
    pub(super) fn given_back(&self, digest: Digest, mos: impl IntoIterator<Item = CauseId>) {
        let (now, mut all) = (Instant::now(), lock(&self.keyed));
        for mo in mos {
            if all.len() == MO_IN_HAND_MAX {
                all.pop_front();
            }
            all.push_back((now, digest, mo));
        }
    }

    /// What an MO with this key may be once more. From then on it has come.
    pub(super) fn may_be(&self, digest: &Digest) -> Vec<CauseId> {
        let mut all = lock(&self.keyed);
        if all.is_empty() {
            return Vec::new();
        }
        all.retain(|(at, ..)| at.elapsed() < KEPT);
        let of_it = all.iter().filter(|(_, noted, _)| noted == digest).map(|(.., mo)| *mo).collect();
        all.retain(|(_, noted, _)| noted != digest);
        of_it
    }

    /// Whether this one was given back and has not come again yet; from then on it has.
    pub(super) fn comes_again(&self, mo: CauseId) -> bool {
        let mut all = lock(&self.noted);
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

    #[tokio::test(start_paused = true)]
    async fn a_key_tells_once_what_may_come_again_and_for_ten_minutes() {
        let (slowly, mo) = (Slowly::default(), CauseId(uuid::Uuid::from_u128(1)));
        slowly.given_back([7; 32], [mo]);
        assert_eq!((slowly.may_be(&[8; 32]), slowly.may_be(&[7; 32])), (vec![], vec![mo]));
        assert_eq!(slowly.may_be(&[7; 32]), [], "it has come");
        slowly.given_back([7; 32], [mo]);
        tokio::time::advance(KEPT).await;
        assert_eq!(slowly.may_be(&[7; 32]), [], "nobody tries again so late");
    }
}
