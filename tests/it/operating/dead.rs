//! Texts that were given up: listed without a word of theirs, answered once after all where that is still of use, or ended.
use super::{Base, now, test_keys};
use crate::support::{
    app,
    postgres::Server,
    program::{Program, client, run},
};
use chrak::{
    ports::{
        dead::{DeadLetters, REQUEUED_WITHIN_MS, Requeued, Why},
        inbox::{Accepted, DedupeKey, DedupeKind, Finish, Inbox, Intake, MoEnd, NewMo, Source},
    },
    sandbox::telco::Telco,
    store::{DbStore, dead, log},
    types::{CauseId, Msisdn, SessionId, UnixMs},
};
use std::{path::Path, time::Duration};
use uuid::Uuid;

async fn given_up(store: &DbStore, digits: &str, received_at: UnixMs) -> CauseId {
    let id = CauseId(Uuid::now_v7());
    let mo = NewMo {
        id,
        smsc: "smart".into(),
        family: "smart".into(),
        session: SessionId(Uuid::now_v7()),
        source: Source::Person(Msisdn::parse_e164(digits).expect("a number")),
        destination: "1212".into(),
        text: "canary words".into(),
        raw: b"canary words".to_vec(),
        data_coding: 0,
        esm_class: 0,
        dedupe: DedupeKey { kind: DedupeKind::Strong, digest: chrak::store::chain::START.next(&said(id)).hash },
        insist: false,
        given_back: Vec::new(),
        intake: Intake::Claimed,
        received_at,
    };
    assert!(matches!(store.accept(mo).await.expect("stored"), Accepted::New { .. }));
    let end = Finish { mo: id, end: MoEnd::Dead, citizen: None, mts: Vec::new(), follow_up: None };
    store.finish(end, now()).await.expect("finished");
    id
}

/// For a digest of its own.
fn said(id: CauseId) -> chrak::store::chain::Said {
    let (who, what, about, detail) = (String::new(), String::new(), id.0.to_string(), String::new());
    chrak::store::chain::Said { at: 0, run: 0, who, what, about, detail }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_letter_is_requeued_only_while_its_answer_is_of_use() {
    for base in Base::both() {
        let store = base.open().await;
        store.begin(now()).await.expect("begun");
        let good = given_up(&store, "85510777001", now()).await;
        let old = given_up(&store, "85510777002", now().plus_ms(-REQUEUED_WITHIN_MS - 1)).await;
        let first = given_up(&store, "85510777003", now().plus_ms(-2_000)).await;
        let second = given_up(&store, "85510777003", now()).await;
        let all = store.dead(10).await.expect("read");
        assert_eq!(all.len(), 4);
        let shown = format!("{all:?}");
        assert!(all.iter().all(|one| one.why == Why::Refused && one.attempts == 1 && one.smsc == "smart"), "{shown}");
        assert!(!shown.contains("10777001") && !shown.contains("canary"), "{shown}");
        assert_eq!(dead::list(base.place(), test_keys()).await.expect("read"), all, "and from beside the server");

        let ids = vec![good, old, first, second, CauseId(Uuid::nil())];
        let became = dead::requeue(base.place(), test_keys(), ids, now()).await.expect("done");
        use Requeued::{AskedAgain, TooOld, Unknown, Waits};
        assert_eq!(became, [Waits, TooOld, AskedAgain, Waits, Unknown]);
        assert_eq!(store.requeue(good, now()).await.expect("judged"), Unknown, "once");
        let waits = store.waiting(false, None, 10).await.expect("read");
        assert_eq!(waits.iter().map(|mo| mo.id).collect::<Vec<_>>(), [good, second]);
        assert!(waits.iter().all(|mo| mo.attempts == 0 && mo.text == "canary words"));

        assert!(store.drop_dead(old, now()).await.expect("done"));
        assert!(!store.drop_dead(old, now()).await.expect("done"), "once");
        assert!(dead::end(base.place(), test_keys(), first, now()).await.expect("done"));
        assert!(store.dead(10).await.expect("read").is_empty());
        store.close().await;
        let lines = log::list(base.place(), test_keys(), 0, 100).await.expect("read");
        let said: Vec<(&str, &str)> = lines.iter().map(|one| (one.who.as_str(), one.what.as_str())).collect();
        let requeue = ("command-line", "dead.requeue");
        assert_eq!(said, [requeue, requeue, ("operator", "dead.drop"), ("command-line", "dead.drop")]);
        assert!(matches!(log::verify(base.place(), test_keys(), None).await.expect("looked"), log::Finding::Whole(_)));
    }
}

fn texts(telco: &Telco, number: &str) -> usize {
    telco.snapshot().mt.iter().filter(|mt| mt.to == number).count()
}

/// Makes a text that was answered one that was given up without a word.
async fn gives_up(base: &Base, folder: &Path) {
    for sql in ["UPDATE inbox SET state = 5, deaths_alone = 2", "DELETE FROM outbox"] {
        match base {
            Base::Sqlite(_) => drop(super::sqlite(&folder.join("data/chrak.db"), sql).await),
            Base::Postgres(name) => drop(Server::shared().psql(name, sql)),
        }
    }
}

const NUMBER: &str = "85510777009";

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_that_is_requeued_at_the_console_is_answered_once() {
    for base in Base::both() {
        let (portal, telco) = (crate::crash::slow_portal().await, app::telco().await);
        let folder = tempfile::tempdir().expect("a folder");
        let config = base.config(folder.path(), telco.addr(), portal.addr(), "");
        let mut node = Program::start(&["serve", "--config", &config], &[]);
        let ready = node.said("ready http=");
        let ops = ready.split("ops=").nth(1).and_then(|rest| rest.split_whitespace().next()).expect("an address");
        let ops = format!("http://{ops}");
        telco.send_mo(NUMBER, "1212", "HELP").expect("taken");
        let once = app::eventually(Duration::from_secs(20), || (texts(&telco, NUMBER) == 1).then_some(())).await;
        assert!(once.is_some(), "{}", node.listen());
        tokio::time::sleep(Duration::from_millis(300)).await;
        gives_up(&base, folder.path()).await;

        let list = run(&["dead", "list", "--config", &config]);
        assert!(list.out.contains("the server ended twice") && !list.out.contains("10777009"), "{}", list.out);
        let id = list.out.split_whitespace().next().expect("an id").to_owned();
        for (lang, words) in [("en", "Texts that could not be answered"), ("km", "សារដែលឆ្លើយមិនបាន")]
        {
            let page = client().get(format!("{ops}/console?lang={lang}")).send().await.expect("an answer");
            let page = page.text().await.expect("a page");
            assert!(page.contains(words) && page.contains(&id) && !page.contains("10777009"), "{lang}");
        }
        let order = async |order: &str| {
            let form = [("id", id.as_str()), ("order", order)];
            let answer = client().post(format!("{ops}/dead")).form(&form).send().await.expect("an answer");
            answer.status().as_u16()
        };
        assert_eq!((order("burn").await, order("requeue").await, order("requeue").await), (422, 200, 404));
        let twice = app::eventually(Duration::from_secs(30), || (texts(&telco, NUMBER) == 2).then_some(())).await;
        assert!(twice.is_some(), "it was not answered: {}", node.listen());
        // a look at what waits later
        tokio::time::sleep(Duration::from_secs(17)).await;
        assert_eq!(texts(&telco, NUMBER), 2, "once");
        let none = run(&["dead", "list", "--config", &config]);
        assert_eq!((none.code, none.out.trim()), (Some(0), "no dead letters"));
        assert_eq!(run(&["dead", "requeue", &id, "--config", &config]).code, Some(1));
        assert_eq!(run(&["dead", "drop", "nothing", "--config", &config]).code, Some(2));
        assert_eq!(run(&["dead", "requeue", "--all", "--config", &config]).code, Some(0));
        drop(node);
        telco.stop().await;
        portal.stop().await;
    }
}
