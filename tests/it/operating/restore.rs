//! A backup while the server runs, and the restore drill: the copy is put in place of a database that has gone on, and nobody gets an
//! answer that was sent already.
use super::{Base, now, sqlite};
use crate::{
    crash::{MOS_A_KILL, WINDOW, feed, slow_portal},
    support::{
        app,
        program::{Program, run},
    },
};
use chrak::{
    ports::{
        inbox::{Accepted, DedupeKey, DedupeKind, Inbox, Intake, NewMo, Source},
        outbox::Class,
        pushes::{NewPush, PushKind, Pushes},
    },
    store::{Restored, Settled},
    types::{CauseId, Msisdn, SessionId},
};
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};
use uuid::Uuid;

async fn open_rows(file: &Path) -> u64 {
    let sql = "SELECT (SELECT count(*) FROM inbox WHERE state < 2) + (SELECT count(*) FROM outbox WHERE state < 3)";
    sqlite(file, sql).await.parse().expect("a number")
}

/// A copy that was taken in the middle of the work, and when.
async fn copy_with_open_rows(config: &str, folder: &Path) -> (std::path::PathBuf, String) {
    for nth in 0..20 {
        let copy = folder.join(format!("copy-{nth}.db"));
        let said = run(&["backup", "--config", config, "--to", copy.to_str().expect("UTF-8")]);
        assert!(
            said.code == Some(0) && said.out.contains("whole, taken at ") && said.out.contains("chrak.key"),
            "{}{}",
            said.out,
            said.err
        );
        let at = said
            .out
            .split("taken at ")
            .nth(1)
            .and_then(|rest| rest.split_whitespace().next())
            .expect("a time")
            .to_owned();
        if open_rows(&copy).await > 0 {
            return (copy, at);
        }
    }
    panic!("nothing was ever open");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restore_nobody_gets_an_answer_that_was_sent_already() {
    let (folder, portal, telco) = (tempfile::tempdir().expect("a folder"), slow_portal().await, app::telco().await);
    let base = Base::Sqlite(tempfile::tempdir().expect("a folder"));
    let more = format!("window = {WINDOW}\nmax_tps = 0\n");
    let config = base.config(folder.path(), telco.addr(), portal.addr(), &more);
    let database = folder.path().join("data/chrak.db");
    let mut node = Program::start(&["serve", "--config", &config], &[]);
    node.said("ready");
    let (feeding, allowed) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicU64::new(4 * MOS_A_KILL)));
    let feeder = tokio::spawn(feed(telco.clone(), Arc::clone(&feeding), Arc::clone(&allowed)));
    let busy = app::eventually(Duration::from_secs(20), || (telco.counters().mt > 50).then_some(())).await;
    assert!(busy.is_some(), "{}", node.listen());
    let (copy, taken_at) = copy_with_open_rows(&config, folder.path()).await;
    let again = run(&["backup", "--config", &config, "--to", copy.to_str().expect("UTF-8")]);
    assert!(again.code == Some(2) && again.err.contains("is there already"), "{}", again.err);
    let all = app::eventually(Duration::from_secs(60), || {
        (telco.counters().mt >= 4 * MOS_A_KILL && telco.unacked() == 0).then_some(())
    });
    assert!(all.await.is_some(), "{}", node.listen());
    feeding.store(false, Ordering::Relaxed);
    feeder.await.expect("the feeder ends");
    node.signal("TERM");
    node.ended(Duration::from_secs(25));
    let before = app::answers(&[&telco]);

    // on the database that has gone on it is refused, and so is a time that lies ahead
    let refused = run(&["serve", "--config", &config, "--restored-from", &taken_at]);
    assert!(refused.code == Some(2) && refused.err.contains("worked on after that time"), "{}", refused.err);
    let ahead = run(&["serve", "--config", &config, "--restored-from", "2099-01-01T00:00:00Z"]);
    assert!(ahead.code == Some(2) && ahead.err.contains("lies ahead"), "{}", ahead.err);

    let open = open_rows(&copy).await;
    std::fs::copy(&copy, &database).expect("put in place");
    for end in ["-wal", "-shm"] {
        let beside = folder.path().join(format!("data/chrak.db{end}"));
        if beside.exists() {
            std::fs::remove_file(beside).expect("taken away");
        }
    }
    let mut node = Program::start(&["serve", "--config", &config, "--restored-from", &taken_at], &[]);
    let told = node.said("the database was restored");
    node.said("ready");
    let count = |name: &str| -> u64 {
        let value = told.split(&format!("{name}=")).nth(1).and_then(|rest| rest.split_whitespace().next());
        value.expect(name).parse().expect("a number")
    };
    assert_eq!(count("texts") + count("segments"), open, "{told}");
    // whoever texts now is answered; nobody else hears anything
    telco.send_mo("85598111222", "1212", "HELP").expect("taken");
    let answered =
        app::eventually(Duration::from_secs(30), || app::answers(&[&telco]).contains_key("85598111222").then_some(()));
    assert!(answered.await.is_some(), "{}", node.listen());
    // longer than uncertain segments wait to be decided
    tokio::time::sleep(Duration::from_secs(17)).await;
    let mut after = app::answers(&[&telco]);
    after.remove("85598111222");
    assert_eq!(after, before, "somebody got an old answer again");
    assert_eq!(open_rows(&database).await, 0);
    node.signal("TERM");
    node.ended(Duration::from_secs(25));
    // the option is for the first start only
    let twice = run(&["serve", "--config", &config, "--restored-from", &taken_at]);
    assert!(twice.code == Some(2) && twice.err.contains("start without --restored-from"), "{}", twice.err);
    assert_eq!(run(&["audit", "verify", "--config", &config]).code, Some(0));
    telco.stop().await;
    portal.stop().await;
}

fn push(due: i64) -> NewPush {
    let at = now();
    NewPush {
        id: CauseId(Uuid::now_v7()),
        kind: PushKind::Message,
        class: Class::Bulk,
        number: Msisdn::parse_e164("85510234501").expect("a number"),
        payload: b"x".to_vec(),
        due: at.plus_ms(due),
        not_after: at.plus_ms(due + 3_600_000),
    }
}

fn waiting_text() -> NewMo {
    NewMo {
        id: CauseId(Uuid::now_v7()),
        smsc: "smart".into(),
        family: "smart".into(),
        session: SessionId(Uuid::now_v7()),
        source: Source::Person(Msisdn::parse_e164("85510234501").expect("a number")),
        destination: "1212".into(),
        text: "HELP".into(),
        raw: b"HELP".to_vec(),
        data_coding: 0,
        esm_class: 0,
        dedupe: DedupeKey { kind: DedupeKind::Weak, digest: [9; 32] },
        insist: false,
        given_back: Vec::new(),
        intake: Intake::Waiting,
        received_at: now(),
    }
}

/// What was due is ended; what nobody can have sent yet still goes out. On either database.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_not_due_yet_goes_out_after_a_restore_and_what_was_open_does_not() {
    for base in Base::both() {
        let store = base.open().await;
        assert!(matches!(store.accept(waiting_text()).await.expect("stored"), Accepted::New { .. }));
        let (due, later) = (push(-1_000), push(3_600_000));
        for (name, push) in [("due", &due), ("later", &later)] {
            assert!(store.take_event(name.into(), Some(push.clone()), now()).await.expect("taken"));
        }
        assert_eq!(store.restored_at().await.expect("read"), None);
        let settled = store.restored(now(), now()).await.expect("settled");
        assert_eq!(settled, Restored::Settled(Settled { texts: 1, segments: 0, pushes: 1, feedback: 0 }));
        assert!(store.restored_at().await.expect("read").is_some_and(|at| at <= now()));
        assert!(store.waiting(false, None, 10).await.expect("read").is_empty());
        let waits = store.due_pushes(now().plus_ms(7_200_000), 10).await.expect("read");
        assert_eq!(waits.iter().map(|one| one.push.id).collect::<Vec<_>>(), [later.id]);
        // a run that began after that time: no copy of then
        let then = now().plus_ms(-60_000);
        store.begin(now()).await.expect("begun");
        assert_eq!(store.restored(then, now()).await.expect("judged"), Restored::Later);
        store.close().await;
    }
}
