//! The keys are rotated while the server is under load: nothing is lost, what is old stays readable, what is new has the new key, and an
//! older copy of the key file is told from the one that is needed.
use super::{Base, sqlite};
use crate::{
    crash::{MOS_A_KILL, WINDOW, feed, slow_portal},
    support::{
        app,
        postgres::Server,
        program::{Program, run},
    },
};
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

async fn ask(base: &Base, folder: &Path, sql: &str) -> u64 {
    let said = match base {
        Base::Sqlite(_) => sqlite(&folder.join("data/chrak.db"), sql).await,
        Base::Postgres(name) => Server::shared().psql(name, sql),
    };
    said.parse().expect("a number")
}

/// Texts that a generation sealed.
async fn sealed_by(base: &Base, folder: &Path, generation: u8) -> u64 {
    let octet = match base {
        Base::Sqlite(_) => format!("x'{generation:02x}'"),
        Base::Postgres(_) => format!("'\\x{generation:02x}'"),
    };
    ask(base, folder, &format!("SELECT count(*) FROM inbox WHERE substr(text, 1, 1) = {octet}")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_rotated_under_load_and_nothing_is_lost() {
    for base in Base::both() {
        let (folder, portal, telco) = (tempfile::tempdir().expect("a folder"), slow_portal().await, app::telco().await);
        let more = format!("window = {WINDOW}\nmax_tps = 0\n");
        let config = base.config(folder.path(), telco.addr(), portal.addr(), &more);
        let mut node = Program::start(&["serve", "--config", &config], &[]);
        node.said("ready");
        let key = folder.path().join("data/chrak.key");
        let old_key = std::fs::read(&key).expect("a key");
        let (feeding, allowed) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicU64::new(2 * MOS_A_KILL)));
        let feeder = tokio::spawn(feed(telco.clone(), Arc::clone(&feeding), Arc::clone(&allowed)));
        let busy = app::eventually(Duration::from_secs(20), || (telco.counters().mt > 50).then_some(())).await;
        assert!(busy.is_some(), "{}", node.listen());
        for generation in [2, 3] {
            let said = run(&["key", "rotate", "--config", &config]);
            assert!(
                said.code == Some(0) && said.out.contains(&format!("generation {generation};")),
                "{}{}",
                said.out,
                said.err
            );
            node.signal("HUP");
            node.said("new rows are sealed with the key that was added");
            allowed.fetch_add(MOS_A_KILL, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        let wanted = 4 * MOS_A_KILL;
        let all = app::eventually(Duration::from_secs(60), || {
            (telco.counters().mt >= wanted && telco.unacked() == 0).then_some(())
        });
        assert!(all.await.is_some(), "{} of {wanted}: {}", telco.counters().mt, node.listen());
        feeding.store(false, Ordering::Relaxed);
        feeder.await.expect("the feeder ends");
        for generation in 1..=3 {
            assert!(sealed_by(&base, folder.path(), generation).await > 0, "generation {generation}");
        }
        assert!(app::answers(&[&telco]).values().all(|count| *count == 1), "each is answered once");
        let refused = ask(&base, folder.path(), "SELECT count(*) FROM inbox WHERE state = 5").await;
        assert_eq!(refused, 0, "none was given up");
        node.signal("TERM");
        assert_eq!(node.ended(Duration::from_secs(25)).code(), Some(0), "{}", node.log);

        // what is old is read after a restart, and by the commands
        let checked = run(&["check", "--config", &config]);
        assert!(checked.out.contains("3 generations, new rows are sealed with the last; "), "{}", checked.out);
        assert!(!checked.out.contains("; 0 of "), "{}", checked.out);
        assert_eq!(run(&["audit", "verify", "--config", &config]).code, Some(0));
        let list = run(&["audit", "list", "--config", &config]).out;
        assert_eq!((list.matches("key.rotate").count(), list.matches("key.use").count()), (2, 2), "{list}");
        // a copy of the key file from before the rotations is told from it
        let new_key = std::fs::read(&key).expect("a key");
        assert_eq!(new_key[..32], old_key[..]);
        std::fs::write(&key, &old_key).expect("written");
        let old = run(&["serve", "--config", &config]);
        assert!(matches!(old.code, Some(1 | 78)) && old.err.contains("key"), "{:?} {}", old.code, old.err);
        std::fs::write(&key, &new_key).expect("written");
        let mut node = Program::start(&["serve", "--config", &config], &[]);
        node.said("ready");
        telco.send_mo("85598111222", "1212", "HELP").expect("taken");
        let answered = app::eventually(Duration::from_secs(20), || {
            app::answers(&[&telco]).contains_key("85598111222").then_some(())
        });
        assert!(answered.await.is_some(), "{}", node.listen());
        drop(node);
        telco.stop().await;
        portal.stop().await;
    }
}
