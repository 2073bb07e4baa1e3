//! Pages to read: news, how the one window works, law, the country (1.1 of the contract). They stand in `pages.json` and change
//! with the program. It must not know who asks for them.
use crate::types::civic::PageKind;
use anyhow::Context;
use serde_json::Value;

const PAGES: &str = include_str!("pages.json");

/// All of them, in the order in which they are shown.
///
/// # Errors
/// What of the file cannot be read.
pub fn all() -> anyhow::Result<Vec<Value>> {
    let whole: Value = serde_json::from_str(PAGES).context("pages.json")?;
    let pages = whole["pages"].as_array().context("pages.json: pages")?;
    for page in pages {
        let kind = page["kind"].as_str().and_then(PageKind::from_wire);
        kind.with_context(|| format!("pages.json: kind of {}", page["id"]))?;
    }
    Ok(pages.clone())
}
