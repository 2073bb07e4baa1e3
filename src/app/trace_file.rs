//! `--trace-file`: each PDU a line, in a file that only its owner may read, begun anew when it is large. A thread of its
//! own writes it, so that no link waits for a disk.
use super::Fault;
use crate::{
    ports::trace::Trace,
    smpp::{mask::Cover, trace::Seen},
};
use std::{
    fs::{File, OpenOptions},
    io::{BufWriter, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::mpsc::{Receiver, sync_channel},
    thread::JoinHandle,
    time::Duration,
};
use tokio::time::Instant;

/// Octets of a file before the next one is begun.
const FILE_OCTETS: u64 = 16 << 20;
/// Files that are kept: FILE, FILE.1 … FILE.3.
const FILES_KEPT: u32 = 4;
/// PDUs that wait to be written; more are counted as missed.
const WAITING_MAX: usize = 4_096;

/// What `--trace-file` and `--trace-unmasked` ask for.
#[derive(Clone, Debug)]
pub struct TraceFile {
    /// The file.
    pub path: PathBuf,
    /// Numbers and texts stand in it as they are; a password never does.
    pub unmasked: bool,
}

/// The trace of a server, with a file where one is asked for.
///
/// # Errors
/// When the file cannot be made.
pub fn start(asked: Option<TraceFile>) -> Result<(Trace, Option<Writer>), Fault> {
    let Some(TraceFile { path, unmasked }) = asked else { return Ok((Trace::default(), None)) };
    let failed = |fault: std::io::Error| Fault::Run(format!("--trace-file {}: {fault}", path.display()));
    let rotating = Rotating::open(path.clone(), FILE_OCTETS).map_err(failed)?;
    let (to, pdus) = sync_channel(WAITING_MAX);
    let thread = std::thread::Builder::new().name("trace".to_owned());
    let thread = thread.spawn(move || write(rotating, &pdus)).map_err(failed)?;
    let cover = if unmasked { Cover::Password } else { Cover::People };
    Ok((Trace::with_tail(cover, to), Some(Writer(thread))))
}

/// The thread that writes.
pub struct Writer(JoinHandle<()>);

/// Wait for the last lines.
const FINISH_WITHIN: Duration = Duration::from_secs(1);

impl Writer {
    /// Waits until what was seen is written; the trace must be dropped before.
    pub async fn finish(self) {
        let end = Instant::now() + FINISH_WITHIN;
        while !self.0.is_finished() && Instant::now() < end {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// Writes until the server is gone, or the disk fails: a trace is not worth a server.
fn write(mut file: Rotating, pdus: &Receiver<Seen>) {
    while let Ok(first) = pdus.recv() {
        let all = std::iter::once(first).chain(pdus.try_iter());
        if let Err(fault) =
            all.map(|seen| seen.line()).try_for_each(|line| file.line(&line)).and_then(|()| file.flush())
        {
            tracing::error!("the trace file {} is written no more: {fault}", file.path.display());
            return;
        }
    }
}

struct Rotating {
    path: PathBuf,
    file: BufWriter<File>,
    octets: u64,
    octets_max: u64,
}

impl Rotating {
    fn open(path: PathBuf, octets_max: u64) -> std::io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).mode(0o600).open(&path)?;
        let octets = file.metadata()?.len();
        Ok(Rotating { path, file: BufWriter::new(file), octets, octets_max })
    }

    fn line(&mut self, line: &str) -> std::io::Result<()> {
        let octets = line.len() as u64 + 1;
        if self.octets > 0 && self.octets + octets > self.octets_max {
            self.rotate()?;
        }
        self.octets += octets;
        writeln!(self.file, "{line}")
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }

    fn rotate(&mut self) -> std::io::Result<()> {
        self.file.flush()?;
        for number in (1..FILES_KEPT).rev() {
            let from = if number == 1 { self.path.clone() } else { numbered(&self.path, number - 1) };
            if from.exists() {
                std::fs::rename(&from, numbered(&self.path, number))?;
            }
        }
        *self = Rotating::open(self.path.clone(), self.octets_max)?;
        Ok(())
    }
}

fn numbered(path: &Path, number: u32) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{number}"));
    name.into()
}

/// The files of a trace that are there, oldest first.
pub fn files(path: &Path) -> Vec<PathBuf> {
    let older = (1..FILES_KEPT).rev().map(|number| numbered(path, number)).filter(|path| path.exists());
    older.chain([path.to_owned()]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_file_gives_way_and_four_are_kept() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("trace.log");
        let mut file = Rotating::open(path.clone(), 10).expect("a file");
        for number in 0..12 {
            file.line(&format!("line {number:02}")).expect("written");
        }
        file.flush().expect("written");
        let all: Vec<String> = files(&path).iter().map(|path| std::fs::read_to_string(path).expect("text")).collect();
        assert_eq!(all, ["line 08\n", "line 09\n", "line 10\n", "line 11\n"]);
        assert_eq!(std::fs::metadata(&path).expect("a file").permissions().mode() & 0o777, 0o600);
        // it is gone on with after a restart
        let mut again = Rotating::open(path.clone(), 100).expect("a file");
        again.line("more").expect("written");
        again.flush().expect("written");
        assert_eq!(std::fs::read_to_string(&path).expect("text"), "line 11\nmore\n");
    }
}
