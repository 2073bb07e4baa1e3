//! The reading of the configuration while the server runs: who wants it asks, the server follows and says what came of it.
//! Nothing of it is stored.
use crate::types::UnixMs;
use tokio::sync::watch;

/// What came of reading the configuration again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reloaded {
    /// When.
    pub at: UnixMs,
    /// What.
    pub outcome: Result<Changes, String>,
}

/// What was changed in a configuration that is of use; what is not is told as one line, and nothing is changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Telcos that are new.
    pub added: Vec<String>,
    /// Telcos that have other settings now.
    pub changed: Vec<String>,
    /// Telcos that are gone.
    pub removed: Vec<String>,
    /// Keys that are other now and hold only after a restart.
    pub restart: Vec<String>,
}

impl Changes {
    /// Whether the configuration says what it said before.
    pub fn is_empty(&self) -> bool {
        *self == Changes::default()
    }
}

/// How often it was asked for, and what came of the last time.
pub struct Reloads {
    wanted: watch::Sender<u64>,
    last: watch::Sender<Option<Reloaded>>,
}

impl Default for Reloads {
    fn default() -> Self {
        Reloads { wanted: watch::Sender::new(0), last: watch::Sender::new(None) }
    }
}

impl Reloads {
    /// Changes whenever the configuration is to be read again. What is asked for while it is read is one more time.
    pub fn follow(&self) -> watch::Receiver<u64> {
        self.wanted.subscribe()
    }

    /// Whether somebody follows: a server without a file of configuration has nothing to read.
    pub fn can_be(&self) -> bool {
        self.wanted.receiver_count() > 0
    }

    /// Asks for it; `false` when nobody follows.
    pub fn order(&self) -> bool {
        self.wanted.send_modify(|times| *times += 1);
        self.can_be()
    }

    /// Says what came of it.
    pub fn done(&self, reloaded: Reloaded) {
        self.last.send_replace(Some(reloaded));
    }

    /// What came of the last time; changes with the next.
    pub fn last(&self) -> watch::Receiver<Option<Reloaded>> {
        self.last.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_reaches_who_follows_and_what_came_of_it_who_asked() {
        let reloads = Reloads::default();
        assert!(!reloads.can_be() && !reloads.order(), "nobody follows");
        let mut wanted = reloads.follow();
        let mut last = reloads.last();
        assert!(reloads.can_be() && !wanted.has_changed().expect("there"));
        assert!(reloads.order() && reloads.order());
        assert!(wanted.has_changed().expect("there"));
        wanted.mark_unchanged();
        assert!(!wanted.has_changed().expect("there"), "twice at once is once");
        let reloaded = Reloaded { at: UnixMs(1), outcome: Err("no such file".to_owned()) };
        reloads.done(reloaded.clone());
        assert_eq!(*last.borrow_and_update(), Some(reloaded));
    }
}
