//! Secrets: from a file (preferred) or inline (with a warning).
use super::ConfigFault;
use crate::types::Secret;
use std::path::{Path, PathBuf};

/// A secret that may stand inline or in a file; `key` names it in errors. `None` when neither is given.
pub fn read(
    key: &str,
    inline: Option<String>,
    file: Option<PathBuf>,
    folder: &Path,
    warnings: &mut Vec<String>,
) -> Result<Option<Secret>, ConfigFault> {
    match (inline, file) {
        (Some(_), Some(_)) => Err(ConfigFault::new(format!("{key} and {key}_file are both given; keep one"))),
        (Some(text), None) => {
            warnings.push(format!("{key} stands in the configuration itself; {key}_file = \"…\" keeps it out"));
            Ok(Some(Secret::new(text)))
        }
        (None, Some(path)) => {
            let path = folder.join(path);
            let text = std::fs::read_to_string(&path)
                .map_err(|fault| ConfigFault::new(format!("{key}_file: {} cannot be read: {fault}", path.display())))?;
            let text = text.trim_end_matches(['\r', '\n']);
            if text.is_empty() {
                return Err(ConfigFault::new(format!("{key}_file: {} is empty", path.display())));
            }
            Ok(Some(Secret::new(text)))
        }
        (None, None) => Ok(None),
    }
}

/// As [`read`], and it must be there.
pub fn required(
    key: &str,
    inline: Option<String>,
    file: Option<PathBuf>,
    folder: &Path,
    warnings: &mut Vec<String>,
) -> Result<Secret, ConfigFault> {
    read(key, inline, file, folder, warnings)?
        .ok_or_else(|| ConfigFault::new(format!("{key} is missing: give {key}_file = \"path\" (or {key} = \"…\")")))
}
