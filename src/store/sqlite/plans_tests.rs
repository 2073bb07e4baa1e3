//! By which index each statement that runs with the traffic finds its rows, however many there are.
use super::{StoreOptions, open};
use crate::{
    ports::outbox::Class,
    store::{
        Keys,
        codes::Code,
        conn::{Conn, params},
        sql::{feedback, inbox, outbox, parts, pushes, receipts, run, sweep},
        sqlite::conn::{Access, SqliteConn},
    },
};
use rusqlite::Connection;
use std::path::PathBuf;

/// Steps by which a statement would be carried out.
fn plan(conn: &Connection, statement: &str) -> Vec<String> {
    let mut explained =
        conn.prepare(&format!("EXPLAIN QUERY PLAN {statement}")).unwrap_or_else(|fault| panic!("{statement}: {fault}"));
    // nothing is bound: values make no difference to the plan
    let mut rows = explained.raw_query();
    let mut steps = Vec::new();
    while let Some(row) = rows.next().expect("a step") {
        steps.push(row.get(3).expect("its words"));
    }
    steps
}

/// What is looked for is gone through, and nothing else.
fn walks(steps: &[String]) -> Vec<&String> {
    let few =
        |step: &str| ["SCAN v", "SCAN CONSTANT ROW", "SCAN 2 CONSTANT ROWS"].iter().any(|few| step.starts_with(few));
    let walks = |step: &&String| step.starts_with("SCAN ") && !few(step) && !step.contains(" USING ");
    steps.iter().filter(walks).collect()
}

async fn opened() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("chrak.db");
    open(StoreOptions::new(&path, Keys::from_secret(&[7; 32]))).await.expect("opened").close().await;
    (folder, path)
}

#[tokio::test]
async fn what_runs_with_the_traffic_uses_the_index_that_is_there_for_it() {
    let (_folder, path) = opened().await;
    let plans = Connection::open(&path).expect("connected");
    let with = |columns: &str, row: &str, tail: &str| format!("WITH v ({columns}) AS (VALUES ({row}), ({row}){tail}");
    let rest = format!("{}(?, ?){}", outbox::REST_HEAD, outbox::REST_TAIL);
    let begin = with("id, session, incarnation, at", "x'', x'', 1, 1", outbox::BEGIN_SUBMIT.sqlite);
    let settle =
        with("id, session, state, message_id, due, status, undone, at", "x'', x'', 3, '', 1, 1, 0, 1", outbox::SETTLE);
    let exact = with("message_id, family, state, at", "'', '', 4, 1", receipts::EXACT);
    let ended = with("message_id, family, state, at", "'', '', 4, 1", receipts::ENDED.sqlite);
    for (statement, indexes) in [
        (
            inbox::EARLIER,
            &["SEARCH d USING PRIMARY KEY", "SEARCH i USING PRIMARY KEY", "SEARCH c USING PRIMARY KEY"][..],
        ),
        (inbox::WAITING.sqlite, &["INDEX inbox_open (state=? AND suspect=?"]),
        (run::CLAIMED_BECOME_WAITING.sqlite, &["INDEX inbox_open (state=?"]),
        (run::GIVEN_BACK, &["INDEX inbox_open (state=?"]),
        (run::FOUND, &["INDEX inbox_open (state=? AND suspect=?", "INDEX outbox_open"]),
        (
            &with("id, alone, incarnation, since", "x'', 1, 1, 1", inbox::CLAIM.sqlite),
            &["SEARCH inbox USING PRIMARY KEY"],
        ),
        (&with("id, incarnation", "x'', 1", inbox::RELEASE), &["SEARCH inbox USING PRIMARY KEY"]),
        (&with("id, state, at, incarnation", "x'', 2, 1, 1", inbox::FINISH), &["SEARCH inbox USING PRIMARY KEY"]),
        (outbox::DUE.sqlite, &["INDEX outbox_open (smsc=? AND state=?", "INDEX outbox_number (number_mac=?"]),
        (outbox::UNCERTAIN, &["INDEX outbox_open (smsc=? AND state"]),
        (outbox::EXPIRE, &["INDEX outbox_expiry (not_after<?"]),
        (&rest, &["(mo=? AND kind=? AND part>?"]),
        (&begin, &["SEARCH outbox USING PRIMARY KEY"]),
        (&settle, &["SEARCH outbox USING PRIMARY KEY"]),
        (&ended, &["INDEX outbox_message (message_id=? AND family=?"]),
        (&exact, &["INDEX outbox_message (message_id=? AND family=?"]),
        (parts::COUNT.sqlite, &["COVERING INDEX part_due"]),
        (parts::KNOWN, &["INDEX part_source (source_mac=?"]),
        (parts::END, &["PRIMARY KEY (mo=?"]),
        (parts::END_THE_OLDEST.sqlite, &["PRIMARY KEY (mo=?", "INDEX part_due (due>?"]),
        (parts::ENDED.sqlite, &["INDEX part_due (due<?"]),
        (parts::PARTS, &["PRIMARY KEY (mo=?"]),
        (pushes::DUE, &["USING INDEX push_open"]),
        (feedback::DUE, &["INDEX feedback_open (due<?"]),
        (feedback::ENDED, &["INDEX feedback_ended (ended_at<?"]),
        (sweep::SEALED[0], &["INDEX inbox_unswept (done_at<?"]),
        (sweep::SEALED[1], &["INDEX outbox_unswept (updated_at<?"]),
        (sweep::SEALED[2], &["INDEX push_unswept (done_at<?"]),
        (sweep::SEALED[3], &["INDEX citizen_dialogue (dialogue_until<?"]),
        (sweep::KEYS, &["INDEX mo_dedupe_age (kind=? AND seen_at<?"]),
    ] {
        let steps = plan(&plans, statement);
        assert!(walks(&steps).is_empty(), "{statement}: {steps:#?}");
        for index in indexes {
            assert!(steps.iter().any(|step| step.contains(index)), "{statement} without {index}: {steps:#?}");
        }
    }
}

#[tokio::test]
async fn no_receipt_walks_over_a_table() {
    let (_folder, path) = opened().await;
    let plans = Connection::open(&path).expect("connected");
    for tail in [receipts::SEGMENTS.sqlite, receipts::ORPHANS.sqlite] {
        let statement = format!("WITH v (n, wanted, family) AS (VALUES (1, 'a', 'f'), (2, 'b', 'f'){tail}");
        let steps = plan(&plans, &statement);
        assert!(walks(&steps).is_empty(), "{steps:#?}");
        assert_eq!(steps.iter().filter(|step| step.starts_with("SEARCH ")).count(), 2, "{steps:#?}");
    }
}

/// A night without a bind: 100,000 texts of an agency wait, each of a number of its own, and then ten people ask.
#[tokio::test]
async fn answers_go_before_a_nights_backlog_and_nobody_sorts_it() {
    const NOW: i64 = 1_800_000_000_000;
    let (_folder, path) = opened().await;
    let plans = Connection::open(&path).expect("connected");
    let conn = Conn::new(SqliteConn::open(&path, Access::Write).expect("connected"));
    let waiting = "INSERT INTO outbox (id, mo, kind, part, parts, smsc, family, source, destination, number_mac, body, \
        data_coding, udhi, reference, not_after, due, state, session, attempts, updated_at, class, turn) \
        WITH RECURSIVE n (i) AS (VALUES (?1) UNION ALL SELECT i + 1 FROM n WHERE i < ?2) \
        SELECT CAST(printf('%016d', i) AS BLOB), randomblob(16), 3, 1, 1, 'smart', 'smart', '1212', x'00', \
        randomblob(32), x'00', 8, 0, 1, ?3 + 9000000, ?3, 0, NULL, 0, ?3, ?4, ?3 + ?5 FROM n";
    for (from, to, class) in [(1_i64, 100_000_i64, Class::Bulk), (100_001, 100_010, Class::Answer)] {
        conn.execute(waiting, params![from, to, NOW, class.code(), class.yields_ms()]).expect("stored");
    }
    for statement in [outbox::DUE.sqlite, pushes::DUE] {
        let steps = plan(&plans, statement);
        assert!(!steps.iter().any(|step| step.contains("TEMP B-TREE")), "{statement}: {steps:#?}");
    }
    let begun = std::time::Instant::now();
    let found =
        conn.rows(outbox::DUE.sqlite, params!["smart", NOW, 14_i64], |row| row.get::<Vec<u8>>(0)).expect("read");
    println!("14 of 100,010 that are due were found in {:?}", begun.elapsed());
    let ids: Vec<i64> =
        found.into_iter().map(|id| String::from_utf8(id).expect("digits").parse().expect("a number")).collect();
    let wanted: Vec<i64> = (100_001..=100_010).chain(1..=4).collect();
    assert_eq!(ids, wanted);
}
