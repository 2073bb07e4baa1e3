//! Conversations as plain text files, run through the real turn: a real exchange on a real database, the real
//! portal client and a sandbox portal whose clock stands still. Format: `tests/transcripts/README`.
//! `CHRAK_BLESS=1` writes the answers into the files.
use crate::support::{
    app,
    desk::{Desk, asked_digits},
    way::Over,
};
use chrak::types::Language;
use std::{fs, path::Path};

/// Plays one file and gives it back with the answers that came; what a judge on the way had to say is what is left of it.
async fn play(file: &str, over: Over) -> (String, Vec<String>) {
    let language = file.lines().find_map(|line| line.strip_prefix("language "));
    let language = language.map_or(Language::Km, |tag| Language::from_tag(tag).expect("km, km-Latn or en"));
    let mut desk = Desk::open_over(app::NO_LIMITS, language, over).await;
    let mut number = "85510000001".to_owned();
    let mut digits = String::new();
    let mut out = String::new();
    for line in file.lines().filter(|line| !line.starts_with("< ")) {
        // the lines of an answer after its first
        if line.starts_with("  ") {
            continue;
        }
        out.push_str(line);
        out.push('\n');
        if let Some(text) = line.strip_prefix("> ") {
            for answer in desk.send(&number, &text.replace("##", &digits).replace("%%", &others(&digits))).await {
                let (shown, found) = masked(&answer);
                digits = found.unwrap_or(digits);
                out.push_str(&format!("< {}\n", shown.replace('\n', "\n  ")));
            }
        } else if let Some(other) = line.strip_prefix("number ") {
            number = other.to_owned();
        } else if let Some(entry) = line.strip_prefix("portal ") {
            desk.portal.script(entry);
        } else if line == "new conversation" {
            desk.clock.pass(31 * 60);
        } else if let Some(minutes) = line.strip_prefix("minutes ") {
            desk.clock.pass(60 * minutes.parse::<i64>().expect("minutes"));
        } else if line == "restart" {
            desk = desk.restart().await;
        } else {
            assert!(line.is_empty() || line.starts_with(['#', 'l']), "unknown line: {line}");
        }
    }
    let (_, wrong) = desk.way.judged();
    desk.close().await;
    (out, wrong)
}

/// Two digits that are not these but might be asked for (10 to 99): `%%` in the file.
fn others(digits: &str) -> String {
    digits.parse::<u32>().map(|digits| (10 + (digits + 1 - 10) % 90).to_string()).unwrap_or_default()
}

#[test]
fn other_digits_are_others_and_may_be_asked_for() {
    for digits in 10..=99 {
        let other: u32 = others(&digits.to_string()).parse().expect("a number");
        assert!((10..=99).contains(&other) && other != digits, "{digits} {other}");
    }
}

/// The two digits that a change is confirmed with are another time others: `##` in the file.
fn masked(answer: &str) -> (String, Option<String>) {
    match asked_digits(answer) {
        Some((at, digits)) => (format!("{}##{}", &answer[..at], &answer[at + 2..]), Some(digits.to_owned())),
        None => (answer.to_owned(), None),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn conversations_go_as_written() {
    go_as_written(Over::Straight).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn conversations_through_the_sandbox_security_server_go_as_written() {
    go_as_written(Over::Sandbox).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn conversations_through_a_security_server_that_judges_us_go_as_written() {
    go_as_written(Over::Python).await;
}

async fn go_as_written(over: Over) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
    let mut played = 0;
    for entry in fs::read_dir(folder).expect("tests/transcripts") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|ext| ext != "txt") {
            continue;
        }
        let written = fs::read_to_string(&path).expect("a transcript");
        let (came, wrong) = play(&written, over).await;
        assert_eq!(wrong, Vec::<String>::new(), "{}", path.display());
        if std::env::var_os("CHRAK_BLESS").is_some() && over == Over::Straight {
            fs::write(&path, &came).expect("writing the transcript");
        } else {
            assert_eq!(came, written, "{}", path.display());
        }
        played += 1;
    }
    assert!(played >= 20, "only {played} transcripts");
}
