//! What templates say of assets; `use crate::web::filters` beside a template.
#![allow(missing_docs, reason = "the types that askama makes of a filter")]
use super::assets;
use askama::{Values, filters::Safe};

/// The address of an asset.
#[askama::filter_fn]
pub fn asset(name: &str, _: &dyn Values) -> askama::Result<String> {
    assets::asset(name).ok_or(askama::Error::Fmt)
}

/// An icon says nothing by itself: the word stands beside it.
#[askama::filter_fn]
pub fn icon(name: &str, _: &dyn Values) -> askama::Result<Safe<String>> {
    let sprite = assets::asset("icons.svg").ok_or(askama::Error::Fmt)?;
    Ok(Safe(format!("<svg class=\"icon\" aria-hidden=\"true\"><use href=\"{sprite}#{name}\"/></svg>")))
}
