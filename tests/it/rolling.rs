//! One version beside the next on one database: nodes that are changed one after the other while citizens text.
//!
//! `CHRAK_OLD_BIN=path` names the program of the older version; without it the same program plays both parts, which shows the order of the
//! steps and nothing of another version.
use crate::{
    nodes::settles,
    support::{
        app,
        nodes::{Node, Site},
        program::Program,
    },
};
use chrak::sandbox::{portal::sample_codes, telco::Telco};
use std::{collections::BTreeSet, fs, process::Command, time::Duration};

const SECOND: Duration = Duration::from_secs(1);
const MORE: &str = "binds = 2\nmax_tps = 0\n";

/// Starts the older version.
fn older(config: &str) -> Node {
    let Some(program) = std::env::var_os("CHRAK_OLD_BIN") else { return Node::start(config) };
    let mut command = Command::new(program);
    command.env_remove("RUST_LOG").args(["serve", "--config", config]);
    Node::of(Program::of(command))
}

fn text(telco: &Telco, from: usize, count: usize) {
    for at in from..from + count {
        telco.send_mo(&format!("85597{at:07}"), "1212", sample_codes()[at % 3]).expect("taken");
    }
}

async fn bound(telco: &Telco, binds: usize) {
    let bound = app::eventually(25 * SECOND, || (telco.binds().len() == binds).then_some(())).await;
    assert!(bound.is_some(), "{} binds instead of {binds}", telco.binds().len());
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_are_changed_one_by_one_for_another_version_and_nothing_is_lost() {
    let (site, telco) = (Site::start(Duration::from_millis(8)).await, app::telco().await);
    // whoever comes first makes the database and its key, which the others have copies of
    let first = site.config("a", telco.addr(), MORE);
    let a = older(&first);
    site.keep_key("a");
    let b = older(&site.config("b", telco.addr(), MORE));
    bound(&telco, 2).await;
    text(&telco, 0, 40);
    tokio::task::block_in_place(|| a.stop());
    text(&telco, 40, 40);
    let newer = site.node("a", telco.addr(), MORE);
    bound(&telco, 2).await;
    text(&telco, 80, 40);
    assert!(settles(&[&telco], &site, 40 * SECOND).await, "not everything was answered by one of each");
    tokio::task::block_in_place(|| b.stop());
    text(&telco, 120, 40);
    let last = site.node("b", telco.addr(), MORE);
    bound(&telco, 2).await;
    text(&telco, 160, 40);
    assert!(settles(&[&telco], &site, 40 * SECOND).await, "not everything was answered");
    let answers = app::answers(&[&telco]);
    assert!(answers.len() == 200 && answers.values().all(|count| *count == 1), "{answers:?}");
    drop((newer, last));
    telco.stop().await;
}

/// What a later version may do to the tables while this one runs: whatever is added, a node that does not know of it goes on.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_goes_on_when_a_later_version_adds_to_every_table() {
    let (site, telco) = (Site::start(Duration::from_millis(8)).await, app::telco().await);
    let mut a = site.node("a", telco.addr(), MORE);
    bound(&telco, 2).await;
    text(&telco, 0, 20);
    let tables = site.psql("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'");
    let tables: BTreeSet<&str> = tables.lines().filter(|table| !table.starts_with('_')).collect();
    assert!(tables.contains("outbox") && tables.contains("bind_lease"), "{tables:?}");
    for table in tables {
        site.psql(&format!("ALTER TABLE {table} ADD COLUMN of_later TEXT NOT NULL DEFAULT 'later'"));
        site.psql(&format!("CREATE INDEX later_{table} ON {table} (of_later)"));
    }
    site.psql("CREATE TABLE of_later (id BIGINT PRIMARY KEY)");
    text(&telco, 20, 40);
    assert!(settles(&[&telco], &site, 40 * SECOND).await, "{}", a.program.listen());
    assert_eq!(a.status("/readyz").await, Some(200));
    tokio::task::block_in_place(|| a.stop());
    telco.stop().await;
}

/// A statement that takes something away from a version that may run still.
fn takes_away(statement: &str) -> bool {
    let words: Vec<String> = statement.split_whitespace().map(str::to_uppercase).collect();
    let has = |pair: [&str; 2]| words.windows(2).any(|two| two == pair);
    let adds = has(["ADD", "COLUMN"]);
    words.iter().any(|word| matches!(word.as_str(), "DROP" | "RENAME" | "TYPE" | "TRUNCATE"))
        || has(["SET", "NOT"])
        || adds && has(["NOT", "NULL"]) && !words.iter().any(|word| word == "DEFAULT")
}

#[test]
fn migrations_take_nothing_away_from_a_version_that_may_run_still() {
    for (statement, wrong) in [
        ("ALTER TABLE a ADD COLUMN b TEXT", false),
        ("ALTER TABLE a ADD COLUMN b TEXT NOT NULL DEFAULT ''", false),
        ("CREATE TABLE a (b TEXT NOT NULL)", false),
        ("ALTER TABLE a ADD COLUMN b TEXT NOT NULL", true),
        ("ALTER TABLE a DROP COLUMN b", true),
        ("ALTER TABLE a RENAME COLUMN b TO c", true),
        ("ALTER TABLE a ALTER COLUMN b TYPE BIGINT", true),
        ("ALTER TABLE a ALTER COLUMN b SET NOT NULL", true),
    ] {
        assert_eq!(takes_away(statement), wrong, "{statement}");
    }
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/postgres");
    let mut read = 0;
    for file in fs::read_dir(folder).expect("a folder") {
        let path = file.expect("a file").path();
        let sql = fs::read_to_string(&path).expect("read");
        // what a version before has ceased to use is named so
        if sql.contains("-- contract:") {
            continue;
        }
        let code: String =
            sql.lines().map(|line| line.split("--").next().unwrap_or_default().to_owned() + "\n").collect();
        for statement in code.split(';') {
            assert!(!takes_away(statement), "{}: {statement}", path.display());
        }
        read += 1;
    }
    assert!(read > 1);
}
