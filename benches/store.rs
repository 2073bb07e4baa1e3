//! What the store takes for a text: accepted, its turn finished with a segment, the segment settled; so many at once as a busy
//! minute brings together, each its own operation as the exchange asks for it. `cargo bench --bench store` has criterion measure one
//! of the three at a time by the clock on the wall, the others unmeasured around it; an element of the throughput is a row, and
//! below it stands the CPU time of all threads for one. `CHRAK_FOLDER` names a folder on the disk that is meant (default: the
//! system's temporary one); every commit is synced.
#[path = "shared/spread.rs"]
mod spread;
#[path = "shared/texts.rs"]
mod texts;

use chrak::{
    ports::{clock::Clock as _, inbox::Inbox as _, outbox::Outbox as _},
    store::{DbStore, Keys, StoreOptions},
    types::{CauseId, MtId, UnixMs},
};
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, SamplingMode, Throughput, measurement::WallTime};
use futures_util::future::join_all;
use rustix::time::{ClockId, clock_gettime};
use std::{
    ops::AddAssign,
    path::Path,
    time::{Duration, Instant},
};
use tokio::runtime::Runtime;

/// So many at once.
const BATCHES: [u64; 4] = [1, 10, 100, 1_000];

fn main() {
    let mut criterion = criterion();
    let folder = match std::env::var_os("CHRAK_FOLDER") {
        Some(folder) => tempfile::tempdir_in(folder),
        None => tempfile::tempdir(),
    };
    let folder = folder.expect("a folder");
    if measures() {
        let (median, p99) = spread::bare_disk(folder.path());
        println!("an fdatasync of 4 KiB on this disk: median {median:.2} ms, p99 {p99:.2} ms\n");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let mut group = criterion.benchmark_group("store");
    group.sampling_mode(SamplingMode::Flat);
    for batch in BATCHES {
        // a database each, so that none begins beside the rows of the one before it
        let store = runtime.block_on(open(&folder.path().join(format!("{batch}.db"))));
        let mut next = 0;
        for step in [Step::Accept, Step::Finish, Step::Settle] {
            row(&mut group, &runtime, step, batch, || {
                next += batch;
                round(&store, next - batch..next)
            });
        }
    }
    group.finish();
    criterion.final_summary();
}

/// Criterion as the command line wants it: 4 s a step, in which the unmeasured ones count, no drawings.
fn criterion() -> Criterion {
    Criterion::default()
        .without_plots()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(4))
        .sample_size(20)
        .nresamples(10_000)
        .configure_from_args()
}

/// Whether figures are wanted: not where the benches are only listed, or tried as tests.
fn measures() -> bool {
    let told = |word: &str| std::env::args().any(|told| told == word);
    told("--bench") && !told("--list")
}

async fn open(path: &Path) -> DbStore {
    let options = StoreOptions::new(path, Keys::from_secret(&[7; 32]));
    let store = chrak::store::sqlite::open(options).await.expect("a store");
    store.begin(now()).await.expect("begun");
    store
}

fn now() -> UnixMs {
    chrak::app::clock::SystemClock.now()
}

/// What is measured of a round.
#[derive(Clone, Copy)]
enum Step {
    Accept,
    Finish,
    Settle,
}

impl Step {
    const fn name(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Finish => "finish",
            Self::Settle => "settle",
        }
    }
}

/// What a step took on the wall, and the CPU time of the process for it.
#[derive(Clone, Copy, Default)]
struct Spent {
    wall: Duration,
    cpu: Duration,
}

impl Spent {
    async fn on<T>(work: impl Future<Output = T>) -> (T, Self) {
        let (cpu, begun) = (of_process(), Instant::now());
        let done = work.await;
        (done, Self { wall: begun.elapsed(), cpu: of_process() - cpu })
    }
}

impl AddAssign for Spent {
    fn add_assign(&mut self, other: Self) {
        self.wall += other.wall;
        self.cpu += other.cpu;
    }
}

/// CPU time of all threads so far (POSIX, CLOCK_PROCESS_CPUTIME_ID).
fn of_process() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ProcessCPUTime)).expect("a process's time begins at zero")
}

/// Measures one step of rounds. The CPU time is the mean of all of them, those that warm up too.
fn row<R: Future<Output = [Spent; 3]>>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    runtime: &Runtime,
    step: Step,
    batch: u64,
    mut round: impl FnMut() -> R,
) {
    let (mut all, mut rows) = (Spent::default(), 0);
    group.throughput(Throughput::Elements(batch));
    group.bench_function(BenchmarkId::new(step.name(), batch), |bencher| {
        bencher.iter_custom(|rounds| {
            let mut spent = Spent::default();
            for _ in 0..rounds {
                spent += runtime.block_on(round())[step as usize];
            }
            all += spent;
            rows += rounds * batch;
            spent.wall
        });
    });
    // none where another one was asked for
    if measures() && rows > 0 {
        println!("{:24}CPU:    {:.1} µs a row, all threads", "", all.cpu.as_secs_f64() * 1e6 / rows as f64);
    }
}

/// A round of texts of these numbers; what each step of it took, in the order of [`Step`].
async fn round(store: &DbStore, numbers: std::ops::Range<u64>) -> [Spent; 3] {
    let (now, batch) = (now(), numbers.end - numbers.start);
    let mos: Vec<_> = numbers.map(|nth| (nth, texts::mo(nth, now))).collect();
    let ids: Vec<(u64, CauseId)> = mos.iter().map(|(nth, mo)| (*nth, mo.id)).collect();
    let (done, accepted) = Spent::on(join_all(mos.into_iter().map(|(_, mo)| store.accept(mo)))).await;
    for done in done {
        done.expect("accepted");
    }
    let ends = ids.iter().map(|(nth, mo)| store.finish(texts::finish(*mo, *nth, now), now));
    let (done, finished) = Spent::on(join_all(ends)).await;
    let begun: Vec<Vec<MtId>> = done.into_iter().map(|done| done.expect("finished")).collect();
    let outcomes: Vec<_> = begun.into_iter().flatten().map(texts::sent).collect();
    assert_eq!(outcomes.len() as u64, batch, "each has its place");
    let (done, settled) = Spent::on(store.settle(outcomes, now)).await;
    done.expect("settled");
    [accepted, finished, settled]
}
