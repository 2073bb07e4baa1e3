//! The file into which what goes over the binds is written while an operator wants it: who wants it asks, the server writes
//! and says where it stands. It must not know what a line is, nor who asks.
use crate::types::UnixMs;
use std::time::Duration;

/// Octets after which a file that was begun while the server runs ends by itself.
pub const OCTETS_MAX: u64 = 60 << 20;
/// And the longest time for which one can be asked.
pub const WITHIN_MAX: Duration = Duration::from_secs(24 * 3600);

/// Why nothing is written any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Over {
    /// Somebody ended it, or the server did.
    Ordered,
    /// It was asked for until then.
    Time,
    /// It holds [`OCTETS_MAX`].
    Full,
    /// The disk failed, with its words.
    Broken(String),
}

/// A file, as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceFileState {
    /// Its path; what is older has `.1` to `.3` behind it.
    pub path: String,
    /// Numbers and texts stand in it as they are.
    pub unmasked: bool,
    /// Since when it is written.
    pub begun: UnixMs,
    /// When it ends by itself; `None` where it was asked for at the start of the server and has no end.
    pub until: Option<UnixMs>,
    /// Octets that were written since it began.
    pub octets: u64,
    /// Why and when it ended; `None` while it is written.
    pub over: Option<(Over, UnixMs)>,
}

/// Why a file was not begun.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotBegun {
    /// One is written already.
    #[error("a trace file is being written already")]
    Running,
    /// It cannot be made, in the words of the system.
    #[error("{0}")]
    Failed(String),
}

/// Who writes it.
pub trait TraceFiles: Send + Sync {
    /// Begins one with numbers and texts covered, for so long, at most [`WITHIN_MAX`].
    ///
    /// # Errors
    /// [`NotBegun`].
    fn begin(&self, within: Duration) -> Result<(), NotBegun>;

    /// Ends what is written; `false` where nothing is.
    fn end(&self) -> bool;

    /// What is written, or was last.
    fn state(&self) -> Option<TraceFileState>;
}
