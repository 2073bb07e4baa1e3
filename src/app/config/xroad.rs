//! `[portal.xroad]`: the way to the portal through a security server of X-Road.
use super::{ConfigFault, file};
use crate::{
    app::clock::SystemClock,
    portal::{Identifier, XroadOptions},
    ports::clock::Clock,
    tls::{Identity, PeerFiles, PeerTls, TlsFault},
};
use std::{
    net::IpAddr,
    path::{Path, PathBuf},
};

/// What comes of the table.
#[derive(Default)]
pub struct Settled {
    pub options: Option<XroadOptions>,
    pub webhook_client: Option<Identifier>,
}

/// Of a table that may be missing; `by_webhook`: the portal's events come by webhook.
pub fn settle(
    table: Option<file::Xroad>,
    url: &str,
    ca_file: Option<&Path>,
    by_webhook: bool,
    folder: &Path,
    warnings: &mut Vec<String>,
) -> Result<Settled, ConfigFault> {
    let table = table.unwrap_or_default();
    let missing = |key: &str, what: &str| {
        ConfigFault::new(format!("portal.xroad.{key} is missing: mode = \"xroad\" needs to know {what}"))
    };
    let client = table.client.as_deref().ok_or_else(|| missing("client", "who we are"))?;
    let service = table.service.as_deref().ok_or_else(|| missing("service", "what is called"))?;
    let client = read("client", client, Identifier::client)?;
    let service = read("service", service, Identifier::service)?;
    if client.instance() != service.instance() {
        return Err(ConfigFault::new(format!(
            "portal.xroad.service: is of the instance \"{}\", portal.xroad.client of \"{}\": both must be of one",
            service.instance(),
            client.instance()
        )));
    }
    if url.contains("/r1") || url.contains('?') || url.contains('#') {
        let text = "portal.url: must be the address of the security server alone, such as https://ss.example.gov.kh, without /r1/…";
        return Err(ConfigFault::new(text));
    }
    let webhook_client = optional("webhook_client", &table.webhook_client, Identifier::client)?;
    if webhook_client.is_some() && !by_webhook {
        warnings.push("portal.xroad.webhook_client: has no effect, as only events = \"webhook\" uses it".to_owned());
    }
    let options = XroadOptions {
        client,
        service,
        user_id: user_id(table.user_id)?,
        represented_party: optional("represented_party", &table.represented_party, Identifier::party)?,
        provider_server: optional("provider_server", &table.provider_server, Identifier::server)?,
        tls: tls((table.cert_file, table.key_file, table.server_cert_file), url, ca_file, folder, warnings)?,
    };
    Ok(Settled { options: Some(options), webhook_client })
}

fn read(key: &str, text: &str, by: fn(&str) -> Result<Identifier, String>) -> Result<Identifier, ConfigFault> {
    by(text).map_err(|why| ConfigFault::new(format!("portal.xroad.{key}: {why}")))
}

fn optional(
    key: &str,
    text: &str,
    by: fn(&str) -> Result<Identifier, String>,
) -> Result<Option<Identifier>, ConfigFault> {
    if text.is_empty() { Ok(None) } else { read(key, text, by).map(Some) }
}

fn user_id(text: String) -> Result<Option<String>, ConfigFault> {
    if text.len() > 255 || !text.bytes().all(|octet| octet.is_ascii_graphic()) {
        let text =
            "portal.xroad.user_id: must be at most 255 visible ASCII characters without blanks, such as \"KH-CHRAK\"";
        return Err(ConfigFault::new(text));
    }
    Ok(Some(text).filter(|text| !text.is_empty()))
}

/// TLS to the security server; `None` in the clear, which only a network of one's own may carry.
fn tls(
    files: (Option<PathBuf>, Option<PathBuf>, Option<PathBuf>),
    url: &str,
    ca_file: Option<&Path>,
    folder: &Path,
    warnings: &mut Vec<String>,
) -> Result<Option<PeerTls>, ConfigFault> {
    let (cert_file, key_file, server_cert_file) = files;
    if let Some(rest) = url.strip_prefix("http://") {
        if !is_near(rest) {
            let text =
                "portal.url: http:// is for a security server at a loopback or private address only; use https://";
            return Err(ConfigFault::new(text));
        }
        warnings.push("portal.url: the way to the security server is in the clear; https:// with portal.xroad.cert_file and server_cert_file protects it".to_owned());
        let named = [("cert_file", &cert_file), ("key_file", &key_file), ("server_cert_file", &server_cert_file)];
        for (key, _) in named.iter().filter(|(_, file)| file.is_some()) {
            warnings.push(format!("portal.xroad.{key}: has no effect, as portal.url is http://"));
        }
        return Ok(None);
    }
    let at = |path: PathBuf| folder.join(path);
    let wrong = |fault: TlsFault| {
        let table = if fault.key() == "ca_file" { "portal" } else { "portal.xroad" };
        ConfigFault::new(format!("{table}.{fault}"))
    };
    if server_cert_file.is_some() && ca_file.is_some() {
        warnings.push("portal.ca_file: has no effect, as portal.xroad.server_cert_file is compared whole".to_owned());
    }
    let files = PeerFiles {
        identity: Identity::of(cert_file.map(at), key_file.map(at)).map_err(wrong)?,
        server_cert_file: server_cert_file.map(at),
        ca_file: ca_file.map(Path::to_owned),
    };
    PeerTls::new(files, SystemClock.now()).map(Some).map_err(wrong)
}

/// Whether it begins with a loopback or private address, or this machine's name for itself.
pub(super) fn is_near(rest: &str) -> bool {
    let host = rest.split('/').next().unwrap_or_default();
    let bare = match host.strip_prefix('[') {
        Some(six) => six.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    match bare.parse::<IpAddr>() {
        Ok(IpAddr::V4(four)) => four.is_loopback() || four.is_private() || four.is_link_local(),
        Ok(IpAddr::V6(six)) => six.is_loopback() || six.is_unique_local() || six.is_unicast_link_local(),
        Err(_) => bare == "localhost",
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        app::config::{Config, check, parse},
        certificates::{Ca, Valid},
    };
    use std::path::Path;

    const WAY: &str = "client = \"CAMBODIA/GOV/CAMDX-1/CHRAK\"\nservice = \"CAMBODIA/GOV/CAMDX-2/PORTAL/portal\"\n";

    fn settle(url: &str, portal: &str, xroad: &str, folder: &Path) -> Result<Config, String> {
        let text = format!(
            "[portal]\nmode = \"xroad\"\nurl = \"{url}\"\ntoken = \"t\"\n{portal}\n[portal.xroad]\n{xroad}\n[[smsc]]\nname = \"smart\"\n\
             address = \"127.0.0.1:2775\"\nsystem_id = \"chrak\"\npassword = \"secret\"\n"
        );
        let file = parse(&text, "chrak.toml", std::iter::empty()).map_err(|fault| fault.to_string())?;
        check(file, folder).map_err(|fault| fault.to_string())
    }

    #[test]
    fn what_is_wrong_with_the_names_is_one_line() {
        let (https, here) = ("https://ss.example", Path::new("."));
        for (url, xroad, told) in [
            (https, "", "portal.xroad.client is missing: mode = \"xroad\" needs to know who we are"),
            (https, "client = \"A/B/C/D\"", "portal.xroad.service is missing"),
            (https, "client = \"A/B\"\nservice = \"A/B/C/D/e\"", "portal.xroad.client: \"A/B\" has 2 parts"),
            (
                https,
                "client = \"A/B/C/D/E/F\"\nservice = \"A/B/C/D/e\"",
                "portal.xroad.client: \"A/B/C/D/E/F\" has 6 parts",
            ),
            (https, "client = \"A/B/C/D\"\nservice = \"A/B/C/D\"", "portal.xroad.service: \"A/B/C/D\" has 4 parts"),
            (https, "client = \"A/B/C_1/D\"\nservice = \"A/B/C/D/e\"", "portal.xroad.client: \"A/B/C_1/D\" holds '_'"),
            (https, "client = \"A/B/C/D\"\nservice = \"X/B/C/D/e\"", "both must be of one"),
            (https, &format!("{WAY}user_id = \"two words\""), "portal.xroad.user_id: must be"),
            (https, &format!("{WAY}represented_party = \"A/B/C\""), "portal.xroad.represented_party: \"A/B/C\" has 3"),
            (https, &format!("{WAY}provider_server = \"A/B/C\""), "portal.xroad.provider_server: \"A/B/C\" has 3"),
            (https, &format!("{WAY}webhook_client = \"A\""), "portal.xroad.webhook_client: \"A\" has 1"),
            (https, &format!("{WAY}cert_file = \"is.pem\""), "portal.xroad.key_file: is missing"),
            (
                https,
                &format!("{WAY}server_cert_file = \"none.pem\""),
                "portal.xroad.server_cert_file: ./none.pem cannot be read",
            ),
            ("https://ss.example/r1/A/B", WAY, "portal.url: must be the address of the security server alone"),
            (
                "http://ss.example",
                WAY,
                "portal.url: http:// is for a security server at a loopback or private address only",
            ),
            ("http://8.8.8.8", WAY, "portal.url: http:// is for"),
            ("http://[2001:db8::1]", WAY, "portal.url: http:// is for"),
            ("http://127.0.0.1.example", WAY, "portal.url: http:// is for"),
            ("http://localhost.example:80", WAY, "portal.url: http:// is for"),
        ] {
            let fault = settle(url, "", xroad, here).expect_err(told);
            assert!(fault.contains(told) && !fault.contains('\n'), "{fault}");
        }
        for near in [
            "http://127.0.0.1:8080",
            "http://10.1.2.3",
            "http://192.168.0.9/",
            "http://[::1]:80",
            "http://[fd00::1]",
            "http://localhost:1",
        ] {
            let config = settle(near, "", WAY, here).expect(near);
            assert!(config.warnings.iter().any(|warning| warning.contains("in the clear")), "{near}");
        }
    }

    #[test]
    fn certificates_that_are_of_no_use_are_told_of_before_a_start() {
        let folder = tempfile::tempdir().expect("a folder");
        let ca = Ca::new(folder.path(), "ca");
        let (good, other) =
            (ca.sign("good", "DNS:a.example", Valid::Now), ca.sign("other", "DNS:a.example", Valid::Now));
        let ended = ca.sign("ended", "DNS:a.example", Valid::Before);
        let both = folder.path().join("both.pem");
        let text = |path: &Path| std::fs::read_to_string(path).expect("PEM");
        std::fs::write(&both, [text(&good.cert), text(&other.cert)].concat()).expect("written");
        let settle =
            |portal: &str, xroad: &str| settle("https://ss.example", portal, &format!("{WAY}{xroad}"), folder.path());
        let ours = |cert: &Path, key: &Path| format!("cert_file = {cert:?}\nkey_file = {key:?}\n");
        let server = |cert: &Path| format!("server_cert_file = {cert:?}\n");
        for (xroad, told) in [
            (ours(&good.cert, &other.key), "portal.xroad.key_file: "),
            (ours(&good.cert, &other.key), "is not the key of the certificate in"),
            (ours(&ended.cert, &ended.key), "holds a certificate that ended on 2020-02-01: it must be renewed"),
            (server(&ended.cert), "portal.xroad.server_cert_file: "),
            (server(&both), "holds 2 certificates: keep the server's own only"),
            (server(&good.key), "holds no certificate in PEM"),
        ] {
            let fault = settle("", &xroad).expect_err(told);
            assert!(fault.contains(told) && !fault.contains('\n'), "{fault}");
        }
        let config =
            settle(&format!("ca_file = {:?}", ca.cert()), &[ours(&good.cert, &good.key), server(&other.cert)].concat());
        let config = config.expect("a good way");
        assert!(config.warnings.iter().any(|warning| warning.contains("portal.ca_file: has no effect")));
        assert!(config.portal.road.is_some_and(|road| road.tls.is_some()));
        let fault = settle("ca_file = \"none.pem\"", "").expect_err("no such file");
        assert!(fault.starts_with("portal.ca_file: "), "{fault}");
    }
}
