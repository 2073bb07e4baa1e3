//! The trace file, of `--trace-file` or begun while the server runs: each PDU a line, in a file that only its owner may read,
//! begun anew when it is large. A thread of its own writes it, so that no link waits for a disk.
use super::Fault;
use crate::{
    ports::{
        clock::Clock,
        trace::Trace,
        trace_file::{NotBegun, OCTETS_MAX, Over, TraceFileState, TraceFiles, WITHIN_MAX},
    },
    smpp::{mask::Cover, trace::Seen},
    types::{UnixMs, lock},
};
use std::{
    fs::{File, OpenOptions},
    io::{BufWriter, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, RecvTimeoutError, sync_channel},
    },
    thread::JoinHandle,
    time::Duration,
};
use tokio::time::Instant;

/// Octets of a file before the next one is begun.
const FILE_OCTETS: u64 = 16 << 20;
/// Files that are kept: FILE, FILE.1 … FILE.3. They hold all of a file that is begun while the server runs.
const FILES_KEPT: u32 = 4;
const _: () = assert!(OCTETS_MAX < FILE_OCTETS * FILES_KEPT as u64);
/// PDUs that wait to be written; more are counted as missed.
const WAITING_MAX: usize = 4_096;
/// Name of a file that is begun while the server runs, in the data directory.
const NAME: &str = "trace.log";
/// Wait for the last lines.
const FINISH_WITHIN: Duration = Duration::from_secs(1);

/// What `--trace-file` and `--trace-unmasked` ask for.
#[derive(Clone, Debug)]
pub struct TraceFile {
    /// The file.
    pub path: PathBuf,
    /// Numbers and texts stand in it as they are; a password never does.
    pub unmasked: bool,
}

/// The trace file of a server, where there is one.
pub(super) struct Writer {
    trace: Arc<Trace>,
    clock: Arc<dyn Clock>,
    /// Where one is begun while the server runs.
    path: PathBuf,
    last: Mutex<Option<Begun>>,
}

/// One that was begun.
struct Begun {
    state: Arc<Mutex<TraceFileState>>,
    thread: JoinHandle<()>,
}

impl Writer {
    /// Writes nothing yet; what is begun later stands in that folder.
    pub(super) fn new(trace: Arc<Trace>, clock: Arc<dyn Clock>, folder: &Path) -> Self {
        Writer { trace, clock, path: folder.join(NAME), last: Mutex::default() }
    }

    /// Begins the file that the command line asks for, which ends with the server.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(super) fn begin_asked(&self, asked: TraceFile) -> Result<(), Fault> {
        let TraceFile { path, unmasked } = asked;
        let opened = Rotating::open(path.clone(), FILE_OCTETS).and_then(|file| self.write(file, unmasked, None));
        *lock(&self.last) =
            Some(opened.map_err(|fault| Fault::Run(format!("--trace-file {}: {fault}", path.display())))?);
        Ok(())
    }

    fn write(&self, file: Rotating, unmasked: bool, within: Option<Duration>) -> std::io::Result<Begun> {
        let begun = self.clock.now();
        let until = within.map(|within| begun.plus_ms(within.as_millis() as i64));
        let path = file.path.display().to_string();
        let state = TraceFileState { path, unmasked, begun, until, octets: 0, over: None };
        tracing::info!(
            path = state.path,
            unmasked,
            seconds = within.map(|within| within.as_secs()),
            "trace file begun"
        );
        let state = Arc::new(Mutex::new(state));
        let (to, pdus) = sync_channel(WAITING_MAX);
        let (shown, trace, clock) = (Arc::clone(&state), Arc::clone(&self.trace), Arc::clone(&self.clock));
        let end = within.map(|within| Instant::now() + within);
        let thread = std::thread::Builder::new().name("trace".to_owned()).spawn(move || {
            let over = write(file, &pdus, &shown, end);
            is_over(&trace, &shown, over, clock.now());
        })?;
        self.trace.hand_to(if unmasked { Cover::Password } else { Cover::People }, to);
        Ok(Begun { state, thread })
    }

    /// Ends what is written, and waits until what was seen is on the disk.
    pub(super) async fn finish(&self) {
        self.trace.hand_to_nobody();
        let Some(Begun { thread, .. }) = lock(&self.last).take() else { return };
        let end = Instant::now() + FINISH_WITHIN;
        while !thread.is_finished() && Instant::now() < end {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

impl TraceFiles for Writer {
    fn begin(&self, within: Duration) -> Result<(), NotBegun> {
        let mut last = lock(&self.last);
        // until its last lines are written
        if last.as_ref().is_some_and(|last| !last.thread.is_finished()) {
            return Err(NotBegun::Running);
        }
        let opened = Rotating::open(self.path.clone(), FILE_OCTETS).and_then(|mut file| {
            // what was written before keeps to itself
            if file.octets > 0 {
                file.rotate()?;
            }
            self.write(file, false, Some(within.min(WITHIN_MAX)))
        });
        *last = Some(opened.map_err(|fault| NotBegun::Failed(format!("{}: {fault}", self.path.display())))?);
        Ok(())
    }

    fn end(&self) -> bool {
        let last = lock(&self.last);
        let Some(running) = last.as_ref().filter(|last| lock(&last.state).over.is_none()) else { return false };
        // its last lines are on their way
        is_over(&self.trace, &running.state, Over::Ordered, self.clock.now());
        true
    }

    fn state(&self) -> Option<TraceFileState> {
        lock(&self.last).as_ref().map(|last| lock(&last.state).clone())
    }
}

/// Ends it where nobody has ended it before: from then on another one may be begun, whose PDUs are its own.
fn is_over(trace: &Trace, state: &Mutex<TraceFileState>, over: Over, at: UnixMs) {
    let mut state = lock(state);
    if state.over.is_none() {
        trace.hand_to_nobody();
        tracing::info!(path = state.path, octets = state.octets, "trace file ended: {over:?}");
        state.over = Some((over, at));
    }
}

/// Writes until nobody wants it any more, its time is over or it is full, or the disk fails: a trace is not worth a server.
fn write(mut file: Rotating, pdus: &Receiver<Seen>, state: &Mutex<TraceFileState>, end: Option<Instant>) -> Over {
    loop {
        let first = match end {
            None => pdus.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(end) => match end.saturating_duration_since(Instant::now()) {
                Duration::ZERO => Err(RecvTimeoutError::Timeout),
                left => pdus.recv_timeout(left),
            },
        };
        let first = match first {
            Ok(first) => first,
            Err(RecvTimeoutError::Timeout) => return Over::Time,
            Err(RecvTimeoutError::Disconnected) => return Over::Ordered,
        };
        let mut octets = 0;
        let lines = std::iter::once(first).chain(pdus.try_iter().take(WAITING_MAX)).map(|seen| seen.line());
        let written = lines.into_iter().try_for_each(|line| {
            octets += line.len() as u64 + 1;
            file.line(&line)
        });
        if let Err(fault) = written.and_then(|()| file.flush()) {
            tracing::error!("the trace file {} is written no more: {fault}", file.path.display());
            return Over::Broken(fault.to_string());
        }
        let mut state = lock(state);
        state.octets += octets;
        if end.is_some() && state.octets >= OCTETS_MAX {
            return Over::Full;
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
    use crate::app::clock::SystemClock;

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

    #[tokio::test]
    async fn a_file_is_begun_and_ended_and_ends_by_itself() {
        let (folder, trace) = (tempfile::tempdir().expect("a folder"), Arc::new(Trace::default()));
        let writer = Writer::new(Arc::clone(&trace), Arc::new(SystemClock), folder.path());
        let path = folder.path().join(NAME);
        let submit =
            b"\0\0\0\x35\0\0\0\x04\0\0\0\0\0\0\0\x07\0\x03\x001212\0\x01\x0185510000001\0\0\0\0\0\0\0\0\0\0\x05hello";
        let pdu = |bind: &str| trace.pdu(&"smart".into(), bind, UnixMs(0), true, submit.to_vec());
        let over = async |why: &Over| {
            for _ in 0..500 {
                let over = writer.state().and_then(|state| state.over);
                let written = lock(&writer.last).as_ref().is_some_and(|last| last.thread.is_finished());
                if written && over.is_some_and(|(over, _)| over == *why) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            panic!("{:?}", writer.state());
        };
        pdu("before");
        assert_eq!((writer.state(), writer.end()), (None, false));
        writer.begin(Duration::from_secs(60)).expect("begun");
        assert_eq!(writer.begin(Duration::from_secs(60)), Err(NotBegun::Running));
        pdu("trx-1");
        assert!(writer.end() && !writer.end());
        over(&Over::Ordered).await;
        pdu("after");
        // a second one ends when its time is over, and the first is still there
        writer.begin(Duration::from_millis(200)).expect("begun");
        pdu("trx-2");
        over(&Over::Time).await;
        pdu("after");
        // and one that is full
        writer.begin(Duration::from_secs(60)).expect("begun");
        lock(&lock(&writer.last).as_ref().expect("begun").state).octets = OCTETS_MAX - 1;
        pdu("trx-3");
        over(&Over::Full).await;
        writer.finish().await;
        let all: Vec<String> = files(&path).iter().map(|path| std::fs::read_to_string(path).expect("text")).collect();
        for (text, bind) in all.iter().zip(["trx-1", "trx-2", "trx-3"]) {
            assert!(text.lines().count() == 1 && text.contains(&format!(" smart/{bind} -> submit_sm ")), "{text}");
            assert!(!text.contains("85510000001") && !text.contains("hello"), "{text}");
        }
        assert_eq!(all.len(), 3);
    }
}
