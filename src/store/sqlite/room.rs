//! Room on the disk of the database, and a file that keeps some of it aside. Knows a folder and octets; must not know
//! what is written there.
//!
//! While there is plenty, the reserve takes its place. When the disk is full it is deleted, so that the server can start,
//! finish what is in hand and go on answering while somebody makes room; then it is made again. What is left of it at last is
//! for what is in hand alone: nothing new is taken.
use rustix::{
    fs::{FallocateFlags, fallocate, statvfs},
    io::Errno,
};
use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

const MIB: u64 = 1 << 20;
/// Kept aside: some thousand texts with their answers.
pub(super) const RESERVE: u64 = 32 * MIB;
/// What stays free beside it when it is made; it shall not be what fills the disk.
const BESIDE: u64 = 16 * MIB;
/// Without so much a start is refused: a new database, or the WAL of an old one until it is copied.
pub(super) const START: u64 = 8 * MIB;

/// With less, and nothing kept aside, nothing new is taken: answers, outcomes and what makes room still find theirs, and the WAL
/// is copied.
pub(super) const FOR_NEW: u64 = 16 * MIB;

/// The disk has less than what is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the disk is full: {} MiB are needed, {} MiB are free", .needed / MIB, .free / MIB)]
pub struct NoRoom {
    /// Octets that must be free.
    pub needed: u64,
    /// Octets that are.
    pub free: u64,
}

/// The room beside a database.
#[derive(Clone)]
pub(super) struct Room {
    folder: PathBuf,
    reserve: PathBuf,
}

/// Whether a database can be made in a folder, or in the nearest one above it that is there.
///
/// # Errors
/// When the disk is too full for that.
pub fn for_new(folder: &Path) -> Result<(), NoRoom> {
    let there = folder.ancestors().find(|dir| dir.is_dir()).unwrap_or(Path::new("."));
    enough(there)
}

/// The folder of a file.
pub(super) fn folder(path: &Path) -> &Path {
    path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn enough(folder: &Path) -> Result<(), NoRoom> {
    allows_start(free(folder))
}

/// Whether so many octets are enough for a start; what cannot be asked may be there.
fn allows_start(free: Option<u64>) -> Result<(), NoRoom> {
    match free {
        Some(free) if free < START => Err(NoRoom { needed: START, free }),
        _ => Ok(()),
    }
}

/// Whether so many octets are enough for the reserve and for what stays free beside it.
fn allows_reserve(free: Option<u64>) -> bool {
    free.is_some_and(|free| free >= RESERVE + BESIDE)
}

/// Whether so many octets are too few for anything new; where it cannot be asked there may be enough.
fn is_low(kept: bool, free: Option<u64>) -> bool {
    !kept && free.is_some_and(|free| free < FOR_NEW)
}

/// Octets that we may still write; `None` where the file system does not say.
fn free(folder: &Path) -> Option<u64> {
    let about = statvfs(folder).ok().filter(|about| about.f_blocks > 0)?;
    Some(about.f_bavail.saturating_mul(about.f_frsize))
}

impl Room {
    pub(super) fn of(database: &Path) -> Self {
        let folder = folder(database).to_owned();
        Room { reserve: folder.join("chrak.reserve"), folder }
    }

    /// Sees that a start has room, with the reserve's if need be.
    pub(super) fn for_start(&self) -> Result<(), NoRoom> {
        enough(&self.folder).or_else(|_| {
            self.release();
            enough(&self.folder)
        })
    }

    /// What a write that failed lacks.
    pub(super) fn lacking(&self) -> NoRoom {
        self.lacks(START)
    }

    /// What is missing to so many octets.
    pub(super) fn lacks(&self, needed: u64) -> NoRoom {
        NoRoom { needed, free: free(&self.folder).unwrap_or(0) }
    }

    /// Whether nothing new is to be taken; some microseconds.
    pub(super) fn is_low(&self) -> bool {
        is_low(self.kept(), free(&self.folder))
    }

    /// Gives the reserve's room back; `false` when there is no reserve.
    pub(super) fn release(&self) -> bool {
        let released = std::fs::remove_file(&self.reserve).is_ok();
        if released {
            tracing::error!(
                mib = RESERVE / MIB,
                "the disk is full: what was kept aside is in use now; make room before that is full too"
            );
        }
        released
    }

    /// Makes the reserve where there is none and the disk has room for it. May take a second where the file system
    /// cannot keep room without writing.
    pub(super) fn keep(&self) {
        let free = free(&self.folder);
        if let Some(free) = free {
            metrics::gauge!("chrak_disk_free_octets").set(free as f64);
        }
        let mut kept = self.kept();
        if !kept && allows_reserve(free) {
            match self.make() {
                Ok(()) => kept = true,
                Err(error) => {
                    let _ = std::fs::remove_file(&self.reserve);
                    tracing::warn!(%error, "no room could be kept aside on the disk of the database");
                }
            }
        }
        metrics::gauge!("chrak_disk_reserve_octets").set(if kept { RESERVE as f64 } else { 0.0 });
    }

    fn kept(&self) -> bool {
        self.reserve.metadata().is_ok_and(|about| about.len() == RESERVE)
    }

    fn make(&self) -> io::Result<()> {
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&self.reserve)?;
        match fallocate(&file, FallocateFlags::empty(), 0, RESERVE) {
            Ok(()) => {}
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => fill(&mut file)?,
            Err(error) => return Err(error.into()),
        }
        file.sync_all()
    }
}

fn fill(file: &mut File) -> io::Result<()> {
    let zeros = vec![0; MIB as usize];
    (0..RESERVE / MIB).try_for_each(|_| file.write_all(&zeros))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reserve_takes_real_room_and_gives_it_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let room = Room::of(&folder.path().join("chrak.db"));
        assert!(!room.release(), "there is none");
        room.keep();
        assert!(room.kept());
        assert!(room.release() && !room.kept());
        // one that a crash left half made is no reserve
        std::fs::write(&room.reserve, "x").expect("written");
        assert!(!room.kept());
        room.keep();
        assert!(room.kept());
    }

    #[test]
    fn a_file_system_without_blocks_says_nothing_of_its_room() {
        assert_eq!(free(Path::new("/proc")), None);
        assert!(free(Path::new("/")).is_some());
    }

    #[test]
    fn the_words_say_how_much_is_needed() {
        let said = NoRoom { needed: START, free: 3 * MIB }.to_string();
        assert_eq!(said, "the disk is full: 8 MiB are needed, 3 MiB are free");
    }

    #[test]
    fn a_start_needs_8_mib_and_a_reserve_48() {
        for (free, starts, keeps) in [
            (Some(0), false, false),
            (Some(8 * MIB - 1), false, false),
            (Some(8 * MIB), true, false),
            (Some(48 * MIB - 1), true, false),
            (Some(48 * MIB), true, true),
            (Some(u64::MAX), true, true),
            (None, true, false),
        ] {
            let lacks = free.filter(|_| !starts).map(|free| NoRoom { needed: 8 * MIB, free });
            assert_eq!(allows_start(free).err(), lacks, "{free:?}");
            assert_eq!(allows_reserve(free), keeps, "{free:?}");
        }
        for (kept, free, low) in [
            (false, Some(16 * MIB - 1), true),
            (false, Some(16 * MIB), false),
            (true, Some(0), false),
            (false, None, false),
        ] {
            assert_eq!(is_low(kept, free), low, "{kept} {free:?}");
        }
        // where nothing is yet, the nearest folder that is there is asked
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(for_new(&folder.path().join("not/made/yet")), Ok(()));
        assert!(free(folder.path()).is_some_and(|free| free > 1), "a disk says how much it has");
        assert_eq!(free(&folder.path().join("not made")), None);
    }

    #[test]
    fn the_folder_of_a_file_is_the_one_that_it_is_in() {
        for (path, is) in [("chrak.db", "."), ("data/chrak.db", "data"), ("/var/lib/chrak.db", "/var/lib"), ("", ".")] {
            assert_eq!(folder(Path::new(path)), Path::new(is), "{path}");
        }
    }

    #[test]
    fn where_the_file_system_keeps_no_room_it_is_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("chrak.reserve");
        fill(&mut File::create(&path).expect("a file")).expect("room");
        assert_eq!(path.metadata().expect("a file").len(), 32 * MIB);
    }
}
