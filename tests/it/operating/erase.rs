//! A person asks to be forgotten: while the server runs, over both databases, with the files looked through octet by octet.
use super::{Base, now, test_keys};
use crate::support::{
    app,
    postgres::Server,
    program::{self, Program, client},
};
use chrak::{
    ports::{
        citizens::{CitizenRecord, Citizens},
        feedback::{Feedback, NewFeedback},
        inbox::{Accepted, DedupeKey, DedupeKind, Finish, Inbox, Intake, MoEnd, NewMo, Source},
    },
    sandbox::telco::Telco,
    store::{
        Keys,
        erase::{self, Erased},
        log,
    },
    types::{CauseId, Msisdn, SessionId},
};
use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use uuid::Uuid;

const WHOM: &str = "85510777001";
const OTHER: &str = "85510777002";

fn number(digits: &str) -> Msisdn {
    Msisdn::parse_e164(digits).expect("a number")
}

/// How often octets stand in the files of a SQLite database.
fn found(file: &Path, octets: &[u8]) -> usize {
    ["", "-wal"]
        .iter()
        .map(|end| PathBuf::from(format!("{}{end}", file.display())))
        .filter_map(|path| std::fs::read(path).ok())
        .map(|all| all.windows(octets.len()).filter(|part| *part == octets).count())
        .sum()
}

fn hexed(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// Rows that stand for a number, over all tables that can have some.
async fn rows(base: &Base, file: &Path, mac: &[u8]) -> u64 {
    let literal = match base {
        Base::Sqlite(_) => format!("x'{}'", hexed(mac)),
        Base::Postgres(_) => format!("'\\x{}'", hexed(mac)),
    };
    let tables = [("inbox", "source_mac"), ("outbox", "number_mac"), ("push", "number_mac"), ("citizen", "number_mac")];
    let sums = tables.map(|(table, column)| format!("(SELECT count(*) FROM {table} WHERE {column} = {literal})"));
    let sql = format!("SELECT {}", sums.join(" + "));
    let said = match base {
        Base::Sqlite(_) => super::sqlite(file, &sql).await,
        Base::Postgres(name) => Server::shared().psql(name, &sql),
    };
    said.parse().expect("a number")
}

async fn says(telco: &Telco, from: &str, text: &str) {
    let before = telco.snapshot().mt.iter().filter(|mt| mt.to == from).count();
    telco.send_mo(from, "1212", text).expect("taken");
    let answered = || (telco.snapshot().mt.iter().filter(|mt| mt.to == from).count() > before).then_some(());
    assert!(app::eventually(Duration::from_secs(20), answered).await.is_some(), "{text} was not answered");
}

/// What people do in a day: a text, a wrong code, an open booking, and what an agency sends now and tomorrow.
async fn lives(telco: &Telco, http: &str, number: &str) {
    for text in ["HELP", "120500266000006", "A"] {
        says(telco, number, text).await;
    }
    let tomorrow = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(20);
    let messages = serde_json::json!({ "messages": [
        { "to": format!("+{number}"), "text": "canary words", "client_reference": format!("r-{number}") },
        { "to": format!("+{number}"), "text": "canary tomorrow", "send_at": tomorrow.to_string() },
    ] });
    let call = client().post(format!("{http}/v1/messages")).bearer_auth("an-agency-token").json(&messages);
    let answer = call.send().await.expect("an answer");
    let status = answer.status();
    assert!(status.is_success(), "{status} {}", answer.text().await.expect("a body"));
    let sent =
        || telco.snapshot().mt.iter().any(|mt| mt.to == number && mt.text.contains("canary words")).then_some(());
    assert!(app::eventually(Duration::from_secs(20), sent).await.is_some(), "the agency's message");
}

/// Runs the command with the number on its standard input.
fn erased(config: &str, report: &Path) -> (Option<i32>, String) {
    let mut command = program::chrak();
    command.args(["erase", "--config", config, "--number", "-", "--report", report.to_str().expect("UTF-8")]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("run");
    std::io::Write::write_all(&mut child.stdin.take().expect("piped"), b"010 777 001\n").expect("written");
    let output = child.wait_with_output().expect("ended");
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(text).expect("UTF-8"))
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_number_is_left_that_asked_to_be_forgotten_while_the_server_runs() {
    for base in Base::both() {
        let (portal, telco) = (crate::crash::slow_portal().await, app::telco().await);
        let folder = tempfile::tempdir().expect("a folder");
        let more = "short_codes = [\"1212\"]\n[push]\nquiet_hours = []\n[[agency]]\nname = \"obr\"\ntoken = \"an-agency-token\"\nfree_text = true\n";
        let config = base.config(folder.path(), telco.addr(), portal.addr(), more);
        let text = std::fs::read_to_string(&config).expect("read");
        let limits = "failed_lookups_per_number = { per_15_min = 0, per_day = 0 }\n";
        assert!(text.contains(limits));
        std::fs::write(&config, text.replace(limits, "")).expect("written");
        let mut node = Program::start(&["serve", "--config", &config], &[]);
        let ready = node.said("ready http=");
        let http = ready.split("http=").nth(1).and_then(|rest| rest.split_whitespace().next()).expect("an address");
        let http = format!("http://{http}");
        for number in [WHOM, OTHER] {
            lives(&telco, &http, number).await;
        }
        let keys = Keys::load(&folder.path().join("data/chrak.key")).expect("keys");
        let (mac, other) = (keys.number_mac(WHOM), keys.number_mac(OTHER));
        let file = folder.path().join("data/chrak.db");
        let before = rows(&base, &file, &other).await;
        assert!(before > 8 && rows(&base, &file, &mac).await == before, "{before}");
        if matches!(base, Base::Sqlite(_)) {
            assert!(found(&file, &mac) > 0, "there is something to be found");
        }
        let report = folder.path().join("report.json");
        let (code, said) = tokio::task::block_in_place(|| erased(&config, &report));
        assert_eq!(code, Some(0), "{said}\n{}", node.listen());
        for table in ["inbox: 3", "citizen: 1", "push: 2", "message: 2", "mo_dedupe: 3"] {
            assert!(said.contains(table), "{table}: {said}");
        }
        assert!(!said.contains("tally: 0") && said.contains("0 rows left of it"), "{said}");
        assert_eq!(rows(&base, &file, &mac).await, 0);
        assert_eq!(rows(&base, &file, &other).await, before, "nobody else is forgotten");
        if matches!(base, Base::Sqlite(_)) {
            for octets in [&mac[..], hexed(&mac[..16]).as_bytes()] {
                assert_eq!(found(&file, octets), 0, "{said}");
            }
            assert!(found(&file, &other) > 0 && said.contains("found 0 times in "), "{said}");
        }
        judge_report(&report, &config).await;
        // the server goes on, and knows nothing of who was forgotten
        says(&telco, WHOM, "1").await;
        says(&telco, OTHER, "HELP").await;
        node.signal("TERM");
        assert_eq!(node.ended(Duration::from_secs(25)).code(), Some(0), "{}", node.log);
        telco.stop().await;
        portal.stop().await;
    }
}

/// It names the audit log's row by its hash, and not the number.
async fn judge_report(report: &Path, config: &str) {
    let text = std::fs::read_to_string(report).expect("a report");
    let said: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert!(!text.contains(&WHOM[3..]), "{text}");
    assert_eq!(said["looked_for"]["rows"], 0);
    let list = program::run(&["audit", "list", "--config", config, "--json"]).out;
    let row = list.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"));
    let row = row.into_iter().find(|row| row["what"] == "erase").expect("a row");
    assert_eq!((&row["hash"], &row["seq"]), (&said["audit"]["hash"], &said["audit"]["row"]));
    let verified =
        program::run(&["audit", "verify", "--config", config, "--head", row["hash"].as_str().expect("text")]);
    assert_eq!(verified.code, Some(0), "{}", verified.err);
}

fn mo(id: CauseId, intake: Intake) -> NewMo {
    NewMo {
        id,
        smsc: "smart".into(),
        family: "smart".into(),
        session: SessionId(Uuid::now_v7()),
        source: Source::Person(number(WHOM)),
        destination: "1212".into(),
        text: "HELP".into(),
        raw: b"HELP".to_vec(),
        data_coding: 0,
        esm_class: 0,
        dedupe: DedupeKey { kind: DedupeKind::Weak, digest: [3; 32] },
        insist: false,
        given_back: Vec::new(),
        intake,
        received_at: now(),
    }
}

/// A text in hand would be written again after it was destroyed, so that is waited for; what is kept for the portal goes too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_in_hand_is_finished_first_and_what_waits_for_the_portal_goes() {
    for base in Base::both() {
        let store = base.open().await;
        store.begin(now()).await.expect("begun");
        let id = CauseId(Uuid::now_v7());
        assert!(matches!(store.accept(mo(id, Intake::Claimed)).await.expect("stored"), Accepted::New { .. }));
        for (digits, nth) in [(WHOM, 1), (OTHER, 2)] {
            let said = format!("{{\"number\":\"{digits}\",\"text\":\"canary\"}}").into_bytes();
            let new = NewFeedback { id: Uuid::from_u128(nth), said, due: now(), not_after: now().plus_ms(60_000) };
            assert!(store.keep_feedback(new, 10, now()).await.expect("kept"));
        }
        let erase = || erase::erase(base.place(), test_keys(), number(WHOM), now());
        let Erased::InHand(count) = erase().await.expect("judged") else { panic!("it was in hand") };
        assert_eq!(count, 1);
        let record = CitizenRecord { stopped: true, ..CitizenRecord::default() };
        let citizen = Some((number(WHOM), record.clone()));
        let end = Finish { mo: id, end: MoEnd::Answered, citizen, mts: Vec::new(), follow_up: None };
        store.finish(end, now()).await.expect("finished");
        assert_eq!(store.citizen(number(WHOM)).await.expect("read"), record);
        let Erased::Done(destroyed) = erase().await.expect("done") else { panic!("nothing is in hand") };
        let rows = |table: &str| destroyed.tables.iter().find(|(name, _)| *name == table).map(|(_, rows)| *rows);
        assert_eq!((rows("inbox"), rows("citizen"), rows("feedback")), (Some(1), Some(1), Some(1)));
        assert_eq!(store.citizen(number(WHOM)).await.expect("read"), CitizenRecord::default());
        let waits = store.due_feedback(now(), 10).await.expect("read");
        assert_eq!(waits.iter().map(|one| one.feedback.id).collect::<Vec<_>>(), [Uuid::from_u128(2)]);
        let left = erase::look_for(base.place(), test_keys(), number(WHOM), vec![destroyed]).await.expect("looked for");
        assert!(left.rows == 0 && left.found == 0 && left.cleaned, "{left:?}");
        // and what is there is found
        assert!(matches!(
            store.accept(mo(CauseId(Uuid::now_v7()), Intake::Waiting)).await.expect("stored"),
            Accepted::New { .. }
        ));
        let left = erase::look_for(base.place(), test_keys(), number(WHOM), Vec::new()).await.expect("looked for");
        assert!(left.rows == 1 && (left.found > 0) == matches!(base, Base::Sqlite(_)), "{left:?}");
        assert!(matches!(log::verify(base.place(), test_keys(), None).await.expect("looked"), log::Finding::Whole(_)));
        store.close().await;
    }
}
