//! Turns what is written into settings, or into the one line that says what is wrong.
use super::{
    AgencySettings, Config, ConfigFault, Database, KioskSettings, PushSettings, Written,
    file::{self, File},
    key::{Value, listen},
    login, place, secret, source, telco, ussd,
    words::Pairing,
};
use crate::{
    exchange::Rules,
    kiosk::{self, Authority, Colour},
    store::postgres,
    tls::{Identity, ServerTls},
    types::{Countries, Language, Secret, civic::Localized, time::phnom_penh},
    web::{
        client::{Net, Proxies},
        hosts::Host,
    },
};
use jiff::{civil::Time, tz::TimeZone};
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

/// Checks everything; relative paths are relative to `folder`.
pub fn check(file: File, folder: &Path) -> Result<Config, ConfigFault> {
    file.bounded("", None)?;
    let written = Written::of(&file)?;
    let mut warnings = Vec::new();
    let data_dir = folder.join(file.data_dir);
    let tls = file.http.tls.map(|table| tls(table, folder)).transpose()?;
    let (ops, ops_token) = ops(file.ops, folder, &mut warnings)?;
    let portal = place::portal(file.portal, folder, &mut warnings)?;
    let sources = source::sources(file.source.unwrap_or_default(), folder, &mut warnings)?;
    let kiosk = kiosk(file.kiosk, folder, &mut warnings)?;
    login::fits(&kiosk.login, portal.govstack.is_some())?;
    Ok(Config {
        database: database(file.database, &data_dir, folder, &mut warnings)?,
        zone: zone(&file.timezone)?,
        hosts: hosts(file.http.hosts.unwrap_or_default())?,
        proxies: proxies(file.http.proxies.unwrap_or_default())?,
        tls,
        http: listen("http.listen", &file.http.listen)?,
        ops,
        ops_token,
        kiosk,
        default_language: language(&file.languages.default)?,
        codes: source::codes(file.code, &portal, &sources)?,
        portal,
        sources,
        limits: limits(&file.limits),
        texts_kept: days(file.retention.texts_days),
        audit_kept: days(file.retention.audit_days),
        telcos: telco::telcos(
            file.smsc.unwrap_or_default(),
            &ussd::profiles(file.ussd_profile.unwrap_or_default())?,
            folder,
            &mut warnings,
        )?,
        agencies: agencies(file.agency.unwrap_or_default(), folder, &mut warnings)?,
        push: push(file.push)?,
        data_dir,
        written,
        warnings,
    })
}

fn tls(table: file::HttpTls, folder: &Path) -> Result<ServerTls, ConfigFault> {
    let at = |path: PathBuf| folder.join(path);
    let identity = Identity::of(table.cert_file.map(at), table.key_file.map(at));
    let server = identity.and_then(|identity| identity.map(ServerTls::new).transpose());
    let server = server.map_err(|fault| ConfigFault::new(format!("http.tls.{fault}")))?;
    server.ok_or_else(|| ConfigFault::new("http.tls.cert_file is missing: HTTPS needs a certificate and its key_file"))
}

fn hosts(names: Vec<String>) -> Result<Vec<Host>, ConfigFault> {
    let host = |name: String| {
        Host::parse(&name).ok_or_else(|| {
            let such = "such as \"kiosk.example.gov.kh\", \"192.0.2.7\" or \"[2001:db8::7]\", with :PORT or without";
            ConfigFault::new(format!("http.hosts: \"{name}\" is no name of a server, {such}"))
        })
    };
    names.into_iter().map(host).collect()
}

fn proxies(addresses: Vec<String>) -> Result<Proxies, ConfigFault> {
    let net = |text: String| {
        Net::parse(&text).ok_or_else(|| {
            let such = "such as \"192.0.2.7\", or a network, such as \"192.0.2.0/24\"";
            ConfigFault::new(format!("http.proxies: \"{text}\" is no address, {such}"))
        })
    };
    addresses.into_iter().map(net).collect::<Result<_, _>>().map(Proxies::new)
}

fn ops(
    table: file::Ops,
    folder: &Path,
    warnings: &mut Vec<String>,
) -> Result<(SocketAddr, Option<Secret>), ConfigFault> {
    let address = listen("ops.listen", &table.listen)?;
    let token = secret::read("ops.token", table.token, table.token_file, folder, warnings)?;
    if !address.ip().is_loopback() && token.is_none() {
        return Err(ConfigFault::new(format!(
            "ops.token_file is missing: it is required as ops.listen ({address}) is not loopback"
        )));
    }
    Ok((address, token))
}

fn database(
    table: file::Database,
    data_dir: &Path,
    folder: &Path,
    warnings: &mut Vec<String>,
) -> Result<Database, ConfigFault> {
    if let Some(url) = table.url.as_deref().filter(|url| url.starts_with("postgres")) {
        let name = postgres::name(url).map_err(|fault| ConfigFault::new(fault.to_string()))?;
        return Ok(Database::Server { url: Secret::new(url), name, node: node(table.node)? });
    }
    if table.node.is_some() {
        warnings.push("database.node is of no use: only a database in PostgreSQL is shared by nodes".to_owned());
    }
    let Some(url) = table.url else {
        return Ok(Database::File(data_dir.join("chrak.db")));
    };
    let path = url.strip_prefix("sqlite:").map(|rest| rest.strip_prefix("//").unwrap_or(rest));
    match path {
        Some(path) if !path.is_empty() => Ok(Database::File(folder.join(path))),
        _ => Err(ConfigFault::new(
            "database.url: must be sqlite:PATH, such as sqlite:chrak-data/chrak.db, or postgres://USER@HOST/DATABASE",
        )),
    }
}

/// This node's name, by default what this machine calls itself.
fn node(given: Option<String>) -> Result<String, ConfigFault> {
    let host = || std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    match given.or_else(host).map(|name| name.trim().to_owned()) {
        Some(name) if (1..=64).contains(&name.len()) => Ok(name),
        _ => {
            Err(ConfigFault::new("database.node: must have 1 to 64 octets; without it this machine needs a host name"))
        }
    }
}

fn zone(name: &str) -> Result<TimeZone, ConfigFault> {
    match name {
        "Asia/Phnom_Penh" => Ok(phnom_penh()),
        other => TimeZone::get(other)
            .map_err(|_| ConfigFault::new(format!("timezone: \"{other}\" is not a zone, such as Asia/Phnom_Penh"))),
    }
}

fn language(tag: &str) -> Result<Language, ConfigFault> {
    Language::from_tag(tag)
        .ok_or_else(|| ConfigFault::new(format!("languages.default: \"{tag}\" is none of km, km-Latn, en")))
}

fn push(table: file::Push) -> Result<PushSettings, ConfigFault> {
    let wrong = || ConfigFault::new("push.quiet_hours: must be [\"21:00\", \"07:00\"], or [] for none");
    let time = |text: &str| -> Result<Time, ConfigFault> {
        let (hour, minute) = text.split_once(':').ok_or_else(wrong)?;
        let both = hour.parse().ok().zip(minute.parse().ok());
        both.and_then(|(hour, minute)| Time::new(hour, minute, 0, 0).ok()).ok_or_else(wrong)
    };
    let quiet_hours = match table.quiet_hours.as_slice() {
        [] => None,
        [from, until] => Some((time(from)?, time(until)?)),
        _ => return Err(wrong()),
    };
    if quiet_hours.is_some_and(|(from, until)| from == until) {
        return Err(ConfigFault::new("push.quiet_hours: begin and end are equal; [] means none"));
    }
    Ok(PushSettings { countries: countries(table.countries)?, quiet_hours, enabled: table.enabled })
}

fn countries(given: Option<Vec<String>>) -> Result<Countries, ConfigFault> {
    let Some(codes) = given else { return Ok(Countries::cambodia()) };
    if codes.is_empty() {
        let text = "push.countries: an empty list texts nobody; use enabled = false for that, or name a country";
        return Err(ConfigFault::new(text));
    }
    Countries::new(codes).map_err(|wrong| {
        ConfigFault::new(format!("push.countries: \"{wrong}\" is not a country code, such as \"855\" for Cambodia"))
    })
}

fn agencies(
    tables: Vec<file::Agency>,
    folder: &Path,
    warnings: &mut Vec<String>,
) -> Result<Vec<AgencySettings>, ConfigFault> {
    let mut agencies: Vec<AgencySettings> = Vec::with_capacity(tables.len());
    for (index, table) in tables.into_iter().enumerate() {
        let name = table.name.filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| ConfigFault::new(format!("agency[{index}].name is missing")))?;
        let key = format!("agency \"{name}\": token");
        let token = secret::required(&key, table.token, table.token_file, folder, warnings)?;
        if agencies.iter().any(|other| other.name == name) {
            return Err(ConfigFault::new(format!("agency \"{name}\" stands twice")));
        }
        if let Some(other) = agencies.iter().find(|other| other.token.expose() == token.expose()) {
            return Err(ConfigFault::new(format!("agencies \"{}\" and \"{name}\" have one token", other.name)));
        }
        agencies.push(AgencySettings { name, token, free_text: table.free_text, per_day: table.per_day });
    }
    Ok(agencies)
}

fn limits(table: &file::Limits) -> Rules {
    Rules {
        fails_quarter: table.failed_lookups_per_number.per_15_min,
        fails_day: table.failed_lookups_per_number.per_day,
        fails_kiosk: table.failed_lookups_per_kiosk.per_10_min,
        fails_hour_all: table.failed_lookups_global_per_hour,
        replies_minute: table.replies_per_number.per_min,
        replies_day: table.replies_per_number.per_day,
        steps_day: table.dialogue_turns_per_number_per_day,
        codes_hour: table.one_time_codes_per_number.per_hour,
        codes_day: table.one_time_codes_per_number.per_day,
        codes_kiosk: table.one_time_codes_per_kiosk.per_10_min,
        codes_hour_all: table.one_time_codes_global_per_hour,
    }
}

fn days(days: u32) -> Duration {
    Duration::from_secs(u64::from(days) * 86_400)
}

fn kiosk(table: file::Kiosk, folder: &Path, warnings: &mut Vec<String>) -> Result<KioskSettings, ConfigFault> {
    let staff_pin = secret::read("kiosk: staff_pin", table.staff_pin, table.staff_pin_file, folder, warnings)?;
    if staff_pin.as_ref().is_some_and(|pin| !is_staff_pin(pin.expose())) {
        return Err(ConfigFault::new("kiosk.staff_pin must be 4 to 12 digits"));
    }
    let khqr_accounts = table.khqr_accounts.unwrap_or_default();
    let is_account = |text: &String| {
        let parts = text.split_once('@').filter(|(name, bank)| !name.is_empty() && !bank.is_empty());
        parts.is_some() && text.len() <= 32 && !text.contains(char::is_whitespace)
    };
    if let Some(wrong) = khqr_accounts.iter().find(|text| !is_account(text)) {
        return Err(ConfigFault::new(format!("kiosk.khqr_accounts: \"{wrong}\" is no Bakong account (name@bank)")));
    }
    Ok(KioskSettings {
        authority: authority(table.authority, table.emblem_file, table.colour, folder)?,
        khqr_accounts,
        printers: table.printers.unwrap_or_default(),
        login: login::settle(table.login, table.pairing == Pairing::Required, folder, warnings)?,
        pairing_required: table.pairing == Pairing::Required,
        idle_s: table.idle_s,
        warning_s: table.warning_s,
        staff_pin,
    })
}

/// Names longer than this, in characters, do not fit into the head of a page.
const AUTHORITY_MAX: usize = 80;

fn authority(
    name: Option<file::AuthorityName>,
    emblem: Option<PathBuf>,
    colour: Option<String>,
    folder: &Path,
) -> Result<Authority, ConfigFault> {
    let said = |language: &str, text: Option<String>| {
        let text = text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        let text = text.ok_or_else(|| {
            ConfigFault::new(format!("kiosk.authority.{language} is missing: the screens speak Khmer and English"))
        })?;
        if text.chars().count() > AUTHORITY_MAX {
            return Err(ConfigFault::new(format!(
                "kiosk.authority.{language} is longer than {AUTHORITY_MAX} characters"
            )));
        }
        Ok(text)
    };
    let name = name
        .map(|name| Ok(Localized { km: said("km", name.km)?, en: said("en", name.en)?, km_latn: None }))
        .transpose()?;
    let emblem = emblem.map(|path| -> Result<_, ConfigFault> {
        let path = folder.join(path);
        let wrong = |why: String| ConfigFault::new(format!("kiosk.emblem_file: {} {why}", path.display()));
        let octets = std::fs::read(&path).map_err(|fault| wrong(format!("cannot be read: {fault}")))?;
        kiosk::check_emblem(&octets).map_err(wrong)?;
        Ok(octets.into())
    });
    let colour = colour.map(|text| Colour::new(&text));
    let colour = colour.transpose().map_err(|why| ConfigFault::new(format!("kiosk.colour: {why}")))?;
    Ok(Authority { name, emblem: emblem.transpose()?, colour })
}

fn is_staff_pin(pin: &str) -> bool {
    (4..=12).contains(&pin.len()) && pin.bytes().all(|octet| octet.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "[portal]\nurl = \"https://portal.example/\"\ntoken = \"t\"\n[[smsc]]\nname = \"smart\"\n\
        address = \"127.0.0.1:2775\"\nsystem_id = \"chrak\"\npassword = \"secret\"\n";

    fn settle(text: &str) -> Result<Config, String> {
        let file = super::super::parse(text, "chrak.toml", std::iter::empty()).map_err(|fault| fault.to_string())?;
        check(file, Path::new("/etc/chrak")).map_err(|fault| fault.to_string())
    }

    #[test]
    fn the_defaults_are_the_documented_ones() {
        let config = settle(GOOD).expect("a good file");
        let telco = &config.telcos[0];
        assert_eq!(config.database.to_string(), "/etc/chrak/chrak-data/chrak.db");
        assert_eq!((telco.link.window, telco.link.max_tps, telco.link.binds), (10, 100, 1));
        assert_eq!(config.portal.url, "https://portal.example");
        assert_eq!(config.limits.replies_minute, 6);
        assert!(config.kiosk.pairing_required);
        assert_eq!(config.warnings.len(), 2, "two secrets stand inline");
    }

    #[test]
    fn what_is_longer_than_the_standard_has_it_is_taken_with_a_warning() {
        let long = GOOD.replace("\"secret\"", "\"secret-of-20-letters\"").replace("\"chrak\"", "\"a-system-of-17-ch\"");
        let config = settle(&format!("{long}system_type = \"SMPP-of-13-ch\"\n")).expect("a good file");
        let telco = &config.telcos[0].link;
        assert_eq!((telco.system_id.len(), telco.password.expose().len(), telco.system_type.len()), (17, 20, 13));
        let told: Vec<&String> = config.warnings.iter().filter(|told| told.contains("of SMPP 3.4")).collect();
        assert_eq!(told.len(), 3, "{:?}", config.warnings);
        assert!(told[1].starts_with("smsc[0].password: longer than the 8 characters"), "{}", told[1]);
        assert!(!told.iter().any(|told| told.contains("letters")), "{told:?}");
        for (code, warned) in [("855100000012121212", false), ("KINGDOM-KH", false), ("KINGDOM-OF-KH", true)] {
            let config = settle(&format!("{GOOD}short_codes = [\"{code}\"]")).expect("a good file");
            assert_eq!(
                config.warnings.iter().any(|told| told.starts_with("smsc[0].short_codes: longer")),
                warned,
                "{code}"
            );
        }
        let fits = GOOD.replace("\"secret\"", "\"8letters\"");
        let config = settle(&fits).expect("a good file");
        assert!(!config.warnings.iter().any(|told| told.contains("of SMPP 3.4")), "{:?}", config.warnings);
    }

    #[test]
    fn a_prefix_with_its_zero_does_not_route_nothing() {
        let config = settle(&format!("{GOOD}prefixes = [\"010\", \"15\", \"+85597\"]")).expect("a good file");
        assert_eq!(config.telcos[0].rules.prefixes, ["10", "15", "97"]);
    }

    #[test]
    fn a_database_is_a_file_or_a_server_and_a_server_has_nodes() {
        for (text, told) in [
            (format!("[database]\nurl = \"postgres://:\"\n{GOOD}"), "it must be postgres://USER@HOST:PORT/DATABASE"),
            (format!("[database]\nurl = \"mysql://x\"\n{GOOD}"), "database.url: must be sqlite:PATH"),
            (
                format!("[database]\nurl = \"postgres://chrak@db/chrak\"\nnode = \"\"\n{GOOD}"),
                "database.node: must have 1 to 64 octets",
            ),
        ] {
            let fault = settle(&text).expect_err(told);
            assert!(fault.contains(told), "{fault}");
        }
        let config = settle(&format!("[database]\nurl = \"postgres://chrak:secret@db/chrak\"\n{GOOD}")).expect("good");
        assert_eq!(config.database.to_string(), "\"chrak\" at db:5432", "without the password");
        let config = settle(&format!("[database]\nnode = \"node-a\"\n{GOOD}")).expect("good");
        assert!(config.warnings.iter().any(|warning| warning.contains("database.node is of no use")));
    }

    #[test]
    fn each_mistake_is_told_in_one_line() {
        for (text, told) in [
            (GOOD.replace("password = \"secret\"", ""), "smsc[0].password is missing"),
            (GOOD.replace("token = \"t\"", ""), "portal.token is missing"),
            (
                GOOD.replace("token = \"t\"", "token_file = \"none\""),
                "portal.token_file: /etc/chrak/none cannot be read",
            ),
            (GOOD.replace("url = \"https://portal.example/\"", ""), "portal.url is missing"),
            (format!("{GOOD}window = 5\nbind = \"both\""), "smsc[0].bind: \"both\" is none of transceiver, pair"),
            (format!("[ops]\nlisten = \"0.0.0.0:9090\"\n{GOOD}"), "ops.token_file is missing"),
            (format!("[[code]]\nregex = \"(\"\n{GOOD}"), "code[0]: regex of code"),
            (format!("{GOOD}tls = {{ ca_file = \"x\" }}"), "smsc[0].tls.ca_file: /etc/chrak/x cannot be read: No such"),
            (format!("{GOOD}tls = {{ cert_file = \"x\" }}"), "smsc[0].tls.key_file: is missing: the certificate of"),
            (format!("{GOOD}tls = {{ server_name = \"a b\" }}"), "smsc[0].tls.server_name: \"a b\" is no name"),
            (format!("{GOOD}outbind_listen = \"2776\""), "smsc[0].outbind_listen: \"2776\" is not ADDRESS:PORT"),
            (
                format!("{GOOD}outbind_listen = \"0.0.0.0:2776\"\ntls = {{}}"),
                "smsc[0].outbind_listen: with tls the SMSC connects over TLS too",
            ),
            (format!("[http.tls]\n{GOOD}"), "http.tls.cert_file is missing: HTTPS needs a certificate"),
            (format!("[http.tls]\nkey_file = \"x\"\n{GOOD}"), "http.tls.cert_file: is missing: the key of key_file"),
            (
                format!("[http.tls]\ncert_file = \"x\"\nkey_file = \"y\"\n{GOOD}"),
                "http.tls.cert_file: /etc/chrak/x cannot be read: No such",
            ),
            (format!("[retention]\naudit_days = 0\n{GOOD}"), "retention.audit_days: 0 is not between 1 and"),
            (format!("{GOOD}message_id = \"hash\""), "message_id: \"hash\" is none of auto, exact, hex, decimal"),
            (
                format!("{GOOD}interface_version = \"3.3\"\nconcatenation = \"sar\""),
                "smsc[0].concatenation: \"sar\" and \"payload\" are TLVs, which interface_version = \"3.3\"",
            ),
            (format!("{GOOD}retry = {{ \"0xZZ\" = \"retry\" }}"), "smsc[0].retry: \"0xZZ\" is no command_status"),
            (
                format!("{GOOD}retry = {{ \"0x45\" = \"never\" }}"),
                "smsc[0].retry: \"0x45\": \"never\" is none of retry, permanent, throttle",
            ),
            (format!("{GOOD}window = 0"), "smsc[0].window: 0 is not between 1 and 10000"),
            (format!("{GOOD}window = 10001"), "smsc[0].window: 10001 is not between 1 and 10000"),
            (format!("{GOOD}binds = 65"), "smsc[0].binds: 65 is not between 1 and 64"),
            (format!("{GOOD}enquire_link_s = 0"), "smsc[0].enquire_link_s: 0 is not between 1 and 86400"),
            (GOOD.replace("token =", "timeout_ms = { ussd = 0 }\ntoken ="), "portal.timeout_ms.ussd: 0 is not between"),
            (GOOD.replace("token =", "poll_s = 0\ntoken ="), "portal.poll_s: 0 is not between 1 and 86400"),
            (
                format!("[push]\nquiet_hours = [\"21:00\", \"21:00\"]\n{GOOD}"),
                "push.quiet_hours: begin and end are equal",
            ),
            (format!("code = []\n{GOOD}"), "code: an empty list"),
            (format!("{GOOD}short_codes = []"), "smsc[0].short_codes: at least one number is needed"),
            (format!("{GOOD}short_codes = [\"1212\", \"\"]"), "smsc[0].short_codes: at least one number is needed"),
            (format!("{GOOD}prefixes = [\"10\", \"+66\"]"), "smsc[0].prefixes: \"+66\" is no beginning of a Cambodian"),
            (format!("{GOOD}prefixes = [\"85510\"]"), "smsc[0].prefixes: \"85510\" is no beginning of a Cambodian"),
            (
                format!("[http]\nhosts = [\"http://kiosk.example\"]\n{GOOD}"),
                "http.hosts: \"http://kiosk.example\" is no name",
            ),
            (format!("[http]\nhosts = [\"*\"]\n{GOOD}"), "http.hosts: \"*\" is no name of a server, such as"),
            (format!("[http]\nproxies = [\"proxy.example\"]\n{GOOD}"), "http.proxies: \"proxy.example\" is no address"),
            (format!("[http]\nproxies = [\"10.0.0.0/33\"]\n{GOOD}"), "http.proxies: \"10.0.0.0/33\" is no address"),
            (format!("[push]\ncountries = []\n{GOOD}"), "push.countries: an empty list texts nobody"),
            (format!("[push]\ncountries = [\"85\"]\n{GOOD}"), "push.countries: \"85\" is not a country code"),
        ] {
            let fault = settle(&text).expect_err(told);
            assert!(fault.contains(told) && !fault.contains('\n'), "{fault}");
        }
    }
}
