//! `[portal]`, and what a `[[source]]` has of it: where a place is, and how it is spoken to.
use super::{
    ConfigFault, EventsBy, PortalSettings, file, govstack, secret,
    words::{Events, Mode},
    xroad,
};
use crate::types::Secret;
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use std::{path::Path, time::Duration};

/// Of a table.
pub fn portal(
    mut table: file::Portal,
    folder: &Path,
    warnings: &mut Vec<String>,
) -> Result<PortalSettings, ConfigFault> {
    let events = events(&table, folder, warnings)?;
    let ca_file = table.ca_file.take().map(|path| folder.join(path));
    let (xroad, govstack) = (table.xroad.take(), table.govstack.take());
    if table.mode != Mode::Govstack && govstack.is_some() {
        warnings.push("portal.govstack: has no effect, as only mode = \"govstack\" uses it".to_owned());
    }
    let wait = |ms: u32| Duration::from_millis(ms.into());
    let waits = (wait(table.timeout_ms.ussd), wait(table.timeout_ms.kiosk), wait(table.timeout_ms.sms));
    let settled = |url, token, road: xroad::Settled, ca_file, govstack| PortalSettings {
        url,
        token,
        ca_file,
        road: road.options,
        webhook_client: road.webhook_client,
        govstack,
        events: events.clone(),
        timeout_ussd: waits.0,
        timeout_kiosk: waits.1,
        timeout_sms: waits.2,
    };
    if table.mode == Mode::Govstack {
        if matches!(events, EventsBy::Webhook(_)) {
            warnings.push("portal.events: has no effect, as GovStack's systems tell of no events".to_owned());
        }
        let token = secret::read("portal.token", table.token, table.token_file, folder, warnings)?;
        let beside = govstack::Beside { url: table.url, xroad, token, ca_file, folder };
        let options = govstack::settle(govstack, beside, warnings)?;
        let (url, ca_file) = (options.registration.url.clone(), options.ca_file.clone());
        return Ok(settled(url, options.token.clone(), xroad::Settled::default(), ca_file, Some(options)));
    }
    let url = table.url.ok_or_else(|| ConfigFault::new("portal.url is missing: the address of the portal"))?;
    if !url.starts_with("https://") && !url.starts_with("http://") {
        return Err(ConfigFault::new("portal.url: must begin with https:// (or http:// on a trusted network)"));
    }
    let url = url.trim_end_matches('/').to_owned();
    let by_webhook = matches!(events, EventsBy::Webhook(_));
    let road = if table.mode == Mode::Xroad {
        xroad::settle(xroad, &url, ca_file.as_deref(), by_webhook, folder, warnings)?
    } else {
        if xroad.is_some() {
            warnings.push("portal.xroad: has no effect, as only mode = \"xroad\" uses it".to_owned());
        }
        xroad::Settled::default()
    };
    let token = secret::required("portal.token", table.token, table.token_file, folder, warnings)?;
    Ok(settled(url, token, road, ca_file, None))
}

fn events(table: &file::Portal, folder: &Path, warnings: &mut Vec<String>) -> Result<EventsBy, ConfigFault> {
    let files = table.webhook_secret_files.as_deref();
    match table.events {
        Events::Poll => {
            if files.is_some() {
                warnings.push(
                    "portal.webhook_secret_files: has no effect, as only events = \"webhook\" uses it".to_owned(),
                );
            }
            Ok(EventsBy::Poll(Duration::from_secs(table.poll_s.into())))
        }
        Events::Webhook => {
            // the default stands in the published example and asks for nothing
            if table.poll_s != file::POLL_S {
                warnings.push("portal.poll_s: has no effect, as only events = \"poll\" uses it".to_owned());
            }
            let files = files.unwrap_or_default();
            if files.is_empty() {
                return Err(ConfigFault::new("portal.webhook_secret_files is missing: events = \"webhook\" needs it"));
            }
            let secrets = files.iter().map(|file| webhook_secret(&folder.join(file)));
            secrets.collect::<Result<_, _>>().map(EventsBy::Webhook)
        }
    }
}

/// A secret of Standard Webhooks: `whsec_` and base64 of 24 to 64 octets.
fn webhook_secret(path: &Path) -> Result<Secret, ConfigFault> {
    let wrong = |why: String| ConfigFault::new(format!("portal.webhook_secret_files: {} {why}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|fault| wrong(format!("cannot be read: {fault}")))?;
    let encoded = text.trim().strip_prefix("whsec_").ok_or_else(|| wrong("must begin with whsec_".to_owned()))?;
    let octets = BASE64.decode(encoded).map_err(|_| wrong("is not base64 after whsec_".to_owned()))?;
    if !(16..=64).contains(&octets.len()) {
        return Err(wrong(format!("holds a secret of {} octets; 24 to 64 are wanted", octets.len())));
    }
    Ok(Secret::new(encoded))
}
