//! `chrak audit`: whether the audit log is whole, and what it says.
use super::{Fault, keys, moment, place, written};
use crate::{
    app::read_config,
    store::{
        chain::{Hash, hex},
        log::{self, Finding, Line, Whole},
    },
};
use std::path::Path;

/// Rows that a list shows at most: the youngest.
const LISTED_MAX: usize = 10_000;

/// `chrak audit verify`: follows the chain; with a hash that was noted before, looks whether that row is still there.
///
/// # Errors
/// When the chain is broken, or cannot be looked at.
pub async fn verify(config: &Path, head: Option<&str>) -> Result<(), Fault> {
    let noted = head.map(hash).transpose()?;
    let config = read_config(config)?;
    match log::verify(place(&config), keys(&config)?, noted).await? {
        Finding::Whole(whole) => {
            println!("{}", told(&whole));
            Ok(())
        }
        Finding::Broken { seq, at, why } => {
            let when = at.map(|at| format!(" of {}", moment(at))).unwrap_or_default();
            Err(Fault::Run(format!("audit log: row {seq}{when}: {why}")))
        }
    }
}

/// 64 hexadecimal digits.
fn hash(text: &str) -> Result<Hash, Fault> {
    let wrong =
        || Fault::Usage(format!("--head {text}: is not the 64 hexadecimal digits that chrak audit verify prints"));
    let digits: Vec<u8> = text.chars().map_while(|c| c.to_digit(16)).map(|digit| digit as u8).collect();
    if text.chars().count() != 64 || digits.len() != 64 {
        return Err(wrong());
    }
    Ok(std::array::from_fn(|at| digits[2 * at] << 4 | digits[2 * at + 1]))
}

fn told(whole: &Whole) -> String {
    let Whole { rows, span, head, pruned, noted } = whole;
    let Some((from, to)) = span else { return "audit log: no rows yet".to_owned() };
    let mut told =
        format!("audit log: {rows} rows from {} to {}, whole; head {}", moment(*from), moment(*to), hex(&head.hash));
    if *pruned > 0 {
        told.push_str(&format!("; those up to {pruned} were old and taken away"));
    }
    if let Some(noted) = noted {
        told.push_str(&format!("; the head that was given is row {noted}, {} came after it", head.seq - noted));
    }
    told
}

/// `chrak audit list`: its rows since a moment, one a line.
///
/// # Errors
/// When they cannot be read.
pub async fn list(config: &Path, since: Option<&str>, json: bool) -> Result<(), Fault> {
    let since = since.map(|text| written("--since", text)).transpose()?.map_or(0, |at| at.0);
    let config = read_config(config)?;
    let lines = log::list(place(&config), keys(&config)?, since, LISTED_MAX).await?;
    for line in &lines {
        println!("{}", if json { serde_json::to_string(line).expect("plain words and numbers") } else { shown(line) });
    }
    Ok(())
}

fn shown(line: &Line) -> String {
    let Line { seq, at_ms, run, who, what, about, detail, .. } = line;
    format!("{seq:>6}  {}  run {run:<4} {who:<16} {what:<18} {about} {detail}", moment(*at_ms)).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::chain::Link;

    #[test]
    fn a_head_is_read_as_it_was_printed() {
        let bytes: Hash = std::array::from_fn(|at| at as u8);
        assert_eq!(hash(&hex(&bytes)).expect("read"), bytes);
        assert_eq!(hash(&hex(&bytes).to_uppercase()).expect("read"), bytes);
        for wrong in ["", "0", &"g".repeat(64), &"0".repeat(63), &"០".repeat(64)] {
            assert!(hash(wrong).expect_err("no hash").to_string().contains("64 hexadecimal digits"), "{wrong}");
        }
    }

    #[test]
    fn what_was_found_is_told_in_a_line() {
        let head = Link { seq: 12, hash: [0xab; 32] };
        let mut whole = Whole { rows: 2, span: Some((0, 60_000)), head, pruned: 10, noted: Some(11) };
        let told_all = told(&whole);
        assert!(
            told_all.contains("2 rows from 1970-01-01 07:00:00 to 1970-01-01 07:01:00, whole; head abab"),
            "{told_all}"
        );
        assert!(
            told_all.contains("up to 10 were old") && told_all.contains("is row 11, 1 came after it"),
            "{told_all}"
        );
        whole.span = None;
        assert_eq!(told(&whole), "audit log: no rows yet");
    }
}
