//! Turns what is written into settings, or into the one line that says what is wrong.
use super::{
    AgencySettings, Concatenation, Config, ConfigFault, DefaultAlphabet, EventsBy, KioskSettings, LimitSettings,
    NumberFormat, PortalSettings, PushSettings, Secret, TelcoSettings, UniqueId, Validity,
    file::{self, File},
    secret, ussd,
};
use crate::smpp::dialect::Dialect;
use crate::types::{CodePattern, CodeRules, Language, code::CheckDigit, time::phnom_penh};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use jiff::{civil::Time, tz::TimeZone};
use std::{
    collections::BTreeSet,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

/// Checks everything; relative paths are relative to `folder`.
pub fn check(file: File, folder: &Path) -> Result<Config, ConfigFault> {
    let mut warnings = Vec::new();
    let data_dir = folder.join(file.data_dir.unwrap_or_else(|| "chrak-data".into()));
    let http_table = file.http.unwrap_or_default();
    refuse_later(http_table.tls.is_some(), "http.tls")?;
    let http = listen("http.listen", http_table.listen, "127.0.0.1:8080")?;
    let (ops, ops_token) = ops(file.ops.unwrap_or_default(), folder, &mut warnings)?;
    let kiosk = kiosk(file.kiosk.unwrap_or_default(), folder, &mut warnings)?;
    Ok(Config {
        database: database(file.database.unwrap_or_default(), &data_dir, folder)?,
        zone: zone(file.timezone)?,
        http,
        ops,
        ops_token,
        portal: portal(file.portal.unwrap_or_default(), folder, &mut warnings)?,
        default_language: language(file.languages.unwrap_or_default())?,
        codes: codes(file.code)?,
        limits: limits(file.limits.unwrap_or_default()),
        texts_kept: days(file.retention.unwrap_or_default().texts_days.unwrap_or(7)),
        kiosk,
        telcos: telcos(
            file.smsc.unwrap_or_default(),
            &ussd::profiles(file.ussd_profile.unwrap_or_default())?,
            folder,
            &mut warnings,
        )?,
        agencies: agencies(file.agency.unwrap_or_default(), folder, &mut warnings)?,
        push: push(file.push.unwrap_or_default())?,
        data_dir,
        warnings,
    })
}

fn refuse_later(given: bool, key: &str) -> Result<(), ConfigFault> {
    if given { Err(ConfigFault::new(format!("{key}: not in this version; take the key out"))) } else { Ok(()) }
}

fn listen(key: &str, given: Option<String>, default: &str) -> Result<SocketAddr, ConfigFault> {
    let text = given.unwrap_or_else(|| default.to_owned());
    text.parse().map_err(|_| ConfigFault::new(format!("{key}: \"{text}\" is not ADDRESS:PORT, such as {default}")))
}

fn ops(
    table: file::Ops,
    folder: &Path,
    warnings: &mut Vec<String>,
) -> Result<(SocketAddr, Option<Secret>), ConfigFault> {
    let address = listen("ops.listen", table.listen, "127.0.0.1:9090")?;
    let token = secret::read("ops.token", table.token, table.token_file, folder, warnings)?;
    if !address.ip().is_loopback() && token.is_none() {
        return Err(ConfigFault::new(format!(
            "ops.token_file is missing: it is required as ops.listen ({address}) is not loopback"
        )));
    }
    Ok((address, token))
}

fn database(table: file::Database, data_dir: &Path, folder: &Path) -> Result<PathBuf, ConfigFault> {
    let Some(url) = table.url else {
        return Ok(data_dir.join("chrak.db"));
    };
    if url.starts_with("postgres:") || url.starts_with("postgresql:") {
        return Err(ConfigFault::new("database.url: PostgreSQL is not in this version; use sqlite:PATH"));
    }
    let path = url.strip_prefix("sqlite:").map(|rest| rest.strip_prefix("//").unwrap_or(rest));
    match path {
        Some(path) if !path.is_empty() => Ok(folder.join(path)),
        _ => Err(ConfigFault::new("database.url: must be sqlite:PATH, such as sqlite:chrak-data/chrak.db")),
    }
}

fn zone(name: Option<String>) -> Result<TimeZone, ConfigFault> {
    match name.as_deref() {
        None | Some("Asia/Phnom_Penh") => Ok(phnom_penh()),
        Some(other) => TimeZone::get(other)
            .map_err(|_| ConfigFault::new(format!("timezone: \"{other}\" is not a zone, such as Asia/Phnom_Penh"))),
    }
}

fn portal(table: file::Portal, folder: &Path, warnings: &mut Vec<String>) -> Result<PortalSettings, ConfigFault> {
    match table.mode.as_deref() {
        None | Some("direct") => {}
        Some("xroad") => {
            return Err(ConfigFault::new("portal.mode: \"xroad\" is not in this version; use \"direct\""));
        }
        Some(other) => {
            return Err(ConfigFault::new(format!("portal.mode: \"{other}\" is none of direct, xroad")));
        }
    }
    let events = events(&table, folder)?;
    let url = table.url.ok_or_else(|| ConfigFault::new("portal.url is missing: the address of the portal"))?;
    if !url.starts_with("https://") && !url.starts_with("http://") {
        return Err(ConfigFault::new("portal.url: must begin with https:// (or http:// on a trusted network)"));
    }
    let timeouts = table.timeout_ms.unwrap_or_default();
    let wait = |given: Option<u32>, default| Duration::from_millis(u64::from(given.unwrap_or(default).max(1)));
    Ok(PortalSettings {
        url: url.trim_end_matches('/').to_owned(),
        token: secret::required("portal.token", table.token, table.token_file, folder, warnings)?,
        ca_file: table.ca_file.map(|path| folder.join(path)),
        events,
        timeout_ussd: wait(timeouts.ussd, 800),
        timeout_kiosk: wait(timeouts.kiosk, 2_000),
        timeout_sms: wait(timeouts.sms, 10_000),
    })
}

fn language(table: file::Languages) -> Result<Language, ConfigFault> {
    let Some(tag) = table.default else {
        return Ok(Language::Km);
    };
    Language::from_tag(&tag)
        .ok_or_else(|| ConfigFault::new(format!("languages.default: \"{tag}\" is none of km, km-Latn, en")))
}

fn codes(tables: Option<Vec<file::Code>>) -> Result<CodeRules, ConfigFault> {
    let Some(tables) = tables.filter(|tables| !tables.is_empty()) else {
        return Ok(CodeRules::recommended());
    };
    let mut patterns = Vec::new();
    for (index, table) in tables.into_iter().enumerate() {
        let name = table.name.unwrap_or_else(|| format!("code-{index}"));
        let check = match table.check.as_deref() {
            None | Some("none") => CheckDigit::None,
            Some("luhn") => CheckDigit::Luhn,
            Some("damm") => CheckDigit::Damm,
            Some(other) => {
                return Err(ConfigFault::new(format!("code[{index}].check: \"{other}\" is none of none, luhn, damm")));
            }
        };
        let regex = table.regex.ok_or_else(|| ConfigFault::new(format!("code[{index}].regex is missing")))?;
        let pattern = CodePattern::new(&name, &regex, check, table.groups.unwrap_or_default());
        patterns.push(pattern.map_err(|fault| ConfigFault::new(format!("code[{index}]: {fault}")))?);
    }
    Ok(CodeRules::new(patterns))
}

fn events(table: &file::Portal, folder: &Path) -> Result<EventsBy, ConfigFault> {
    match table.events.as_deref() {
        None | Some("poll") => Ok(EventsBy::Poll(Duration::from_secs(u64::from(table.poll_s.unwrap_or(10).max(1))))),
        Some("webhook") => {
            let files = table.webhook_secret_files.as_deref().unwrap_or_default();
            if files.is_empty() {
                return Err(ConfigFault::new("portal.webhook_secret_files is missing: events = \"webhook\" needs it"));
            }
            let secrets = files.iter().map(|file| webhook_secret(&folder.join(file)));
            secrets.collect::<Result<_, _>>().map(EventsBy::Webhook)
        }
        Some(other) => Err(ConfigFault::new(format!("portal.events: \"{other}\" is none of poll, webhook"))),
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

fn push(table: file::Push) -> Result<PushSettings, ConfigFault> {
    let hours = table.quiet_hours.unwrap_or_else(|| vec!["21:00".to_owned(), "07:00".to_owned()]);
    let wrong = || ConfigFault::new("push.quiet_hours: must be [\"21:00\", \"07:00\"], or [] for none");
    let time = |text: &str| -> Result<Time, ConfigFault> {
        let (hour, minute) = text.split_once(':').ok_or_else(wrong)?;
        let both = hour.parse().ok().zip(minute.parse().ok());
        both.and_then(|(hour, minute)| Time::new(hour, minute, 0, 0).ok()).ok_or_else(wrong)
    };
    let quiet_hours = match hours.as_slice() {
        [] => None,
        [from, until] => Some((time(from)?, time(until)?)).filter(|(from, until)| from != until),
        _ => return Err(wrong()),
    };
    Ok(PushSettings { quiet_hours, enabled: table.enabled.unwrap_or(true) })
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
        agencies.push(AgencySettings {
            name,
            token,
            free_text: table.free_text.unwrap_or(false),
            per_day: table.per_day.unwrap_or(5_000),
        });
    }
    Ok(agencies)
}

fn limits(table: file::Limits) -> LimitSettings {
    let fails = table.failed_lookups_per_number.unwrap_or_default();
    let replies = table.replies_per_number.unwrap_or_default();
    let kiosk = table.failed_lookups_per_kiosk.unwrap_or_default();
    let codes = table.one_time_codes_per_number.unwrap_or_default();
    LimitSettings {
        fails_kiosk: kiosk.per_10_min.unwrap_or(10),
        codes_hour: codes.per_hour.unwrap_or(3),
        codes_day: codes.per_day.unwrap_or(6),
        fails_quarter: fails.per_15_min.unwrap_or(5),
        fails_day: fails.per_day.unwrap_or(10),
        replies_minute: replies.per_min.unwrap_or(6),
        replies_day: replies.per_day.unwrap_or(30),
        steps_day: table.dialogue_turns_per_number_per_day.unwrap_or(120),
        fails_hour_all: table.failed_lookups_global_per_hour.unwrap_or(500),
    }
}

fn days(days: u32) -> Duration {
    Duration::from_secs(u64::from(days) * 86_400)
}

fn kiosk(table: file::Kiosk, folder: &Path, warnings: &mut Vec<String>) -> Result<KioskSettings, ConfigFault> {
    let pairing_required = match table.pairing.as_deref() {
        None | Some("required") => true,
        Some("off") => false,
        Some(other) => {
            return Err(ConfigFault::new(format!("kiosk.pairing: \"{other}\" is none of required, off")));
        }
    };
    let staff_pin = secret::read("kiosk: staff_pin", table.staff_pin, table.staff_pin_file, folder, warnings)?;
    if staff_pin.as_ref().is_some_and(|pin| !is_staff_pin(pin.expose())) {
        return Err(ConfigFault::new("kiosk.staff_pin must be 4 to 12 digits"));
    }
    Ok(KioskSettings {
        pairing_required,
        idle_s: table.idle_s.unwrap_or(60),
        warning_s: table.warning_s.unwrap_or(30),
        staff_pin,
    })
}

fn is_staff_pin(pin: &str) -> bool {
    (4..=12).contains(&pin.len()) && pin.bytes().all(|octet| octet.is_ascii_digit())
}

fn telcos(
    tables: Vec<file::Smsc>,
    profiles: &[Dialect],
    folder: &Path,
    warnings: &mut Vec<String>,
) -> Result<Vec<TelcoSettings>, ConfigFault> {
    let mut names = BTreeSet::new();
    let mut telcos = Vec::new();
    for (index, table) in tables.into_iter().enumerate() {
        let telco = telco(index, table, profiles, folder, warnings)?;
        if !names.insert(telco.name.clone()) {
            return Err(ConfigFault::new(format!("smsc[{index}].name: \"{}\" is used twice", telco.name)));
        }
        telcos.push(telco);
    }
    if telcos.is_empty() {
        warnings.push("no [[smsc]] is configured: only the kiosk and the machine API will work".to_owned());
    }
    Ok(telcos)
}

/// The keys of a telco that are one word out of a few.
struct Words {
    interface_version: u8,
    pair: bool,
    unique_id: UniqueId,
    number_format: NumberFormat,
    default_alphabet: DefaultAlphabet,
    packed: bool,
    concatenation: Concatenation,
    validity: Validity,
}

fn words(at: &dyn Fn(&str) -> String, table: &file::Smsc) -> Result<Words, ConfigFault> {
    refuse_later(table.tls.is_some(), &at("tls"))?;
    refuse_later(table.outbind_listen.is_some(), &at("outbind_listen"))?;
    let cut = table.concatenation.as_deref();
    refuse_later(matches!(cut, Some("sar" | "payload")), &at("concatenation = \"sar\" or \"payload\""))?;
    Ok(Words {
        interface_version: interface_version(&at("interface_version"), table.interface_version.as_deref())?,
        pair: pair(&at("bind"), table.bind.as_deref())?,
        unique_id: unique_id(&at("unique_id"), table.unique_id.as_deref())?,
        number_format: word(
            &at("number_format"),
            table.number_format.as_deref(),
            "international",
            NumberFormat::parse,
        )?,
        default_alphabet: word(
            &at("default_alphabet"),
            table.default_alphabet.as_deref(),
            "gsm7",
            DefaultAlphabet::parse,
        )?,
        packed: packed(&at("packing"), table.packing.as_deref())?,
        concatenation: word(&at("concatenation"), cut, "udh8", Concatenation::parse)?,
        validity: word(&at("validity"), table.validity.as_deref(), "relative", Validity::parse)?,
    })
}

fn telco(
    index: usize,
    table: file::Smsc,
    profiles: &[Dialect],
    folder: &Path,
    warnings: &mut Vec<String>,
) -> Result<TelcoSettings, ConfigFault> {
    let at = |key: &str| format!("smsc[{index}].{key}");
    let needed = |key: &str, value: Option<String>| {
        value.filter(|text| !text.is_empty()).ok_or_else(|| ConfigFault::new(format!("{} is missing", at(key))))
    };
    let words = words(&at, &table)?;
    let name = needed("name", table.name)?;
    let address = needed("address", table.address)?;
    if address.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok()).is_none() {
        return Err(ConfigFault::new(format!("{}: \"{address}\" is not HOST:PORT", at("address"))));
    }
    let seconds = |value: Option<u32>, default: u32| Duration::from_secs(u64::from(value.unwrap_or(default).max(1)));
    let ton_npi = |value: Option<file::TonNpi>, ton: u8, npi: u8| {
        value.map_or((ton, npi), |pair| (pair.ton.unwrap_or(ton), pair.npi.unwrap_or(npi)))
    };
    Ok(TelcoSettings {
        system_id: needed("system_id", table.system_id)?,
        password: secret::required(&at("password"), table.password, table.password_file, folder, warnings)?,
        system_type: table.system_type.unwrap_or_default(),
        interface_version: words.interface_version,
        pair: words.pair,
        binds: table.binds.unwrap_or(1).clamp(1, 64),
        window: table.window.unwrap_or(10).clamp(1, 10_000),
        max_tps: table.max_tps.unwrap_or(100),
        enquire_link: seconds(table.enquire_link_s, 30),
        response_timeout: seconds(table.response_timeout_s, 30),
        reconnect_max: seconds(table.reconnect_max_s, 30),
        family: table.family.unwrap_or_else(|| name.clone()),
        unique_id: words.unique_id,
        short_codes: table.short_codes.unwrap_or_else(|| vec!["1212".to_owned()]),
        prefixes: table.prefixes.unwrap_or_default(),
        number_format: words.number_format,
        dest: ton_npi(table.dest, 1, 1),
        source: ton_npi(table.source, 0, 1),
        default_alphabet: words.default_alphabet,
        packed: words.packed,
        concatenation: words.concatenation,
        validity: words.validity,
        receipts: table.receipts.unwrap_or(true),
        ussd: ussd::settings(&at, table.ussd.unwrap_or_default(), words.packed, profiles)?,
        address,
        name,
    })
}

fn word<T>(
    key: &str,
    given: Option<&str>,
    default: &str,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<T, ConfigFault> {
    let text = given.unwrap_or(default);
    parse(text).map_err(|words| ConfigFault::new(format!("{key}: \"{text}\" is none of {words}")))
}

fn interface_version(key: &str, given: Option<&str>) -> Result<u8, ConfigFault> {
    match given {
        None | Some("3.4") => Ok(0x34),
        Some("3.3") => Ok(0x33),
        Some("5.0") => Ok(0x50),
        Some(other) => Err(ConfigFault::new(format!("{key}: \"{other}\" is none of 3.3, 3.4, 5.0"))),
    }
}

fn pair(key: &str, given: Option<&str>) -> Result<bool, ConfigFault> {
    match given {
        None | Some("transceiver") => Ok(false),
        Some("pair") => Ok(true),
        Some(other) => Err(ConfigFault::new(format!("{key}: \"{other}\" is none of transceiver, pair"))),
    }
}

fn packed(key: &str, given: Option<&str>) -> Result<bool, ConfigFault> {
    match given {
        None | Some("unpacked") => Ok(false),
        Some("packed") => Ok(true),
        Some(other) => Err(ConfigFault::new(format!("{key}: \"{other}\" is none of unpacked, packed"))),
    }
}

fn unique_id(key: &str, given: Option<&str>) -> Result<UniqueId, ConfigFault> {
    match given {
        None | Some("none") => Ok(UniqueId::None),
        Some("user_message_reference") => Ok(UniqueId::Tlv(0x0204)),
        Some("receipted_message_id") => Ok(UniqueId::Tlv(0x001E)),
        Some(tag) => {
            tag.strip_prefix("0x").and_then(|hex| u16::from_str_radix(hex, 16).ok()).map(UniqueId::Tlv).ok_or_else(
                || {
                    ConfigFault::new(format!(
                        "{key}: \"{tag}\" is none of none, user_message_reference, receipted_message_id, 0xTTTT"
                    ))
                },
            )
        }
    }
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
        assert_eq!(config.database, Path::new("/etc/chrak/chrak-data/chrak.db"));
        assert_eq!((telco.window, telco.max_tps, telco.binds), (10, 100, 1));
        assert_eq!(config.portal.url, "https://portal.example");
        assert_eq!(config.limits.replies_minute, 6);
        assert!(config.kiosk.pairing_required);
        assert_eq!(config.warnings.len(), 2, "two secrets stand inline");
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
            (GOOD.replace("[portal]", "[portal]\nmode = \"xroad\""), "not in this version"),
            (format!("{GOOD}window = 5\nbind = \"both\""), "smsc[0].bind: \"both\" is none of transceiver, pair"),
            (format!("[ops]\nlisten = \"0.0.0.0:9090\"\n{GOOD}"), "ops.token_file is missing"),
            (format!("[database]\nurl = \"postgres://x\"\n{GOOD}"), "PostgreSQL is not in this version"),
            (format!("[[code]]\nregex = \"(\"\n{GOOD}"), "code[0]: regex of code"),
            (format!("{GOOD}tls = {{ ca_file = \"x\" }}"), "smsc[0].tls: not in this version"),
        ] {
            let fault = settle(&text).expect_err(told);
            assert!(fault.contains(told) && !fault.contains('\n'), "{fault}");
        }
    }
}
