//! Templates that agencies send by name: each in three languages, and each value of its kind, so that no template carries
//! what its writer would not. Knows no agency and no portal.
use super::{fit, texts};
use crate::types::{CodeRules, Language, civic::Localized};
use std::collections::BTreeMap;

mod kinds;

/// Why a template cannot be filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TemplateFault {
    /// There is none of that name.
    Unknown,
    /// A value is missing or not known to it.
    BadValues,
    /// The value of this name is not of its kind.
    BadValue(&'static str),
}

/// What values are held against.
pub struct Known<'a> {
    /// What a registration code looks like.
    pub codes: &'a CodeRules,
    /// The office that is meant, when the portal has one of that name or id.
    pub office: Option<&'a Localized>,
}

/// Name of a template, its values, and what writes it.
type Template = (&'static str, &'static [&'static str], fn(Language, &[&str]) -> String);

/// Every template.
const TEMPLATES: [Template; 5] = [
    ("document-ready", &["code", "office"], |language, v| texts::agency_ready(language, v[0], v[1])),
    ("documents-missing", &["code", "office"], |language, v| texts::agency_missing(language, v[0], v[1])),
    ("fee-due", &["code", "amount", "office"], |language, v| texts::agency_fee(language, v[0], v[1], v[2])),
    ("come-to-office", &["office", "day", "time"], |language, v| texts::agency_come(language, v[0], v[1], v[2])),
    (ONE_TIME_CODE, &["code"], |language, v| texts::agency_code(language, v[0])),
];

/// The one whose code is no registration code.
const ONE_TIME_CODE: &str = "one-time-code";

/// The names of all templates with the values they take, for the documents.
pub fn all() -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
    TEMPLATES.iter().map(|(name, values, _)| (*name, *values))
}

/// Fills a template.
///
/// # Errors
/// When there is none of that name, or its values are not those it takes.
pub fn filled(
    name: &str,
    values: &BTreeMap<String, String>,
    language: Language,
    known: &Known<'_>,
) -> Result<String, TemplateFault> {
    let (_, wanted, write) = TEMPLATES.iter().find(|(known, ..)| *known == name).ok_or(TemplateFault::Unknown)?;
    if values.len() != wanted.len() {
        return Err(TemplateFault::BadValues);
    }
    let mut clean = Vec::with_capacity(wanted.len());
    for value in *wanted {
        let given = values.get(*value).ok_or(TemplateFault::BadValues)?;
        let is_kind = match *value {
            "code" if name == ONE_TIME_CODE => kinds::is_secret(given),
            "code" => kinds::is_code(given, known.codes),
            "office" => known.office.is_some() || kinds::is_office(given),
            "amount" => kinds::is_amount(given),
            "day" => kinds::is_day(given),
            _ => kinds::is_time(given),
        };
        let given = match known.office.filter(|_| *value == "office") {
            Some(office) => fit::clean(office.get(language), language),
            None => fit::clean(given, language),
        };
        if !is_kind || given.is_empty() {
            return Err(TemplateFault::BadValue(value));
        }
        clean.push(given);
    }
    let values: Vec<&str> = clean.iter().map(String::as_str).collect();
    Ok(write(language, &values))
}

/// The text with a one-time code of our own.
pub fn one_time_code(code: &str, language: Language) -> String {
    texts::agency_code(language, code)
}
