//! Every key that can be written is tried: it changes what comes out, or is refused in words. A key that is read
//! and does nothing misleads whoever wrote it.
use super::{Config, check, file, parse};
use crate::{
    certificates::{Ca, Valid},
    types::Secret,
};
use std::{collections::BTreeSet, path::Path};

const EXAMPLE: &str = include_str!("../../../docs/chrak.example.toml");

/// The example with what is commented out in it, as far as one file can hold it: every key stands in it once.
fn whole_example() -> toml::Table {
    let is_key = |line: &str| {
        let word = line.split(" = ").next().unwrap_or_default();
        line.contains(" = ") && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    let lines = EXAMPLE.lines().map(|line| {
        let bare = line.strip_prefix("# ").unwrap_or(line);
        if is_key(bare) || ["[[", "[portal.", "[source.", "[kiosk."].iter().any(|head| bare.starts_with(head)) {
            bare
        } else {
            line
        }
    });
    lines.collect::<Vec<_>>().join("\n").parse().expect("the example is TOML, also with what is commented out")
}

/// The keys of a table and of those in it, as `smsc.ussd.codes`.
fn keys(table: &toml::Table, at: &str, found: &mut BTreeSet<String>) {
    for (key, value) in table {
        let path = if at.is_empty() { key.clone() } else { format!("{at}.{key}") };
        match value {
            toml::Value::Table(inner) if file::keys_of(&path.split('.').collect::<Vec<_>>()).is_some() => {
                keys(inner, &path, found);
            }
            toml::Value::Array(items) if items.first().is_some_and(toml::Value::is_table) => {
                items.iter().filter_map(toml::Value::as_table).for_each(|inner| keys(inner, &path, found));
            }
            _ => {
                found.insert(path);
            }
        }
    }
}

/// The keys that the program reads, in the same form.
fn known(at: &[&'static str], found: &mut BTreeSet<String>) {
    for key in file::keys_of(at).expect("a table") {
        let path: Vec<&'static str> = at.iter().copied().chain([key.name]).collect();
        match file::keys_of(&path) {
            Some(_) => known(&path, found),
            None => {
                found.insert(path.join("."));
            }
        }
    }
}

/// What a key does.
enum Does {
    /// Another setting comes out.
    Acts,
    /// It is refused in these words.
    Refused(&'static str),
    /// It is of use with another key only, and who writes it alone is told so.
    Warned(&'static str),
}
use Does::{Acts, Refused, Warned};

/// Every key with a value that is not its default. What stands in `needs` must be there for it to be of sense.
type Case = (&'static str, &'static str, &'static str, Does);

const PROFILE: &str = "[[smsc]]\nussd = { profile = \"own\" }\n[[ussd_profile]]\nname = \"own\"";

fn cases() -> Vec<Case> {
    let mut all = vec![
        ("data_dir", "\"elsewhere\"", "", Acts),
        ("timezone", "\"Asia/Bangkok\"", "", Acts),
        ("http.listen", "\"127.0.0.1:81\"", "", Acts),
        ("http.hosts", "[\"kiosk.example\"]", "", Acts),
        ("http.proxies", "[\"192.0.2.7\"]", "", Acts),
        ("http.tls.cert_file", "\"ca/one.pem\"", "[http.tls]\nkey_file = \"ca/one.key\"", Acts),
        ("http.tls.key_file", "\"ca/one.key\"", "[http.tls]\ncert_file = \"ca/one.pem\"", Acts),
        ("ops.listen", "\"127.0.0.1:91\"", "", Acts),
        ("ops.token", "\"other\"", "", Acts),
        ("ops.token_file", "\"secret\"", "", Acts),
        ("database.url", "\"sqlite:other.db\"", "", Acts),
        ("database.node", "\"node-a\"", "[database]\nurl = \"postgres://chrak@db/chrak\"", Acts),
        ("portal.url", "\"https://other.example\"", "", Acts),
        ("portal.token", "\"other\"", "", Acts),
        ("portal.token_file", "\"secret\"", "", Acts),
        ("portal.ca_file", "\"ca.pem\"", "", Acts),
        ("portal.mode", "\"xroad\"", XROAD, Acts),
        ("portal.timeout_ms.ussd", "801", "", Acts),
        ("portal.timeout_ms.kiosk", "2001", "", Acts),
        ("portal.timeout_ms.sms", "10001", "", Acts),
        ("portal.events", "\"webhook\"", "[portal]\nwebhook_secret_files = [\"whsec\"]", Acts),
        ("portal.poll_s", "11", "", Acts),
        ("portal.webhook_secret_files", "[\"whsec\"]", "", Warned("only events = \"webhook\" uses it")),
        ("languages.default", "\"en\"", "", Acts),
        ("code.name", "\"other\"", "", Acts),
        ("code.regex", "\"[0-9]{14}\"", "", Acts),
        ("code.check", "\"luhn\"", "", Acts),
        ("code.groups", "[5, 5, 5]", "", Acts),
        ("limits.failed_lookups_per_number.per_15_min", "6", "", Acts),
        ("limits.failed_lookups_per_number.per_day", "11", "", Acts),
        ("limits.failed_lookups_per_kiosk.per_10_min", "11", "", Acts),
        ("limits.failed_lookups_global_per_hour", "501", "", Acts),
        ("limits.replies_per_number.per_min", "7", "", Acts),
        ("limits.replies_per_number.per_day", "31", "", Acts),
        ("limits.dialogue_turns_per_number_per_day", "121", "", Acts),
        ("limits.one_time_codes_per_number.per_hour", "4", "", Acts),
        ("limits.one_time_codes_per_number.per_day", "7", "", Acts),
        ("limits.one_time_codes_per_kiosk.per_10_min", "7", "", Acts),
        ("limits.one_time_codes_global_per_hour", "2001", "", Acts),
        ("push.countries", "[\"855\", \"66\"]", "", Acts),
        ("push.quiet_hours", "[\"22:00\", \"07:00\"]", "", Acts),
        ("push.enabled", "false", "", Acts),
        ("retention.texts_days", "8", "", Acts),
        ("retention.audit_days", "366", "", Acts),
        ("kiosk.pairing", "\"off\"", "", Acts),
        ("kiosk.idle_s", "61", "", Acts),
        ("kiosk.warning_s", "31", "", Acts),
        ("kiosk.staff_pin", "\"4821\"", "", Acts),
        ("kiosk.staff_pin_file", "\"pin\"", "", Acts),
        ("kiosk.authority.km", "\"សាលាខណ្ឌដង្កោ\"", "[kiosk.authority]\nen = \"Dangkao Hall\"", Acts),
        ("kiosk.authority.en", "\"Dangkao Hall\"", "[kiosk.authority]\nkm = \"សាលាខណ្ឌដង្កោ\"", Acts),
        ("kiosk.emblem_file", "\"emblem.svg\"", "", Acts),
        ("kiosk.colour", "\"#5b1616\"", "", Acts),
        ("kiosk.khqr_accounts", "[\"owso@bank\"]", "", Acts),
        ("kiosk.printers", "[\"*\"]", "", Acts),
        ("agency.name", "\"other\"", "[[agency]]\ntoken = \"t2\"", Acts),
        ("agency.token", "\"other\"", "[[agency]]\nname = \"a\"", Acts),
        ("agency.token_file", "\"secret\"", "[[agency]]\nname = \"a\"", Acts),
        ("agency.free_text", "true", "[[agency]]\nname = \"a\"\ntoken = \"t2\"", Acts),
        ("agency.per_day", "5001", "[[agency]]\nname = \"a\"\ntoken = \"t2\"", Acts),
    ];
    all.extend(of_xroad("portal"));
    all.extend(of_govstack("portal"));
    all.extend(of_sources());
    all.extend(of_login());
    all.extend(of_telcos());
    all
}

const XROAD: &str = "[portal.xroad]\nclient = \"A/B/C/D\"\nservice = \"A/B/C/E/f\"";

/// A source, and the codes that are asked about there.
const SOURCE: &str =
    "[[code]]\nsource = \"obr\"\n[[source]]\nname = \"obr\"\nurl = \"https://obr.example\"\ntoken = \"t\"\n";
const DIRECTORY: &str = "directory_file = \"directory.json\"\nclient = \"A/B/C/D\"\n";

/// A place with this mode and these keys, and what stands in its tables.
fn place(of: &str, mode: &str, more: &str, xroad: &str, govstack: &str) -> &'static str {
    let head = if of == "source" { SOURCE } else { "[portal]\n" };
    let mut text = format!("{head}mode = \"{mode}\"\n{more}\n");
    for (name, keys) in [("xroad", xroad), ("govstack", govstack)] {
        if !keys.is_empty() {
            text += &format!("[{of}.{name}]\n{keys}\n");
        }
    }
    leak(text)
}

fn of_xroad(of: &str) -> Vec<Case> {
    let by = |more: &str, keys: &str| {
        place(of, "xroad", more, &format!("client = \"A/B/C/D\"\nservice = \"A/B/C/E/f\"\n{keys}"), "")
    };
    let plain = by("", "");
    let hook = by("events = \"webhook\"\nwebhook_secret_files = [\"whsec\"]", "");
    let mut all = Vec::new();
    for (key, value, needs) in [
        ("client", "\"A/B/C/X\"", plain),
        ("service", "\"A/B/C/E/x\"", plain),
        ("cert_file", "\"ca/one.pem\"", by("", "key_file = \"ca/one.key\"")),
        ("key_file", "\"ca/one.key\"", by("", "cert_file = \"ca/one.pem\"")),
        ("server_cert_file", "\"ca/one.pem\"", plain),
        ("user_id", "\"KH-CHRAK\"", plain),
        ("represented_party", "\"B/G\"", plain),
        ("provider_server", "\"A/B/C/ss\"", plain),
        ("webhook_client", "\"A/B/C/E\"", hook),
    ] {
        all.push((leak(format!("{of}.xroad.{key}")), value, needs, Acts));
    }
    all
}

fn of_govstack(of: &str) -> Vec<Case> {
    let straight = |keys: &str| {
        place(of, "govstack", "", "", &format!("{DIRECTORY}registration_url = \"https://r.example\"\n{keys}"))
    };
    let through = |keys: &str| place(of, "govstack", "", "client = \"A/B/C/D\"", &format!("{DIRECTORY}{keys}"));
    let (knows, at) =
        ("requestor_id = \"chrak\"\nrequest_token_file = \"secret\"\n", "scheduler_url = \"https://s.example\"\n");
    let registration = "registration_service = \"A/B/C/E/r\"\n";
    let mut all = Vec::new();
    for (key, value, needs) in [
        ("registration_url", "\"https://other.example\"", straight("")),
        ("registration_service", "\"A/B/C/E/r\"", through("")),
        ("scheduler_url", "\"https://other.example\"", straight(knows)),
        ("scheduler_service", "\"A/B/C/E/s\"", through(&format!("{registration}{knows}"))),
        ("requestor_id", "\"other\"", straight(&format!("{at}{knows}"))),
        ("request_token_file", "\"pin\"", straight(&format!("{at}{knows}"))),
        ("client", "\"A/B/C/X\"", straight("")),
        ("directory_file", "\"other.json\"", straight("")),
    ] {
        all.push((leak(format!("{of}.govstack.{key}")), value, needs, Acts));
    }
    all
}

const OIDC: &str = "[kiosk.login]\nmode = \"oidc\"\nissuer = \"https://id.example\"\nclient_id = \"chrak\"";

fn of_login() -> Vec<Case> {
    let mut all = vec![("kiosk.login.mode", "\"portal\"", "", Acts), ("kiosk.login.valid_s", "181", "", Acts)];
    for (key, value) in [
        ("issuer", "\"https://other.example\""),
        ("client_id", "\"other\""),
        ("client_secret_file", "\"secret\""),
        ("scope", "\"openid status\""),
        ("resource", "\"https://portal.example\""),
        ("ca_file", "\"ca/ca.pem\""),
    ] {
        all.push((leak(format!("kiosk.login.{key}")), value, OIDC, Acts));
    }
    all
}

fn of_sources() -> Vec<Case> {
    let mut all = vec![
        ("code.source", "\"obr\"", SOURCE.trim_start_matches("[[code]]\nsource = \"obr\"\n"), Acts),
        ("source.name", "\"other\"", SOURCE, Refused("there is no [[source]] with the name \"obr\"")),
        ("source.url", "\"https://other.example\"", SOURCE, Acts),
        ("source.token", "\"other\"", SOURCE, Acts),
        ("source.token_file", "\"secret\"", SOURCE, Acts),
        ("source.ca_file", "\"ca.pem\"", SOURCE, Acts),
        (
            "source.mode",
            "\"xroad\"",
            place("source", "direct", "", "client = \"A/B/C/D\"\nservice = \"A/B/C/E/f\"", ""),
            Acts,
        ),
        ("source.timeout_ms.ussd", "801", SOURCE, Acts),
        ("source.timeout_ms.kiosk", "2001", SOURCE, Acts),
        ("source.timeout_ms.sms", "10001", SOURCE, Acts),
        ("source.poll_s", "11", SOURCE, Warned("source[0].poll_s: has no effect")),
        ("source.webhook_secret_files", "[\"whsec\"]", SOURCE, Warned("only events = \"webhook\" uses it")),
    ];
    let hook = place("source", "direct", "webhook_secret_files = [\"whsec\"]", "", "");
    all.push(("source.events", "\"webhook\"", hook, Warned("source[0].events: has no effect")));
    all.extend(of_xroad("source"));
    all.extend(of_govstack("source"));
    all
}

fn of_telcos() -> Vec<Case> {
    let mut all = Vec::new();
    for (key, value) in [
        ("name", "\"other\""),
        ("address", "\"127.0.0.1:2776\""),
        ("system_id", "\"other\""),
        ("password", "\"other\""),
        ("password_file", "\"secret\""),
        ("system_type", "\"x\""),
        ("interface_version", "\"5.0\""),
        ("bind", "\"pair\""),
        ("binds", "2"),
        ("window", "11"),
        ("max_tps", "101"),
        ("enquire_link_s", "31"),
        ("response_timeout_s", "31"),
        ("reconnect_max_s", "31"),
        ("outbind_listen", "\"0.0.0.0:2776\""),
        ("family", "\"other\""),
        ("unique_id", "\"user_message_reference\""),
        ("short_codes", "[\"1213\"]"),
        ("prefixes", "[\"10\"]"),
        ("number_format", "\"plus\""),
        ("dest.ton", "2"),
        ("dest.npi", "2"),
        ("source.ton", "2"),
        ("source.npi", "2"),
        ("default_alphabet", "\"latin1\""),
        ("packing", "\"packed\""),
        ("concatenation", "\"udh16\""),
        ("validity", "\"none\""),
        ("message_id", "\"hex\""),
        ("receipts", "false"),
        ("retry", "{ \"0x45\" = \"permanent\" }"),
        ("ussd.codes", "[\"*1213#\"]"),
        ("ussd.profile", "\"tata\""),
        ("ussd.max_gsm7", "161"),
        ("ussd.max_ucs2", "71"),
        ("ussd.deadline_ms", "5001"),
    ] {
        all.push((leak(format!("smsc.{key}")), value, "", Acts));
    }
    all.extend(of_tls());
    for (key, value) in [
        ("name", "\"other\""),
        ("based_on", "\"tata\""),
        ("session", "\"msisdn\""),
        ("start", "[3]"),
        ("next", "[4]"),
        ("abort", "[5]"),
        ("reply_continue", "6"),
        ("reply_end", "7"),
        ("end_bit", "false"),
        ("code_in", "\"text\""),
        ("pdu", "\"data_sm\""),
        ("service_type", "\"X\""),
        ("dcs.gsm7", "1"),
        ("dcs.ucs2", "2"),
        ("echo_tlvs", "[\"0x1401\"]"),
        ("push", "3"),
    ] {
        // a profile of another name is not that of the telco
        let does = if key == "name" { Refused("nor a [[ussd_profile]]") } else { Acts };
        all.push((leak(format!("ussd_profile.{key}")), value, PROFILE, does));
    }
    all
}

fn of_tls() -> Vec<Case> {
    let mut all = Vec::new();
    for (key, value, needs) in [
        ("ca_file", "\"ca/ca.pem\"", ""),
        ("server_name", "\"smsc.example\"", ""),
        ("cert_file", "\"ca/one.pem\"", "[[smsc]]\ntls = { key_file = \"ca/one.key\" }"),
        ("key_file", "\"ca/one.key\"", "[[smsc]]\ntls = { cert_file = \"ca/one.pem\" }"),
    ] {
        all.push((leak(format!("smsc.tls.{key}")), value, needs, Acts));
    }
    all
}

fn leak(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

/// A file with nothing in it but what must be.
const LEAST: &str = "[portal]\nurl = \"https://portal.example\"\ntoken = \"t\"\n[[smsc]]\nname = \"smart\"\n\
    address = \"127.0.0.1:2775\"\nsystem_id = \"chrak\"\npassword = \"p\"\n[[code]]\nname = \"owso\"\nregex = \"[0-9]{15}\"\n\
    check = \"damm\"\ngroups = [6, 2, 6, 1]\n";

/// A directory with nothing in it but what must be.
const LEAST_DIRECTORY: &str = r#"{"services":[{"id":"s","code":"1002","name":{"km":"ក","en":"NAME"},"purpose":{"km":"ក","en":"A"},
    "sensitive":false,"bookable":true,"popular":false,"govstack":{"service_id":"f7d33db0-2809-484e-a780-76b7ccd4ecbf"}}],
    "offices":[{"id":"o","name":{"km":"ក","en":"A"},"division":"1205","address":{"km":"ក","en":"A"},"services":["s"],
    "govstack":{"entity_id":"67890"}}]}"#;

/// Lays one table over another; lists of tables over each other one by one.
fn lay(over: toml::Table, under: &mut toml::Table) {
    for (key, value) in over {
        match (under.get_mut(&key), value) {
            (Some(toml::Value::Table(under)), toml::Value::Table(over)) => lay(over, under),
            (Some(toml::Value::Array(under)), toml::Value::Array(over))
                if under.first().is_some_and(toml::Value::is_table) =>
            {
                for (under, over) in under.iter_mut().filter_map(toml::Value::as_table_mut).zip(over) {
                    lay(over.as_table().expect("a table").clone(), under);
                }
            }
            (_, value) => {
                under.insert(key, value);
            }
        }
    }
}

fn table(text: &str) -> toml::Table {
    text.parse().unwrap_or_else(|fault| panic!("{text}: {fault}"))
}

/// `a.b.c = value`, with a list where the table stands several times.
fn single(path: &str, value: &str) -> toml::Table {
    let (first, rest) = path.split_once('.').unwrap_or(("", path));
    match first {
        "code" | "source" | "agency" | "smsc" | "ussd_profile" => table(&format!("[[{first}]]\n{rest} = {value}")),
        _ => table(&format!("{path} = {value}")),
    }
}

/// Everything that comes out, secrets too.
fn shown(config: &Config) -> String {
    let mut secrets: Vec<&str> = vec![config.portal.token.expose()];
    secrets.extend(config.sources.iter().map(|source| source.portal.token.expose()));
    let places = [&config.portal].into_iter().chain(config.sources.iter().map(|source| &source.portal));
    let govstack = places.filter_map(|place| place.govstack.as_ref()?.scheduler.as_ref());
    secrets.extend(govstack.map(|scheduler| scheduler.request_token.expose()));
    secrets.extend(config.ops_token.iter().map(Secret::expose));
    secrets.extend(config.kiosk.staff_pin.iter().map(Secret::expose));
    secrets.extend(config.telcos.iter().map(|telco| telco.link.password.expose()));
    secrets.extend(config.agencies.iter().map(|agency| agency.token.expose()));
    let mut config = config.clone();
    // a warning is no setting
    config.warnings.clear();
    format!("{config:#?} {secrets:?}")
}

fn settle(table: &toml::Table, folder: &Path) -> Result<String, String> {
    let text = toml::to_string(table).expect("TOML");
    let file = parse(&text, "chrak.toml", std::iter::empty()).map_err(|fault| fault.to_string())?;
    check(file, folder).map(|config| shown(&config)).map_err(|fault| fault.to_string())
}

#[test]
fn no_key_is_read_that_does_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("secret"), "from-a-file").expect("written");
    std::fs::write(folder.path().join("pin"), "4821").expect("written");
    std::fs::write(folder.path().join("emblem.svg"), "<svg viewBox=\"0 0 1 1\"></svg>").expect("written");
    std::fs::write(folder.path().join("whsec"), "whsec_c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0").expect("written");
    for (file, name) in [("directory.json", "A"), ("other.json", "B")] {
        std::fs::write(folder.path().join(file), LEAST_DIRECTORY.replace("NAME", name)).expect("written");
    }
    Ca::new(folder.path(), "ca").sign("one", "DNS:a.example", Valid::Now);
    for (path, value, needs, does) in cases() {
        let mut base = table(LEAST);
        let list = |name: &str| vec![toml::Value::Table(toml::Table::new()); usize::from(needs.contains(name))];
        for name in ["agency", "source", "ussd_profile"] {
            if needs.contains(&format!("[[{name}]]")) {
                base.insert(name.to_owned(), toml::Value::Array(list(name)));
            }
        }
        lay(table(needs), &mut base);
        let before = settle(&base, folder.path());
        let mut changed = base.clone();
        // of a secret only one of the two may be given
        let secret = path.strip_suffix("_file").and_then(|inline| inline.split_once('.'));
        if let Some((name, inline)) = secret {
            let place = match changed.get_mut(name) {
                Some(toml::Value::Array(items)) => items[0].as_table_mut(),
                Some(toml::Value::Table(inner)) => Some(inner),
                _ => None,
            };
            place.map(|place| place.remove(inline));
        }
        lay(single(path, value), &mut changed);
        let after = settle(&changed, folder.path());
        match does {
            // where what it needs is not enough without it, that it is enough with it is what it does
            Acts => assert!(after.is_ok() && after != before, "{path} = {value}: {after:?}"),
            Refused(words) => {
                let fault = after.expect_err(path);
                assert!(fault.contains(words) && !fault.contains('\n'), "{path}: {fault}");
            }
            Warned(words) => {
                let file = parse(&toml::to_string(&changed).expect("TOML"), "chrak.toml", std::iter::empty());
                let config = check(file.expect("known keys"), folder.path()).expect(path);
                assert!(config.warnings.iter().any(|warning| warning.contains(words)), "{path}: {:?}", config.warnings);
            }
        }
    }
}

#[test]
fn every_key_that_can_be_written_is_tried() {
    let tried: BTreeSet<String> = cases().iter().map(|(path, ..)| (*path).to_owned()).collect();
    let mut read = BTreeSet::new();
    known(&[], &mut read);
    assert_eq!(tried, read);
}

#[test]
fn the_example_holds_known_keys_only_and_is_taken_as_it_is() {
    let mut read = BTreeSet::new();
    known(&[], &mut read);
    let mut shown = BTreeSet::new();
    keys(&whole_example(), "", &mut shown);
    assert!(shown.len() > 90, "{} keys are found in it", shown.len());
    assert_eq!(shown.difference(&read).collect::<Vec<_>>(), Vec::<&String>::new());
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("portal.token"), "t").expect("written");
    settle(&table(EXAMPLE), folder.path()).expect("the example is a good file");
}

/// What is written beyond a bound is not taken for the bound.
#[test]
fn no_number_is_changed_without_a_word() {
    for (path, value) in [
        ("portal.timeout_ms.ussd", "0"),
        ("portal.timeout_ms.kiosk", "0"),
        ("portal.timeout_ms.sms", "0"),
        ("portal.timeout_ms.sms", "600001"),
        ("portal.poll_s", "0"),
        ("smsc.binds", "0"),
        ("smsc.binds", "65"),
        ("smsc.window", "0"),
        ("smsc.window", "10001"),
        ("smsc.enquire_link_s", "0"),
        ("smsc.response_timeout_s", "0"),
        ("smsc.reconnect_max_s", "0"),
        ("smsc.ussd.max_gsm7", "99"),
        ("smsc.ussd.max_ucs2", "59"),
        ("smsc.ussd.deadline_ms", "999"),
    ] {
        let mut changed = table(LEAST);
        lay(single(path, value), &mut changed);
        let fault = settle(&changed, Path::new(".")).expect_err(path);
        assert!(fault.contains(&format!("{value} is not between")), "{path}: {fault}");
        assert!(fault.contains(path.rsplit('.').next().unwrap_or_default()), "{path}: {fault}");
    }
}
