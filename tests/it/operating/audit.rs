//! The audit log: whatever is done to its rows is found, what is old goes and the rest can still be followed, and what operators, agencies and
//! citizens do stands in it without a word of a person.
use super::{Base, now, test_keys};
use crate::support::{
    app,
    desk::asked_digits,
    program::{Program, client, run},
    way::{Over, Way},
};
use chrak::{
    ports::{
        audit::{Entry, Who},
        inbox::Inbox,
    },
    sandbox::portal::{Portal, PortalConfig},
    store::{
        DbStore,
        log::{self, Finding, Whole},
    },
    types::UnixMs,
};
use std::time::Duration;

async fn note(store: &DbStore, at: UnixMs, about: &str) {
    store.journal().note(Entry::new(at, Who::Operator, "telco.pause", about).with("n", about));
    // whatever is committed carries it along
    store.probe().await.expect("committed");
}

async fn verified(base: &Base, head: Option<[u8; 32]>) -> Finding {
    log::verify(base.place(), test_keys(), head).await.unwrap_or_else(|fault| panic!("{fault}"))
}

async fn whole(base: &Base) -> Whole {
    match verified(base, None).await {
        Finding::Whole(whole) => whole,
        broken => panic!("{broken:?}"),
    }
}

/// The row that is wrong, and why.
async fn broken(base: &Base, head: Option<[u8; 32]>) -> (i64, String) {
    match verified(base, head).await {
        Finding::Broken { seq, why, .. } => (seq, why),
        Finding::Whole(whole) => panic!("nothing was found: {whole:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_is_changed_removed_exchanged_or_put_in_is_found_and_so_is_a_cut() {
    for base in Base::both() {
        let store = base.open().await;
        store.begin(now()).await.expect("begun");
        for nth in 1..=6 {
            note(&store, now(), &format!("t{nth}")).await;
        }
        let before = whole(&base).await;
        assert_eq!((before.rows, before.head.seq, before.pruned), (6, 6, 0), "while the server works on it");
        assert!(before.span.is_some_and(|(from, to)| from <= to && to <= now().0));
        store.close().await;

        let copy = "CREATE TABLE held AS SELECT * FROM audit";
        base.sql(copy).await;
        let back = "DELETE FROM audit; INSERT INTO audit SELECT * FROM held";
        for (how, row, word) in [
            ("UPDATE audit SET about = 't9' WHERE seq = 3", 3, "was changed"),
            ("UPDATE audit SET at = at + 1 WHERE seq = 1", 1, "was changed"),
            ("UPDATE audit SET hash = (SELECT hash FROM held WHERE seq = 2) WHERE seq = 6", 6, "was changed"),
            ("UPDATE audit SET mac = (SELECT mac FROM held WHERE seq = 2) WHERE seq = 4", 4, "put in by hand"),
            ("DELETE FROM audit WHERE seq = 4", 4, "is missing; row 5"),
            ("DELETE FROM audit WHERE seq = 1", 1, "is missing; row 2"),
            (
                "UPDATE audit SET seq = -2 WHERE seq = 2; UPDATE audit SET seq = 2 WHERE seq = 5; \
                 UPDATE audit SET seq = 5 WHERE seq = -2",
                2,
                "exchanged for another",
            ),
            (
                "INSERT INTO audit SELECT 7, at, run, who, what, about, detail, hash, mac FROM held WHERE seq = 6",
                7,
                "was changed",
            ),
        ] {
            base.sql(how).await;
            let (seq, why) = broken(&base, None).await;
            assert!(seq == row && why.contains(word), "{how}: row {seq} {why}");
            base.sql(back).await;
            assert_eq!(whole(&base).await, before, "{how}");
        }
        // a cut at the end leaves a chain that is whole: the head that was noted tells
        base.sql("DELETE FROM audit WHERE seq > 4").await;
        assert_eq!(whole(&base).await.head.seq, 4);
        let (seq, why) = broken(&base, Some(before.head.hash)).await;
        assert!(seq == 4 && why.contains("cut off"), "row {seq} {why}");
        base.sql(back).await;
        base.sql("DROP TABLE held").await;

        // a later run goes on where the chain ends, and the head that was noted is found in it
        let store = base.open().await;
        store.begin(now()).await.expect("begun");
        note(&store, now(), "t7").await;
        store.close().await;
        let Finding::Whole(after) = verified(&base, Some(before.head.hash)).await else { panic!("broken") };
        assert_eq!((after.rows, after.noted), (7, Some(6)));
    }
}

/// Whoever can write the database but has not the key file can reckon hashes, and is found all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chain_that_was_reckoned_anew_without_the_key_file_is_found() {
    for base in Base::both() {
        let store = base.open().await;
        store.begin(now()).await.expect("begun");
        note(&store, now(), "t1").await;
        store.close().await;
        let line = log::list(base.place(), test_keys(), 0, 10).await.expect("read").pop().expect("a row");
        let said = chrak::store::chain::Said {
            at: line.at_ms,
            run: line.run,
            who: line.who,
            what: "telco.resume".into(),
            about: line.about,
            detail: line.detail,
        };
        let forged = chrak::store::chain::START.next(&said);
        let hash: String = chrak::store::chain::hex(&forged.hash);
        let octets = if matches!(base, Base::Sqlite(_)) { format!("x'{hash}'") } else { format!("'\\x{hash}'") };
        base.sql(&format!("UPDATE audit SET what = 'telco.resume', hash = {octets} WHERE seq = 1")).await;
        let (seq, why) = broken(&base, None).await;
        assert!(seq == 1 && why.contains("put in by hand"), "row {seq} {why}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_old_goes_at_the_front_and_the_rest_can_be_followed() {
    const DAY: i64 = 86_400_000;
    for base in Base::both() {
        let store = base.open().await;
        store.begin(now()).await.expect("begun");
        let long_ago = now().plus_ms(-400 * DAY);
        for nth in 0..250 {
            store.journal().note(Entry::new(long_ago.plus_ms(nth), Who::Server, "test", nth));
        }
        for nth in 0..3 {
            note(&store, now(), &format!("young{nth}")).await;
        }
        let before = whole(&base).await;
        assert_eq!(before.rows, 253);
        while store.sweep(UnixMs(0), now()).await.expect("swept") > 0 {}
        let after = whole(&base).await;
        assert_eq!((after.rows, after.pruned, after.head), (3, 250, before.head));
        note(&store, now(), "younger").await;
        assert_eq!(whole(&base).await.rows, 4);
        // the last row stays, however old it is, so that the next one can follow
        while store.sweep(UnixMs(0), now().plus_ms(800 * DAY)).await.expect("swept") > 0 {}
        let last = whole(&base).await;
        assert_eq!((last.rows, last.pruned), (1, 253));
        store.close().await;
        // whoever takes away more than was old cannot say so in our name
        base.sql("DELETE FROM audit").await;
        assert!(broken(&base, None).await.1.contains("all rows are gone"));
        base.sql(
            "UPDATE meta SET value = (SELECT value FROM meta WHERE name = 'key_check') WHERE name = 'audit_checkpoint'",
        )
        .await;
        assert!(broken(&base, None).await.1.contains("written by hand"));
    }
}

/// Two nodes that note at once leave one chain.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn several_nodes_leave_one_chain() {
    let [_, base] = Base::both();
    let (one, other) = (base.open().await, base.open().await);
    let noting = |store: DbStore, name: &'static str| async move {
        for nth in 0..60 {
            note(&store, now(), &format!("{name}{nth}")).await;
        }
        store.close().await;
    };
    tokio::join!(noting(one, "a"), noting(other, "b"));
    assert_eq!(whole(&base).await.rows, 120);
}

const NUMBER: &str = "85510234577";

/// Sends the next word of a booking until it is booked.
async fn books(telco: &chrak::sandbox::telco::Telco) {
    let mut heard = 0;
    let mut word = "A".to_owned();
    for _ in 0..14 {
        telco.send_mo(NUMBER, "1212", &word).expect("taken");
        let answer = app::eventually(Duration::from_secs(15), || {
            let texts: Vec<String> =
                telco.snapshot().mt.into_iter().filter(|mt| mt.to == NUMBER).map(|mt| mt.text).collect();
            (texts.len() > heard).then_some(texts)
        });
        let texts = answer.await.expect("an answer");
        heard = texts.len();
        let last = texts.last().cloned().unwrap_or_default();
        if last.contains("បានណាត់") {
            return;
        }
        word = asked_digits(&last).map_or_else(|| "1".to_owned(), |(_, digits)| digits.to_owned());
    }
    panic!("nothing was booked");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_operators_agencies_and_citizens_do_stands_in_the_log_without_a_word_of_a_person() {
    for base in Base::both() {
        let portal = Portal::start(PortalConfig {
            listen: ([127, 0, 0, 1], 0).into(),
            token: Some("t".into()),
            delay: Duration::ZERO,
            db: None,
            stands_at: None,
        });
        let (portal, telco) = (portal.await.expect("a portal"), app::telco().await);
        let way = Way::to(portal.addr(), Over::Sandbox).await;
        let folder = tempfile::tempdir().expect("a folder");
        let agency =
            "short_codes = [\"1212\"]\n[[agency]]\nname = \"obr\"\ntoken = \"an-agency-token\"\nfree_text = true\n";
        let config = base.config(folder.path(), telco.addr(), portal.addr(), agency);
        let text = std::fs::read_to_string(&config).expect("read");
        let straight = format!("[portal]\nurl = \"http://{}\"\ntoken = \"t\"\n", portal.addr());
        assert!(text.contains(&straight));
        std::fs::write(&config, text.replace(&straight, &way.configured())).expect("written");
        let mut node = Program::start(&["serve", "--config", &config], &[]);
        let ready = node.said("ready http=");
        let at = |name: &str| {
            let rest = ready.split(name).nth(1).and_then(|rest| rest.split_whitespace().next()).expect("an address");
            format!("http://{rest}")
        };
        let (http, ops) = (at("http="), at("ops="));
        for order in ["pause", "resume"] {
            let form = [("smsc", "test"), ("order", order)];
            let answer = client().post(format!("{ops}/telcos")).form(&form).send().await.expect("an answer");
            assert_eq!(answer.status(), 200);
        }
        let message = serde_json::json!({ "messages": [{ "to": format!("+{NUMBER}"), "text": "canary words" }] });
        let call = client().post(format!("{http}/v1/messages")).bearer_auth("an-agency-token").json(&message);
        assert!(call.send().await.expect("an answer").status().is_success());
        books(&telco).await;
        node.signal("HUP");
        node.said("the configuration was read again");
        // found while the server runs
        let said = run(&["audit", "verify", "--config", &config]);
        assert!(said.code == Some(0) && said.out.contains("whole; head "), "{} {}", said.out, said.err);
        let head = said.out.trim().rsplit(' ').next().expect("a head").to_owned();
        node.signal("TERM");
        node.ended(Duration::from_secs(25));

        judge_rows(&config);
        judge_commands(&config, &head);
        base_of(&base, folder.path(), "UPDATE audit SET who = 'nobody' WHERE seq = 2").await;
        let found = run(&["audit", "verify", "--config", &config]);
        assert!(found.code == Some(1) && found.err.contains("row 2 of 20"), "{} {}", found.out, found.err);
        drop(node);
        telco.stop().await;
        portal.stop().await;
    }
}

/// By hand, in the database of the program.
async fn base_of(base: &Base, folder: &std::path::Path, sql: &str) {
    match base {
        Base::Sqlite(_) => drop(super::sqlite(&folder.join("data/chrak.db"), sql).await),
        Base::Postgres(_) => drop(base.sql(sql).await),
    }
}

/// Every deed by who did it, and a booking by the names that settle a dispute.
fn judge_rows(config: &str) {
    let list = run(&["audit", "list", "--config", config, "--json"]);
    let rows: Vec<serde_json::Value> = list.out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let of = |what: &str| rows.iter().filter(|row| row["what"] == what).collect::<Vec<_>>();
    for (what, who) in [
        ("run.start", "server"),
        ("telco.pause", "operator"),
        ("telco.resume", "operator"),
        ("agency.messages", "agency:obr"),
        ("config.read", "server"),
        ("run.end", "server"),
    ] {
        let found = of(what);
        assert!(found.len() == 1 && found[0]["who"] == who, "{what}: {}", list.out);
    }
    let booked = of("portal.book");
    assert_eq!(booked.len(), 1, "{}", list.out);
    assert_eq!(booked[0]["detail"], "result=done channel=sms");
    // the same key names the call in the message logs of X-Road
    let road = of("portal.x-road").into_iter().find(|row| row["about"] == booked[0]["about"]).expect("its way");
    let detail = road["detail"].as_str().expect("text");
    for name in ["status=2", "x-road-id=", "x-road-request-id=", "x-road-request-hash="] {
        let value = detail.split(name).nth(1).unwrap_or_default();
        assert!(!value.is_empty() && !value.starts_with(' '), "{name}: {detail}");
    }
    for secret in [&NUMBER[3..], "canary", "an-agency-token"] {
        assert!(!list.out.contains(secret), "{secret}: {}", list.out);
    }
}

/// What the commands say, and how they end.
fn judge_commands(config: &str, head: &str) {
    let again = run(&["audit", "verify", "--config", config, "--head", head]);
    assert!(again.code == Some(0) && again.out.contains("came after it"), "{} {}", again.out, again.err);
    let other = run(&["audit", "verify", "--config", config, "--head", &"0".repeat(63)]);
    assert_eq!(other.code, Some(2), "{}", other.err);
    let young = run(&["audit", "list", "--config", config, "--since", "2099-01-01T00:00:00+07:00"]);
    assert_eq!((young.code, young.out.as_str()), (Some(0), ""));
    assert_eq!(run(&["audit", "list", "--config", config, "--since", "yesterday"]).code, Some(2));
}
