//! What the audit log is told: what operators and agencies did, and what was changed at the portal in a citizen's name. Whoever
//! does something notes it here; the store writes what was noted with its next commit. It must not know how the log is kept.
//!
//! Nothing of a person stands in an entry: no number, code, text or token, and no digest of one. What must be found again is
//! named by an id: an Idempotency-Key, a request, a device.
use crate::types::{UnixMs, lock, names::SmscName};
use std::{collections::VecDeque, fmt::Display, sync::Mutex};

/// Entries that wait for a commit at most: hours of a busy day while the database is away.
const WAITING_MAX: usize = 50_000;
/// Most characters of a value: a digest of SHA-512 in Base64 has 88.
const VALUE_MAX: usize = 128;

/// Who did it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// Whoever has the operator's token, or sits at the machine.
    Operator,
    /// Whoever gave a command beside the server.
    CommandLine,
    /// The agency of this name.
    Agency(String),
    /// Somebody at a telephone or a kiosk, of whom nothing is noted.
    Citizen,
    /// The server by itself.
    Server,
}

impl Display for Who {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Who::Operator => f.write_str("operator"),
            Who::CommandLine => f.write_str("command-line"),
            Who::Agency(name) => write!(f, "agency:{name}"),
            Who::Citizen => f.write_str("citizen"),
            Who::Server => f.write_str("server"),
        }
    }
}

/// A line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When it was done.
    pub at: UnixMs,
    /// By whom.
    pub who: Who,
    /// What: `kiosk.pair`, `telco.pause`, `portal.book` …
    pub what: String,
    /// To what: a telco, a device, a request, an Idempotency-Key; empty where that says it all.
    pub about: String,
    /// What else is worth knowing, as `name=value name=value`.
    pub detail: String,
}

impl Entry {
    /// Something that was done.
    pub fn new(at: UnixMs, who: Who, what: impl Into<String>, about: impl Display) -> Self {
        Entry { at, who, what: what.into(), about: value(about), detail: String::new() }
    }

    /// An order for a telco.
    pub fn telco(at: UnixMs, order: &str, smsc: &SmscName) -> Self {
        Self::new(at, Who::Operator, format!("telco.{order}"), smsc.as_str())
    }

    /// The same with something else that is worth knowing.
    #[must_use]
    pub fn with(mut self, name: &str, of: impl Display) -> Self {
        if !self.detail.is_empty() {
            self.detail.push(' ');
        }
        self.detail.push_str(name);
        self.detail.push('=');
        self.detail.push_str(&value(of));
        self
    }
}

/// One word of bounded length, whoever wrote it.
fn value(of: impl Display) -> String {
    let word = |c: char| if c.is_whitespace() || c.is_control() { '_' } else { c };
    of.to_string().chars().take(VALUE_MAX).map(word).collect()
}

/// What was noted and is not written yet. Noting waits for nobody; an entry that is noted before something is stored is
/// written with it or before it.
#[derive(Default)]
pub struct Journal(Mutex<VecDeque<Entry>>);

impl Journal {
    /// Notes an entry. When so many wait that there is no room, the database has been away for hours: this one is lost, and that
    /// is told and counted.
    pub fn note(&self, entry: Entry) {
        let mut waiting = lock(&self.0);
        if waiting.len() < WAITING_MAX {
            waiting.push_back(entry);
        } else {
            metrics::counter!("chrak_audit_lost_total").increment(1);
            tracing::error!(
                what = entry.what,
                "an entry of the audit log is lost: {WAITING_MAX} wait for the database"
            );
        }
    }

    /// All that wait, to be written.
    pub fn take(&self) -> Vec<Entry> {
        let mut waiting = lock(&self.0);
        if waiting.is_empty() { Vec::new() } else { waiting.drain(..).collect() }
    }

    /// They were not written: they wait again, before what was noted since.
    pub fn put_back(&self, entries: Vec<Entry>) {
        let mut waiting = lock(&self.0);
        entries.into_iter().rev().for_each(|entry| waiting.push_front(entry));
    }

    /// Whether any wait.
    pub fn waits(&self) -> bool {
        !lock(&self.0).is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(about: &str) -> Entry {
        Entry::new(UnixMs(1), Who::Server, "test", about)
    }

    #[test]
    fn values_are_words_of_bounded_length() {
        let entry = entry("two words\n").with("status", 409).with("why", "x".repeat(500));
        assert_eq!(entry.about, "two_words_");
        assert_eq!(entry.detail, format!("status=409 why={}", "x".repeat(VALUE_MAX)));
        assert_eq!(Who::Agency("obr".to_owned()).to_string(), "agency:obr");
    }

    #[test]
    fn what_could_not_be_written_waits_again_in_its_order_and_there_is_a_bound() {
        let journal = Journal::default();
        journal.note(entry("1"));
        journal.note(entry("2"));
        let taken = journal.take();
        assert!(!journal.waits());
        journal.note(entry("3"));
        journal.put_back(taken);
        let about: Vec<String> = journal.take().into_iter().map(|entry| entry.about).collect();
        assert_eq!(about, ["1", "2", "3"]);
        (0..=WAITING_MAX).for_each(|_| journal.note(entry("x")));
        assert_eq!(journal.take().len(), WAITING_MAX);
    }
}
