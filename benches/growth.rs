//! What old rows cost: texts a second and memory against what is in the tables, the start of the program on them, and texts
//! while a sweep destroys old ones. `cargo bench --bench growth` prints tables in Markdown; `CHRAK_SVG=FILE` draws the curves,
//! `CHRAK_ROWS=100000` ends sooner (default: a million), `CHRAK_FOLDER` names a folder on the disk that is meant, and `CHRAK_BIN`
//! the program that is started. A million texts take 1.2 GB, and as much again while they are written. Old rows are written past the store, by SQL.
#[path = "shared/plot.rs"]
mod plot;
#[path = "../tests/it/support/shipped.rs"]
mod shipped;
#[path = "shared/spread.rs"]
mod spread;
#[path = "shared/texts.rs"]
mod texts;

use chrak::{
    app::clock::SystemClock,
    ports::{clock::Clock as _, inbox::Inbox as _, outbox::Outbox as _, random::new_id},
    sandbox::{
        portal::{Portal, PortalConfig},
        telco::{Telco, TelcoConfig},
    },
    store::{DbStore, Keys, StoreOptions},
    types::UnixMs,
};
use futures_util::{StreamExt, stream};
use spread::ms;
use sqlx::{ConnectOptions, Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

/// Texts of a round, so many of them in hand at once, and rounds.
const TEXTS: u64 = 4_000;
const IN_HAND: usize = 100;
const ROUNDS: u64 = 5;
/// Texts that wait at the last start.
const WAITING: u64 = 100_000;
/// Texts a second beside a sweep, and for how long.
const PACE: u64 = 200;
const SWEPT_FOR: Duration = Duration::from_secs(15);
const STARTS: usize = 3;
const DAY: i64 = 86_400_000;

/// What was measured beside so many old rows.
struct Point {
    rows: u64,
    rate: f64,
    p99: f64,
    resident: f64,
    ready: f64,
    spread: String,
}

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
    let most: u64 = std::env::var("CHRAK_ROWS").map_or(1_000_000, |text| text.parse().expect("CHRAK_ROWS: a number"));
    let (median, p99) = spread::bare_disk(folder.path());
    println!("an fdatasync of 4 KiB on this disk: median {median:.2} ms, p99 {p99:.2} ms\n");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(grow(folder.path(), most));
}

async fn grow(folder: &Path, most: u64) {
    let keys = Keys::make(&folder.join("chrak.key")).expect("a key file");
    let place = Place::new(folder, keys).await;
    let (mut rows, mut next, mut points) = (0, 0, Vec::new());
    println!("| old texts | texts/s | least | most | p99 of accept, ms | RSS of the store, MiB | start to ready, ms |");
    println!("|---|---|---|---|---|---|---|");
    for wanted in [1_000, 10_000, 100_000, 1_000_000, 10_000_000] {
        if wanted > most {
            break;
        }
        place.seed(rows, wanted).await;
        rows = wanted;
        let mut point = place.answer(rows, &mut next).await;
        let mut starts = place.starts();
        point.ready = spread::quantile(&mut starts, 0.5);
        println!(
            "| {rows} | {} | {:.1} | {:.0} | {:.0} ({:.0}–{:.0}) |",
            point.spread,
            point.p99,
            point.resident,
            point.ready,
            starts[0],
            starts[STARTS - 1]
        );
        points.push(point);
    }
    println!("\n| {PACE} texts a second for {} s, accepted | p50 ms | p99 ms | max ms |", SWEPT_FOR.as_secs());
    println!("|---|---|---|---|");
    place.purge(rows, &mut next).await;
    place.wait().await;
    let mut starts = place.starts();
    let [least, median, top] = [0.0, 0.5, 1.0].map(|share| spread::quantile(&mut starts, share));
    println!("\nstart to ready with {rows} old and {WAITING} waiting texts: {median:.0} ms ({least:.0}–{top:.0})");
    draw(&points);
}

fn draw(points: &[Point]) {
    let Some(file) = std::env::var_os("CHRAK_SVG") else { return };
    let curve = |of: fn(&Point) -> f64| points.iter().map(|point| (point.rows as f64, of(point))).collect();
    let panels = [
        ("texts a second", curve(|point| point.rate)),
        ("memory of the store, MiB", curve(|point| point.resident)),
        ("start to ready, ms", curve(|point| point.ready)),
    ];
    std::fs::write(file, plot::panels("old texts in the tables", &panels)).expect("the picture is written");
}

/// A database with its key where the program looks for them, and a telco and a portal for it.
struct Place {
    folder: PathBuf,
    keys: Keys,
    config: PathBuf,
    ops: SocketAddr,
    _telco: Telco,
    _portal: Portal,
}

impl Place {
    async fn new(folder: &Path, keys: Keys) -> Self {
        let listen = ([127, 0, 0, 1], 0).into();
        let portal = PortalConfig { listen, token: Some("t".into()), delay: Duration::ZERO, db: None, stands_at: None };
        let portal = Portal::start(portal).await.expect("the sandbox portal starts");
        let telco = Telco::start(TelcoConfig { listen, ..TelcoConfig::default() }).await.expect("the telco starts");
        let free = std::net::TcpListener::bind(listen).expect("a port");
        let ops = free.local_addr().expect("its address");
        let config = folder.join("chrak.toml");
        let text = format!(
            "data_dir = \".\"\n[http]\nlisten = \"127.0.0.1:0\"\n[ops]\nlisten = \"{ops}\"\n[portal]\nurl = \"http://{}\"\n\
             token = \"t\"\n[[smsc]]\nname = \"bench\"\naddress = \"{}\"\nsystem_id = \"x\"\npassword = \"x\"\n",
            portal.addr(),
            telco.addr()
        );
        std::fs::write(&config, text).expect("written");
        let place = Place { folder: folder.to_owned(), keys, config, ops, _telco: telco, _portal: portal };
        place.store().await.close().await;
        place
    }

    fn database(&self) -> PathBuf {
        self.folder.join("chrak.db")
    }

    async fn store(&self) -> DbStore {
        let store =
            chrak::store::sqlite::open(StoreOptions::new(self.database(), self.keys.clone())).await.expect("a store");
        store.begin(SystemClock.now()).await.expect("begun");
        store
    }

    async fn conn(&self) -> SqliteConnection {
        let options = SqliteConnectOptions::new().filename(self.database()).pragma("synchronous", "OFF");
        options.pragma("cache_size", "-400000").connect().await.expect("opened")
    }

    /// Texts that were answered eight days ago, each of another number: all that an answer leaves behind.
    async fn seed(&self, from: u64, to: u64) {
        let mut conn = self.conn().await;
        let begun = SystemClock.now().0 - 8 * DAY;
        let mut work = conn.begin().await.expect("begun");
        for table in OLD {
            let all = format!(
                "WITH RECURSIVE n (n) AS (SELECT {from} UNION ALL SELECT n + 1 FROM n WHERE n + 1 < {to}), \
                 r (n, at, id) AS (SELECT n, {begun} + n, unhex(printf('%012x70008%015x', {begun} + n, n)) FROM n) {table}"
            );
            sqlx::query(sqlx::AssertSqlSafe(all)).execute(&mut *work).await.expect("old rows");
        }
        work.commit().await.expect("committed");
        sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").fetch_all(&mut conn).await.expect("a checkpoint");
        conn.close().await.expect("closed");
    }

    /// Texts that came just now and wait, sealed as the store seals them.
    async fn wait(&self) {
        let mut conn = self.conn().await;
        let mut work = conn.begin().await.expect("begun");
        let now = SystemClock.now();
        for nth in 0..WAITING {
            let id = *new_id(now).as_bytes();
            let seal = |column: &str, text: &[u8]| self.keys.seal(&id, column, text).expect("sealed");
            let number = texts::number(5_000_000 + nth);
            let query = sqlx::query(
                "INSERT INTO inbox (id, smsc, family, session, source_mac, source, destination, text, raw, data_coding, \
                 esm_class, state, incarnation, attempts, received_at) \
                 VALUES (?, 'bench', 'bench', randomblob(16), ?, ?, '1212', ?, ?, 0, 0, 0, 0, 0, ?)",
            );
            query
                .bind(&id[..])
                .bind(self.keys.number_mac(number.digits()).to_vec())
                .bind(seal("source", format!("P{}", number.digits()).as_bytes()))
                .bind(seal("text", b"120500260481937"))
                .bind(seal("raw", b"120500260481937"))
                .bind(now.0)
                .execute(&mut *work)
                .await
                .expect("a text that waits");
        }
        work.commit().await.expect("committed");
        conn.close().await.expect("closed");
    }

    /// New texts beside so many old ones: accepted, finished, settled, confirmed.
    async fn answer(&self, rows: u64, next: &mut u64) -> Point {
        let store = Arc::new(self.store().await);
        let (mut rates, mut accepts) = (Vec::new(), Vec::new());
        // the first round finds no statement prepared
        for round in 0..=ROUNDS {
            let begun = Instant::now();
            let all = stream::iter(*next..*next + TEXTS).map(|nth| answered(Arc::clone(&store), nth));
            let took: Vec<f64> =
                all.map(tokio::spawn).buffer_unordered(IN_HAND).map(|one| one.expect("done")).collect().await;
            *next += TEXTS;
            if round > 0 {
                rates.push(TEXTS as f64 / begun.elapsed().as_secs_f64());
                accepts.extend(took);
            }
        }
        let resident = spread::resident();
        let store = Arc::try_unwrap(store).unwrap_or_else(|_| panic!("nobody else has it"));
        store.end(SystemClock.now()).await.expect("ended");
        store.close().await;
        let spread = spread::cells(&mut rates, 0);
        let (rate, p99) = (spread::quantile(&mut rates, 0.5), spread::quantile(&mut accepts, 0.99));
        Point { rows, rate, p99, resident, ready: 0.0, spread }
    }

    /// Texts at a steady pace, alone and while old ones are destroyed as the server does it.
    async fn purge(&self, rows: u64, next: &mut u64) {
        let store = Arc::new(self.store().await);
        for what in ["alone", "beside the sweep", "alone again"] {
            let (mut swept, mut spent) = (0, Vec::new());
            let begun = Instant::now();
            let paced = tokio::spawn(paced(Arc::clone(&store), *next));
            while what == "beside the sweep" && begun.elapsed() < SWEPT_FOR {
                let (now, at) = (SystemClock.now(), Instant::now());
                swept += store.sweep(UnixMs(now.0 - 7 * DAY), now).await.expect("swept");
                spent.push(ms(at.elapsed()));
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            let mut took = paced.await.expect("done");
            *next += PACE * SWEPT_FOR.as_secs();
            let [p50, p99, max] = [0.5, 0.99, 1.0].map(|share| spread::quantile(&mut took, share));
            let more = if swept > 0 {
                let [half, most] = [0.5, 1.0].map(|share| spread::quantile(&mut spent, share));
                format!(
                    ": {swept} of {rows} old texts' rows in {} steps, {half:.0} ms each, {most:.0} at most",
                    spent.len()
                )
            } else {
                String::new()
            };
            println!("| {what}{more} | {p50:.1} | {p99:.1} | {max:.0} |");
        }
        store.end(SystemClock.now()).await.expect("ended");
        Arc::try_unwrap(store).unwrap_or_else(|_| panic!("nobody else has it")).close().await;
    }

    /// Milliseconds from the start of the program to its `/readyz`.
    fn starts(&self) -> Vec<f64> {
        let mut all: Vec<f64> = (0..STARTS).map(|_| self.start()).collect();
        all.sort_by(f64::total_cmp);
        all
    }

    fn start(&self) -> f64 {
        let begun = Instant::now();
        let mut command = shipped::command();
        command.args(["serve", "--config"]).arg(&self.config).stdout(Stdio::null()).stderr(Stdio::null());
        let server = Server(command.spawn().expect("the server starts"));
        while !ready(self.ops) {
            assert!(begun.elapsed() < Duration::from_secs(300), "it does not get ready");
            std::thread::sleep(Duration::from_millis(2));
        }
        let took = ms(begun.elapsed());
        drop(server);
        took
    }
}

/// What an answer leaves in the tables, from `r (n, at, id)`: its number, its time, its id.
const OLD: [&str; 4] = [
    "INSERT INTO inbox (id, smsc, family, session, source_mac, source, destination, text, raw, data_coding, esm_class, \
     state, resp_state, incarnation, attempts, received_at, done_at) \
     SELECT id, 'bench', 'bench', randomblob(16), randomblob(32), randomblob(41), '1212', randomblob(44), randomblob(44), 0, 0, \
     2, 2, 0, 1, at, at FROM r",
    "INSERT INTO mo_dedupe (digest, family, kind, mo, seen_at) SELECT randomblob(32), 'bench', 2, id, at FROM r",
    "INSERT INTO outbox (id, mo, kind, part, parts, smsc, family, source, destination, body, data_coding, udhi, reference, \
     not_after, due, state, session, attempts, message_id, updated_at, sent_at, number_mac, class, turn) \
     SELECT id, id, 0, 1, 1, 'bench', 'bench', '1212', randomblob(41), randomblob(169), 8, 0, n & 65535, \
     at, at, 4, randomblob(16), 1, lower(hex(randomblob(16))), at, at, randomblob(32), 0, at FROM r",
    "INSERT INTO citizen (number_mac, language, stopped, dialogue, dialogue_until, tallies) \
     SELECT randomblob(32), 'km', 0, NULL, 0, '' FROM r",
];

struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Whether `/readyz` says yes.
fn ready(ops: SocketAddr) -> bool {
    let Ok(mut stream) = TcpStream::connect(ops) else { return false };
    let asked = format!("GET /readyz HTTP/1.1\r\nHost: {ops}\r\nConnection: close\r\n\r\n");
    let mut told = String::new();
    stream.write_all(asked.as_bytes()).and_then(|()| stream.read_to_string(&mut told)).is_ok()
        && told.starts_with("HTTP/1.1 200")
}

/// Everything that the store does for a text; how long its acceptance took, in ms.
async fn answered(store: Arc<DbStore>, nth: u64) -> f64 {
    let now = SystemClock.now();
    let mo = texts::mo(nth, now);
    let (id, begun) = (mo.id, Instant::now());
    store.accept(mo).await.expect("accepted");
    let took = ms(begun.elapsed());
    let begun = store.finish(texts::finish(id, nth, now), now).await.expect("finished");
    let outcomes = begun.into_iter().map(texts::sent).collect();
    let (settled, confirmed) = tokio::join!(store.settle(outcomes, now), store.confirm(vec![id]));
    settled.and(confirmed).expect("settled");
    took
}

async fn paced(store: Arc<DbStore>, first: u64) -> Vec<f64> {
    let mut tick = tokio::time::interval(Duration::from_micros(1_000_000 / PACE));
    let mut all = Vec::new();
    for nth in first..first + PACE * SWEPT_FOR.as_secs() {
        tick.tick().await;
        all.push(tokio::spawn(answered(Arc::clone(&store), nth)));
    }
    futures_util::future::join_all(all).await.into_iter().map(|one| one.expect("done")).collect()
}
