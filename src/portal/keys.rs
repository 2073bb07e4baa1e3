//! Keys by which services and offices are found: their names as they are compared. Knows no search.
use crate::{
    text::normal,
    types::civic::{Office, Service},
};
use std::sync::Arc;

/// Words as they are compared: without gaps and without the vowels' length, which nobody is sure of.
pub(super) fn loose(text: &str) -> String {
    normal::key(text)
        .chars()
        .filter(|c| c.is_alphanumeric() || ('\u{1780}'..='\u{17D3}').contains(c))
        .map(|c| match c {
            '\u{17B8}' => '\u{17B7}',
            '\u{17BA}' => '\u{17B9}',
            '\u{17BC}' => '\u{17BB}',
            'ឋ' => 'ថ',
            'ណ' => 'ន',
            other => other,
        })
        .filter(|c| *c != '\u{17CB}')
        .collect()
}

/// Beside each its key, by which it is found.
pub(super) fn keyed<T>(all: Vec<T>, key: fn(&T) -> String) -> Vec<(Arc<T>, String)> {
    all.into_iter().map(|one| (key(&one), one)).map(|(key, one)| (Arc::new(one), key)).collect()
}

pub(super) fn key_of_service(service: &Service) -> String {
    joined([Some(&service.name.km), Some(&service.name.en), service.name.km_latn.as_ref()])
}

pub(super) fn key_of_office(office: &Office) -> String {
    let short = office.short.as_ref();
    joined([
        Some(&office.name.km),
        Some(&office.name.en),
        office.name.km_latn.as_ref(),
        short.map(|name| &name.km),
        short.map(|name| &name.en),
        short.and_then(|name| name.km_latn.as_ref()),
    ])
}

pub(super) fn joined<const N: usize>(names: [Option<&String>; N]) -> String {
    let keys: Vec<String> = names.into_iter().flatten().map(|name| loose(name)).collect();
    keys.join("\n")
}
