//! What the program is made of, and what it keeps, never becomes a "no" or an empty list because it could not be built
//! or read: where a result of building or reading is dropped, the place stands here with its reason. Constants are built
//! by the compiler or by `app::preflight`, which names what it cannot build.
use crate::tidy::{files, root};

/// Ways to drop why something failed.
const DROPS: [&str; 7] =
    [".ok()", ".unwrap_or_default()", ".unwrap_or(", ".unwrap_or_else(|_|", "Result::ok", "let _ =", "let Ok("];

/// Ways to build or read something.
const BUILDS: [&str; 27] = [
    "Regex::new",
    "RegexBuilder",
    "CodePattern::new",
    "gsm7::encode",
    "HeaderValue::from_str",
    "HeaderName::from_",
    "serde_json::from_",
    "serde_json::to_",
    "deserialize(",
    "toml::",
    "Embedded::get",
    "assets::asset(",
    "assets::text(",
    "include_str!",
    "include_bytes!",
    "TimeZone::get",
    "EnvFilter",
    ".parse()",
    ".parse::<",
    "from_utf8",
    "try_parse",
    "Url::parse",
    "SecureRandom",
    "install_",
    ".build()",
    ".try_into()",
    ".decode(",
];

/// Somebody else's words: whoever sent or typed them is told, or they count as not said.
const OUTSIDE: &str = "from outside, where anything may come; what cannot be read is answered or counts as not said";
/// A file of the operator: the caller makes an error of the configuration of it.
const CONFIGURED: &str = "becomes an error of the configuration that names the key";
/// A code of the database's own errors.
const SQLITE: &str = "a code that is no number is none of those that are looked for";

/// File, a piece of the statement, and why nothing is hidden there.
const PLACES: &[(&str, &str, &str)] = &[
    ("api/govstack.rs", "BASE64.decode(encoded)", OUTSIDE),
    (
        "api/kiosk.rs",
        "serde_json::from_str::<Value>(value)",
        "an order's value is JSON or a plain word; a word goes as it is",
    ),
    ("api/notifications.rs", "written.parse()", OUTSIDE),
    ("api/notifications.rs", "BASE64.decode(signature)", OUTSIDE),
    ("app/config/check.rs", "hour.parse()", CONFIGURED),
    (
        "app/config/source.rs",
        "table.groups.clone().unwrap_or_default()",
        "a code without groups is printed in one piece",
    ),
    ("api/shared.rs", "uuid::Uuid::try_parse(text)", OUTSIDE),
    ("app/config/load.rs", "next.parse::<usize>()", "a name that is no number names a key, not a place in a list"),
    ("app/config/telco.rs", "port.parse::<u16>()", CONFIGURED),
    ("app/config/ussd.rs", "u16::try_from(*tag)", CONFIGURED),
    ("dialogue/keyword.rs", "first.parse()", OUTSIDE),
    ("exchange/ussd/state.rs", "serde_json::from_slice(&session.state)", "the log says that a session is lost"),
    ("khqr.rs", "must(53)?.parse()", "broken, and the caller is told which part"),
    ("kiosk/pages/complain.rs", "nth.parse::<u8>()", OUTSIDE),
    ("kiosk/pages/display.rs", "change.parse()", "one of the digits 0 to 2, matched before"),
    ("kiosk/pages/start.rs", "serde_json::from_str(json)", "the log says that an operator's words are lost"),
    ("kiosk/visit/seal.rs", "URL_SAFE_NO_PAD.decode(sealed)", OUTSIDE),
    ("kiosk/visit/state.rs", "serde_json::from_slice::<VisitState>", OUTSIDE),
    ("kiosk/visit/typed.rs", "at.parse()", OUTSIDE),
    ("login/discovery.rs", "serde_json::from_slice::<Document>", CONFIGURED),
    ("login/wire.rs", "serde_json::from_slice::<Refused>", OUTSIDE),
    ("ops/kiosks.rs", "telling.value.parse::<u8>()", OUTSIDE),
    ("portal/govstack/wire.rs", "trim_end_matches('Z').parse()", OUTSIDE),
    ("portal/transport.rs", "text.parse()", OUTSIDE),
    ("portal/watch.rs", "serde_json::from_slice::<Said>(body)", OUTSIDE),
    ("portal/watch.rs", "uuid::Uuid::try_parse(&text)", OUTSIDE),
    ("portal/wire.rs", "text.parse()", OUTSIDE),
    ("portal/wire.rs", "serde_json::from_slice::<WireProblem>(body)", OUTSIDE),
    ("portal/wire/directory.rs", "serde_json::from_value(item)", "what is left out is counted and logged by page()"),
    ("portal/wire/pages.rs", "serde_json::from_value(item)", "what is left out is counted and logged by page()"),
    ("portal/wire/directory.rs", "closure.date.parse()", OUTSIDE),
    ("portal/wire/directory.rs", "text.parse()", OUTSIDE),
    ("portal/wire/events.rs", "T::deserialize(data)", "the event is refused, or left out with a line in the log"),
    (
        "ports/refusal.rs",
        "serde_json::Value::String(code.to_owned())",
        "a code of a newer version; the state still says rejected",
    ),
    ("ports/rules/kiosks.rs", "value.parse().ok()", "the console lets no volume through that is no number"),
    ("render/agency/kinds.rs", "group.parse()", OUTSIDE),
    ("sandbox/phone/history.rs", "serde_json::to_value(event)", "an event is plain strings and numbers"),
    ("sandbox/portal/directory.rs", "at.parse::<usize>()", OUTSIDE),
    ("sandbox/portal/slots.rs", "text.parse::<Date>()", OUTSIDE),
    ("sandbox/portal/slots.rs", "text.parse::<Time>()", "app::preflight reads every time of the directory"),
    ("sandbox/portal/slots.rs", "item[\"start\"].as_str()?.parse()", OUTSIDE),
    ("sandbox/portal/voices.rs", "at.parse::<i64>()", OUTSIDE),
    ("sandbox/portal/voices.rs", "text.parse::<i64>()", OUTSIDE),
    ("sandbox/telco/fault.rs", "value.parse", "becomes an error of the command line that names the flag"),
    ("sandbox/telco/load.rs", "digits.parse()", "a number that the load did not make is none of its own"),
    ("sandbox/telco/wire.rs", "String::from_utf8(std::mem::take(partial))", OUTSIDE),
    ("smpp/message_id.rs", "key.parse::<u128>()", "an id that is no such number has no such spelling"),
    ("store/conn.rs", "number.try_into()", "the caller answers that the column holds something else"),
    ("store/rows/mod.rs", "String::from_utf8(plain)", "the caller logs what does not open"),
    ("store/sqlite/fault.rs", "code.parse::<i32>()", SQLITE),
    ("tls/expiry.rs", "from_utf8(value)", "of octets that are no certificate no end is told"),
    ("web/client.rs", "address.parse()", CONFIGURED),
    ("web/client.rs", "bits.parse()", CONFIGURED),
    ("web/client.rs", "bare.parse::<IpAddr>()", OUTSIDE),
    ("web/hosts.rs", "port.parse()", "a name of the configuration is refused, one from outside is not ours"),
    ("web/hosts.rs", "parse::<Ipv6Addr>()", "a name of the configuration is refused, one from outside is not ours"),
    ("store/sql/dead.rs", "std::str::from_utf8(digits)", "a number that does not open is shown covered, as any is"),
    ("types/time.rs", "text.parse::<Timestamp>()", OUTSIDE),
];

/// Statements of a source that drop why something could not be built or read.
fn dropped(source: &str) -> Vec<String> {
    let code = source.split("#[cfg(test)]").next().unwrap_or_default();
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    let code = lines.collect::<Vec<_>>().join("\n");
    let mut found = Vec::new();
    for drop in DROPS {
        for (at, _) in code.match_indices(drop) {
            let start = code[..at].rfind([';', '{', '}']).map_or(0, |before| before + 1);
            let end = at + drop.len();
            // a pattern stands before what it drops
            let end = if drop.starts_with("let") {
                code[end..].find([';', '{']).map_or(code.len(), |next| end + next)
            } else {
                end
            };
            let statement = code[start..end].split_whitespace().collect::<Vec<_>>().join(" ");
            if BUILDS.iter().any(|build| statement.contains(build)) && !found.contains(&statement) {
                found.push(statement);
            }
        }
    }
    found
}

#[test]
fn nothing_that_cannot_be_built_or_read_is_silently_left_out() {
    let source = root().join("src");
    let (mut new, mut seen) = (Vec::new(), vec![false; PLACES.len()]);
    for path in files(&source, ".rs") {
        let name = path.strip_prefix(&source).expect("a file of src").to_string_lossy().into_owned();
        if name.contains("tests") {
            continue;
        }
        for statement in dropped(&std::fs::read_to_string(&path).expect("source")) {
            let place = PLACES.iter().position(|(file, piece, _)| *file == name && statement.contains(piece));
            match place {
                Some(place) => seen[place] = true,
                None => new.push(format!("src/{name}: {statement}")),
            }
        }
    }
    assert!(
        new.is_empty(),
        "these drop why something could not be built or read: {new:#?}\n\
         A constant is built by the compiler or in app::preflight; what is stored is answered with an error or a line in \
         the log; where dropping it is right, add (file, piece of the statement, reason) to PLACES in tests/it/silent.rs"
    );
    let gone: Vec<_> = PLACES.iter().zip(seen).filter(|(_, seen)| !seen).map(|(place, _)| place).collect();
    assert!(gone.is_empty(), "these places are gone; take them out of PLACES in tests/it/silent.rs: {gone:#?}");
}

#[test]
fn the_pattern_that_was_valid_only_in_tests_would_be_found() {
    // what made every number invalid in the product
    let old = "let mobile = MOBILE.get_or_init(|| regex::Regex::new(MOBILE_NATIONAL).ok());";
    assert_eq!(dropped(old).len(), 1);
    let others = "keys: secrets.iter().filter_map(|one| BASE64.decode(one).ok());\n\
        if let Ok(etag) = HeaderValue::from_str(&etag) {\nlet zone = TimeZone::get(\"X\").unwrap_or(UTC);";
    assert_eq!(dropped(others).len(), 3, "{:?}", dropped(others));
    assert!(dropped("let pattern = Regex::new(\"[0-9]\").expect(\"a pattern\");").is_empty());
}
