//! USSD in the configuration: a telco's service codes and limits, and the dialects that are not built in.
use super::{ConfigFault, UssdSettings, file};
use crate::smpp::dialect::{CodeAt, Dialect, SessionAt, UssdPdu};
use std::time::Duration;

const BUILT_IN: &str = "spec, tata, mica, sixdee, msisdn";

/// The dialects of the file, by their names.
pub fn profiles(tables: Vec<file::UssdProfile>) -> Result<Vec<Dialect>, ConfigFault> {
    let mut dialects: Vec<Dialect> = Vec::with_capacity(tables.len());
    for (index, table) in tables.into_iter().enumerate() {
        let dialect = profile(&|key| format!("ussd_profile[{index}].{key}"), table)?;
        if dialects.iter().any(|other| other.name == dialect.name) {
            let text = format!("ussd_profile[{index}].name: \"{}\" is used twice", dialect.name);
            return Err(ConfigFault::new(text));
        }
        dialects.push(dialect);
    }
    Ok(dialects)
}

fn profile(at: &dyn Fn(&str) -> String, table: file::UssdProfile) -> Result<Dialect, ConfigFault> {
    let name = table.name.filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| ConfigFault::new(format!("{} is missing", at("name"))))?;
    let based_on = table.based_on.unwrap_or_else(|| "spec".to_owned());
    let base = Dialect::built_in(&based_on)
        .ok_or_else(|| ConfigFault::new(format!("{}: \"{based_on}\" is none of {BUILT_IN}", at("based_on"))))?;
    let dcs = table.dcs.unwrap_or_default();
    let service_type = table.service_type.unwrap_or(base.service_type);
    if service_type.len() > 5 {
        let text = format!("{}: \"{service_type}\" is longer than the 5 characters of SMPP", at("service_type"));
        return Err(ConfigFault::new(text));
    }
    Ok(Dialect {
        name,
        session: match table.session {
            Some(word) => session(&at("session"), &word)?,
            None => base.session,
        },
        start: table.start.unwrap_or(base.start),
        next: table.next.unwrap_or(base.next),
        abort: table.abort.unwrap_or(base.abort),
        reply_continue: table.reply_continue.unwrap_or(base.reply_continue),
        reply_end: table.reply_end.unwrap_or(base.reply_end),
        end_bit: table.end_bit.unwrap_or(base.end_bit),
        code_in: match table.code_in.as_deref() {
            None => base.code_in,
            Some("destination") => CodeAt::Destination,
            Some("text") => CodeAt::Text,
            Some(other) => {
                return Err(ConfigFault::new(format!("{}: \"{other}\" is none of destination, text", at("code_in"))));
            }
        },
        pdu: match table.pdu.as_deref() {
            None => base.pdu,
            Some("submit_sm") => UssdPdu::SubmitSm,
            Some("data_sm") => UssdPdu::DataSm,
            Some(other) => {
                return Err(ConfigFault::new(format!("{}: \"{other}\" is none of submit_sm, data_sm", at("pdu"))));
            }
        },
        service_type,
        gsm7: dcs.gsm7.unwrap_or(base.gsm7),
        ucs2: dcs.ucs2.unwrap_or(base.ucs2),
        packed: base.packed,
        echo_tlvs: match table.echo_tlvs {
            None => base.echo_tlvs,
            Some(tags) => {
                let wrong = || ConfigFault::new(format!("{}: wants tags such as \"0x1401\"", at("echo_tlvs")));
                tags.iter().map(|value| tlv(value).ok_or_else(wrong)).collect::<Result<_, _>>()?
            }
        },
        push: table.push.or(base.push).filter(|op| *op != 0),
    })
}

fn session(key: &str, word: &str) -> Result<SessionAt, ConfigFault> {
    Ok(match word {
        "its16" => SessionAt::Its16,
        "its15" => SessionAt::Its15,
        "umr_msisdn" => SessionAt::UmrMsisdn,
        "msisdn" => SessionAt::Msisdn,
        other => {
            let words = "its16, its15, umr_msisdn, msisdn, or a TLV's tag such as 0x1401";
            let wrong = || ConfigFault::new(format!("{key}: \"{other}\" is none of {words}"));
            SessionAt::Tlv(hex(other).ok_or_else(wrong)?)
        }
    })
}

fn hex(text: &str) -> Option<u16> {
    u16::from_str_radix(text.strip_prefix("0x")?, 16).ok()
}

fn tlv(value: &toml::Value) -> Option<u16> {
    match value {
        toml::Value::Integer(tag) => u16::try_from(*tag).ok(),
        toml::Value::String(tag) => hex(tag),
        _ => None,
    }
}

/// `[[smsc]].ussd`
pub fn settings(
    at: &dyn Fn(&str) -> String,
    table: file::Ussd,
    packed: bool,
    profiles: &[Dialect],
) -> Result<UssdSettings, ConfigFault> {
    let name = table.profile.unwrap_or_else(|| "spec".to_owned());
    let own = profiles.iter().find(|dialect| dialect.name == name).cloned();
    let mut dialect = own.or_else(|| Dialect::built_in(&name)).ok_or_else(|| {
        ConfigFault::new(format!("{}: \"{name}\" is none of {BUILT_IN}, nor a [[ussd_profile]]", at("ussd.profile")))
    })?;
    dialect.packed = packed;
    let codes = table.codes.unwrap_or_else(|| vec!["*1212#".to_owned()]);
    if let Some(wrong) = codes.iter().find(|code| !dialled(code)) {
        return Err(ConfigFault::new(format!("{}: \"{wrong}\" is not dialled like *1212#", at("ussd.codes"))));
    }
    let size =
        |key: &str, given: Option<usize>, default: usize, allowed: std::ops::RangeInclusive<usize>, none: bool| {
            let value = given.unwrap_or(default);
            if allowed.contains(&value) || none && value == 0 {
                return Ok(value);
            }
            let (from, to) = (allowed.start(), allowed.end());
            Err(ConfigFault::new(format!("{}: {value} is not between {from} and {to}", at(key))))
        };
    let deadline = table.deadline_ms.unwrap_or(5_000);
    if !(1_000..=60_000).contains(&deadline) {
        return Err(ConfigFault::new(format!("{}: {deadline} is not between 1000 and 60000", at("ussd.deadline_ms"))));
    }
    Ok(UssdSettings {
        dialect,
        codes,
        max_gsm7: size("ussd.max_gsm7", table.max_gsm7, 160, 100..=182, false)?,
        max_ucs2: size("ussd.max_ucs2", table.max_ucs2, 70, 60..=80, true)?,
        deadline: Duration::from_millis(u64::from(deadline)),
    })
}

fn dialled(code: &str) -> bool {
    code.starts_with('*')
        && code.ends_with('#')
        && code.len() > 2
        && code.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'*' | b'#'))
}
