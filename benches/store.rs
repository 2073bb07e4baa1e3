//! What the store takes for a text: accepted, its turn finished with a segment, the segment settled; so many at once as a busy
//! minute brings together, each its own operation as the exchange asks for it. `cargo bench --bench store` prints a table in
//! Markdown. `CHRAK_FOLDER` names a folder on the disk that is meant (default: the system's temporary one); every commit is synced.
#[path = "shared/spread.rs"]
mod spread;
#[path = "shared/texts.rs"]
mod texts;

use chrak::{
    ports::{clock::Clock as _, inbox::Inbox as _, outbox::Outbox as _},
    store::{DbStore, Keys, StoreOptions},
    types::{CauseId, MtId},
};
use futures_util::future::join_all;
use std::time::Instant;

/// So many at once, and so many rounds of that.
const BATCHES: [(u64, usize); 4] = [(1, 300), (10, 200), (100, 60), (1_000, 15)];

fn main() {
    // cargo asks benches for their list of tests too
    if std::env::args().any(|word| word == "--list" || word == "--test") {
        return;
    }
    let folder = match std::env::var_os("CHRAK_FOLDER") {
        Some(folder) => tempfile::tempdir_in(folder),
        None => tempfile::tempdir(),
    };
    let folder = folder.expect("a folder");
    let (median, p99) = spread::bare_disk(folder.path());
    println!("an fdatasync of 4 KiB on this disk: median {median:.2} ms, p99 {p99:.2} ms\n");
    println!("| what | at once | rows/s | slowest | fastest | µs a row | CPU µs a row |");
    println!("|---|---|---|---|---|---|---|");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let options = StoreOptions::new(folder.path().join("chrak.db"), Keys::from_secret(&[7; 32]));
        let store = chrak::store::sqlite::open(options).await.expect("a store");
        store.begin(now()).await.expect("begun");
        let mut next = 0;
        for (batch, rounds) in BATCHES {
            measure(&store, batch, rounds, &mut next).await;
        }
    });
}

fn now() -> chrak::types::UnixMs {
    chrak::app::clock::SystemClock.now()
}

/// What rounds took on the wall, in ns for each row, and the CPU time of the process for one.
#[derive(Default)]
struct Spent {
    wall: Vec<f64>,
    cpu: u64,
}

impl Spent {
    async fn on<T>(&mut self, rows: u64, work: impl Future<Output = T>) -> T {
        let (cpu, begun) = (spread::of_process(), Instant::now());
        let done = work.await;
        self.wall.push(begun.elapsed().as_nanos() as f64 / rows as f64);
        self.cpu += spread::of_process() - cpu;
        done
    }

    fn row(mut self, what: &str, batch: u64) {
        let cpu = self.cpu as f64 / 1e3 / (batch as f64 * self.wall.len() as f64);
        let [fastest, median, slowest] = [0.0, 0.5, 1.0].map(|share| spread::quantile(&mut self.wall, share));
        let (rate, us) = (|ns: f64| 1e9 / ns, median / 1e3);
        println!(
            "| {what} | {batch} | {:.0} | {:.0} | {:.0} | {us:.1} | {cpu:.1} |",
            rate(median),
            rate(slowest),
            rate(fastest)
        );
    }
}

async fn measure(store: &DbStore, batch: u64, rounds: usize, next: &mut u64) {
    let [mut accepted, mut finished, mut settled] = [Spent::default(), Spent::default(), Spent::default()];
    for _ in 0..rounds {
        let now = now();
        let mos: Vec<_> = (*next..*next + batch).map(|nth| (nth, texts::mo(nth, now))).collect();
        *next += batch;
        let ids: Vec<(u64, CauseId)> = mos.iter().map(|(nth, mo)| (*nth, mo.id)).collect();
        for done in accepted.on(batch, join_all(mos.into_iter().map(|(_, mo)| store.accept(mo)))).await {
            done.expect("accepted");
        }
        let ends = ids.iter().map(|(nth, mo)| store.finish(texts::finish(*mo, *nth, now), now));
        let begun: Vec<Vec<MtId>> =
            finished.on(batch, join_all(ends)).await.into_iter().map(|done| done.expect("finished")).collect();
        let outcomes: Vec<_> = begun.into_iter().flatten().map(texts::sent).collect();
        assert_eq!(outcomes.len() as u64, batch, "each has its place");
        settled.on(batch, store.settle(outcomes, now)).await.expect("settled");
    }
    accepted.row("accept", batch);
    finished.row("finish", batch);
    settled.row("settle", batch);
}
