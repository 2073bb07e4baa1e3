//! A disk that is small enough to be filled: a tmpfs of 64 MiB.
//!
//! It is mounted in a namespace of its own, of users too, so that no right is needed but the usual one to make such a
//! namespace. Where a container forbids that, its `/dev/shm` is taken, which has these 64 MiB there. A machine with neither
//! fails with words: the test is never left out.
use super::shipped;
use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

/// Octets of the disk.
const SIZE: u64 = 64 << 20;

/// Deleted, or unmounted with its namespace, when dropped.
pub struct SmallDisk {
    holder: Option<Child>,
    /// The folder as the program sees it.
    pub inside: PathBuf,
    /// The same folder as the test sees it.
    pub outside: PathBuf,
    _place: tempfile::TempDir,
}

impl SmallDisk {
    pub fn new() -> Self {
        let place = tempfile::tempdir().expect("a folder");
        for namespaces in [&["--user", "--map-root-user", "--mount"][..], &["--mount"]] {
            if let Some(holder) = hold(namespaces, place.path()) {
                let outside = format!("/proc/{}/root{}", holder.id(), place.path().display()).into();
                return SmallDisk { holder: Some(holder), inside: place.path().to_owned(), outside, _place: place };
            }
        }
        let shared = Path::new("/dev/shm");
        let octets =
            rustix::fs::statvfs(shared).map_or(u64::MAX, |about| about.f_blocks.saturating_mul(about.f_frsize));
        assert!(
            octets <= 2 * SIZE,
            "no small disk can be had: this user may neither make namespaces (sysctl kernel.unprivileged_userns_clone, \
             or run the tests as root) nor is /dev/shm one of 64 MiB"
        );
        let place = tempfile::tempdir_in(shared).expect("a folder in /dev/shm");
        let folder = place.path().to_owned();
        SmallDisk { holder: None, inside: folder.clone(), outside: folder, _place: place }
    }

    /// The program, where this disk is mounted.
    pub fn chrak(&self) -> Command {
        let Some(holder) = &self.holder else { return shipped::command() };
        let mut command = Command::new("nsenter");
        command.args(["--target", &holder.id().to_string(), "--user", "--mount", "--preserve-credentials", "--"]);
        command.arg(shipped::command().get_program()).env_remove("RUST_LOG");
        command
    }

    /// Fills it to the last octet.
    pub fn fill(&self) {
        let mut file = fs::OpenOptions::new().create(true).append(true).open(self.filler()).expect("made");
        let octets = vec![b'.'; 4096];
        let full = loop {
            if let Err(fault) = file.write_all(&octets) {
                break fault;
            }
        };
        assert_eq!(full.kind(), std::io::ErrorKind::StorageFull, "{full}");
    }

    /// Fills it until so many octets are left.
    pub fn fill_up_to(&self, left: u64) {
        let free = || rustix::fs::statvfs(&self.outside).map(|about| about.f_bavail * about.f_frsize).expect("a disk");
        let mut file = fs::OpenOptions::new().create(true).append(true).open(self.filler()).expect("made");
        while free() > left {
            file.write_all(&[b'.'; 4096]).expect("there is room");
        }
    }

    /// Makes room again.
    pub fn clear(&self) {
        fs::remove_file(self.filler()).expect("it was there");
    }

    fn filler(&self) -> PathBuf {
        self.outside.join("filler")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        if let Some(holder) = &mut self.holder {
            // already ended is as good
            let _ = holder.kill();
            let _ = holder.wait();
        }
    }
}

/// A process that keeps the namespace and the disk in it; `None` when that is forbidden here.
fn hold(namespaces: &[&str], place: &Path) -> Option<Child> {
    let script = "mount -t tmpfs -o size=64m,mode=700 none \"$0\" && echo mounted && exec sleep 600";
    let mut command = Command::new("unshare");
    command.args(namespaces).args(["sh", "-c", script]).arg(place);
    let mut holder = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
    let mut line = String::new();
    let read = BufReader::new(holder.stdout.take()?).read_line(&mut line);
    if read.is_ok() && line == "mounted\n" {
        return Some(holder);
    }
    let _ = holder.kill();
    let _ = holder.wait();
    None
}
