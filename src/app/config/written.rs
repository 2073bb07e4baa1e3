//! What a configuration says of everything but the telcos, and which of it is said otherwise in another: that holds only after a
//! restart.
use super::{Config, ConfigFault, EventsBy, file::File};
use std::collections::{BTreeMap, BTreeSet};
use toml::Value;

/// Tables that are followed while the server runs.
const FOLLOWED: [&str; 2] = ["smsc", "ussd_profile"];

/// The keys outside the telcos, as `portal.url` or `agency[0].name`, with what they say; defaults stand as if they were written.
#[derive(Clone, Default)]
pub struct Written(BTreeMap<String, String>);

/// Secrets may stand inline.
impl std::fmt::Debug for Written {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Written {
    /// Of a file.
    ///
    /// # Errors
    /// What cannot be written as TOML, of which there is nothing.
    pub(super) fn of(file: &File) -> Result<Self, ConfigFault> {
        let whole = Value::try_from(file).map_err(|fault| ConfigFault::new(format!("the configuration: {fault}")))?;
        let mut written = Written::default();
        if let Value::Table(tables) = whole {
            let others = tables.into_iter().filter(|(key, _)| !FOLLOWED.contains(&key.as_str()));
            others.for_each(|(key, value)| written.add(key, value));
        }
        Ok(written)
    }

    fn add(&mut self, at: String, value: Value) {
        match value {
            Value::Table(inner) => inner.into_iter().for_each(|(key, value)| self.add(format!("{at}.{key}"), value)),
            Value::Array(items) if items.iter().any(Value::is_table) => {
                items.into_iter().enumerate().for_each(|(nth, item)| self.add(format!("{at}[{nth}]"), item));
            }
            value => {
                self.0.insert(at, value.to_string());
            }
        }
    }
}

impl Config {
    /// The keys that say something else in `new`, or name a file with something else in it, and hold only after a restart; by name,
    /// each once.
    pub fn needs_restart(&self, new: &Config) -> Vec<String> {
        let (before, after) = (&self.written.0, &new.written.0);
        let other = before.keys().chain(after.keys()).filter(|key| before.get(*key) != after.get(*key));
        let mut keys: BTreeSet<String> = other.cloned().collect();
        let (before, after) = (self.files(), new.files());
        let other = before.iter().filter(|(key, said)| after.get(*key).is_some_and(|now| now != *said));
        keys.extend(other.map(|(key, _)| key.clone()));
        keys.into_iter().collect()
    }

    /// What stands in the files that were read, by the key that names each.
    fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let octets = |text: &str| text.as_bytes().to_vec();
        let secret = |secret: &crate::types::Secret| octets(secret.expose());
        let mut files = vec![
            ("ops.token_file".to_owned(), self.ops_token.as_ref().map(secret)),
            ("kiosk.staff_pin_file".to_owned(), self.kiosk.staff_pin.as_ref().map(secret)),
            ("kiosk.emblem_file".to_owned(), self.kiosk.authority.emblem.as_ref().map(|octets| octets.to_vec())),
        ];
        let places = [("portal".to_owned(), &self.portal)].into_iter();
        let sources = self.sources.iter().enumerate().map(|(nth, one)| (format!("source[{nth}]"), &one.portal));
        for (at, place) in places.chain(sources) {
            files.push((format!("{at}.token_file"), Some(secret(&place.token))));
            if let Some(govstack) = &place.govstack {
                let token = govstack.scheduler.as_ref().map(|scheduler| secret(&scheduler.request_token));
                files.push((format!("{at}.govstack.request_token_file"), token));
                let directory = octets(&format!("{:?}", govstack.directory));
                files.push((format!("{at}.govstack.directory_file"), Some(directory)));
            }
        }
        if let EventsBy::Webhook(secrets) = &self.portal.events {
            let all: Vec<&str> = secrets.iter().map(crate::types::Secret::expose).collect();
            files.push(("portal.webhook_secret_files".to_owned(), Some(octets(&all.join(" ")))));
        }
        let agencies = self.agencies.iter().enumerate();
        files.extend(agencies.map(|(nth, one)| (format!("agency[{nth}].token_file"), Some(secret(&one.token)))));
        let read = files.into_iter().filter(|(key, _)| self.written.0.contains_key(key));
        read.filter_map(|(key, said)| Some((key, said?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{check, parse};
    use super::*;
    use std::path::Path;

    const BASE: &str = "[http]\nlisten = \"127.0.0.1:8080\"\n[portal]\nurl = \"https://portal.example\"\ntoken_file = \"t\"\n\
        [[agency]]\nname = \"a\"\ntoken = \"hunter1\"\n";
    const TELCO: &str =
        "[[smsc]]\nname = \"smart\"\naddress = \"127.0.0.1:2775\"\nsystem_id = \"c\"\npassword = \"p\"\n";

    fn read(text: &str, folder: &Path) -> Config {
        let file = parse(text, "chrak.toml", std::iter::empty()).expect("a file");
        check(file, folder).expect("a good one")
    }

    #[test]
    fn what_holds_only_after_a_restart_is_named_and_telcos_are_not() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("t"), "secret").expect("written");
        let base = read(&format!("{BASE}{TELCO}"), folder.path());
        let others: [(&str, String, &[&str]); 6] = [
            ("the same", BASE.to_owned(), &[]),
            ("a default that is written", BASE.replace("[portal]", "[portal]\npoll_s = 10"), &[]),
            ("a key", BASE.replace("8080", "8081"), &["http.listen"]),
            ("one in a list", BASE.replace("\"hunter1\"", "\"hunter2\""), &["agency[0].token"]),
            ("one more", format!("{BASE}free_text = true\n"), &["agency[0].free_text"]),
            (
                "two",
                format!("timezone = \"Asia/Bangkok\"\n{}", BASE.replace("portal.e", "p.e")),
                &["portal.url", "timezone"],
            ),
        ];
        for (what, text, keys) in others {
            let telco = TELCO.replace("smart", "metfone");
            assert_eq!(base.needs_restart(&read(&format!("{text}{telco}"), folder.path())), keys, "{what}");
        }
        std::fs::write(folder.path().join("t"), "renewed").expect("written");
        assert_eq!(base.needs_restart(&read(BASE, folder.path())), ["portal.token_file"]);
        assert!(!format!("{:?}", base.written).contains("hunter"), "secrets are not shown");
    }
}
