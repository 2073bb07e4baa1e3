//! What is remembered of a number, its dialogue sealed.
use super::{Mac, sealed};
use crate::{
    ports::{
        StoreFault,
        citizens::{CitizenRecord, NumberWindows},
    },
    store::Keys,
    types::{Language, Msisdn, UnixMs},
};

/// What is remembered of a number.
#[derive(Clone)]
pub struct CitizenRow {
    pub mac: Mac,
    pub language: Option<String>,
    pub stopped: bool,
    pub dialogue: Option<Vec<u8>>,
    pub dialogue_until: i64,
    /// JSON; empty: nothing was counted.
    pub windows: String,
    pub in_dialogue: bool,
}

impl CitizenRow {
    pub fn seal(keys: &Keys, number: &Msisdn, record: &CitizenRecord) -> Result<Self, StoreFault> {
        let mac = keys.number_mac(number.digits());
        let dialogue = record.dialogue.as_ref().map(|plain| sealed(keys, &mac, "dialogue", plain)).transpose()?;
        let windows = if record.windows == NumberWindows::default() {
            String::new()
        } else {
            serde_json::to_string(&record.windows).map_err(|_| StoreFault::Rejected)?
        };
        Ok(CitizenRow {
            mac,
            language: record.language.map(|language| language.tag().to_owned()),
            stopped: record.stopped,
            dialogue,
            dialogue_until: record.dialogue_until.0,
            windows,
            in_dialogue: record.in_dialogue,
        })
    }

    /// A dialogue that does not open is as good as none: the citizen starts anew.
    fn open(self, keys: &Keys) -> CitizenRecord {
        let dialogue = self.dialogue.and_then(|sealed| {
            keys.open(&self.mac, "dialogue", &sealed)
                .inspect_err(|error| tracing::error!(%error, "a dialogue is lost"))
                .ok()
        });
        CitizenRecord {
            language: self.language.as_deref().and_then(Language::from_tag),
            stopped: self.stopped,
            dialogue,
            dialogue_until: UnixMs(self.dialogue_until),
            windows: windows(&self.windows),
            in_dialogue: self.in_dialogue,
        }
    }

    /// The record of a number, or of one that nothing is known of.
    pub fn open_or_new(row: Option<Self>, keys: &Keys) -> CitizenRecord {
        row.map(|row| row.open(keys)).unwrap_or_default()
    }
}

/// Empty is nobody's; what cannot be read forgets what a number has spent, and the log says so.
fn windows(text: &str) -> NumberWindows {
    if text.is_empty() {
        return NumberWindows::default();
    }
    serde_json::from_str(text).unwrap_or_else(|fault| {
        tracing::error!(kind = ?fault.classify(), "the tallies of a number cannot be read; they begin anew");
        NumberWindows::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::citizens::NumberWindow;

    #[test]
    fn a_record_opens_as_it_was_sealed_and_a_lost_part_takes_no_other_with_it() {
        let keys = Keys::from_secret(&[7; 32]);
        let number = Msisdn::parse_e164("85510234501").expect("a number");
        let spent = NumberWindow { since: UnixMs(5), count: 3 };
        let record = CitizenRecord {
            language: Some(Language::KmLatn),
            stopped: true,
            dialogue: Some(b"canary".to_vec()),
            dialogue_until: UnixMs(9),
            windows: NumberWindows { replies_day: spent, ..NumberWindows::default() },
            in_dialogue: true,
        };
        let row = CitizenRow::seal(&keys, &number, &record).expect("sealed");
        assert!(!row.dialogue.as_ref().expect("sealed").windows(6).any(|part| part == b"canary"));
        assert_eq!(row.clone().open(&keys), record);
        let elsewhere = CitizenRow { mac: [9; 32], ..row.clone() };
        assert_eq!(elsewhere.open(&keys), CitizenRecord { dialogue: None, ..record.clone() });
        let bent = CitizenRow { windows: "{".into(), ..row.clone() };
        assert_eq!(bent.open(&keys), CitizenRecord { windows: NumberWindows::default(), ..record.clone() });
        assert_eq!(CitizenRow::open_or_new(Some(row), &keys), record);
        assert_eq!(CitizenRow::open_or_new(None, &keys), CitizenRecord::default());
        let nothing = CitizenRow::seal(&keys, &number, &CitizenRecord::default()).expect("sealed");
        assert_eq!((nothing.windows.as_str(), nothing.dialogue), ("", None));
    }
}
