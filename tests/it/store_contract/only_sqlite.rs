//! What the SQLite store does besides: files, keys, locks, faults of the disk, speed.
use super::*;
use chrak::{
    ports::parts::KeptPart,
    store::{DbStore, Keys, OpenError, StoreOptions},
};
use std::path::PathBuf;

/// A place for stores of the kind that is embedded.
pub struct Sqlite(tempfile::TempDir);

impl Sqlite {
    pub fn new() -> Self {
        Sqlite(tempfile::tempdir().expect("a directory"))
    }

    pub fn path(&self) -> PathBuf {
        self.0.path().join("chrak.db")
    }

    pub fn options(&self) -> StoreOptions {
        StoreOptions::new(self.path(), Keys::from_secret(&[7; 32]))
    }
}

impl Factory for Sqlite {
    fn open(&self) -> Pin<Box<dyn Future<Output = Box<dyn Store>> + Send + '_>> {
        Box::pin(async {
            let store = store::sqlite::open(self.options()).await.expect("opened");
            Box::new(store) as Box<dyn Store>
        })
    }
}

#[tokio::test]
async fn a_second_opening_is_refused() {
    let place = Sqlite::new();
    let store = store::sqlite::open(place.options()).await.expect("opened");
    let Err(refused) = store::sqlite::open(place.options()).await else { panic!("opened twice") };
    assert!(matches!(refused, OpenError::Locked { .. }));
    assert!(refused.to_string().contains("in use by another process"), "{refused}");
    store.close().await;
    store::sqlite::open(place.options()).await.expect("free again").close().await;
}

#[tokio::test]
async fn what_cannot_be_opened_is_told_in_words() {
    let place = Sqlite::new();
    std::fs::write(place.path(), vec![b'x'; 8192]).expect("written");
    let opened = store::sqlite::open(place.options()).await;
    assert!(matches!(opened.err(), Some(OpenError::NotADatabase { .. })));

    let place = Sqlite::new();
    store::sqlite::open(place.options()).await.expect("opened").close().await;
    let other = StoreOptions::new(place.path(), Keys::from_secret(&[8; 32]));
    assert!(matches!(store::sqlite::open(other).await.err(), Some(OpenError::WrongKey { .. })));
    let mut conn = connection(&place).await;
    let sql = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
               VALUES (99, 'later', 1, x'00', 0)";
    sqlx::query(sql).execute(&mut conn).await.expect("inserted");
    sqlx::Connection::close(conn).await.expect("closed");
    let refused = store::sqlite::open(place.options()).await.err().expect("refused").to_string();
    assert!(refused.contains("is at migration 99, this build knows "), "{refused}");
    assert!(refused.ends_with("; run a newer chrak"), "{refused}");

    let place = Sqlite::new();
    let inside_a_file = place.0.path().join("file");
    std::fs::write(&inside_a_file, "").expect("written");
    let options = StoreOptions::new(inside_a_file.join("chrak.db"), Keys::from_secret(&[7; 32]));
    assert!(matches!(store::sqlite::open(options).await.err(), Some(OpenError::Path { .. })));
}

async fn connection(place: &Sqlite) -> sqlx::SqliteConnection {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(place.path());
    sqlx::ConnectOptions::connect(&options).await.expect("connected")
}

#[tokio::test]
async fn no_number_and_no_text_stands_in_the_files() {
    let place = Sqlite::new();
    mos::records_come_back_as_written(&place).await;
    let store = place.open().await;
    store.begin(NOW).await.expect("begun");
    answered(&*store, TEXT, vec![mt(MtKind::Answer, 1, 1, None)]).await;
    store.keep_part(parts::part(9, 2, 1, TEXT)).await.expect("stored");
    let mut seen = 0;
    for entry in std::fs::read_dir(place.0.path()).expect("listed") {
        let octets = std::fs::read(entry.expect("an entry").path()).expect("read");
        seen += octets.len();
        for canary in ["canary", NUMBER, "10234501", "500260481937"] {
            let found = octets.windows(canary.len()).any(|part| part == canary.as_bytes());
            assert!(!found, "{canary}");
        }
    }
    assert!(seen > 50_000, "the files hold something");
}

/// So many parts of as many numbers, waiting since before [`NOW`].
async fn crowd(place: &Sqlite, from: u32, to: u32) {
    let mut conn = connection(place).await;
    let sql = "WITH RECURSIVE n (n) AS (SELECT ?1 UNION ALL SELECT n + 1 FROM n WHERE n + 1 < ?2) \
               INSERT INTO part SELECT CAST(printf('%016d', n) AS BLOB), 1, 2, 0, 1, 'smart', 'smart', zeroblob(16), \
               CAST(printf('%032d', n) AS BLOB), x'', '1212', x'', 140, 0, 64, zeroblob(32), ?3, ?3 + n FROM n";
    let kept = sqlx::query(sql).bind(from).bind(to).bind(NOW.0 + 1).execute(&mut conn).await.expect("a crowd");
    assert_eq!(kept.rows_affected(), u64::from(to - from));
    sqlx::Connection::close(conn).await.expect("closed");
}

#[tokio::test]
async fn a_flood_of_first_parts_ends_the_oldest_and_then_waits_at_the_telco() {
    let place = Sqlite::new();
    drop(begun(&place).await);
    crowd(&place, 0, 20_000).await;
    let store = begun(&place).await;
    let ended = async |now| store.ended_texts(now, 9).await.expect("read").len();
    let started = std::time::Instant::now();
    assert_eq!(ended(NOW).await, 0);
    assert!(matches!(store.keep_part(parts::part(1, 2, 1, "a")).await, Ok(KeptPart::Kept { .. })));
    assert_eq!(ended(NOW).await, 1, "the oldest makes room");
    assert!(matches!(store.keep_part(parts::part(2, 2, 1, "b")).await, Ok(KeptPart::Kept { .. })));
    assert_eq!(ended(NOW).await, 2);
    println!("two parts among 20,000: {:?}", started.elapsed());
    drop(store);
    crowd(&place, 20_000, 39_998).await;
    let store = begun(&place).await;
    assert_eq!(store.keep_part(parts::part(3, 2, 1, "c")).await, Ok(KeptPart::Full));
    // the telco sends it again when some have been joined
    let text = store.ended_texts(NOW, 1).await.expect("read")[0];
    store.join_parts(NewMo { id: text, ..mo(TEXT, session()) }, 1).await.expect("joined");
    assert!(matches!(store.keep_part(parts::part(3, 2, 1, "c")).await, Ok(KeptPart::Kept { .. })));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_mos_share_few_commits() {
    let place = Sqlite::new();
    let store = store::sqlite::open(place.options()).await.expect("opened");
    store.begin(NOW).await.expect("begun");
    let before = store.commits();
    let mos = (0..100).map(|n| store.accept(mo(&format!("{n}"), session())));
    let results = futures_util::future::join_all(mos).await;
    assert!(results.into_iter().all(|result| is_new(&result.expect("stored"))));
    let commits = store.commits() - before;
    assert!(commits <= 20, "{commits} commits for 100 MOs");
}

#[tokio::test]
async fn a_full_disk_is_busy_and_nothing_is_half_done() {
    let place = Sqlite::new();
    let options = StoreOptions { pages_max: Some(60), ..place.options() };
    let store = store::sqlite::open(options).await.expect("opened");
    store.begin(NOW).await.expect("begun");
    let mut stored = 0;
    let refused = loop {
        match store.accept(mo(&format!("{stored}{}", " ".repeat(1_000)), session())).await {
            Ok(_) => stored += 1,
            Err(fault) => break fault,
        }
        assert!(stored < 1_000);
    };
    assert_eq!(refused, StoreFault::Busy);
    assert_eq!(store.inbox_depth().await, Ok(stored));
    store.probe().await.expect("what needs no room still works");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_database_ends_it_all() {
    let place = Sqlite::new();
    let (send_command, told) = std::sync::mpsc::channel();
    let send_command = std::sync::Mutex::new(send_command);
    let fatal = Arc::new(move |_: &str| send_command.lock().expect("alone").send(()).expect("heard"));
    let store = store::sqlite::open(StoreOptions { fatal, ..place.options() }).await.expect("opened");
    store.begin(NOW).await.expect("begun");
    store.accept(mo("one", session())).await.expect("stored");
    // a foreign writer makes the store read its pages again, and there is nothing but noise
    let mut conn = connection(&place).await;
    sqlx::query("UPDATE meta SET value = 7 WHERE name = 'probe'").execute(&mut conn).await.expect("ok");
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut conn).await.expect("ok");
    sqlx::query("UPDATE meta SET value = 8 WHERE name = 'probe'").execute(&mut conn).await.expect("ok");
    let len = place.path().metadata().expect("there").len() as usize;
    let mut octets = std::fs::read(place.path()).expect("read");
    octets[4096..len].fill(0xEE);
    std::fs::write(place.path(), octets).expect("written");
    assert_eq!(store.accept(mo("two", session())).await, Err(StoreFault::Unknown));
    told.recv_timeout(std::time::Duration::from_secs(5)).expect("told");
    let after = store.accept(mo("three", session())).await;
    assert!(matches!(after, Err(StoreFault::Closed | StoreFault::Unknown)), "{after:?}");
}

/// Prints cycles a second: accept, finish with a reserved segment, settle; 200 in flight.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn speed() {
    let place = Sqlite::new();
    let store = Arc::new(store::sqlite::open(place.options()).await.expect("opened"));
    store.begin(NOW).await.expect("begun");
    let rounds: u32 =
        std::env::var("CHRAK_SPEED_ROUNDS").map_or(5, |text| text.parse().expect("CHRAK_SPEED_ROUNDS: a number"));
    let started = std::time::Instant::now();
    let lanes = (0..200).map(|lane| tokio::spawn(cycles(Arc::clone(&store), lane, rounds)));
    for lane in futures_util::future::join_all(lanes).await {
        lane.expect("no panic");
    }
    let spent = started.elapsed().as_secs_f64();
    let total = f64::from(200 * rounds);
    println!("{:.0} cycles/s, {} commits, {total} cycles", total / spent, store.commits());
    assert_eq!((store.inbox_depth().await, store.outbox_depth().await), (Ok(0), Ok(0)));
}

async fn cycles(store: Arc<DbStore>, lane: u32, rounds: u32) {
    let here = session();
    let number = Msisdn::parse_e164(&format!("8551{lane:07}")).expect("a number");
    for round in 0..rounds {
        let question = NewMo { source: Source::Person(number), ..mo(&format!("{lane} {round}"), here) };
        let id = question.id;
        assert!(is_new(&store.accept(question).await.expect("stored")));
        let segment = NewMt { destination: number, ..mt(MtKind::Answer, 1, 1, Some(here)) };
        let record = CitizenRecord { dialogue: Some(vec![1; 60]), ..CitizenRecord::default() };
        let end = Finish { citizen: Some((number, record)), ..finish(id, vec![segment.clone()]) };
        store.finish(end, NOW).await.expect("finished");
        let settlement = settled(segment.id, here, sent(&format!("{lane}-{round}")));
        store.settle(vec![settlement], NOW).await.expect("settled");
    }
}
