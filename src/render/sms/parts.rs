//! Pieces that several texts share.
use super::super::fit;
use crate::types::{
    Language, RegistrationCode,
    civic::{ApplicationStatus, OfficeRef},
    gazetteer,
};

/// What an office's name may take, in units of the alphabet, when it has no short one.
const OFFICE_UNITS_MAX: usize = 20;

/// Longest printed form repeated; a longer one is repeated without its separators.
const CODE_CHARS_MAX: usize = 24;

pub(in super::super) fn shown(code: &RegistrationCode) -> &str {
    if code.printed().len() <= CODE_CHARS_MAX { code.printed() } else { code.canonical() }
}

/// A place with what it lies in: `Prey Veaeng Commune, Samraong District, Takeo Province`.
pub(in super::super) fn place(code: &str, language: Language) -> String {
    let mut names = Vec::new();
    let mut at = gazetteer::by_code(code);
    while let Some(division) = at {
        names.push(division.said(language));
        at = division.parent();
    }
    fit::clean(&names.join(if language == Language::Km { " " } else { ", " }), language)
}

pub(in super::super) fn office_name(office: &OfficeRef, language: Language) -> String {
    match &office.short {
        Some(short) => fit::clean(short.get(language), language),
        None => {
            let name = fit::clean(office.name.get(language), language);
            fit::shorten(&name, OFFICE_UNITS_MAX, language).to_owned()
        }
    }
}

pub(super) fn stop(language: Language) -> &'static str {
    match language {
        Language::Km => "។",
        Language::KmLatn | Language::En => ".",
    }
}

pub(in super::super) fn by_day(status: ApplicationStatus, day: &str, language: Language) -> String {
    let collect = status == ApplicationStatus::ReadyForCollection;
    let words = match (language, collect) {
        (Language::Km, true) => "មកយកត្រឹម",
        (Language::Km, false) => "គ្រោងរួច",
        (Language::KmLatn, true) => "Mok yok treum",
        (Language::KmLatn, false) => "Ruoch proheal",
        (Language::En, true) => "Collect by",
        (Language::En, false) => "Should be ready by",
    };
    format!("{words} {day}")
}
