//! One word for one thing over all channels: docs/GLOSSARY.md is read, its terms are found in what citizens read, and what
//! it refuses is not.
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

const LANGUAGES: [&str; 3] = ["km", "latn", "en"];

fn read(path: impl AsRef<Path>) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn folder(path: &str) -> String {
    let mut all = String::new();
    let mut todo = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(path)];
    while let Some(at) = todo.pop() {
        if at.is_dir() {
            todo.extend(fs::read_dir(&at).expect("a folder").map(|entry| entry.expect("an entry").path()));
        } else {
            all.push_str(&fs::read_to_string(&at).expect("a text"));
            all.push('\n');
        }
    }
    all
}

/// The strings of a source, without its comments and tests.
fn strings(path: &str) -> String {
    let source = read(path);
    let code = source.split("#[cfg(test)]").next().unwrap_or_default();
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    let mut all = String::new();
    for line in lines {
        for (at, part) in line.split('"').enumerate() {
            if at % 2 == 1 {
                all.push_str(part);
                all.push('\n');
            }
        }
    }
    all
}

/// What of a JSON file or of the guides stands in one language.
fn values(value: &serde_json::Value, key: &str, out: &mut String) {
    match value {
        serde_json::Value::Object(fields) => {
            for (name, value) in fields {
                match value.as_str() {
                    Some(text) if name == key => {
                        out.push_str(text);
                        out.push('\n');
                    }
                    _ => values(value, key, out),
                }
            }
        }
        serde_json::Value::Array(all) => all.iter().for_each(|value| values(value, key, out)),
        _ => {}
    }
}

/// Everything that citizens read in a language. What all languages share stands in each: no word of one is refused in another.
fn corpora() -> BTreeMap<&'static str, String> {
    let shared: String = ["words.rs", "ussd.rs", "sms/lists.rs", "sms/parts.rs", "sms/status.rs", "sms/sheets.rs"]
        .iter()
        .map(|file| strings(&format!("src/render/{file}")))
        .chain([strings("src/kiosk/texts/phrases.rs"), strings("src/sandbox/portal/sample.rs")])
        .collect();
    let directory: serde_json::Value = serde_json::from_str(&read("src/sandbox/portal/directory.json")).expect("JSON");
    let guides = read("kiosk-ui/guides.toml");
    LANGUAGES
        .into_iter()
        .zip([("km", "km"), ("km-Latn", "km-Latn"), ("en", "en")])
        .map(|(language, (templates, key))| {
            let mut all = format!("{shared}{}", folder(&format!("sms-templates/{templates}")));
            values(&directory, key, &mut all);
            if key != "km-Latn" {
                all.push_str(&strings(&format!("src/kiosk/texts/{key}.rs")));
                let lines = guides.lines().filter(|line| line.contains(&format!(".{key} = ")));
                lines.for_each(|line| all.push_str(&format!("{line}\n")));
            }
            (language, all.to_lowercase())
        })
        .collect()
}

/// Whether `words` stand there as words of their own; Khmer is written without blanks.
fn stands(text: &str, words: &str) -> bool {
    let words = words.to_lowercase();
    let letter = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphabetic());
    text.match_indices(&words).any(|(at, found)| {
        !found.is_ascii()
            || !(letter(text[..at].chars().next_back()) || letter(text[at + found.len()..].chars().next()))
    })
}

#[test]
fn one_word_for_one_thing_over_all_channels() {
    let (glossary, corpora) = (read("docs/GLOSSARY.md"), corpora());
    let mut faults = Vec::new();
    let mut terms: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let rows = glossary.lines().take_while(|line| !line.starts_with("## ")).filter(|line| line.starts_with("| "));
    for row in rows.skip(1) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [km, latn, en, never] = cells.as_slice() else { panic!("{row}: not four cells") };
        for (language, term) in LANGUAGES.into_iter().zip([km, latn, en]).filter(|(_, term)| !term.is_empty()) {
            if !terms.entry(language).or_default().insert(term.to_lowercase()) {
                faults.push(format!("{term} stands for two things"));
            }
            if !stands(&corpora[language], term) && !corpora[language].contains(&term.to_lowercase()) {
                faults.push(format!("no text says {term} ({language})"));
            }
        }
        for refused in never.split(';').map(str::trim).filter(|refused| !refused.is_empty()) {
            let (language, words) = refused.split_once(':').unwrap_or_else(|| panic!("{refused}: no language"));
            for word in words.split(',').map(str::trim) {
                if stands(&corpora[language], word) {
                    faults.push(format!("{word} ({language}) is written for {km}"));
                }
            }
        }
    }
    let spelling = glossary.split("Refused as well, in `latn`:").nth(1).and_then(|rest| rest.split('.').next());
    for word in spelling.expect("the spellings that are refused").split('`').skip(1).step_by(2) {
        if stands(&corpora["latn"], word) {
            faults.push(format!("{word} is spelled in another way"));
        }
    }
    assert!(terms["km"].len() > 50, "the table was not read");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
