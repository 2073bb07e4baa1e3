//! The configuration file as it is written: for each key its type, default, bounds and sentence, once. What is beyond types and
//! bounds is `check`'s; the example and the table of keys in docs are made from here (`papers`).
use super::{
    key::{Key, keys_at, tables, within},
    words::{Binding, Concatenation, Events, LoginMode, Mode, Packing, Pairing, Version},
};
use crate::{
    link::{NumberFormat, Validity},
    smpp::{
        dialect::{CodeAt, UssdPdu},
        message_id::Rule,
        text::DefaultAlphabet,
    },
    types::code::CheckDigit,
};
use std::{collections::BTreeMap, path::PathBuf};

/// Longest interval or timer that can be asked for, in seconds: a day.
const DAY_S: u64 = 86_400;
/// Longest wait for the portal that can be asked for, in milliseconds: ten minutes.
const WAIT_MS: u64 = 600_000;
/// How often the portal is asked for events, in seconds.
pub const POLL_S: u32 = 10;
/// How long the audit log is kept where nothing else is said, in days.
pub const AUDIT_DAYS: u32 = 365;

tables! {
    /// The whole file.
    File {
        data_dir: PathBuf = "chrak-data"; "SQLite file, key file; created 0700"
        timezone: String = "Asia/Phnom_Penh"; "in which days are told"
        http: Http = Http::default(); "the kiosk UI and the machine API"
        ops: Ops = Ops::default(); "health, metrics, console, admin; never on the kiosk's port"
        database: Database = Database::default(); "where everything is kept"
        portal: Portal = Portal::default(); "who knows the applications, services and offices"
        languages: Languages = Languages::default(); "of texts and screens"
        source: Vec<CodeSource>, such_as ""; "another place for the codes of some [[code]]: name, and the keys of [portal]; repeat per place"
        code: Vec<Code>, shown ""; "what a registration code looks like; several may be listed"
        limits: Limits = Limits::default(); "all durable and shared by the nodes"
        push: Push = Push::default(); "texts nobody asked for just now"
        retention: Retention = Retention::default(); "how long it is kept"
        kiosk: Kiosk = Kiosk::default(); "the touch screens"
        agency: Vec<Agency>, such_as ""; "who may send through /v1/messages; repeat per agency"
        smsc: Vec<Smsc>, shown ""; "one telco; repeat per telco"
        ussd_profile: Vec<UssdProfile>, such_as ""; "a telco's own dialect; `profile` above names it"
    }
    /// `[http]`
    Http {
        listen: String = "127.0.0.1:8080"; "address and port; 0.0.0.0: all addresses"
        tls: HttpTls, such_as ""; "HTTPS instead of HTTP; without it a proxy in front speaks TLS, or nobody does"
        hosts: Vec<String>, such_as "[]"; "names this server answers to (Host); default: what it listens on"
        proxies: Vec<String>, such_as "[]"; "addresses whose Forwarded / X-Forwarded-For is believed"
    }
    /// `[http] tls`
    HttpTls {
        cert_file: PathBuf, required "\"...\""; "the server's certificate and those between it and its CA, PEM; a changed file is used within seconds"
        key_file: PathBuf, required "\"...\""; "its private key, PEM, without a passphrase"
    }
    /// `[ops]`
    Ops {
        listen: String = "127.0.0.1:9090"; "address and port"
        token: String, such_as "\"...\""; "inline, see above"
        token_file: PathBuf, such_as "\"...\""; "required when listen is not loopback; the console asks for it once (form -> cookie)"
    }
    /// `[database]`
    Database {
        url: String, shown "\"sqlite:chrak-data/chrak.db\""; "default: chrak.db in data_dir; or \"postgres://user@host/chrak\""
        node: String, such_as "\"node-a\""; "this node's name, with PostgreSQL; default: the host name"
    }
    /// `[portal]`
    Portal {
        url: String, required "\"https://portal.example.gov.kh\""; "required"
        token: String, such_as "\"...\""; "inline, see above"
        token_file: PathBuf, required "\"portal.token\""; "bearer token; required"
        ca_file: PathBuf, such_as "\"...\""; "trust this CA only"
        mode: Mode = Mode::Direct; "direct | xroad: through a security server of X-Road, such as CamDX's; url is then that server's | govstack"
        timeout_ms: Timeouts = Timeouts::default(); "how long each window waits for the portal"
        events: Events = Events::Poll; "or \"webhook\", which needs webhook_secret_files"
        poll_s: u32 = POLL_S, in within(1, DAY_S); "how often we ask, in seconds"
        webhook_secret_files: Vec<PathBuf>, such_as "[\"a.whsec\"]"; "Standard Webhooks secrets (whsec_...); several are valid at once"
        xroad: Xroad, such_as ""; "with mode = \"xroad\", and for the services of mode = \"govstack\"; see docs/CAMDX.md"
        govstack: Govstack, such_as ""; "with mode = \"govstack\"; see docs/GOVSTACK.md"
    }
    /// `[portal.govstack]`
    Govstack {
        registration_url: String, such_as "\"https://registration.example.gov.kh\""; "where applications are asked about (Registration API); required without [portal.xroad]"
        registration_service: String, such_as "\"CAMBODIA/GOV/CAMDX-2/REGISTRATION/api\""; "the same through [portal.xroad], whose security server portal.url is"
        scheduler_url: String, such_as "\"https://scheduler.example.gov.kh\""; "where appointments are made (Scheduler API); without it none are offered"
        scheduler_service: String, such_as "\"CAMBODIA/GOV/CAMDX-2/SCHEDULER/api\""; "the same through [portal.xroad]"
        requestor_id: String = ""; "what the scheduler knows us by; required with it"
        request_token_file: PathBuf, such_as "\"scheduler.token\""; "its secret; it stands in addresses, therefore https only"
        client: String, such_as "\"CAMBODIA/GOV/CAMDX-1/CHRAK\""; "Information-Mediator-Client; default: portal.xroad.client"
        directory_file: PathBuf, required "\"directory.json\""; "required; services and offices: the contract's lists as JSON"
    }
    /// `[[source]]`
    CodeSource {
        name: String, required "\"obr\""; "required; as a [[code]] names it"
        url: String, required "\"https://obr.example.gov.kh\""; "required, as portal.url"
        token: String, such_as "\"...\""; "inline, see above"
        token_file: PathBuf, required "\"obr.token\""; "bearer token; required"
        ca_file: PathBuf, such_as "\"...\""; "trust this CA only"
        mode: Mode = Mode::Direct; "direct | xroad | govstack, as portal.mode"
        timeout_ms: Timeouts = Timeouts::default(); "how long it is waited for; never longer than for the portal"
        events: Events = Events::Poll; "only the portal tells of events"
        poll_s: u32 = POLL_S, in within(1, DAY_S); "only the portal tells of events"
        webhook_secret_files: Vec<PathBuf>, such_as "[\"a.whsec\"]"; "only the portal tells of events"
        xroad: Xroad, such_as ""; "as [portal.xroad]"
        govstack: Govstack, such_as ""; "as [portal.govstack]"
    }
    /// `[portal.xroad]`
    Xroad {
        client: String, required "\"CAMBODIA/GOV/CAMDX-1/CHRAK\""; "required; who we are: instance/class/member/subsystem"
        service: String, required "\"CAMBODIA/GOV/CAMDX-2/PORTAL/portal\""; "required; the portal: instance/class/member/subsystem/service code"
        cert_file: PathBuf, such_as "\"is.pem\""; "the certificate that the security server knows us by, PEM; with key_file"
        key_file: PathBuf, such_as "\"is.key\""; "its private key, PEM, without a passphrase"
        server_cert_file: PathBuf, such_as "\"ss.pem\""; "the security server's own certificate, compared whole; else ca_file judges it"
        user_id: String = ""; "sent as X-Road-UserId, a constant, never a citizen's"
        represented_party: String = ""; "sent as X-Road-Represented-Party, a constant: class/member"
        provider_server: String = ""; "sent as X-Road-Security-Server: instance/class/member/server"
        webhook_client: String = ""; "who may call /v1/notifications through our security server; its signature is needed all the same"
    }
    /// `[portal] timeout_ms`
    Timeouts {
        ussd: u32 = 800_u32, in within(1, WAIT_MS); "for a screen"
        kiosk: u32 = 2_000_u32, in within(1, WAIT_MS); "for a page"
        sms: u32 = 10_000_u32, in within(1, WAIT_MS); "for a text"
    }
    /// `[languages]`
    Languages {
        default: String = "km"; "km | km-Latn | en: when nothing is known of a number"
    }
    /// `[[code]]`
    Code {
        name: String, shown "\"owso\""; "its name in errors"
        regex: String, required "\"[0-9]{15}\""; "matched against the whole code without separators"
        check: CheckDigit, shown "\"damm\""; "none | luhn | damm"
        groups: Vec<usize>, shown "[6, 2, 6, 1]"; "printed 120500-26-048193-7"
        source: String = ""; "name of a [[source]] that is asked about these codes; default: [portal]"
    }
    /// `[limits]`
    Limits {
        failed_lookups_per_number: FailedLookupsPerNumber = FailedLookupsPerNumber::default(); "wrong codes and PINs"
        failed_lookups_per_kiosk: FailedLookupsPerKiosk = FailedLookupsPerKiosk::default(); "at one device"
        failed_lookups_global_per_hour: u32 = 500_u32; "when spent, a bare code is answered \"add your PIN\" until the hour ends"
        replies_per_number: RepliesPerNumber = RepliesPerNumber::default(); "outside an open dialogue"
        dialogue_turns_per_number_per_day: u32 = 120_u32; "steps that advance an open dialogue count here instead"
        one_time_codes_per_number: OneTimeCodesPerNumber = OneTimeCodesPerNumber::default(); "and texts to a phone that a kiosk is asked for"
        one_time_codes_per_kiosk: OneTimeCodesPerKiosk = OneTimeCodesPerKiosk::default(); "at one device"
        one_time_codes_global_per_hour: u32 = 2_000_u32; "at all kiosks"
    }
    /// `[limits] failed_lookups_per_number`
    FailedLookupsPerNumber {
        per_15_min: u32 = 5_u32; "wrong codes or PINs"
        per_day: u32 = 10_u32; "wrong codes or PINs"
    }
    /// `[limits] failed_lookups_per_kiosk`
    FailedLookupsPerKiosk {
        per_10_min: u32 = 10_u32; "wrong codes or PINs"
    }
    /// `[limits] replies_per_number`
    RepliesPerNumber {
        per_min: u32 = 6_u32; "answers"
        per_day: u32 = 30_u32; "answers"
    }
    /// `[limits] one_time_codes_per_number`
    OneTimeCodesPerNumber {
        per_hour: u32 = 3_u32; "texts that a visitor asks for"
        per_day: u32 = 6_u32; "texts that a visitor asks for"
    }
    /// `[limits] one_time_codes_per_kiosk`
    OneTimeCodesPerKiosk {
        per_10_min: u32 = 6_u32; "texts that visitors ask for"
    }
    /// `[push]`
    Push {
        countries: Vec<String>, shown "[\"855\"]"; "country codes that anybody may be texted in: notices, agencies, kiosk, one-time codes"
        quiet_hours: Vec<String> = ["21:00", "07:00"].map(str::to_owned); "unasked texts wait meanwhile; [] for none"
        enabled: bool = true; "whether the portal's events become texts"
    }
    /// `[retention]`
    Retention {
        texts_days: u32 = 7_u32; "sealed numbers and texts are destroyed after this; counters stay"
        audit_days: u32 = AUDIT_DAYS, in within(1, 3_650); "rows of the audit log are taken away after this"
    }
    /// `[kiosk]`
    Kiosk {
        pairing: Pairing = Pairing::Required; "\"off\": any browser may use the kiosk pages (try-out, trials)"
        idle_s: u32 = 60_u32; "silence before a page asks whether somebody is there"
        warning_s: u32 = 30_u32; "how long it waits for an answer"
        staff_pin: String, such_as "\"...\""; "inline, see above"
        staff_pin_file: PathBuf, such_as "\"...\""; "4 to 12 digits that open the staff page; default: there is none"
        authority: AuthorityName, such_as "{ km = \"...\", en = \"...\" }"; "whose screen this is: start page, header, everything printed"
        emblem_file: PathBuf, such_as "\"...\""; "its emblem, SVG; at most 64 KiB"
        colour: String, such_as "\"#16335b\""; "its colour: dark enough for white letters on it"
        khqr_accounts: Vec<String>, such_as "[\"owso@bank\"]"; "fees are paid to no other account, whatever the portal sends"
        login: Login, such_as ""; "visitors sign in by their telephone and see what is their own; see docs/CAMDIGIKEY.md"
        printers: Vec<String>, such_as "[\"owso-1205\"]"; "offices whose kiosks have a printer, \"*\": all; printing is offered nowhere else"
    }
    /// `[kiosk] authority`
    AuthorityName {
        km: String, such_as "\"...\""; "its name in Khmer"
        en: String, such_as "\"...\""; "its name in English"
    }
    /// `[kiosk.login]`
    Login {
        mode: LoginMode = LoginMode::Off; "off | portal: it lets them sign in | oidc: a provider of OpenID does (RFC 8628)"
        issuer: String, such_as "\"https://id.example.gov.kh\""; "the provider, as it calls itself; required with oidc"
        client_id: String, such_as "\"chrak\""; "as whom it is asked; required with oidc"
        client_secret_file: PathBuf, such_as "\"login.secret\""; "our secret there; default: a public client"
        scope: String = "openid"; "what is asked for; no profile, as nothing of it is read"
        resource: String, such_as "\"https://portal.example.gov.kh\""; "for which resource the token is (RFC 8707), where the provider wants that"
        ca_file: PathBuf, such_as "\"...\""; "trust this CA only"
        valid_s: u32 = 180_u32, in within(30, 600); "how long a code to sign in is shown, in seconds"
    }
    /// `[[agency]]`
    Agency {
        name: String, required "\"owso-dangkao\""; "required"
        token: String, such_as "\"...\""; "inline, see above"
        token_file: PathBuf, required "\"...\""; "required; each agency's own"
        free_text: bool = false; "templates only"
        per_day: u32 = 5_000_u32; "recipients in a day; 0 is no limit"
    }
    /// `[[smsc]]`
    Smsc {
        name: String, required "\"smart\""; "required"
        address: String, required "\"127.0.0.1:2775\""; "required; a host name's addresses are all tried"
        system_id: String, required "\"chrak\""; "required"
        password: String, required "\"secret\""; "or password_file; required"
        password_file: PathBuf, such_as "\"smart.password\""; "instead of password"
        system_type: String = ""; "of the bind, where the telco asks for one"
        interface_version: Version = Version::V34; "\"3.3\" | \"3.4\" | \"5.0\""
        bind: Binding = Binding::Transceiver; "or \"pair\": one transmitter and one receiver"
        binds: u32 = 1_u32, in within(1, 64); "equal binds to this telco, over all nodes"
        window: usize = 10_usize, in within(1, 10_000); "submit_sm in flight per bind"
        max_tps: u32 = 100_u32; "submit_sm per second per telco"
        enquire_link_s: u32 = 30_u32, in within(1, DAY_S); "after this silence; unanswered for 10 s ends the session"
        response_timeout_s: u32 = 30_u32, in within(1, DAY_S); "wait for a submit_sm_resp; without it the outcome is unknown"
        reconnect_max_s: u32 = 30_u32, in within(1, DAY_S); "longest pause between two connects"
        tls: Tls, such_as ""; "TLS to this telco ({}: with what this machine trusts); changed files are used at the next connect"
        outbind_listen: String, such_as "\"0.0.0.0:2776\""; "here the SMSC may connect to us and is bound to when it knows the password (outbind); with tls over TLS, showing tls.cert_file"
        family: String, such_as "\"smart\""; "SMSCs of one family redeliver to one another; default: name"
        unique_id: String = "none"; "none | user_message_reference | receipted_message_id | 0xTTTT: names one MO for ever"
        short_codes: Vec<String> = ["1212".to_owned()]; "numbers at which MOs arrive; the source of MTs is the code that was texted, else the first"
        prefixes: Vec<String> = Vec::<String>::new(); "prefixes this telco serves, e.g. [\"010\", \"015\"] or [\"10\", \"+85515\"]: route unasked texts.\nAn answer and a USSD screen always go back over the telco the MO came from."
        number_format: NumberFormat = NumberFormat::International; "how MSISDNs are written to this telco: international 855… | national 0… | plus +855…"
        dest: Dest = Dest::default(); "of a subscriber"
        source: Source = Source::default(); "of our own short code"
        default_alphabet: DefaultAlphabet = DefaultAlphabet::Gsm7; "what data_coding 0 means here: gsm7 | latin1 | ascii"
        packing: Packing = Packing::Unpacked; "GSM 7-bit: unpacked | packed"
        concatenation: Concatenation = Concatenation::Udh8; "udh8 | udh16 | sar | payload"
        validity: Validity = Validity::Relative; "relative | absolute | none: how validity_period is written"
        message_id: Rule = Rule::Auto; "how ids of resp and receipt compare: auto | exact | hex | decimal"
        receipts: bool = true; "ask for delivery receipts"
        ussd: Ussd = Ussd::default(); "screens: what is dialled, which dialect, what fits"
        retry: BTreeMap<String, String>, such_as "{ \"0x45\" = \"permanent\" }"; "overrides of the command_status table: retry | permanent | throttle"
    }
    /// `[[smsc]] dest`
    Dest {
        ton: u8 = 1_u8; "TON"
        npi: u8 = 1_u8; "NPI"
    }
    /// `[[smsc]] source`
    Source {
        ton: u8 = 0_u8; "TON"
        npi: u8 = 1_u8; "NPI"
    }
    /// `[[smsc]] tls`
    Tls {
        ca_file: PathBuf, such_as "\"...\""; "trust this CA only, PEM; default: those that this machine trusts"
        server_name: String, such_as "\"...\""; "the name in its certificate; default: the host of address"
        cert_file: PathBuf, such_as "\"...\""; "our certificate, where the telco asks for one, PEM"
        key_file: PathBuf, such_as "\"...\""; "its private key, PEM, without a passphrase"
    }
    /// `[[smsc]] ussd`
    Ussd {
        codes: Vec<String> = ["*1212#".to_owned()]; "our service codes, as dialled"
        profile: String = "spec"; "spec | tata | mica | sixdee | msisdn, or the name of a [[ussd_profile]]"
        max_gsm7: usize = 160_usize, in within(100, 182); "septets of a screen"
        max_ucs2: usize = 70_usize, in within(60, 80).or_zero(); "UCS-2 units of a screen; 0: it takes none"
        deadline_ms: u32 = 5_000_u32, in within(1_000, 60_000); "the gateway's timer"
    }
    /// `[[ussd_profile]]`
    UssdProfile {
        name: String, required "\"metfone\""; "required"
        based_on: String = "spec"; "spec | tata | mica | sixdee | msisdn; the keys below override"
        session: String, such_as "\"its16\""; "its16 | its15 | umr_msisdn | msisdn | 0xTTTT (a TLV's tag)"
        start: Vec<u8>, such_as "[1]"; "ussd_service_op that opens a session"
        next: Vec<u8>, such_as "[18]"; "goes on"
        abort: Vec<u8>, such_as "[129]"; "ends, from their side"
        reply_continue: u8, such_as "2"; "ours: a screen that waits for an input"
        reply_end: u8, such_as "17"; "ours: the last screen"
        end_bit: bool, such_as "true"; "lowest bit of its_session_info says the session is over"
        code_in: CodeAt, such_as "\"destination\""; "where the service code stands: destination | text"
        pdu: UssdPdu, such_as "\"submit_sm\""; "submit_sm | data_sm"
        service_type: String, such_as "\"USSD\""; "of our screens; at most 5 characters"
        dcs: Dcs, such_as ""; "data_coding of screens"
        echo_tlvs: Vec<toml::Value>, such_as "[]"; "TLVs of an input that its screen carries back, as \"0x1401\""
        push: u8, such_as "3"; "ussd_service_op of a notice nobody asked for; default: none is sent"
    }
    /// `[[ussd_profile]] dcs`
    Dcs {
        gsm7: u8, such_as "15"; "of GSM 7-bit"
        ucs2: u8, such_as "72"; "of UCS-2"
    }
}

/// The keys of the table at `path`, where a list's number is left out (`smsc.tls`); `None` where any key may
/// stand or no table stands.
pub fn keys_of(path: &[&str]) -> Option<Vec<Key>> {
    keys_at(File::keys(), path)
}
