//! The files of the server: taken away while it runs, mixed up between starts, opened twice, and dumped.
use crate::support::{
    app,
    program::{self, Program, Said, client, run},
};
use chrak::sandbox::telco::Telco;
use serde_json::json;
use std::{
    fs,
    os::unix::{
        fs::{OpenOptionsExt, symlink},
        process::ExitStatusExt,
    },
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

const CODE: &str = "120500260481938";
/// Within which what happened to the files must be noticed, as the issue and TRUST.md say.
const NOTICED: Duration = Duration::from_secs(5);

/// A folder with a configuration, a telco, and the files of a first run.
struct Place {
    telco: Telco,
    folder: tempfile::TempDir,
    config: PathBuf,
}

impl Place {
    async fn new() -> Self {
        let (telco, folder) = (app::telco().await, tempfile::tempdir().expect("a folder"));
        let nowhere = "127.0.0.1:9".parse().expect("an address");
        let agency = "max_tps = 0\n[[agency]]\nname = \"a\"\ntoken = \"agency-token\"\nfree_text = true\n";
        let config = program::config(folder.path(), telco.addr(), nowhere, agency);
        Place { telco, folder, config }
    }

    fn data(&self, name: &str) -> PathBuf {
        self.folder.path().join("data").join(name)
    }

    fn run(&self, words: &[&str]) -> Said {
        let config = self.config.to_str().expect("UTF-8");
        run(&[words, &["--config", config]].concat())
    }

    /// The same configuration with its database elsewhere.
    fn with_database(&self, path: &Path) -> String {
        let text = fs::read_to_string(&self.config).expect("read");
        let other = self.folder.path().join("other.toml");
        let database = format!("\n[database]\nurl = \"sqlite:{}\"\n", path.display());
        fs::write(&other, format!("{text}{database}")).expect("written");
        other.to_str().expect("UTF-8").to_owned()
    }

    async fn serve(&self) -> Running {
        let mut program = Program::start(&["serve", "--config", self.config.to_str().expect("UTF-8")], &[]);
        let ready = program.said("ready");
        let at = |key: &str| {
            let address = ready.split_once(key).expect("an address").1.split_whitespace().next().expect("one");
            format!("http://{address}")
        };
        self.telco.bound().await;
        Running { http: at("http="), ops: at("ops="), program }
    }

    async fn answers(&self, count: u64) -> bool {
        let all = || (self.telco.counters().mt >= count).then_some(());
        // what was on its way when the bind was left is uncertain for 15 seconds after the next one
        app::eventually(Duration::from_secs(40), all).await.is_some()
    }
}

struct Running {
    program: Program,
    http: String,
    ops: String,
}

impl Running {
    async fn ready(&self) -> (u16, String) {
        let answer = client().get(format!("{}/readyz", self.ops)).send().await.expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("a body"))
    }

    async fn agency_sends(&self) -> u16 {
        let body = json!({ "to": "010 000 201", "text": "Your document is ready", "class": "transactional" });
        let post = client().post(format!("{}/v1/messages", self.http)).bearer_auth("agency-token").json(&body);
        post.send().await.expect("an answer").status().as_u16()
    }

    fn ends(mut self) {
        self.program.signal("TERM");
        self.program.ended(Duration::from_secs(25));
    }
}

/// Does something to the files of a running server, and sees that it stops taking anything.
async fn is_noticed(named: &str, attack: impl FnOnce(&Place)) -> (Place, Running) {
    let place = Place::new().await;
    let server = place.serve().await;
    place.telco.send_mo("85510000001", "1212", CODE).expect("taken");
    assert!(place.answers(1).await);
    assert_eq!(server.agency_sends().await, 202);
    let acked = place.telco.counters().mo_acked;
    attack(&place);
    let begun = Instant::now();
    // at once, while the bind is still there
    place.telco.send_mo("85510000002", "1212", CODE).expect("taken");
    let gone = app::eventually(NOTICED, || place.telco.binds().is_empty().then_some(())).await;
    assert!(gone.is_some(), "{named}: the bind stayed for {:?}", begun.elapsed());
    let (status, why) = server.ready().await;
    assert!(status == 503 && why.contains(named) && why.contains("while the server was running"), "{status} {why}");
    assert_eq!(server.agency_sends().await, 503, "{named}");
    assert_eq!(place.telco.counters().mo_acked, acked, "{named}: a text was acknowledged");
    (place, server)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_deleted_takes_nothing_more() {
    let (place, mut server) = is_noticed("chrak.db", |place| {
        for name in ["chrak.db", "chrak.db-wal", "chrak.db-shm"] {
            fs::remove_file(place.data(name)).expect("it was there");
        }
    })
    .await;
    assert!(server.program.listen().contains("was removed or moved away"), "{}", server.program.log);
    server.ends();
    place.telco.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_another_file_replaced_takes_nothing_more() {
    let (place, server) = is_noticed("chrak.db was replaced", |place| {
        fs::copy(place.data("chrak.db"), place.data("copy")).expect("copied");
        fs::rename(place.data("copy"), place.data("chrak.db")).expect("moved over");
    })
    .await;
    server.ends();
    place.telco.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_overwritten_in_its_place_takes_nothing_more() {
    let (place, server) = is_noticed("chrak.db was overwritten", |place| {
        fs::OpenOptions::new().write(true).open(place.data("chrak.db")).and_then(|file| file.set_len(0)).expect("cut");
    })
    .await;
    server.ends();
    place.telco.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_that_is_taken_away_is_missed_too() {
    for name in ["chrak.db-wal", "chrak.db-shm"] {
        let (place, server) = is_noticed(name, |place| fs::remove_file(place.data(name)).expect("it was there")).await;
        server.ends();
        place.telco.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_file_that_is_replaced_is_missed_too() {
    let (place, server) = is_noticed("chrak.key was replaced", |place| write_key(&place.data("chrak.key"), 9)).await;
    server.ends();
    place.telco.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_was_moved_away_and_back_goes_on_where_it_was() {
    let (place, server) = is_noticed("chrak.db", |place| {
        fs::rename(place.folder.path().join("data"), place.folder.path().join("away")).expect("moved");
    })
    .await;
    fs::rename(place.folder.path().join("away"), place.folder.path().join("data")).expect("moved back");
    // the first answer, the agency's message, and the text that the telco kept
    assert!(place.answers(3).await, "{:?}", place.telco.counters());
    // the database is looked at once a second
    let mut looks = 0;
    while server.ready().await.0 != 200 {
        looks += 1;
        assert!(looks < 50, "{}", server.ready().await.1);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    server.ends();
    place.telco.stop().await;
}

fn write_key(path: &Path, octet: u8) {
    let _ = fs::remove_file(path);
    let mut options = fs::OpenOptions::new();
    let file = options.write(true).create_new(true).mode(0o600).open(path);
    std::io::Write::write_all(&mut file.expect("made"), &[octet; 32]).expect("written");
}

/// Every command that opens the database.
const STARTS: [&str; 3] = ["serve", "migrate", "check"];

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_database_is_not_made_beside_an_old_key_without_being_told() {
    let place = Place::new().await;
    assert_eq!(place.run(&["migrate"]).code, Some(0));
    let database = place.data("chrak.db");
    fs::remove_file(&database).expect("it was there");
    for empty in [false, true] {
        if empty {
            fs::write(&database, "").expect("written");
        }
        for start in STARTS {
            let said = place.run(&[start]);
            assert_eq!(said.code, Some(1), "{start}: {}{}", said.out, said.err);
            let words = format!("{}{}", said.out, said.err);
            for part in ["chrak.key", "chrak.db is missing or empty", "migrate --config FILE --new-database"] {
                assert!(words.contains(part), "{start}: {words}");
            }
            assert_eq!(fs::metadata(&database).map_or(0, |about| about.len()), 0, "{start} made one");
        }
    }
    // a file of SQLite's that never was ours is as empty
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&database).create_if_missing(true);
    let mut conn = sqlx::ConnectOptions::connect(&options).await.expect("connected");
    sqlx::query("CREATE TABLE foreign_table (x)").execute(&mut conn).await.expect("made");
    sqlx::Connection::close(conn).await.expect("closed");
    let said = place.run(&["serve"]);
    assert!(said.code == Some(1) && said.err.contains("missing or empty"), "{}", said.err);
    fs::remove_file(&database).expect("it was there");

    let said = place.run(&["migrate", "--new-database"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(place.run(&["migrate"]).code, Some(0), "with the key that was there");
    let said = place.run(&["migrate", "--new-database"]);
    assert!(said.code == Some(2) && said.err.contains("there is one"), "{}", said.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_database_beside_another_key_is_refused_and_left_as_it_was() {
    let place = Place::new().await;
    assert_eq!(place.run(&["migrate"]).code, Some(0));
    let before = fs::read(place.data("chrak.db")).expect("read");
    write_key(&place.data("chrak.key"), 9);
    for start in STARTS {
        let said = place.run(&[start]);
        let words = format!("{}{}", said.out, said.err);
        assert!(said.code == Some(1) && words.contains("sealed with another key file"), "{start}: {words}");
    }
    assert!(fs::read(place.data("chrak.db")).expect("read") == before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_without_its_key_makes_none() {
    let place = Place::new().await;
    assert_eq!(place.run(&["migrate"]).code, Some(0));
    let key = place.data("chrak.key");
    let kept = fs::read(&key).expect("read");
    fs::remove_file(&key).expect("it was there");
    for words in [&["serve"][..], &["migrate"], &["check"], &["migrate", "--new-database"]] {
        let said = place.run(words);
        let all = format!("{}{}", said.out, said.err);
        assert_eq!(said.code, Some(1), "{words:?}: {all}");
        assert!(all.contains("chrak.key is missing") && all.contains("restore it from the backup"), "{words:?}: {all}");
        let keys = fs::read_dir(place.data("")).expect("listed").filter_map(Result::ok);
        let keys = keys.filter(|entry| entry.file_name().to_string_lossy().contains("key")).count();
        assert_eq!(keys, 0, "{words:?} made one");
    }
    // a link that leads nowhere (its disk is not mounted) is a key that is missed, not none
    symlink("/nowhere/chrak.key", &key).expect("made");
    assert_eq!(place.run(&["migrate"]).code, Some(1));
    fs::remove_file(&key).expect("it was there");
    write_key(&key, 0);
    fs::write(&key, kept).expect("restored");
    assert_eq!(place.run(&["migrate"]).code, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_start_that_was_cut_short_goes_on() {
    for (cut, octets) in [("before the key was whole", 5), ("before the database", 32)] {
        let place = Place::new().await;
        fs::create_dir(place.data("")).expect("made");
        write_key(&place.data("chrak.key.first"), 9);
        fs::OpenOptions::new()
            .write(true)
            .open(place.data("chrak.key.first"))
            .and_then(|file| file.set_len(octets))
            .expect("cut");
        let said = place.run(&["migrate"]);
        assert_eq!(said.code, Some(0), "{cut}: {}", said.err);
        assert!(place.data("chrak.key").exists() && !place.data("chrak.key.first").exists(), "{cut}");
        assert_eq!(place.run(&["migrate"]).code, Some(0), "{cut}");
    }
    let place = Place::new().await;
    assert_eq!(place.run(&["migrate"]).code, Some(0));
    fs::rename(place.data("chrak.key"), place.data("chrak.key.first")).expect("as before its last step");
    assert_eq!(place.run(&["migrate"]).code, Some(0));
    assert!(place.data("chrak.key").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_server_is_refused_whatever_path_leads_to_the_database() {
    let place = Place::new().await;
    let server = place.serve().await;
    for entry in fs::read_dir(place.data("")).expect("listed").filter_map(Result::ok) {
        let name = entry.file_name().into_string().expect("UTF-8");
        if !name.starts_with("chrak.db") && !name.starts_with("chrak.key") {
            fs::remove_file(entry.path()).expect("whatever served as a lock is gone");
        }
    }
    let elsewhere = place.folder.path().join("elsewhere");
    fs::create_dir(&elsewhere).expect("made");
    symlink(place.data("chrak.db"), elsewhere.join("link.db")).expect("made");
    symlink(place.data(""), elsewhere.join("folder")).expect("made");
    let mut paths = vec![place.data("chrak.db"), elsewhere.join("link.db"), elsewhere.join("folder/chrak.db")];
    fs::hard_link(place.data("chrak.db"), elsewhere.join("hard.db")).expect("made");
    paths.push(elsewhere.join("hard.db"));
    for path in &paths {
        let said = run(&["serve", "--config", &place.with_database(path)]);
        let used = said.err.contains("in use by another process");
        assert!(said.code == Some(1) && used, "{}: {:?} {}", path.display(), said.code, said.err);
    }
    place.telco.send_mo("85510000001", "1212", CODE).expect("taken");
    assert!(place.answers(1).await, "the first one goes on");
    // moved away and opened there
    fs::remove_file(elsewhere.join("hard.db")).expect("it was there");
    fs::rename(place.data("chrak.db"), elsewhere.join("moved.db")).expect("moved");
    let said = run(&["serve", "--config", &place.with_database(&elsewhere.join("moved.db"))]);
    assert!(said.code == Some(1) && said.err.contains("in use by another process"), "{}", said.err);
    server.ends();
    place.telco.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_with_two_names_is_not_opened() {
    let place = Place::new().await;
    assert_eq!(place.run(&["migrate"]).code, Some(0));
    fs::hard_link(place.data("chrak.db"), place.data("second.db")).expect("made");
    let said = place.run(&["serve"]);
    assert!(said.code == Some(1) && said.err.contains("has 2 names (hard links)"), "{}", said.err);
    fs::remove_file(place.data("second.db")).expect("it was there");
    assert_eq!(place.run(&["migrate"]).code, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_memory_is_left_in_no_core_dump() {
    let place = Place::new().await;
    let mut server = place.serve().await;
    let limits = fs::read_to_string(format!("/proc/{}/limits", server.program.id())).expect("read");
    let core: Vec<&str> = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max core file size"))
        .expect("one")
        .split_whitespace()
        .collect();
    assert_eq!(core[..2], ["0", "0"], "{limits}");
    server.program.signal("ABRT");
    let ended = server.program.ended(Duration::from_secs(10));
    assert!(ended.signal() == Some(6) && !ended.core_dumped(), "{ended:?}");
    place.telco.stop().await;
}
