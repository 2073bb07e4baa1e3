//! Places for stores in PostgreSQL, and what can be wrong with one of them.
use super::*;
use crate::support::postgres::{Pooler, Server};
use chrak::{
    ports::{
        nodes::Nodes as _,
        parts::{KeptPart, Parts as _},
        pushes::Pushes as _,
        ussd::UssdSessions as _,
    },
    store::{Keys, PgOpenError, PgOptions},
};
use std::{sync::OnceLock, time::SystemTime};

/// A database of its own.
pub struct Postgres(String);

fn now() -> UnixMs {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_millis();
    UnixMs(i64::try_from(now).expect("a time"))
}

fn options(url: &str) -> PgOptions {
    PgOptions::new(url, Keys::from_secret(&[7; 32]), now())
}

impl Postgres {
    pub fn new() -> Self {
        Postgres(Server::shared().database())
    }
}

type Opening<'a> = Pin<Box<dyn Future<Output = Box<dyn Store>> + Send + 'a>>;

fn opening(url: String) -> Opening<'static> {
    Box::pin(async move {
        let store = store::postgres::open(options(&url)).await.unwrap_or_else(|fault| panic!("{fault}"));
        Box::new(store) as Box<dyn Store>
    })
}

impl Factory for Postgres {
    fn open(&self) -> Opening<'_> {
        opening(Server::shared().url(&self.0))
    }
}

/// A database of its own behind a pooler that gives each transaction another session.
pub struct Pooled(String);

impl Pooled {
    pub fn new() -> Self {
        Pooled(Server::shared().database())
    }
}

impl Factory for Pooled {
    fn open(&self) -> Opening<'_> {
        static POOLER: OnceLock<Pooler> = OnceLock::new();
        let pooler = POOLER.get_or_init(|| Pooler::start(Server::shared(), "transaction"));
        opening(format!("{}?statement-cache-capacity=0", pooler.url(&self.0)))
    }
}

async fn refused(options: PgOptions) -> String {
    match store::postgres::open(options).await {
        Ok(_) => panic!("opened"),
        Err(fault) => fault.to_string(),
    }
}

#[tokio::test]
async fn a_server_that_could_lose_what_is_acknowledged_is_refused_in_words() {
    let server = Server::shared();
    let name = server.database();
    let url = server.url(&name);
    let set = |sql: &str| server.psql("postgres", &format!("ALTER DATABASE {name} {sql}"));
    for (setting, wrong, words) in [
        ("synchronous_commit", "off", "has synchronous_commit = off: what is acknowledged could be lost; set it to on"),
        ("synchronous_commit", "local", "has synchronous_commit = local"),
        ("default_transaction_read_only", "on", "takes no writes"),
    ] {
        set(&format!("SET {setting} = {wrong}"));
        let said = refused(options(&url)).await;
        assert!(said.contains(words) && said.contains(&format!("\"{name}\" at 127.0.0.1:")), "{said}");
        set(&format!("RESET {setting}"));
    }
    let weak = Server::start(&["fsync=off"]);
    let said = refused(options(&weak.url("postgres"))).await;
    assert!(said.contains("has fsync = off"), "{said}");
}

#[tokio::test]
async fn another_key_a_newer_version_another_clock_and_a_node_of_the_same_name_are_refused_in_words() {
    let server = Server::shared();
    let name = server.database();
    let url = server.url(&name);
    let late = PgOptions { now: now().plus_ms(-HOUR), ..options(&url) };
    assert!(refused(late).await.contains("3600 s apart: set both by NTP"));
    let lacking = PgOptions { make: false, ..options(&url) };
    assert!(matches!(store::postgres::open(lacking).await.err(), Some(PgOpenError::Empty { .. })));

    let store = store::postgres::open(options(&url)).await.expect("opened");
    store.begin(NOW).await.expect("begun");
    let other = PgOptions { keys: Keys::from_secret(&[8; 32]), ..options(&url) };
    assert!(refused(other).await.contains("sealed with another key file: copy the key file"));
    let namesake = PgOptions { place: "another machine's key file".into(), ..options(&url) };
    let said = refused(namesake.clone()).await;
    assert!(said.contains("another node has the name \"node\"") && said.contains("database.node"), "{said}");
    let neighbour = PgOptions { node: "node-b".into(), ..namesake.clone() };
    store::postgres::open(neighbour).await.expect("another name").close().await;
    store.end(NOW).await.expect("ended");
    store.close().await;
    store::postgres::open(namesake).await.expect("free again").close().await;

    let sql = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
               VALUES (99, 'later', true, '', 0)";
    server.psql(&name, sql);
    assert!(refused(options(&url)).await.contains("is at migration 99, this build knows"));
}

#[tokio::test]
async fn what_cannot_be_reached_or_takes_transactions_apart_is_told_in_words() {
    let server = Server::shared();
    let name = server.database();
    let pooler = Pooler::start(server, "statement");
    let said = refused(options(&pooler.url(&name))).await;
    assert!(said.contains("is behind a pooler: add ?statement-cache-capacity=0 to database.url"), "{said}");
    let said = refused(options(&format!("{}?statement-cache-capacity=0", pooler.url(&name)))).await;
    assert!(said.contains("pool_mode = statement"), "{said}");
    let said = refused(options("postgres://chrak@127.0.0.1:1/chrak")).await;
    assert!(said.contains("\"chrak\" at 127.0.0.1:1 cannot be reached"), "{said}");
    let said = refused(options(&server.url("nothing"))).await;
    assert!(said.contains("cannot be reached") && said.contains("does not exist"), "{said}");
}

async fn of_node(name: &str, url: &str) -> store::DbStore {
    let store = store::postgres::open(PgOptions { node: name.into(), ..options(url) }).await.expect("opened");
    store.begin(NOW).await.expect("begun");
    store
}

/// What a node wrote that was thought dead is taken by nobody, and the node is told so once.
#[tokio::test]
async fn a_run_that_was_taken_over_writes_nothing_any_more() {
    let server = Server::shared();
    let name = server.database();
    let url = server.url(&name);
    let told = std::sync::Arc::new(std::sync::atomic::AtomicU32::new(0));
    let count = std::sync::Arc::clone(&told);
    let fenced = std::sync::Arc::new(move |_: &str| _ = count.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
    let slow = PgOptions { node: "node-a".into(), fenced, ..options(&url) };
    let slow = store::postgres::open(slow).await.expect("opened");
    slow.begin(NOW).await.expect("begun");
    let quick = of_node("node-b", &url).await;
    let (mo, away) = (mo("HELP", session()), session());
    assert!(is_new(&slow.accept(mo.clone()).await.expect("stored")));
    let sent = mt(MtKind::Answer, 1, 1, Some(away));
    answered(&slow, "OTHER", vec![sent.clone()]).await;
    assert_eq!(quick.take_over(NOW).await.expect("asked").runs, 0, "its lease runs");

    // node-b has kept its own lease for long
    server.psql(&name, "UPDATE incarnation SET lease_until = 0 WHERE node = 'node-a'");
    assert_eq!(quick.neighbours().await.map(|seen| seen.dead), Ok(false), "everybody gets time to come back");
    server.psql(&name, "UPDATE incarnation SET steady_since = 0 WHERE node = 'node-b'");
    let seen = quick.neighbours().await.expect("read");
    assert_eq!((seen.ended, seen.dead, seen.first), (0, true, true));
    let taken = quick.take_over(NOW).await.expect("taken");
    assert_eq!((taken.runs, taken.suspects, taken.ambiguous), (1, 1, 1));
    assert_eq!(quick.take_over(NOW).await.expect("asked").runs, 0, "once");

    assert_eq!(slow.finish(finish(mo.id, vec![]), NOW).await, Err(StoreFault::Busy));
    assert_eq!(slow.settle(vec![settled(sent.id, away, Outcome::Unwritten)], NOW).await, Err(StoreFault::Busy));
    assert_eq!(slow.accept(super::mo("NEW", session())).await, Err(StoreFault::Busy));
    assert_eq!(told.load(std::sync::atomic::Ordering::Relaxed), 1);
    assert!(slow.trouble().is_some_and(|trouble| trouble.lasting && trouble.words.contains("another node")));
    assert_eq!(server.psql(&name, "SELECT count(*) FROM inbox WHERE state = 1 OR suspect <> 1 AND state < 2"), "0");
    quick.claim(mo.id, false, NOW).await.expect("it waits");
}

/// What waits at another node that lives is that node's affair, and anybody's when it has ended.
#[tokio::test]
async fn what_waits_at_a_node_is_found_by_others_when_it_has_ended() {
    let server = Server::shared();
    let name = server.database();
    let url = server.url(&name);
    let (one, other) = (of_node("node-a", &url).await, of_node("node-b", &url).await);
    assert_eq!(other.neighbours().await.map(|seen| seen.first), Ok(false));
    let left = NewMo { intake: Intake::Waiting, ..mo("HELP", session()) };
    one.accept(left.clone()).await.expect("stored");
    let claimed = mo("OTHER", session());
    one.accept(claimed.clone()).await.expect("stored");
    assert!(other.waiting(false, None, 9).await.expect("read").is_empty());
    assert_eq!(one.waiting(false, None, 9).await.expect("read").len(), 1);
    one.end(NOW).await.expect("ended");
    assert_eq!(one.accept(mo("LATE", session())).await, Err(StoreFault::Busy), "it has left");
    let found: Vec<CauseId> = other.waiting(false, None, 9).await.expect("read").iter().map(|mo| mo.id).collect();
    assert_eq!(found, [left.id, claimed.id]);
    let seen = other.neighbours().await.expect("read");
    assert_eq!((seen.ended, seen.dead, seen.first), (1, false, true));
}

/// A run that is dead, of a node of another name: what it had in hand is taken over when its lease has ended.
#[tokio::test]
async fn what_a_dead_node_had_in_hand_is_taken_over() {
    let server = Server::shared();
    let name = server.database();
    let store = store::postgres::open(options(&server.url(&name))).await.expect("opened");
    store.begin(NOW).await.expect("begun");
    let mo = mo("HELP", session());
    assert!(is_new(&store.accept(mo.clone()).await.expect("stored")));
    let away = session();
    answered(&store, "OTHER", vec![mt(MtKind::Answer, 1, 1, Some(away))]).await;
    drop(store);
    server.psql(&name, "UPDATE incarnation SET lease_until = 0");
    let next = PgOptions { node: "node-b".into(), ..options(&server.url(&name)) };
    let next = store::postgres::open(next).await.expect("opened");
    let found = next.begin(NOW).await.expect("begun");
    assert_eq!((found.clean, found.suspects, found.waiting, found.ambiguous), (false, 1, 1, 1));
    next.claim(mo.id, true, NOW).await.expect("it waits");
}

async fn two_nodes() -> (String, store::DbStore, store::DbStore) {
    let server = Server::shared();
    let name = server.database();
    let url = server.url(&name);
    (name, of_node("node-a", &url).await, of_node("node-b", &url).await)
}

/// One text of a number in hand at a time, whichever node has it.
#[tokio::test]
async fn a_text_waits_for_one_of_its_number_at_another_node() {
    let (_, one, other) = two_nodes().await;
    let (first, second) = (mo("FIRST", session()), mo("SECOND", session()));
    let claimed = |accepted: &Accepted| matches!(accepted, Accepted::New { claimed: true, .. });
    assert!(claimed(&one.accept(first.clone()).await.expect("stored")));
    let stored = other.accept(second.clone()).await.expect("stored");
    assert!(is_new(&stored) && !claimed(&stored), "{stored:?}");
    assert_eq!(other.claim(second.id, false, NOW).await, Err(StoreFault::Behind));
    let somebody = Source::Person(Msisdn::parse_e164("85510234502").expect("a number"));
    let elsewhere = NewMo { source: somebody, ..mo("ELSEWHERE", session()) };
    assert!(claimed(&other.accept(elsewhere).await.expect("stored")), "another number");

    // one that was given back goes before the later one
    one.release(first.id, NOW).await.expect("given back");
    assert_eq!(other.claim(second.id, false, NOW).await, Err(StoreFault::Behind));
    let late = NOW.plus_ms(60_001);
    other.claim(second.id, false, late).await.expect("nobody waits for ever");
    assert_eq!(one.claim(first.id, false, late).await, Err(StoreFault::Behind), "it is in hand now");
    other.finish(finish(second.id, vec![]), NOW).await.expect("finished");
    one.claim(first.id, false, NOW).await.expect("its turn");
    assert_eq!(other.claim(second.id, false, NOW).await, Err(StoreFault::Stale));
}

/// Texts of one number that come to both nodes at the same moment.
#[tokio::test(flavor = "multi_thread")]
async fn of_texts_of_a_number_at_once_one_is_in_hand() {
    let (name, one, other) = two_nodes().await;
    for at in 0..40 {
        let number = format!("855102{at:05}");
        let from = Source::Person(Msisdn::parse_e164(&number).expect("a number"));
        let text = |text: &str| NewMo { source: from.clone(), ..mo(text, session()) };
        let (a, b) = tokio::join!(one.accept(text(&format!("A{at}"))), other.accept(text(&format!("B{at}"))));
        assert!(is_new(&a.expect("stored")) && is_new(&b.expect("stored")));
    }
    let twice =
        "SELECT count(*) FROM (SELECT FROM inbox WHERE state = 1 GROUP BY source_mac HAVING count(*) > 1) AS twice";
    assert_eq!(Server::shared().psql(&name, twice), "0");
    assert!(
        Server::shared().psql(&name, "SELECT count(*) FROM inbox WHERE state = 1").parse::<u32>().expect("a number")
            > 0
    );
}

/// A segment that another node has read as due too is begun by one of them, and none while another one of its number is on
/// its way.
#[tokio::test]
async fn segments_of_a_number_go_one_at_a_time_over_all_nodes() {
    let (_, one, other) = two_nodes().await;
    let (first, second) = (mt(MtKind::Answer, 1, 1, None), mt(MtKind::Answer, 1, 1, None));
    answered(&one, "FIRST", vec![first.clone()]).await;
    answered(&other, "SECOND", vec![second.clone()]).await;
    let (at_one, at_other) = (session(), session());
    assert_eq!(one.begin_submit(vec![first.id], at_one, NOW).await, Ok(vec![first.id]));
    assert_eq!(other.begin_submit(vec![first.id], at_other, NOW).await, Ok(vec![]), "another node has it");
    assert_eq!(other.begin_submit(vec![second.id], at_other, NOW).await, Ok(vec![]), "one of its number is on its way");
    let third = mt(MtKind::Answer, 1, 1, Some(at_other));
    let text = mo("THIRD", session());
    other.accept(text.clone()).await.expect("stored");
    assert_eq!(other.finish(finish(text.id, vec![third]), NOW).await, Ok(vec![]), "not at once");
    one.settle(vec![settled(first.id, at_one, sent("m1"))], NOW).await.expect("settled");
    assert_eq!(other.begin_submit(vec![second.id], at_other, NOW).await, Ok(vec![second.id]));
}

/// The parts of a text that come to both nodes at the same moment make one text.
#[tokio::test(flavor = "multi_thread")]
async fn parts_at_once_at_two_nodes_are_one_text() {
    let (name, one, other) = two_nodes().await;
    for at in 0..20_u16 {
        let (first, second) = (part(at, 2, 1, "hello "), part(at, 2, 2, "world"));
        let (a, b) = tokio::join!(one.keep_part(first), other.keep_part(second));
        let (a, b) = (a.expect("kept"), b.expect("kept"));
        let whole = [&a, &b].into_iter().filter(|kept| matches!(kept, KeptPart::Kept { whole: true, .. }));
        assert_eq!(whole.count(), 1, "{a:?} {b:?}");
        let KeptPart::Kept { text, .. } = a else { panic!("{a:?}") };
        let (a, b) = tokio::join!(joined(&one, text, 2, Intake::Waiting), joined(&other, text, 2, Intake::Waiting));
        assert!(a.is_ok() != b.is_ok() && (a == Err(StoreFault::Stale) || b == Err(StoreFault::Stale)), "{a:?} {b:?}");
    }
    assert_eq!(Server::shared().psql(&name, "SELECT count(*) FROM inbox"), "20");
}

/// What comes to one node, and then to the other: a text again, its receipt, the next screen, an event, what is remembered.
#[tokio::test(flavor = "multi_thread")]
async fn what_comes_again_or_goes_on_at_another_node_is_known_there() {
    let (name, one, other) = two_nodes().await;
    let again = || NewMo { id: CauseId(Uuid::now_v7()), ..mo("HELP", session()) };
    let (a, b) = (again(), again());
    let (stored, twice) = tokio::join!(one.accept(a.clone()), other.accept(b.clone()));
    let (stored, twice) = (stored.expect("stored"), twice.expect("stored"));
    assert!(is_new(&stored) != is_new(&twice), "{stored:?} {twice:?}");
    let (holder, of) = if is_new(&stored) { (&one, a.id) } else { (&other, b.id) };
    assert_eq!(one.accept(again()).await, Ok(Accepted::Duplicate { of }));
    assert_eq!(other.accept(again()).await, Ok(Accepted::Duplicate { of }));

    let here = session();
    let answer = mt(MtKind::Answer, 1, 1, Some(here));
    let record = CitizenRecord {
        language: Some(Language::En),
        dialogue: Some(b"asked".to_vec()),
        dialogue_until: NOW.plus_ms(HOUR),
        ..CitizenRecord::default()
    };
    let end = Finish { citizen: Some((number(), record.clone())), ..finish(of, vec![answer.clone()]) };
    // the other one's transaction may have held the number at that moment: then it waits
    if matches!(&stored, Accepted::New { claimed: false, .. }) || matches!(&twice, Accepted::New { claimed: false, .. })
    {
        holder.claim(of, false, NOW).await.expect("claimed");
    }
    assert_eq!(holder.finish(end, NOW).await, Ok(vec![answer.id]));
    holder.settle(vec![settled(answer.id, here, sent("id-1"))], NOW).await.expect("settled");
    let elsewhere = if std::ptr::eq(holder, &one) { &other } else { &one };
    assert_eq!(elsewhere.receipt(receipt_of("id-1"), NOW).await, Ok(Receipted::Exact));
    let next = mo("NEXT", session());
    assert_eq!(
        elsewhere.accept(next).await,
        Ok(Accepted::New { citizen: record, claimed: true }),
        "the dialogue goes on"
    );

    one.keep_ussd(kept_step("one", 1), NOW).await.expect("kept");
    let (a, b) = tokio::join!(one.keep_ussd(kept_step("two", 2), NOW), other.keep_ussd(kept_step("two", 2), NOW));
    assert!(a.is_ok() != b.is_ok() && (a == Err(StoreFault::Stale) || b == Err(StoreFault::Stale)), "{a:?} {b:?}");
    for at in 0..10 {
        let event = format!("e{at}");
        let (a, b) = tokio::join!(one.take_event(event.clone(), None, NOW), other.take_event(event, None, NOW));
        assert_eq!(a.expect("asked"), !b.expect("asked"), "an event is taken once");
    }
    assert_eq!(Server::shared().psql(&name, "SELECT count(*) FROM event_seen"), "10");
}
