//! Conversations as plain text files, run through the real turn: a real exchange on a real database, the real
//! portal client and a sandbox portal whose clock stands still. Format: `tests/transcripts/README`.
//! `CHRAK_BLESS=1` writes the answers into the files.
use crate::support::{
    app,
    desk::{Desk, asked_digits},
};
use chrak::types::Language;
use std::{fs, path::Path};

/// Plays one file and gives it back with the answers that came.
async fn play(file: &str) -> String {
    let language = file.lines().find_map(|line| line.strip_prefix("language "));
    let language = language.map_or(Language::Km, |tag| Language::from_tag(tag).expect("km, km-Latn or en"));
    let mut desk = Desk::open(app::NO_LIMITS, language).await;
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
            for answer in desk.send(&number, &text.replace("##", &digits)).await {
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
    desk.close().await;
    out
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
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
    let mut played = 0;
    for entry in fs::read_dir(folder).expect("tests/transcripts") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|ext| ext != "txt") {
            continue;
        }
        let written = fs::read_to_string(&path).expect("a transcript");
        let came = play(&written).await;
        if std::env::var_os("CHRAK_BLESS").is_some() {
            fs::write(&path, &came).expect("writing the transcript");
        } else {
            assert_eq!(came, written, "{}", path.display());
        }
        played += 1;
    }
    assert!(played >= 20, "only {played} transcripts");
}
