//! `[[smsc]]`: what is written of a telco, turned into what the link and the exchange need of it.
use super::{
    ConfigFault, TelcoSettings, file,
    key::listen,
    secret, ussd,
    words::{Binding, Concatenation, Packing, Version, none_of},
};
use crate::{
    exchange::{Cut, TelcoRules},
    link,
    render::ussd::Size,
    smpp::{dialect::Dialect, status::Table},
    tls::{ClientTls, Identity, ServerTls},
    types::Msisdn,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    path::{Path, PathBuf},
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
        if !names.insert(telco.link.name.to_string()) {
            return Err(ConfigFault::new(format!("smsc[{index}].name: \"{}\" is used twice", telco.link.name)));
        }
        telcos.push(telco);
    }
    if telcos.is_empty() {
        warnings.push("no [[smsc]] is configured: only the kiosk and the machine API will work".to_owned());
    }
    Ok(telcos)
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
    let bare = table.tls.as_ref().is_some_and(|tls| tls.cert_file.is_none());
    let outbind_listen = outbinds(&at("outbind_listen"), table.outbind_listen, bare)?;
    let cut = cut(&at("concatenation"), table.concatenation, table.interface_version)?;
    let name = needed("name", table.name)?;
    let seconds = |given: u32| Duration::from_secs(given.into());
    let address = host_and_port(&at("address"), needed("address", table.address)?)?;
    let secured = table.tls.map(|table| tls(&at("tls"), table, &address, folder)).transpose()?;
    let (tls, outbind_tls) = secured.map_or((None, None), |(tls, outbinds)| (Some(tls), outbinds));
    let link = link::Telco {
        tls,
        outbind_tls: outbind_tls.filter(|_| outbind_listen.is_some()),
        address,
        system_id: needed("system_id", table.system_id)?,
        password: secret::required(&at("password"), table.password, table.password_file, folder, warnings)?,
        system_type: table.system_type,
        interface_version: match table.interface_version {
            Version::V33 => 0x33,
            Version::V34 => 0x34,
            Version::V50 => 0x50,
        },
        pair: table.bind == Binding::Pair,
        binds: table.binds,
        window: table.window,
        max_tps: table.max_tps,
        enquire_link: seconds(table.enquire_link_s),
        response_timeout: seconds(table.response_timeout_s),
        reconnect_max: seconds(table.reconnect_max_s),
        family: table.family.as_deref().unwrap_or(&name).into(),
        unique_id: unique_id(&at("unique_id"), &table.unique_id)?,
        short_codes: short_codes(&at("short_codes"), table.short_codes)?,
        number_format: table.number_format,
        dest: (table.dest.ton, table.dest.npi),
        source: (table.source.ton, table.source.npi),
        default_alphabet: table.default_alphabet,
        packed: table.packing == Packing::Packed,
        sar: cut == Cut::Sar,
        validity: table.validity,
        receipts: table.receipts,
        message_id: table.message_id,
        statuses: statuses(&at("retry"), &table.retry.unwrap_or_default())?,
        ussd: ussd::settings(&at, table.ussd, table.packing == Packing::Packed, profiles)?,
        name: name.as_str().into(),
    };
    let rules = TelcoRules {
        name: link.name.clone(),
        family: link.family.clone(),
        short_codes: link.short_codes.clone(),
        prefixes: prefixes(&at("prefixes"), &table.prefixes)?,
        notices: link.ussd.dialect.push.map(|_| Size { gsm7: link.ussd.max_gsm7, ucs2: link.ussd.max_ucs2 }),
        cut,
    };
    warnings.extend(beyond_the_standard(&at, &link));
    Ok(TelcoSettings { link, rules, outbind_listen })
}

/// What the standard has no room for (§5.2) is sent as it is written, as telcos want it so; some SMSCs cut it all the same.
fn beyond_the_standard(at: &impl Fn(&str) -> String, link: &link::Telco) -> Vec<String> {
    let fields = [
        ("system_id", link.system_id.len(), 15),
        ("password", link.password.expose().len(), 8),
        ("system_type", link.system_type.len(), 12),
    ];
    // of letters a telephone shows eleven (3GPP 23.040 §9.1.2.5)
    let senders = link.short_codes.iter().map(|code| {
        let most = if code.bytes().all(|octet| octet.is_ascii_digit()) { 20 } else { 11 };
        ("short_codes", code.len(), most)
    });
    let long = |(key, octets, most): (&str, usize, usize)| {
        let told = format!("{}: longer than the {most} characters of SMPP 3.4; sent as it is", at(key));
        (octets > most).then_some(told)
    };
    fields.into_iter().chain(senders).filter_map(long).collect()
}

fn host_and_port(key: &str, address: String) -> Result<String, ConfigFault> {
    match address.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok()) {
        Some(_) => Ok(address),
        None => Err(ConfigFault::new(format!("{key}: \"{address}\" is not HOST:PORT"))),
    }
}

/// Where there is TLS the SMSC's own connections come over it too, and whoever takes a connection shows a certificate.
fn outbinds(key: &str, address: Option<String>, bare: bool) -> Result<Option<SocketAddr>, ConfigFault> {
    if bare && address.is_some() {
        let why = "with tls the SMSC connects over TLS too and wants to see a certificate: set tls.cert_file and tls.key_file";
        return Err(ConfigFault::new(format!("{key}: {why}")));
    }
    address.map(|text| listen(key, &text)).transpose()
}

/// Towards the telco, and for its own connections where there is a certificate to show. By default the host of the address is
/// the name that the telco must prove.
fn tls(
    key: &str,
    table: file::Tls,
    address: &str,
    folder: &Path,
) -> Result<(ClientTls, Option<ServerTls>), ConfigFault> {
    let at = |path: PathBuf| folder.join(path);
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host).trim_matches(['[', ']']);
    let name = table.server_name.unwrap_or_else(|| host.to_owned());
    Identity::of(table.cert_file.map(at), table.key_file.map(at))
        .and_then(|identity| {
            let shown = identity.clone().map(ServerTls::unnamed).transpose()?;
            Ok((ClientTls::new(table.ca_file.map(at), identity, &name)?, shown))
        })
        .map_err(|fault| ConfigFault::new(format!("{key}.{fault}")))
}

fn cut(key: &str, how: Concatenation, version: Version) -> Result<Cut, ConfigFault> {
    let cut = match how {
        Concatenation::Udh8 => Cut::Udh8,
        Concatenation::Udh16 => Cut::Udh16,
        Concatenation::Sar => Cut::Sar,
        Concatenation::Payload => Cut::Payload,
    };
    if version == Version::V33 && matches!(cut, Cut::Sar | Cut::Payload) {
        let why = "\"sar\" and \"payload\" are TLVs, which interface_version = \"3.3\" does not have";
        return Err(ConfigFault::new(format!("{key}: {why}; use \"udh8\" or \"udh16\"")));
    }
    Ok(cut)
}

/// The first is where texts come from that nobody asked for: without one they would go nowhere.
fn short_codes(key: &str, codes: Vec<String>) -> Result<Vec<String>, ConfigFault> {
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

fn unique_id(key: &str, word: &str) -> Result<Option<u16>, ConfigFault> {
    match word {
        "none" => Ok(None),
        "user_message_reference" => Ok(Some(0x0204)),
        "receipted_message_id" => Ok(Some(0x001E)),
        tag => {
            let words = ["none", "user_message_reference", "receipted_message_id", "0xTTTT"];
            let read = tag.strip_prefix("0x").and_then(|hex| u16::from_str_radix(hex, 16).ok());
            read.map(Some).ok_or_else(|| ConfigFault::new(format!("{key}: {}", none_of(tag, &words))))
        }
    }
}

fn statuses(key: &str, given: &BTreeMap<String, String>) -> Result<Table, ConfigFault> {
    let entries = given.iter().map(|(status, word)| (status.as_str(), word.as_str()));
    Table::of(entries).map_err(|fault| ConfigFault::new(format!("{key}: {fault}")))
}
