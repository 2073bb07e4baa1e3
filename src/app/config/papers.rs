//! The example and the table of keys, made from `file` and compared with what stands in docs: `CHRAK_BLESS=1 cargo test --lib papers`
//! writes them.
use super::{
    file::File,
    key::{Absent, Key, Kind},
};
use std::path::Path;

const PREAMBLE: &str = "\
# Chrak's configuration: every key with its default and a word on it. These names are fixed: other programs generate this file.
# Every key has a default except what is marked \"required\". An unknown key is an error that names the key
# and the nearest known one. The environment overrides: CHRAK__HTTP__LISTEN, CHRAK__SMSC__0__PASSWORD_FILE.
# A secret is given as x_file = \"path\" (preferred) or inline as x = \"...\" (a warning at start).
# Relative paths are relative to this file's folder. Where a number limits something, 0 = no limit.
";
/// Where words begin.
const COLUMN: usize = 40;
const BEGIN: &str = "<!-- the keys: made by app/config/papers.rs -->\n";
const END: &str = "<!-- end of the keys -->\n";

/// A value as the file writes it: of a table in a line, with all its keys.
fn value(key: &Key) -> String {
    match (key.kind, &key.default) {
        (Kind::Table(inner), _) => {
            let pairs: Vec<String> = inner().iter().map(|key| format!("{} = {}", key.name, value(key))).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
        (_, Absent::Value(text)) => text.clone(),
        (_, Absent::SuchAs(text) | Absent::Shown(text) | Absent::Required(text)) => (*text).to_owned(),
    }
}

/// Text and word side by side, behind `mark`.
fn line(mark: &str, text: &str, word: &str) -> String {
    let text = format!("{mark}{text}");
    let gap = COLUMN.saturating_sub(text.chars().count()).max(2);
    let more = format!("\n{mark}{}# ", " ".repeat(COLUMN - mark.len()));
    let word = word.replace('\n', &more);
    if word.is_empty() { format!("{text}\n") } else { format!("{text}{}# {word}\n", " ".repeat(gap)) }
}

/// Whether the key is the inline form of a secret that is better kept in a file.
fn is_inline_secret(key: &Key, table: &[Key]) -> bool {
    let in_a_file = format!("{}_file", key.name);
    matches!(key.default, Absent::SuchAs(_)) && table.iter().any(|other| other.name == in_a_file)
}

/// Tables of more keys than this stand by themselves: in a line nobody could read them.
const IN_A_LINE_MAX: usize = 6;

/// The keys of a table that stands by itself below another.
fn apart(key: &Key) -> Option<Vec<Key>> {
    let Kind::Table(inner) = key.kind else { return None };
    Some(inner()).filter(|keys| keys.len() > IN_A_LINE_MAX)
}

fn lines(table: &[Key], mark: &str) -> String {
    let shown = table.iter().filter(|key| !is_inline_secret(key, table) && apart(key).is_none());
    let one = |key: &Key| {
        let mark = if mark.is_empty() && matches!(key.default, Absent::SuchAs(_)) { "# " } else { mark };
        line(mark, &format!("{} = {}", key.name, value(key)), key.word)
    };
    shown.map(one).collect()
}

fn example() -> String {
    let mut text = PREAMBLE.to_owned() + "\n";
    let all = File::keys();
    let (tables, single): (Vec<Key>, Vec<Key>) =
        all.into_iter().partition(|key| matches!(key.kind, Kind::Table(_) | Kind::Tables(_)));
    text += &lines(&single, "");
    for key in &tables {
        let mark = if matches!(key.default, Absent::SuchAs(_)) { "# " } else { "" };
        let (head, keys) = match key.kind {
            Kind::Tables(inner) => (format!("[[{}]]", key.name), inner()),
            Kind::Table(inner) => (format!("[{}]", key.name), inner()),
            _ => continue,
        };
        text += "\n";
        text += &line(mark, &head, key.word);
        text += &lines(&keys, mark);
        for (inner, keys) in keys.iter().filter_map(|inner| apart(inner).map(|keys| (inner, keys))) {
            text += &line("# ", &format!("[{}.{}]", key.name, inner.name), inner.word);
            text += &lines(&keys, "# ");
        }
    }
    text
}

/// A row for each key of a table, and of those in it.
fn rows(head: &str, table: &[Key]) -> String {
    let mut text = String::new();
    for key in table {
        if let Kind::Table(inner) | Kind::Tables(inner) = key.kind {
            let list = matches!(key.kind, Kind::Tables(_));
            let path = match head {
                "" if list => format!("[[{}]] ", key.name),
                "" => format!("[{}] ", key.name),
                _ => format!("{head}{}.", key.name),
            };
            text += &rows(&path, &inner());
            continue;
        }
        let takes = match (key.kind, key.bounds) {
            (_, Some(bounds)) => bounds.to_string(),
            (Kind::Word(words), _) => words.join(", "),
            (Kind::Text, _) => "text".to_owned(),
            (Kind::Flag, _) => "true, false".to_owned(),
            (Kind::List, _) => "list".to_owned(),
            (Kind::Free, _) => "table".to_owned(),
            _ => "number".to_owned(),
        };
        let default = match &key.default {
            Absent::Value(text) => format!("`{text}`"),
            Absent::Required(_) => "required".to_owned(),
            Absent::SuchAs(_) | Absent::Shown(_) => String::new(),
        };
        let word = key.word.replace('\n', " ").replace('|', "\\|");
        let word = word.trim_start_matches("required; ");
        let word = if word == "required" { "" } else { word };
        text += &format!("| `{head}{}` | {takes} | {default} | {word} |\n", key.name);
    }
    text
}

fn with_keys(page: &str) -> String {
    let (before, rest) = page.split_once(BEGIN).expect("the begin of the keys");
    let (_, after) = rest.split_once(END).expect("the end of the keys");
    let keys = rows("", &File::keys());
    format!("{before}{BEGIN}| key | takes | default | what it does |\n|---|---|---|---|\n{keys}{END}{after}")
}

fn same(name: &str, wanted: impl Fn(&str) -> String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let stands = std::fs::read_to_string(&path).expect(name);
    let wanted = wanted(&stands);
    if std::env::var_os("CHRAK_BLESS").is_some() {
        std::fs::write(&path, &wanted).expect(name);
    } else {
        assert!(
            stands == wanted,
            "{name} is not what src/app/config/file.rs says: CHRAK_BLESS=1 cargo test --lib papers"
        );
    }
}

#[test]
fn the_example_is_made_of_the_keys() {
    same("docs/chrak.example.toml", |_| example());
}

#[test]
fn the_table_of_keys_is_made_of_the_keys() {
    same("docs/CONFIGURATION.md", with_keys);
}
