//! Reads the file and the environment into [`File`]; what cannot be read is one line that says where and
//! what to do.
use super::{
    ConfigFault,
    file::{File, keys_of},
    key::{Key, Kind},
};
use std::path::Path;
use toml::{Table, Value};

/// Reads `path` and lays `CHRAK__…` over it.
pub fn load(path: &Path, environment: impl Iterator<Item = (String, String)>) -> Result<File, ConfigFault> {
    let text = std::fs::read_to_string(path).map_err(|fault| {
        ConfigFault::new(format!("{}: cannot be read: {fault}; check --config and the file's rights", path.display()))
    })?;
    parse(&text, &path.display().to_string(), environment)
}

/// As [`load`], from a text; `name` stands for the file in errors.
pub fn parse(text: &str, name: &str, environment: impl Iterator<Item = (String, String)>) -> Result<File, ConfigFault> {
    let mut table: Table = text.parse().map_err(|fault: toml::de::Error| {
        let line = fault.span().map_or(0, |span| text[..span.start.min(text.len())].lines().count().max(1));
        ConfigFault::new(format!("{name}: line {line}: {}", fault.message().replace('\n', " ")))
    })?;
    overlay(&mut table, environment)?;
    refuse_unknown(&table, &mut Vec::new(), name)?;
    serde_path_to_error::deserialize(Value::Table(table)).map_err(|fault| {
        let cause = fault.inner().message().replace('\n', " ");
        ConfigFault::new(format!("{name}: {}: {cause}", fault.path()))
    })
}

fn overlay(table: &mut Table, environment: impl Iterator<Item = (String, String)>) -> Result<(), ConfigFault> {
    let mut settings: Vec<(String, String)> = environment.filter(|(key, _)| key.starts_with("CHRAK__")).collect();
    settings.sort();
    for (variable, text) in settings {
        let path: Vec<String> = variable["CHRAK__".len()..].split("__").map(str::to_lowercase).collect();
        let bad = |why: &str| ConfigFault::new(format!("environment variable {variable}: {why}"));
        let Some((key, parents)) = path.split_last() else {
            continue;
        };
        let mut place = &mut *table;
        let mut parents = parents.iter().peekable();
        while let Some(parent) = parents.next() {
            let numbered = parents.peek().and_then(|next| next.parse::<usize>().ok());
            let slot = place.entry(parent.clone()).or_insert_with(|| match numbered {
                Some(_) => Value::Array(Vec::new()),
                None => Value::Table(Table::new()),
            });
            place = match (slot, numbered) {
                (Value::Table(inner), None) => inner,
                (Value::Array(items), Some(index)) => {
                    parents.next();
                    if index == items.len() {
                        items.push(Value::Table(Table::new()));
                    }
                    items.get_mut(index).and_then(Value::as_table_mut).ok_or_else(|| {
                        bad(&format!("there is no {parent} number {index} in the file (they count from 0)"))
                    })?
                }
                _ => return Err(bad(&format!("{parent} is not a table of that kind"))),
            };
        }
        place.insert(key.clone(), typed(&path, text));
    }
    Ok(())
}

/// An environment variable is text; whether a text, or a value as TOML writes it, is told by its key.
fn typed(path: &[String], text: String) -> Value {
    let named: Vec<&str> = path.iter().map(String::as_str).filter(|part| part.parse::<usize>().is_err()).collect();
    let kind = named.split_last().and_then(|(name, table)| key(keys_of(table)?, name)).map(|key| key.kind);
    let written_as_toml = !matches!(kind, None | Some(Kind::Text | Kind::Word(_)));
    if written_as_toml
        && let Ok(mut holder) = format!("value = {text}").parse::<Table>()
        && let Some(value) = holder.remove("value")
    {
        return value;
    }
    Value::String(text)
}

fn key(keys: Vec<Key>, name: &str) -> Option<Key> {
    keys.into_iter().find(|key| key.name == name)
}

fn refuse_unknown<'a>(table: &'a Table, path: &mut Vec<&'a str>, name: &str) -> Result<(), ConfigFault> {
    let Some(known) = keys_of(path) else {
        return Ok(());
    };
    for (key, value) in table {
        if !known.iter().any(|known| known.name == key) {
            let place = if path.is_empty() { String::new() } else { format!("[{}]: ", path.join(".")) };
            let nearest = known.iter().map(|known| known.name).min_by_key(|known| strsim::levenshtein(key, known));
            let nearest = nearest.unwrap_or_default();
            let text = format!("{name}: {place}unknown key \"{key}\"; did you mean \"{nearest}\"?");
            return Err(ConfigFault::new(text));
        }
        path.push(key);
        match value {
            Value::Table(inner) => refuse_unknown(inner, path, name)?,
            Value::Array(items) => {
                for inner in items.iter().filter_map(Value::as_table) {
                    refuse_unknown(inner, path, name)?;
                }
            }
            _ => {}
        }
        path.pop();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, environment: &[(&str, &str)]) -> Result<File, String> {
        let variables = environment.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        parse(text, "chrak.toml", variables).map_err(|fault| fault.to_string())
    }

    #[test]
    fn an_unknown_key_is_named_with_the_one_that_was_meant() {
        for (text, told) in [
            ("[http]\nlissten = \"x\"", "chrak.toml: [http]: unknown key \"lissten\"; did you mean \"listen\"?"),
            ("[[smsc]]\nname=\"a\"\nwindw = 3", "chrak.toml: [smsc]: unknown key \"windw\"; did you mean \"window\"?"),
            ("htp = 1", "chrak.toml: unknown key \"htp\"; did you mean \"http\"?"),
            (
                "[limits]\nreplies_per_number = { per_minute = 1 }",
                "chrak.toml: [limits.replies_per_number]: unknown key \"per_minute\"; did you mean \"per_min\"?",
            ),
        ] {
            assert_eq!(read(text, &[]).expect_err(text), told);
        }
    }

    #[test]
    fn wrong_types_and_broken_files_say_where() {
        assert!(
            read("[[smsc]]\nwindow = \"many\"", &[]).expect_err("type").starts_with("chrak.toml: smsc[0].window: ")
        );
        assert!(read("[http]\n\nlisten = ", &[]).expect_err("syntax").starts_with("chrak.toml: line 3: "));
    }

    #[test]
    fn the_environment_goes_over_the_file() {
        let text = "[http]\nlisten = \"a\"\n[[smsc]]\nname = \"one\"\npassword = \"x\"";
        let environment = [
            ("CHRAK__HTTP__LISTEN", "127.0.0.1:1"),
            ("CHRAK__SMSC__0__PASSWORD", "12345"),
            ("CHRAK__SMSC__0__WINDOW", "25"),
            ("CHRAK__PORTAL__TIMEOUT_MS__SMS", "5000"),
            ("OTHER", "x"),
        ];
        let file = read(text, &environment).expect("a good file");
        let smsc = &file.smsc.expect("telcos")[0];
        assert_eq!(file.http.listen, "127.0.0.1:1");
        assert_eq!((smsc.password.as_deref(), smsc.window), (Some("12345"), 25));
        assert_eq!(file.portal.timeout_ms.sms, 5000);
        assert!(
            read(text, &[("CHRAK__SMSC__7__NAME", "x")]).expect_err("no such telco").contains("CHRAK__SMSC__7__NAME")
        );
    }
}
