//! Where log lines go: to a thread of their own, by a queue with an end. A log that nobody reads (a full pipe, a stuck
//! journal) then costs lines, which are counted, and not texts, pages or the way out. Knows no line's content.
use std::{
    io::{self, Write},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    time::Duration,
};
use tokio::time::Instant;
use tracing_subscriber::fmt::MakeWriter;

/// Lines that wait at most: some seconds of a busy server, and with the bound of a line a few MiB.
const LINES_MAX: usize = 4_096;
/// Octets of a line; what is longer is cut, as one line must not stand for all the memory of the queue.
const LINE_OCTETS_MAX: usize = 16 * 1024;

/// The near end of the queue; cheap to clone. Each write is a whole line.
#[derive(Clone)]
pub struct Log {
    lines: SyncSender<Vec<u8>>,
    state: Arc<WriterState>,
}

#[derive(Default)]
struct WriterState {
    /// Lines handed over and not yet written.
    waiting: AtomicUsize,
    /// Lines that found no room since that was last told.
    dropped: AtomicU64,
    /// The far end is gone: there is nobody to wait for.
    ended: AtomicBool,
}

impl Log {
    /// Starts the thread that writes to `out`. `told` is called on it when lines were lost and writing goes on again,
    /// with how many.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(out: impl Write + Send + 'static, told: impl Fn(u64) + Send + 'static) -> io::Result<Self> {
        let (lines, queue) = sync_channel(LINES_MAX);
        let state = Arc::<WriterState>::default();
        let far = Arc::clone(&state);
        std::thread::Builder::new().name("log".to_owned()).spawn(move || {
            write_all(out, &queue, &far, told);
            far.ended.store(true, Ordering::Release);
        })?;
        Ok(Log { lines, state })
    }

    /// Waits until everything that waits is written, at most so long.
    pub fn flush(&self, patience: Duration) {
        let end = Instant::now() + patience;
        while self.state.waiting.load(Ordering::Acquire) > 0
            && !self.state.ended.load(Ordering::Acquire)
            && Instant::now() < end
        {
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn line(&self, octets: &[u8]) {
        let mut line = octets[..octets.len().min(LINE_OCTETS_MAX)].to_vec();
        if line.last() != Some(&b'\n') {
            line.push(b'\n');
        }
        self.state.waiting.fetch_add(1, Ordering::AcqRel);
        match self.lines.try_send(line) {
            Ok(()) => {}
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                self.state.waiting.fetch_sub(1, Ordering::AcqRel);
                self.state.dropped.fetch_add(1, Ordering::Relaxed);
                metrics::counter!("chrak_log_dropped_total").increment(1);
            }
        }
    }
}

/// A log that can be written no more (its reader is gone) loses all lines from then on, and counts them.
fn write_all(mut out: impl Write, queue: &Receiver<Vec<u8>>, state: &WriterState, told: impl Fn(u64)) {
    while let Ok(line) = queue.recv() {
        let written = out.write_all(&line).and_then(|()| out.flush());
        state.waiting.fetch_sub(1, Ordering::AcqRel);
        if written.is_err() {
            return;
        }
        let lost = state.dropped.swap(0, Ordering::Relaxed);
        if lost > 0 {
            told(lost);
        }
    }
}

impl Write for &Log {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.line(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = &'a Log;

    fn make_writer(&'a self) -> Self::Writer {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Mutex, mpsc::channel};

    /// Takes a line only when it is told to.
    struct Stuck(Receiver<()>, Arc<Mutex<Vec<u8>>>);

    impl Write for Stuck {
        fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
            let _ = self.0.recv();
            self.1.lock().expect("alone").extend(octets);
            Ok(octets.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_log_that_nobody_reads_costs_lines_and_says_so_when_it_can() {
        let (go, gate) = channel();
        let (tell, told) = channel();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Log::start(Stuck(gate, Arc::clone(&seen)), move |lost| tell.send(lost).expect("heard"));
        let log = log.expect("a thread");
        let begun = Instant::now();
        for n in 0..LINES_MAX + 1_000 {
            (&log).write_all(format!("line {n}\n").as_bytes()).expect("never fails");
        }
        log.flush(Duration::from_millis(20));
        assert!(begun.elapsed() < Duration::from_secs(5), "nobody waited for the reader");
        drop(go);
        let lost = told.recv_timeout(Duration::from_secs(5)).expect("told");
        assert!((999..=1_000).contains(&lost), "{lost}: one line may be in the writer's hand");
        log.flush(Duration::from_secs(5));
        let seen = String::from_utf8(seen.lock().expect("alone").clone()).expect("lines");
        // which of them found no room depends on when the writer took its first
        let numbers =
            seen.lines().map(|line| line.strip_prefix("line ").and_then(|number| number.parse::<usize>().ok()));
        let numbers: Vec<usize> = numbers.collect::<Option<_>>().expect("whole lines");
        assert!(numbers.is_sorted_by(|one, next| one < next), "in their order");
        assert_eq!(seen.lines().count() as u64, (LINES_MAX + 1_000) as u64 - lost);
    }

    #[test]
    fn a_line_has_an_end() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (go, gate) = channel();
        let log = Log::start(Stuck(gate, Arc::clone(&seen)), |_| {}).expect("a thread");
        drop(go);
        (&log).write_all(&vec![b'x'; 3 * LINE_OCTETS_MAX]).expect("never fails");
        log.flush(Duration::from_secs(5));
        assert_eq!(seen.lock().expect("alone").len(), LINE_OCTETS_MAX + 1);
    }
}
