//! Why a program ended, and the folder it keeps its things in.
use super::config;
use crate::store::lasting;
use std::path::Path;

/// Why a program ended: one line for a person, and the exit code.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The words on the command line do not fit together: exit code 2.
    #[error("{0}")]
    Usage(String),
    /// The configuration cannot be used: exit code 78.
    #[error("{0}")]
    Config(#[from] config::ConfigFault),
    /// It could not start, or failed while running: exit code 1.
    #[error("{0}")]
    Run(String),
}

impl Fault {
    /// As the command line promises it.
    pub fn exit_code(&self) -> u8 {
        match self {
            Fault::Run(_) => 1,
            Fault::Usage(_) => 2,
            Fault::Config(_) => 78,
        }
    }
}

/// Makes a folder that only its owner may enter.
pub(super) fn folder(path: &Path) -> Result<(), Fault> {
    lasting::folder(path)
        .map_err(|fault| Fault::Run(format!("{}: cannot be made: {fault}; check data_dir", path.display())))
}
