//! What is found before a start.

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// It is as it should be.
    Good(String),
    /// It must be mended.
    Bad(String),
    /// Somebody should know.
    Note(String),
}
