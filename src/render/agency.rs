//! Templates that agencies send by name: each in three languages, its values checked against what it knows.
use super::{fit, texts};
use crate::types::Language;
use std::collections::BTreeMap;

/// Why a template cannot be filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TemplateFault {
    /// There is none of that name.
    Unknown,
    /// A value is missing, not known to it, or cannot be written.
    BadValues,
}

/// Name of a template, its values, and what writes it.
type Known = (&'static str, &'static [&'static str], fn(Language, &[&str]) -> String);

/// Every template.
const TEMPLATES: [Known; 5] = [
    ("document-ready", &["code", "office"], |language, v| texts::agency_ready(language, v[0], v[1])),
    ("documents-missing", &["code", "office"], |language, v| texts::agency_missing(language, v[0], v[1])),
    ("fee-due", &["code", "amount", "office"], |language, v| texts::agency_fee(language, v[0], v[1], v[2])),
    ("come-to-office", &["office", "day", "time"], |language, v| texts::agency_come(language, v[0], v[1], v[2])),
    ("one-time-code", &["code"], |language, v| texts::agency_code(language, v[0])),
];

/// The names of all templates with the values they take, for the documents.
pub fn all() -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
    TEMPLATES.iter().map(|(name, values, _)| (*name, *values))
}

/// Fills a template.
///
/// # Errors
/// When there is none of that name, or its values are not those it takes.
pub fn filled(name: &str, values: &BTreeMap<String, String>, language: Language) -> Result<String, TemplateFault> {
    let (_, wanted, write) = TEMPLATES.iter().find(|(known, ..)| *known == name).ok_or(TemplateFault::Unknown)?;
    if values.len() != wanted.len() {
        return Err(TemplateFault::BadValues);
    }
    let mut clean = Vec::with_capacity(wanted.len());
    for value in *wanted {
        let given = values.get(*value).ok_or(TemplateFault::BadValues)?;
        let given = fit::clean(given, language);
        if given.is_empty() {
            return Err(TemplateFault::BadValues);
        }
        clean.push(given);
    }
    let values: Vec<&str> = clean.iter().map(String::as_str).collect();
    Ok(write(language, &values))
}
