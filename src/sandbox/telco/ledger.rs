//! What the sandbox telco saw: every MO with its fate, every MT with its text. The oracle of crash tests:
//! it lives in the telco, so it survives whatever happens to the ESME. Knows no session and no socket.

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;
use serde::Serialize;

use super::alphabet::Alphabet;

/// Entries of each kind kept before the oldest goes; counters go on.
const MAX_ENTRIES: usize = 200_000;
const MAX_VIOLATIONS: usize = 200;

/// How much the ledger remembers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Keep {
    /// Every MO and MT, bounded.
    #[default]
    Entries,
    /// Counters only, for load.
    Counters,
}

/// Where an MO stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MoState {
    /// Waiting for a bind or room in its window.
    Queued,
    /// All segments written to a bind at least once, not all answered.
    Sent,
    /// Every segment answered with ESME_ROK.
    Accepted,
    /// Given back by the ESME or its connection; will be sent again.
    Waiting,
    /// Refused for good.
    Refused,
}

/// One MO.
#[derive(Debug, Clone, Serialize)]
pub struct MoEntry {
    /// The telco's number for it, counted from 1.
    pub id: u64,
    /// The sender's number.
    pub from: String,
    /// The short code.
    pub to: String,
    /// The whole text.
    pub text: String,
    /// How many segments it travels in.
    pub segments: u8,
    /// How many deliver_sm were written for it, all segments counted.
    pub times_sent: u32,
    /// First written.
    pub sent_at: Option<Timestamp>,
    /// Last segment answered with ESME_ROK.
    pub acked_at: Option<Timestamp>,
    /// Status of the last response.
    pub last_status: Option<u32>,
    /// Where it stands.
    pub state: MoState,
}

/// One MT, all its segments joined.
#[derive(Debug, Clone, Serialize)]
pub struct MtEntry {
    /// Ids given to the segments, in the order of the text.
    pub message_ids: Vec<String>,
    /// The ESME's address.
    pub from: String,
    /// The phone's number.
    pub to: String,
    /// The whole text.
    pub text: String,
    /// What it travelled as.
    pub alphabet: Alphabet,
    /// Length in the alphabet's units.
    pub units: usize,
    /// How many segments it had.
    pub segments: u8,
    /// The session of the last segment.
    pub session: u64,
    /// validity_period as written; empty when none was given.
    pub validity: String,
    /// registered_delivery.
    pub registered: u8,
    /// When the last segment came.
    pub at: Timestamp,
}

/// Totals since the start.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Counters {
    /// Connections that reached a bind.
    pub binds: u64,
    /// Binds refused.
    pub binds_refused: u64,
    /// MOs accepted from phones.
    pub mo: u64,
    /// deliver_sm written for MOs, redeliveries included.
    pub mo_written: u64,
    /// deliver_sm written again.
    pub mo_redelivered: u64,
    /// MOs acknowledged whole.
    pub mo_acked: u64,
    /// MT segments taken.
    pub mt_segments: u64,
    /// MTs complete.
    pub mt: u64,
    /// Submits refused by a fault.
    pub throttled: u64,
    /// Receipts written.
    pub receipts: u64,
    /// USSD inputs of phones, hang-ups included.
    pub ussd_inputs: u64,
    /// USSD screens shown.
    pub ussd_screens: u64,
    /// Screens for sessions that were over.
    pub screens_late: u64,
    /// Sessions ended because the ESME was too slow.
    pub sessions_timed_out: u64,
    /// Entries that had to go because the ledger is bounded.
    pub forgotten: u64,
}

/// A copy of everything, for tests and for reading.
#[derive(Debug, Clone, Serialize)]
pub struct Snapshot {
    /// Totals.
    pub counters: Counters,
    /// MOs by id.
    pub mo: Vec<MoEntry>,
    /// MTs in the order they were complete.
    pub mt: Vec<MtEntry>,
    /// Messages of which segments are missing.
    pub incomplete: usize,
    /// Where the ESME broke SMPP or GSM rules, at most 200.
    pub violations: Vec<String>,
    /// Responses other than ESME_ROK by status.
    pub errors: BTreeMap<String, u64>,
}

/// The ledger itself.
#[derive(Debug, Default)]
pub struct Ledger {
    keep: Keep,
    /// Totals, counted in every mode.
    pub counters: Counters,
    mo: BTreeMap<u64, MoEntry>,
    mt: VecDeque<MtEntry>,
    violations: Vec<String>,
    errors: BTreeMap<u32, u64>,
}

impl Ledger {
    /// An empty ledger.
    pub fn new(keep: Keep) -> Self {
        Self { keep, ..Self::default() }
    }

    /// Whether entries are kept, so that nobody builds one for nothing.
    pub fn keeps_entries(&self) -> bool {
        self.keep == Keep::Entries
    }

    /// A new MO.
    pub fn add_mo(&mut self, entry: MoEntry) {
        if self.mo.len() >= MAX_ENTRIES {
            self.mo.pop_first();
            self.counters.forgotten += 1;
        }
        self.mo.insert(entry.id, entry);
    }

    /// The entry of an MO, if it is (still) kept.
    pub fn mo(&mut self, id: u64) -> Option<&mut MoEntry> {
        self.mo.get_mut(&id)
    }

    /// A complete MT.
    pub fn add_mt(&mut self, entry: MtEntry) {
        if self.mt.len() >= MAX_ENTRIES {
            self.mt.pop_front();
            self.counters.forgotten += 1;
        }
        self.mt.push_back(entry);
    }

    /// A response with an error status.
    pub fn error(&mut self, status: u32) {
        // statuses are a u32 of the peer's choice: bounded like everything else
        if self.errors.len() < 1_000 || self.errors.contains_key(&status) {
            *self.errors.entry(status).or_default() += 1;
        }
    }

    /// Error responses by status, as `0x58`.
    pub fn errors(&self) -> BTreeMap<String, u64> {
        let name = |(s, n): (&u32, &u64)| (format!("{s:#04x}"), *n);
        self.errors.iter().map(name).collect()
    }

    /// The ESME broke a rule; never holds a text or a number.
    pub fn violation(&mut self, what: String) {
        if self.violations.len() < MAX_VIOLATIONS {
            self.violations.push(what);
        }
    }

    /// The rules broken so far.
    pub fn violations(&self) -> &[String] {
        &self.violations
    }

    /// A copy of everything.
    pub fn snapshot(&self, incomplete: usize) -> Snapshot {
        Snapshot {
            counters: self.counters.clone(),
            mo: self.mo.values().cloned().collect(),
            mt: self.mt.iter().cloned().collect(),
            incomplete,
            violations: self.violations.clone(),
            errors: self.errors(),
        }
    }
}
