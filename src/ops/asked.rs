//! What the addresses of the operators' pages may say. It must not know a page.
use super::words::Lang;
use crate::types::percent::percent;
use axum::http::{HeaderMap, header};
use serde::Deserialize;

/// What the address of a page may say.
#[derive(Deserialize)]
pub struct Asked {
    lang: Option<String>,
    /// The page on which a form stands, where that is not the console: `telco`.
    page: Option<String>,
}

impl Asked {
    /// The language asked for, else the browser's, else Khmer.
    pub fn lang(&self, headers: &HeaderMap) -> Lang {
        let accepted = || headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        match self.lang.as_deref() {
            Some("en") => Lang::En,
            Some(_) => Lang::Km,
            None if accepted().is_some_and(|list| list.to_ascii_lowercase().starts_with("en")) => Lang::En,
            None => Lang::Km,
        }
    }

    /// Where an order for a telco leads back to.
    pub fn back_from(&self, smsc: &str, headers: &HeaderMap) -> String {
        let lang = self.lang(headers).tag();
        match self.page.as_deref() {
            Some("telco") => format!("/telcos/{}?lang={lang}", percent(smsc)),
            _ => format!("/console?lang={lang}#telcos"),
        }
    }
}
