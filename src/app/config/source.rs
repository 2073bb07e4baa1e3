//! `[[source]]` and `[[code]]`: what codes look like, and who is asked about them.
use super::{ConfigFault, PortalSettings, file, place};
use crate::types::{AskedAt, CodePattern, CodeRules, code::CheckDigit};
use std::path::Path;

/// A `[[source]]`.
#[derive(Clone, Debug)]
pub struct SourceSettings {
    /// Its name.
    pub name: String,
    /// Where it is and how it is asked.
    pub portal: PortalSettings,
}

/// Every source, each as `[portal]` is read.
pub fn sources(
    tables: Vec<file::CodeSource>,
    folder: &Path,
    warnings: &mut Vec<String>,
) -> Result<Vec<SourceSettings>, ConfigFault> {
    let mut sources: Vec<SourceSettings> = Vec::with_capacity(tables.len());
    for (nth, table) in tables.into_iter().enumerate() {
        let name = table.name.clone().filter(|name| !name.trim().is_empty());
        let name = name.ok_or_else(|| ConfigFault::new(format!("source[{nth}].name is missing")))?;
        if name == "portal" {
            let text = format!("source[{nth}].name: \"portal\" is what the portal itself is called; give it another");
            return Err(ConfigFault::new(text));
        }
        if sources.iter().any(|other| other.name == name) {
            return Err(ConfigFault::new(format!("source \"{name}\" stands twice")));
        }
        // what is said of [portal] is said of this table
        let own = |text: String| text.replace("portal.", &format!("source[{nth}]."));
        let told_before = warnings.len();
        let read = place::portal(as_portal(table), folder, warnings);
        for (key, given) in read.as_ref().map(without_effect).into_iter().flatten() {
            if given {
                warnings.push(format!("portal.{key}: has no effect, as only the portal tells of events"));
            }
        }
        warnings[told_before..].iter_mut().for_each(|warning| *warning = own(std::mem::take(warning)));
        let portal = read.map_err(|fault| ConfigFault::new(own(fault.to_string())))?;
        sources.push(SourceSettings { name, portal });
    }
    Ok(sources)
}

fn without_effect(portal: &PortalSettings) -> [(&'static str, bool); 2] {
    let (by_webhook, every) = match &portal.events {
        super::EventsBy::Webhook(_) => (true, false),
        super::EventsBy::Poll(every) => (false, every.as_secs() != u64::from(file::POLL_S)),
    };
    [("events", by_webhook), ("poll_s", every)]
}

fn as_portal(table: file::CodeSource) -> file::Portal {
    file::Portal {
        url: table.url,
        token: table.token,
        token_file: table.token_file,
        ca_file: table.ca_file,
        mode: table.mode,
        timeout_ms: table.timeout_ms,
        events: table.events,
        poll_s: table.poll_s,
        webhook_secret_files: table.webhook_secret_files,
        xroad: table.xroad,
        govstack: table.govstack,
    }
}

/// What codes look like. Each source must be asked about some, and each that is named must be there.
pub fn codes(
    tables: Option<Vec<file::Code>>,
    portal: &PortalSettings,
    sources: &[SourceSettings],
) -> Result<CodeRules, ConfigFault> {
    let at_portal = AskedAt { source: None, takes_factors: portal.takes_factors() };
    if let Some(tables) = &tables
        && tables.is_empty()
    {
        return Err(ConfigFault::new("code: an empty list reads no code; take the key out, or give a [[code]]"));
    }
    let mut patterns = Vec::new();
    for (index, table) in tables.iter().flatten().enumerate() {
        let name = table.name.clone().unwrap_or_else(|| format!("code-{index}"));
        let regex = table.regex.as_ref().ok_or_else(|| ConfigFault::new(format!("code[{index}].regex is missing")))?;
        let digit = table.check.unwrap_or(CheckDigit::None);
        let pattern = CodePattern::new(&name, regex, digit, table.groups.clone().unwrap_or_default());
        let pattern = pattern.map_err(|fault| ConfigFault::new(format!("code[{index}]: {fault}")))?;
        let asked_at = match sources.iter().find(|source| source.name == table.source) {
            _ if table.source.is_empty() => at_portal.clone(),
            Some(source) => {
                AskedAt { source: Some(source.name.as_str().into()), takes_factors: source.portal.takes_factors() }
            }
            None => {
                let text = format!("code[{index}].source: there is no [[source]] with the name \"{}\"", table.source);
                return Err(ConfigFault::new(text));
            }
        };
        patterns.push(pattern.asked_at(asked_at));
    }
    let is_named = |name: &str| tables.iter().flatten().any(|code| code.source == name);
    if let Some(source) = sources.iter().find(|source| !is_named(&source.name)) {
        let name = &source.name;
        return Err(ConfigFault::new(format!(
            "source \"{name}\": no [[code]] names it; give one source = \"{name}\", or take the source out"
        )));
    }
    if tables.is_none() {
        return Ok(CodeRules::new(vec![CodePattern::recommended().asked_at(at_portal)]));
    }
    Ok(CodeRules::new(patterns))
}
