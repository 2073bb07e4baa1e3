//! USSD in the configuration: a telco's service codes and limits, and the dialects that are not built in.
use super::{ConfigFault, file};
use crate::{
    link,
    smpp::dialect::{Dialect, SessionAt},
};
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
    let based_on = table.based_on;
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
        code_in: table.code_in.unwrap_or(base.code_in),
        pdu: table.pdu.unwrap_or(base.pdu),
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
) -> Result<link::Ussd, ConfigFault> {
    let name = table.profile;
    let own = profiles.iter().find(|dialect| dialect.name == name).cloned();
    let mut dialect = own.or_else(|| Dialect::built_in(&name)).ok_or_else(|| {
        ConfigFault::new(format!("{}: \"{name}\" is none of {BUILT_IN}, nor a [[ussd_profile]]", at("ussd.profile")))
    })?;
    dialect.packed = packed;
    if let Some(wrong) = table.codes.iter().find(|code| !dialled(code)) {
        return Err(ConfigFault::new(format!("{}: \"{wrong}\" is not dialled like *1212#", at("ussd.codes"))));
    }
    Ok(link::Ussd {
        dialect,
        codes: table.codes,
        max_gsm7: table.max_gsm7,
        max_ucs2: table.max_ucs2,
        deadline: Duration::from_millis(table.deadline_ms.into()),
    })
}

fn dialled(code: &str) -> bool {
    code.starts_with('*')
        && code.ends_with('#')
        && code.len() > 2
        && code.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'*' | b'#'))
}
