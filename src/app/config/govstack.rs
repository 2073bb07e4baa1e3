//! `[portal.govstack]`: an office's own registration system and scheduler in place of a portal.
use super::{ConfigFault, file, secret, xroad};
use crate::{
    portal::{GovstackDirectory, GovstackOptions, GovstackPlace, Identifier, SchedulerOptions, XroadOptions},
    types::Secret,
};
use ring::hmac;
use std::path::{Path, PathBuf};

/// What stands beside the table.
pub struct Beside<'a> {
    /// `portal.url`: of the security server, where there is one.
    pub url: Option<String>,
    pub xroad: Option<file::Xroad>,
    pub token: Option<Secret>,
    pub ca_file: Option<PathBuf>,
    pub folder: &'a Path,
}

/// Of a table that may be missing.
pub fn settle(
    table: Option<file::Govstack>,
    beside: Beside<'_>,
    warnings: &mut Vec<String>,
) -> Result<GovstackOptions, ConfigFault> {
    let table = table.unwrap_or_default();
    let directory = directory(table.directory_file.as_deref(), beside.folder)?;
    let client = table.client.as_deref().or(beside.xroad.as_ref().and_then(|xroad| xroad.client.as_deref()));
    let client = client.ok_or_else(|| wrong("client is missing: the registration system needs to know who asks"))?;
    let client = Identifier::client(client).map_err(|why| wrong(&format!("client: {why}")))?;
    let (registration, scheduler) = match &beside.xroad {
        Some(_) => through(&table, &beside, warnings)?,
        None => straight(&table, beside.url.as_deref(), warnings)?,
    };
    let scheduler = scheduler.map(|place| knows_us(&table, place, beside.folder, warnings)).transpose()?;
    if scheduler.is_none() {
        for (key, given) in [
            ("requestor_id", !table.requestor_id.is_empty()),
            ("request_token_file", table.request_token_file.is_some()),
        ] {
            if given {
                warnings.push(format!("portal.govstack.{key}: has no effect, as no scheduler is named"));
            }
        }
    }
    if let (Some(_), Some(office)) = (&scheduler, directory.lacks_entity()) {
        return Err(wrong(&format!(
            "directory_file: the office \"{office}\" offers what is booked and has no govstack = {{ entity_id }}"
        )));
    }
    Ok(GovstackOptions {
        registration,
        token: beside.token.unwrap_or_else(|| Secret::new("")),
        scheduler,
        ca_file: beside.ca_file,
        client,
        directory,
        // another one is put in its place before anything is asked
        pseudonyms: hmac::Key::new(hmac::HMAC_SHA256, &[0; 32]),
    })
}

fn wrong(what: &str) -> ConfigFault {
    ConfigFault::new(format!("portal.govstack.{what}"))
}

fn directory(file: Option<&Path>, folder: &Path) -> Result<GovstackDirectory, ConfigFault> {
    let file = file.ok_or_else(|| {
        wrong("directory_file is missing: mode = \"govstack\" takes its services and offices from there")
    })?;
    let path = folder.join(file);
    let told = |why: String| wrong(&format!("directory_file: {}: {why}", path.display()));
    let octets = std::fs::read(&path).map_err(|fault| told(format!("cannot be read: {fault}")))?;
    GovstackDirectory::read(&octets).map_err(|why| told(why.replace('\n', " ")))
}

type Places = (GovstackPlace, Option<GovstackPlace>);

/// At their own addresses.
fn straight(table: &file::Govstack, url: Option<&str>, warnings: &mut Vec<String>) -> Result<Places, ConfigFault> {
    let of_road =
        [("registration_service", &table.registration_service), ("scheduler_service", &table.scheduler_service)];
    if let Some((key, _)) = of_road.iter().find(|(_, given)| given.is_some()) {
        return Err(wrong(&format!("{key}: goes through a security server, which [portal.xroad] must name")));
    }
    if url.is_some() {
        warnings.push("portal.url: has no effect, as portal.govstack.registration_url is what is asked".to_owned());
    }
    let registration = table.registration_url.as_deref();
    let registration =
        registration.ok_or_else(|| wrong("registration_url is missing: where applications are asked about"))?;
    if !registration.starts_with("https://") && !registration.starts_with("http://") {
        return Err(wrong("registration_url: must begin with https:// (or http:// on a trusted network)"));
    }
    let place = |url: &str| GovstackPlace { url: url.trim_end_matches('/').to_owned(), road: None };
    let scheduler = table.scheduler_url.as_deref();
    match scheduler.map(|url| (url, url.strip_prefix("https://"), url.strip_prefix("http://"))) {
        None | Some((_, Some(_), _)) => {}
        Some((_, None, Some(rest))) if xroad::is_near(rest) => {
            warnings
                .push("portal.govstack.scheduler_url: request_token goes there in the clear; use https://".to_owned());
        }
        Some(_) => {
            return Err(wrong(
                "scheduler_url: must begin with https://, as request_token stands in addresses (http:// is for a loopback or \
                 private address only)",
            ));
        }
    }
    Ok((place(registration), scheduler.map(place)))
}

/// Through a security server.
fn through(table: &file::Govstack, beside: &Beside<'_>, warnings: &mut Vec<String>) -> Result<Places, ConfigFault> {
    for (key, given) in [("registration_url", &table.registration_url), ("scheduler_url", &table.scheduler_url)] {
        if given.is_some() {
            warnings.push(format!("portal.govstack.{key}: has no effect, as [portal.xroad] leads there"));
        }
    }
    let service = |key: &str, name: &str| {
        Identifier::service(name).map_err(|why| wrong(&format!("{key}: {why}"))).map(|_| name.to_owned())
    };
    let registration = table.registration_service.as_deref();
    let registration =
        registration.ok_or_else(|| wrong("registration_service is missing: what is called through [portal.xroad]"))?;
    let registration = service("registration_service", registration)?;
    let url = beside.url.as_deref();
    let url = url.ok_or_else(|| ConfigFault::new("portal.url is missing: the address of the security server"))?;
    let url = url.trim_end_matches('/');
    let road = |name: String, warnings: &mut Vec<String>| -> Result<XroadOptions, ConfigFault> {
        let mut own = beside.xroad.clone().unwrap_or_default();
        own.service = Some(name);
        let settled = xroad::settle(Some(own), url, beside.ca_file.as_deref(), false, beside.folder, warnings)?;
        settled.options.ok_or_else(|| wrong("registration_service: no way was found"))
    };
    if beside.xroad.as_ref().is_some_and(|xroad| xroad.service.is_some()) {
        warnings.push("portal.xroad.service: has no effect, as portal.govstack names what is called".to_owned());
    }
    let way = road(registration, warnings)?;
    let place = |road: XroadOptions| GovstackPlace { url: url.to_owned(), road: Some(road) };
    let scheduler = match table.scheduler_service.as_deref() {
        None => None,
        Some(name) => {
            let service = Identifier::service(&service("scheduler_service", name)?);
            let service = service.map_err(|why| wrong(&format!("scheduler_service: {why}")))?;
            if service.instance() != way.client.instance() {
                return Err(wrong("scheduler_service: is of another instance than portal.xroad.client"));
            }
            Some(place(XroadOptions { service, ..way.clone() }))
        }
    };
    Ok((place(way), scheduler))
}

/// What the scheduler knows us by.
fn knows_us(
    table: &file::Govstack,
    place: GovstackPlace,
    folder: &Path,
    warnings: &mut Vec<String>,
) -> Result<SchedulerOptions, ConfigFault> {
    let requestor_id = table.requestor_id.clone();
    if requestor_id.is_empty() || requestor_id.chars().any(char::is_control) {
        return Err(wrong("requestor_id is missing: the scheduler needs to know who asks"));
    }
    let key = "portal.govstack.request_token";
    let token = secret::read(key, None, table.request_token_file.clone(), folder, warnings)?;
    let request_token =
        token.ok_or_else(|| wrong("request_token_file is missing: the scheduler's secret for requestor_id"))?;
    Ok(SchedulerOptions { place, requestor_id, request_token })
}
