//! What the documents name exists: tests, files, and an answer to every requirement of ASVS.
use crate::tidy::{files, root};
use std::collections::BTreeSet;

/// Documents whose tables name tests.
const PAPERS: [&str; 3] = ["docs/ASVS.md", "docs/SMPP.md", "docs/TRUST.md"];

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|fault| panic!("{path}: {fault}"))
}

/// Words between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// Rows of its tables without their heads.
fn rows(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| line.starts_with("| ") || line.starts_with("|`"))
}

/// Names of all test functions, here and beside the code.
fn tests() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for folder in ["src", "tests/it"] {
        for path in files(&root().join(folder), ".rs") {
            let source = std::fs::read_to_string(&path).expect("source");
            let lines: Vec<&str> = source.lines().map(str::trim).collect();
            for (at, _) in lines.iter().enumerate().filter(|(_, line)| is_test(line)) {
                let head = lines[at..].iter().find_map(|line| line.split_once("fn "));
                names.extend(head.and_then(|(_, rest)| rest.split('(').next()).map(str::to_owned));
            }
        }
    }
    names.extend(contract());
    names
}

/// Cases of the contract that every store holds: a macro makes a test of each.
fn contract() -> Vec<String> {
    let source = read("tests/it/store_contract.rs");
    let list = source.split("\ncontract!(").nth(1).and_then(|rest| rest.split(");").next()).expect("a list");
    list.split([',', ';']).map(|name| name.trim().to_owned()).collect()
}

fn is_test(line: &str) -> bool {
    line == "#[test]" || line.starts_with("#[tokio::test")
}

/// Whether a quoted word is the name of a test: a sentence, and no key or metric.
fn is_a_sentence(word: &str) -> bool {
    let plain = word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    plain && word.matches('_').count() >= 3 && !word.starts_with("chrak_")
}

#[test]
fn every_test_that_a_table_names_exists() {
    let (tests, keys) = (tests(), read("docs/chrak.example.toml"));
    assert!(tests.contains("every_test_that_a_table_names_exists"));
    let mut missing = Vec::new();
    let mut named = 0;
    for paper in PAPERS {
        let text = read(paper);
        for word in rows(&text).flat_map(quoted).filter(|word| is_a_sentence(word) && !keys.contains(*word)) {
            named += 1;
            if !tests.contains(word) {
                missing.push(format!("{paper} names {word}"));
            }
        }
    }
    assert_eq!(missing, Vec::<String>::new());
    assert!(named > 100, "{named} names were found");
}

/// The rows of a section whose first cell is a number.
fn numbered(section: &str) -> Vec<(usize, &str)> {
    let first = |row: &str| row.trim_start_matches('|').split('|').next()?.trim().parse().ok();
    rows(section).filter_map(|row| Some((first(row)?, row))).collect()
}

#[test]
fn every_point_of_smpp_and_every_complaint_about_gateways_has_its_test() {
    let (text, tests) = (read("docs/SMPP.md"), tests());
    let sections: Vec<&str> = text.split("\n## ").collect();
    for (title, count) in [("What the standard asks for", 85), ("What users of other gateways", 34)] {
        let section = sections.iter().find(|section| section.starts_with(title)).expect(title);
        let rows = numbered(section);
        let numbers: Vec<usize> = rows.iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers, (1..=count).collect::<Vec<_>>(), "{title}");
        let bare: Vec<&str> = rows
            .iter()
            .map(|(_, row)| *row)
            .filter(|row| !row.contains("does not apply") && !quoted(row).any(|word| tests.contains(word)))
            .collect();
        assert_eq!(bare, Vec::<&str>::new(), "{title}");
    }
}

#[test]
fn every_file_that_a_document_names_exists() {
    let mut missing = Vec::new();
    for path in files(&root().join("docs"), ".md") {
        let text = std::fs::read_to_string(&path).expect("text");
        let here = ["src/", "tests/", "docs/", "migrations/", "benches/"];
        for word in quoted(&text).filter(|word| here.iter().any(|start| word.starts_with(start))) {
            // a star stands for the rest of a name
            let (folder, start) = word.rsplit_once('/').expect("a slash");
            let name = start.split('*').next().unwrap_or_default();
            let found = std::fs::read_dir(root().join(folder)).is_ok_and(|all| {
                let names = all.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
                names.into_iter().any(|found| if start.contains('*') { found.starts_with(name) } else { found == name })
            });
            if !found && !name.is_empty() && !word.contains([' ', '{', '…']) {
                missing.push(format!("{} names {word}", path.display()));
            }
        }
    }
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn every_requirement_of_asvs_level_2_is_answered_once() {
    let list = read("tests/data/asvs-5.0.0-level-2.txt");
    let all: Vec<String> = list
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(' '))
        .flat_map(|(section, last)| last.split(' ').map(move |last| format!("{section}.{last}")))
        .collect();
    assert_eq!(all.len(), 253);
    let text = read("docs/ASVS.md");
    let cells = rows(&text).filter_map(|row| row.strip_prefix("| V")).filter_map(|row| row.split('|').next());
    let numbers: Vec<String> = cells.flat_map(|cell| cell.split(',')).map(|one| number(one.trim())).collect();
    let answers = |wanted: &str| {
        // a row may answer a whole section
        let same = |given: &&String| {
            wanted == given.as_str() || wanted.rsplit_once('.').is_some_and(|(section, _)| section == given.as_str())
        };
        numbers.iter().filter(same).count()
    };
    let wrong: Vec<String> = all
        .iter()
        .map(|one| (one, answers(one)))
        .filter(|(_, count)| *count != 1)
        .map(|(one, count)| format!("{one}: {count}"))
        .collect();
    assert_eq!(wrong, Vec::<String>::new());
    let known = |given: &&String| all.iter().any(|one| one == *given || one.starts_with(&format!("{given}.")));
    let unknown: Vec<&String> = numbers.iter().filter(|given| !known(given)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

fn number(given: &str) -> String {
    format!("V{}", given.trim_start_matches('V'))
}
