//! The configuration file as it is written: one struct per table, every key with its default. Nothing here
//! is checked for sense; `check` turns it into settings.
use serde::Deserialize;
use std::{collections::BTreeMap, path::PathBuf};

macro_rules! tables {
    ($($(#[$doc:meta])* $name:ident { $($field:ident : $type:ty),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Default, Deserialize)]
        #[serde(default)]
        #[allow(missing_docs, reason = "keys of the file; docs/CONFIGURATION.md describes each")]
        pub struct $name { $(pub $field: Option<$type>),* }

        impl $name {
            /// The keys of this table.
            pub const KEYS: &'static [&'static str] = &[$(stringify!($field)),*];
        }
    )*};
}

tables! {
    /// The whole file.
    File {
        data_dir: PathBuf, timezone: String, http: Http, ops: Ops, database: Database, portal: Portal,
        languages: Languages, code: Vec<Code>, limits: Limits, push: Push, retention: Retention, kiosk: Kiosk,
        agency: Vec<Agency>, smsc: Vec<Smsc>, ussd_profile: Vec<UssdProfile>,
    }
    /// `[http]`
    Http { listen: String, tls: Tls, hosts: Vec<String>, proxies: Vec<String> }
    /// `[ops]`
    Ops { listen: String, token: String, token_file: PathBuf }
    /// `[database]`
    Database { url: String, node: String }
    /// `[portal]`
    Portal {
        url: String, token: String, token_file: PathBuf, ca_file: PathBuf, mode: String, timeout_ms: Timeouts,
        events: String, poll_s: u32, webhook_secret_files: Vec<PathBuf>,
    }
    /// `[portal].timeout_ms`
    Timeouts { ussd: u32, kiosk: u32, sms: u32 }
    /// `[languages]`
    Languages { default: String }
    /// `[[code]]`
    Code { name: String, regex: String, check: String, groups: Vec<usize> }
    /// `[limits]`
    Limits {
        failed_lookups_per_number: Spans, failed_lookups_per_kiosk: Spans, failed_lookups_global_per_hour: u32,
        replies_per_number: Spans, dialogue_turns_per_number_per_day: u32, one_time_codes_per_number: Spans,
        one_time_codes_per_kiosk: Spans, one_time_codes_global_per_hour: u32,
    }
    /// How many in a span of time.
    Spans { per_min: u32, per_10_min: u32, per_15_min: u32, per_hour: u32, per_day: u32 }
    /// `[push]`
    Push { countries: Vec<String>, quiet_hours: Vec<String>, enabled: bool }
    /// `[retention]`
    Retention { texts_days: u32, audit_days: u32 }
    /// `[kiosk]`
    Kiosk {
        pairing: String, idle_s: u32, warning_s: u32, staff_pin: String, staff_pin_file: PathBuf,
        khqr_accounts: Vec<String>,
    }
    /// `[[agency]]`
    Agency { name: String, token: String, token_file: PathBuf, free_text: bool, per_day: u32 }
    /// `[[smsc]]`
    Smsc {
        name: String, address: String, system_id: String, password: String, password_file: PathBuf,
        system_type: String, interface_version: String, bind: String, binds: u32, window: usize, max_tps: u32,
        enquire_link_s: u32, response_timeout_s: u32, reconnect_max_s: u32, tls: Tls, outbind_listen: String,
        family: String, unique_id: String, short_codes: Vec<String>, prefixes: Vec<String>,
        number_format: String, dest: TonNpi, source: TonNpi, default_alphabet: String, packing: String,
        concatenation: String, validity: String, message_id: String, receipts: bool, ussd: Ussd,
        retry: BTreeMap<String, String>,
    }
    /// `{ ton, npi }`
    TonNpi { ton: u8, npi: u8 }
    /// `{ ca_file, server_name, cert_file, key_file }`
    Tls { ca_file: PathBuf, server_name: String, cert_file: PathBuf, key_file: PathBuf }
    /// `[[smsc]].ussd`
    Ussd { codes: Vec<String>, profile: String, max_gsm7: usize, max_ucs2: usize, deadline_ms: u32 }
    /// `[[ussd_profile]]`
    UssdProfile {
        name: String, based_on: String, session: String, start: Vec<u8>, next: Vec<u8>, abort: Vec<u8>,
        reply_continue: u8, reply_end: u8, end_bit: bool, code_in: String, pdu: String, service_type: String,
        dcs: Dcs, echo_tlvs: Vec<toml::Value>, push: u8,
    }
    /// `[[ussd_profile]].dcs`
    Dcs { gsm7: u8, ucs2: u8 }
}

/// The keys of the table at `path`, where a list's number is left out (`smsc.tls`); `None` where any key may
/// stand or no table stands.
pub fn keys_of(path: &[&str]) -> Option<&'static [&'static str]> {
    Some(match path {
        [] => File::KEYS,
        ["http"] => Http::KEYS,
        ["http" | "smsc", "tls"] => Tls::KEYS,
        ["ops"] => Ops::KEYS,
        ["database"] => Database::KEYS,
        ["portal"] => Portal::KEYS,
        ["portal", "timeout_ms"] => Timeouts::KEYS,
        ["languages"] => Languages::KEYS,
        ["code"] => Code::KEYS,
        ["limits"] => Limits::KEYS,
        ["limits", "failed_lookups_per_number"] => &["per_15_min", "per_day"],
        ["limits", "failed_lookups_per_kiosk" | "one_time_codes_per_kiosk"] => &["per_10_min"],
        ["limits", "replies_per_number"] => &["per_min", "per_day"],
        ["limits", "one_time_codes_per_number"] => &["per_hour", "per_day"],
        ["push"] => Push::KEYS,
        ["retention"] => Retention::KEYS,
        ["kiosk"] => Kiosk::KEYS,
        ["agency"] => Agency::KEYS,
        ["smsc"] => Smsc::KEYS,
        ["smsc", "dest" | "source"] => TonNpi::KEYS,
        ["smsc", "ussd"] => Ussd::KEYS,
        ["ussd_profile"] => UssdProfile::KEYS,
        ["ussd_profile", "dcs"] => Dcs::KEYS,
        _ => return None,
    })
}
