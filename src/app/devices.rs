//! `chrak kiosk`: kiosk devices from the command line. The database belongs to the running server, so what is asked
//! goes to its operator's address, `[ops].listen`.
use super::{Fault, config::Config, read_config, recordings};
use crate::{
    kiosk,
    types::{UnixMs, time::phnom_penh},
};
use serde::Deserialize;
use std::{net::SocketAddr, path::Path, time::Duration};

/// A server that does not answer within this is taken as away.
const WITHIN: Duration = Duration::from_secs(10);

/// What the server lists of a device; what it may add later is passed over.
#[derive(Deserialize)]
struct Listed {
    id: String,
    office: String,
    profile: String,
    state: String,
    closed: bool,
    seen_ms: Option<i64>,
    page: Option<String>,
    printer: Option<String>,
}

#[derive(Deserialize)]
struct Paired {
    id: String,
}

/// `chrak kiosk pair`
///
/// # Errors
/// When the server cannot be asked or refuses; its line says why.
pub async fn pair(config: &Path, code: &str, office: &str, profile: Option<&str>) -> Result<(), Fault> {
    let config = read_config(config)?;
    let mut fields = vec![("code", code), ("office", office)];
    fields.extend(profile.map(|profile| ("profile", profile)));
    let text = ask(&config, "kiosks/pair", Some(&fields)).await?;
    let paired: Paired = read(&text)?;
    println!("{}: paired with {office}; the kiosk opens within 5 seconds", paired.id);
    Ok(())
}

/// `chrak kiosk list`
///
/// # Errors
/// When the server cannot be asked.
pub async fn list(config: &Path) -> Result<(), Fault> {
    let config = read_config(config)?;
    let all: Vec<Listed> = read(&ask(&config, "kiosks", None).await?)?;
    if all.is_empty() {
        println!(
            "no kiosk is paired; open {}://{}/kiosk on one, then: chrak kiosk pair CODE --office ID",
            if config.tls.is_some() { "https" } else { "http" },
            config.http
        );
        return Ok(());
    }
    println!(
        "{:<14} {:<24} {:<10} {:<8} {:<20} {:<14} PRINTER",
        "ID", "OFFICE", "PROFILE", "STATE", "LAST SEEN", "PAGE"
    );
    for one in all {
        let state = if one.closed { "closed" } else { one.state.as_str() };
        let seen = one.seen_ms.map_or_else(|| "never".to_owned(), |at| moment(UnixMs(at)));
        let (page, printer) = (one.page.unwrap_or_default(), one.printer.unwrap_or_default());
        println!("{:<14} {:<24} {:<10} {state:<8} {seen:<20} {page:<14} {printer}", one.id, one.office, one.profile);
    }
    Ok(())
}

/// `chrak kiosk revoke`
///
/// # Errors
/// When the server cannot be asked or knows no such device.
pub async fn revoke(config: &Path, id: &str) -> Result<(), Fault> {
    if id.is_empty() || !id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
        return Err(Fault::Usage(format!("\"{id}\" is not the name of a kiosk; see: chrak kiosk list")));
    }
    let config = read_config(config)?;
    ask(&config, &format!("kiosks/{id}/revoke"), Some(&[])).await?;
    println!("{id}: revoked; it shows the pairing page at its next touch");
    Ok(())
}

/// `chrak kiosk audio`: what is to be recorded, one clip a line.
pub fn audio() {
    for clip in kiosk::clips() {
        let mark = if clip.recorded { "recorded" } else { "missing " };
        println!("{mark}  kiosk-ui/assets/{:<28} {}", clip.file, clip.text);
    }
}

/// `chrak kiosk audio --check FOLDER`: one finding a line; 1 when a recording cannot be used.
///
/// # Errors
/// When the folder cannot be read.
pub fn check_audio(folder: &Path) -> Result<u8, Fault> {
    let findings = recordings::check(folder, &kiosk::clips())?;
    for one in &findings {
        println!("{}  {:<22} {}", if one.good { "ok    " } else { "FAILED" }, one.file, one.what);
    }
    let bad = findings.iter().filter(|one| !one.good).count();
    println!("{} of {} can be used", findings.len() - bad, findings.len());
    Ok(u8::from(bad > 0))
}

fn moment(at: UnixMs) -> String {
    at.civil(&phnom_penh()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Fault> {
    let other = |_| Fault::Run("the server answered something else; is it of the same version?".to_owned());
    serde_json::from_str(text).map_err(other)
}

/// Asks the running server; with `fields` something is changed.
pub(super) async fn ask(config: &Config, path: &str, fields: Option<&[(&str, &str)]>) -> Result<String, Fault> {
    let at = reachable(config.ops);
    let client = reqwest::Client::builder().no_proxy().timeout(WITHIN).build();
    let client = client.map_err(|fault| Fault::Run(format!("the HTTP client cannot start: {fault}")))?;
    let url = format!("http://{at}/{path}");
    let mut request = match fields {
        None => client.get(url),
        Some(fields) => client.post(url).form(fields),
    };
    if let Some(token) = &config.ops_token {
        request = request.bearer_auth(token.expose());
    }
    let away = |_| Fault::Run(format!("no server answers at {at} ([ops].listen); start it first: chrak serve"));
    let answer = request.send().await.map_err(away)?;
    let (status, text) = (answer.status(), answer.text().await.map_err(away)?);
    if status.is_success() { Ok(text) } else { Err(Fault::Run(text.trim().to_owned())) }
}

/// Where to connect to: a server that listens everywhere is asked on this machine.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let mut at = listen;
    if listen.ip().is_unspecified() {
        at.set_ip(if listen.is_ipv4() { [127, 0, 0, 1].into() } else { std::net::Ipv6Addr::LOCALHOST.into() });
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_listens_everywhere_is_asked_here() {
        assert_eq!(reachable(([0, 0, 0, 0], 9090).into()).to_string(), "127.0.0.1:9090");
        assert_eq!(reachable("[::]:9090".parse().expect("an address")).to_string(), "[::1]:9090");
        assert_eq!(reachable(([10, 0, 0, 7], 1).into()).to_string(), "10.0.0.7:1");
    }
}
