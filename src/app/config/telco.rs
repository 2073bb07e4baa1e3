//! `[[smsc]]`: what is written of a telco, turned into its settings.
use super::{
    Concatenation, ConfigFault, DefaultAlphabet, NumberFormat, TelcoSettings, UniqueId, Validity,
    bounds::{SECONDS_MAX, refuse_later, within},
    file, secret, ussd,
};
use crate::{
    smpp::{dialect::Dialect, message_id::Rule, status::Table},
    types::Msisdn,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    time::Duration,
};

/// The telcos of the file, each named once.
pub fn telcos(
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
    message_id: Rule,
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
        message_id: message_id(&at("message_id"), table.message_id.as_deref())?,
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
    let seconds = |key: &str, value: Option<u32>| {
        within(&at(key), value, 30, 1..=SECONDS_MAX).map(|seconds| Duration::from_secs(seconds.into()))
    };
    let ton_npi = |value: Option<file::TonNpi>, ton: u8, npi: u8| {
        value.map_or((ton, npi), |pair| (pair.ton.unwrap_or(ton), pair.npi.unwrap_or(npi)))
    };
    Ok(TelcoSettings {
        system_id: needed("system_id", table.system_id)?,
        password: secret::required(&at("password"), table.password, table.password_file, folder, warnings)?,
        system_type: table.system_type.unwrap_or_default(),
        interface_version: words.interface_version,
        pair: words.pair,
        binds: within(&at("binds"), table.binds, 1, 1..=64)?,
        window: within(&at("window"), table.window, 10, 1..=10_000)?,
        max_tps: table.max_tps.unwrap_or(100),
        enquire_link: seconds("enquire_link_s", table.enquire_link_s)?,
        response_timeout: seconds("response_timeout_s", table.response_timeout_s)?,
        reconnect_max: seconds("reconnect_max_s", table.reconnect_max_s)?,
        family: table.family.unwrap_or_else(|| name.clone()),
        unique_id: words.unique_id,
        short_codes: short_codes(&at("short_codes"), table.short_codes)?,
        prefixes: prefixes(&at("prefixes"), &table.prefixes.unwrap_or_default())?,
        number_format: words.number_format,
        dest: ton_npi(table.dest, 1, 1),
        source: ton_npi(table.source, 0, 1),
        default_alphabet: words.default_alphabet,
        packed: words.packed,
        concatenation: words.concatenation,
        validity: words.validity,
        receipts: table.receipts.unwrap_or(true),
        message_id: words.message_id,
        statuses: statuses(&at("retry"), table.retry.unwrap_or_default())?,
        ussd: ussd::settings(&at, table.ussd.unwrap_or_default(), words.packed, profiles)?,
        address,
        name,
    })
}

/// The first is where texts come from that nobody asked for: without one they would go nowhere.
fn short_codes(key: &str, given: Option<Vec<String>>) -> Result<Vec<String>, ConfigFault> {
    let codes = given.unwrap_or_else(|| vec!["1212".to_owned()]);
    if codes.is_empty() || codes.iter().any(|code| code.trim().is_empty()) {
        return Err(ConfigFault::new(format!("{key}: at least one number is needed, and none may be empty")));
    }
    Ok(codes)
}

/// As national prefixes; one that fits no number would send every unasked text elsewhere, or nowhere.
fn prefixes(key: &str, given: &[String]) -> Result<Vec<String>, ConfigFault> {
    let read = |text: &String| {
        Msisdn::parse_prefix(text).ok_or_else(|| {
            ConfigFault::new(format!(
                "{key}: \"{text}\" is no beginning of a Cambodian number; write \"10\", \"010\" or \"+85510\""
            ))
        })
    };
    given.iter().map(read).collect()
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

fn message_id(key: &str, given: Option<&str>) -> Result<Rule, ConfigFault> {
    match given {
        None | Some("auto") => Ok(Rule::Auto),
        Some("exact") => Ok(Rule::Exact),
        Some("hex") => Ok(Rule::Hex),
        Some("decimal") => Ok(Rule::Decimal),
        Some(other) => Err(ConfigFault::new(format!("{key}: \"{other}\" is none of auto, exact, hex, decimal"))),
    }
}

fn statuses(key: &str, given: BTreeMap<String, String>) -> Result<Table, ConfigFault> {
    let entries = given.iter().map(|(status, word)| (status.as_str(), word.as_str()));
    Table::of(entries).map_err(|fault| ConfigFault::new(format!("{key}: {fault}")))
}
