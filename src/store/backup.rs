//! A copy of a SQLite file while a server works on it. It must not know what is in it.
use super::{
    conn::{Conn, DbError, params},
    lasting::sync_name,
    look::{self, LookError, Place},
    seal::Keys,
    sql::audit,
    sqlite::{Access, beside},
};
use crate::ports::audit::Entry;
use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// Why there is no copy; the text is for the operator.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// Something has that name.
    #[error("{0} is there already; choose another name")]
    There(PathBuf),
    /// The system said so.
    #[error("{0}: {1}")]
    Io(PathBuf, io::Error),
    /// The database cannot be read, or not copied.
    #[error(transparent)]
    Look(#[from] LookError),
    /// What was copied is not whole.
    #[error("{0}: the copy is damaged ({1}); look at the database: chrak check")]
    Damaged(PathBuf, String),
}

/// Writes all that is committed to a new file for its owner alone, in one reading that holds up nobody who writes; it has its name
/// when it is whole and on the disk.
///
/// # Errors
/// See [`BackupError`]; then no file has that name.
pub async fn copy(database: &Path, to: &Path, keys: Keys) -> Result<(), BackupError> {
    if to.symlink_metadata().is_ok() {
        return Err(BackupError::There(to.to_owned()));
    }
    let mut part = to.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    let failed = |source| BackupError::Io(part.clone(), source);
    // SQLite writes into an empty file, and leaves its permissions
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&part).map_err(failed)?;
    let made = made(database, &part, keys).await;
    let named = match made {
        Ok(()) => File::open(&part)
            .and_then(|file| file.sync_all())
            .and_then(|()| fs::rename(&part, to))
            .and_then(|()| sync_name(to))
            .map_err(failed),
        Err(fault) => Err(fault),
    };
    if named.is_err() {
        discard(&part);
    }
    named
}

async fn made(database: &Path, part: &Path, keys: Keys) -> Result<(), BackupError> {
    let into = part.display().to_string();
    let copied = move |conn: &Conn, _: &Keys| conn.execute("VACUUM INTO ?", params![&into]);
    look::at(Place::File(database.to_owned()), Access::Write, keys, copied).await?;
    let looked = part.to_owned();
    let damage = tokio::task::spawn_blocking(move || {
        let conn = beside(&looked, Access::Read).map_err(LookError::File)?;
        let failed = |error: DbError| LookError::Database(looked.display().to_string(), error);
        conn.value::<String>("PRAGMA integrity_check(1)", &[]).map_err(failed)
    });
    match damage.await.map_err(|_| LookError::Broken)?? {
        ok if ok == "ok" => Ok(()),
        damage => Err(BackupError::Damaged(part.to_owned(), damage)),
    }
}

/// Takes away a copy that is of no use.
pub fn discard(copy: &Path) {
    if let Err(fault) = fs::remove_file(copy) {
        tracing::warn!(%fault, "a copy that is of no use could not be taken away: {}", copy.display());
    }
}

/// Writes a row of the audit log, beside the server.
///
/// # Errors
/// When the database does not take it.
pub async fn note(place: Place, keys: Keys, entry: Entry) -> Result<(), LookError> {
    look::at(place, Access::Write, keys, move |conn, keys| {
        look::change(conn, || audit::append(conn, keys, 0, &[entry]).map(|_| ()))
    })
    .await
}
