//! The files of an open database: they are ours alone, and they stand in their places. Knows paths, locks and inodes;
//! must not know SQL.
//!
//! The lock is one on the database file itself (`flock`), so it is the same whatever path, link or folder leads to it, and
//! there is no lock file that could be deleted. It and SQLite's own locks (`fcntl`) do not see each other; but closing any
//! descriptor of a file drops the `fcntl` locks of the whole process on it, so the one held here is opened before
//! SQLite opens the file, closed after, and nothing else here opens it.
use super::{fault::OpenError, room::folder};
use crate::store::{Keys, lasting};
use std::{
    fs::{File, Metadata, OpenOptions, TryLockError},
    io::{self, Read},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// How long a lock may be held by a process that is just ending: tries and the pause between them.
const LOCK_TRIES: u32 = 20;
const LOCK_PAUSE: Duration = Duration::from_millis(50);

/// The database file, locked, before SQLite has opened it.
pub(super) struct Locked {
    path: PathBuf,
    file: File,
}

/// All files of an open database. The lock is given back when this is dropped.
pub(super) struct Files {
    database: Locked,
    /// What must stand where: the file, its WAL and the index of that.
    places: Vec<FileAt>,
    /// The file never becomes shorter while we have it: nothing here vacuums.
    len: AtomicU64,
    key: Option<(PathBuf, Keys)>,
}

struct FileAt {
    path: PathBuf,
    inode: (u64, u64),
}

/// Whether there is a database with something in it at `path`, to the best of what its files show.
///
/// # Errors
/// When one of them cannot be looked at, or something else than a database is there.
pub fn stands(path: &Path) -> io::Result<bool> {
    if !begins_as_one(path)? {
        let what = "not a database; restore it from the backup or choose another path";
        return Err(io::Error::new(io::ErrorKind::InvalidData, what));
    }
    for path in [path.to_owned(), beside(path, "-wal")] {
        match path.metadata() {
            Ok(about) if about.len() > 0 => return Ok(true),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(false)
}

/// Whether a file is empty, absent, or begins as SQLite's files do (file format, §1.3).
fn begins_as_one(path: &Path) -> io::Result<bool> {
    const BEGIN: &[u8] = b"SQLite format 3\0";
    let mut found = Vec::new();
    match File::open(path) {
        Ok(file) => file.take(BEGIN.len() as u64).read_to_end(&mut found)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
        Err(error) => return Err(error),
    };
    Ok(BEGIN.starts_with(&found))
}

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

fn inode(about: &Metadata) -> (u64, u64) {
    (about.dev(), about.ino())
}

impl Locked {
    /// Makes the folder and the file where they are not, readable by us alone, and takes the lock.
    pub(super) async fn take(path: &Path) -> Result<Self, OpenError> {
        let failed = |at: &Path| {
            let path = at.to_owned();
            move |source| OpenError::Path { path, source }
        };
        let dir = folder(path);
        lasting::folder(dir).map_err(failed(dir))?;
        let mut tries = 0;
        loop {
            // SQLite gives the WAL the permissions of the database
            let mut options = OpenOptions::new();
            let file = options.read(true).append(true).create(true).mode(0o600).open(path).map_err(failed(path))?;
            match file.try_lock() {
                Ok(()) => {
                    let ours = file.metadata().map_err(failed(path))?;
                    // else it was replaced between the two calls, and another one stands there
                    if path.metadata().is_ok_and(|there| inode(&there) == inode(&ours)) {
                        if ours.nlink() > 1 {
                            return Err(OpenError::Names { path: path.to_owned(), names: ours.nlink() });
                        }
                        return Ok(Locked { path: path.to_owned(), file });
                    }
                }
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(failed(path)(error)),
            }
            if tries == LOCK_TRIES {
                return Err(OpenError::Locked { path: path.to_owned() });
            }
            tries += 1;
            tokio::time::sleep(LOCK_PAUSE).await;
        }
    }

    /// Notes what stands where; called when every connection is open, so that the WAL and its index are there.
    pub(super) fn settle(self, key: Option<(PathBuf, Keys)>) -> io::Result<Files> {
        let about = self.file.metadata()?;
        // SQLite keeps the others beside the real file, not beside a link to it
        let real = self.path.canonicalize()?;
        let mut places = vec![FileAt { path: self.path.clone(), inode: inode(&about) }];
        for end in ["-wal", "-shm"] {
            let path = beside(&real, end);
            let inode = inode(&path.metadata()?);
            places.push(FileAt { path, inode });
        }
        Ok(Files { database: self, places, len: AtomicU64::new(about.len()), key })
    }
}

impl Files {
    /// What is wrong with the files, in words for the operator; `None` when all is as it was opened. A few
    /// microseconds.
    pub(super) fn displaced(&self) -> Option<String> {
        for FileAt { path, inode: opened } in &self.places {
            let what = match path.metadata() {
                Ok(there) if inode(&there) == *opened => continue,
                Ok(_) => "was replaced by another file",
                Err(error) if error.kind() == io::ErrorKind::NotFound => "was removed or moved away",
                Err(error) => return Some(format!("{} cannot be looked at any more: {error}", path.display())),
            };
            return Some(format!("{} {what} while the server was running", path.display()));
        }
        let len = self.database.file.metadata().map_or(0, |about| about.len());
        if self.len.fetch_max(len, Ordering::Relaxed) > len {
            return Some(format!("{} was overwritten while the server was running", self.database.path.display()));
        }
        let (path, keys) = self.key.as_ref()?;
        match Keys::load(path) {
            Ok(there) if there.same(keys) => None,
            Ok(_) => Some(format!("the key file {} was replaced while the server was running", path.display())),
            Err(error) => Some(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_stands_where_something_is_in_it() {
        let begin = &b"SQLite format 3\0and more"[..];
        for (what, file, wal, stands_there) in [
            ("nothing", None, None, Some(false)),
            ("an empty file", Some(&b""[..]), None, Some(false)),
            ("a database", Some(begin), None, Some(true)),
            ("the beginning of one", Some(&begin[..5]), None, Some(true)),
            ("all of it in the WAL", Some(&b""[..]), Some(&b"pages"[..]), Some(true)),
            ("a WAL alone", None, Some(&b"pages"[..]), Some(true)),
            ("an empty WAL", None, Some(&b""[..]), Some(false)),
            ("something else", Some(&b"SQLite format 2\0"[..]), None, None),
        ] {
            let folder = tempfile::tempdir().expect("a folder");
            let path = folder.path().join("chrak.db");
            for (path, octets) in [(path.clone(), file), (beside(&path, "-wal"), wal)] {
                if let Some(octets) = octets {
                    std::fs::write(path, octets).expect("written");
                }
            }
            match stands_there {
                Some(there) => assert_eq!(stands(&path).expect(what), there, "{what}"),
                None => assert_eq!(stands(&path).expect_err(what).kind(), io::ErrorKind::InvalidData),
            }
        }
        // what cannot be looked at is not nothing
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("file"), b"x").expect("written");
        assert!(stands(&folder.path().join("file").join("chrak.db")).is_err());
    }
}
