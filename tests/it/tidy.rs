//! The rules of the house, checked on its source: floors, sizes, first lines, and that nothing points out of
//! the repository.
use std::path::{Path, PathBuf};

mod graph;
mod rings;
mod shelves;

/// Floor of each room; a file may import from floors below its own and from its own room.
const FLOORS: &[(&str, u8)] = &[
    ("types", 0),
    ("text", 1),
    ("khqr", 1),
    ("dialogue", 2),
    ("smpp", 2),
    ("ports", 3),
    ("render", 3),
    ("tls", 3),
    ("web", 3),
    ("exchange", 4),
    ("api", 5),
    ("kiosk", 5),
    ("link", 5),
    ("login", 5),
    ("ops", 5),
    ("portal", 5),
    ("sandbox", 5),
    ("store", 5),
    ("app", 6),
    ("cli", 7),
];

/// Words that may not stand in code of floors 0 to 2: they do I/O, read a clock or make randomness.
const PURE: &[&str] =
    &["tokio", "sqlx", "rusqlite", "axum", "reqwest", "hyper", "Instant::now", "SystemTime", "ring::rand", "now_v7"];

const FILE_LINES_MAX: usize = 800;
const FUNCTION_LINES_MAX: usize = 70;

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a readable folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn room_of(path: &Path) -> String {
    let inside = path.strip_prefix(root().join("src")).expect("a file of src");
    let first = inside.components().next().expect("a name").as_os_str().to_string_lossy().into_owned();
    first.trim_end_matches(".rs").to_owned()
}

fn floor_of(room: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == room).map(|(_, floor)| *floor)
}

/// Rooms that a source names after `crate::`, in single and grouped imports.
fn imports(source: &str) -> Vec<String> {
    let mut rooms = Vec::new();
    let code: String =
        source.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            rooms.extend(group_heads(group));
        } else {
            rooms.push(rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
        }
    }
    rooms
}

/// First words of the members of `{a::b, c::{d, e}}`.
fn group_heads(group: &str) -> Vec<String> {
    let (mut depth, mut heads, mut word, mut fresh) = (0, Vec::new(), String::new(), true);
    for c in group.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => fresh = true,
            c if fresh && depth == 0 && (c.is_alphanumeric() || c == '_') => word.push(c),
            c if !word.is_empty() && !c.is_whitespace() && fresh => fresh = false,
            _ => {}
        }
        if (!fresh || c == ',') && !word.is_empty() {
            heads.push(std::mem::take(&mut word));
        }
    }
    if !word.is_empty() {
        heads.push(word);
    }
    heads
}

#[test]
fn imports_go_down_only() {
    let mut wrong = Vec::new();
    for path in files(&root().join("src"), ".rs") {
        let room = room_of(&path);
        let Some(floor) = floor_of(&room) else {
            continue;
        };
        for other in imports(&std::fs::read_to_string(&path).expect("source")) {
            if other != room && floor_of(&other).is_some_and(|below| below >= floor) {
                wrong.push(format!("{}: {room} (floor {floor}) imports {other}", path.display()));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn every_room_has_a_floor() {
    for path in files(&root().join("src"), ".rs") {
        let room = room_of(&path);
        assert!(matches!(room.as_str(), "lib" | "main") || floor_of(&room).is_some(), "{room} stands on no floor");
    }
}

#[test]
fn the_lower_floors_are_pure() {
    let mut wrong = Vec::new();
    for path in files(&root().join("src"), ".rs") {
        if floor_of(&room_of(&path)).is_none_or(|floor| floor > 2) {
            continue;
        }
        let source = std::fs::read_to_string(&path).expect("source");
        let code = source.split("#[cfg(test)]").next().unwrap_or_default();
        if path.to_string_lossy().contains("tests") {
            continue;
        }
        for line in code.lines().filter(|line| !line.trim_start().starts_with("//")) {
            for word in PURE.iter().filter(|word| line.contains(*word)) {
                wrong.push(format!("{}: {word}", path.display()));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn files_say_what_they_are_and_stay_small() {
    let mut wrong = Vec::new();
    for folder in ["src", "tests/it"] {
        for path in files(&root().join(folder), ".rs") {
            let source = std::fs::read_to_string(&path).expect("source");
            let lines = source.lines().count();
            if !source.starts_with("//!") {
                wrong.push(format!("{} does not open with //!", path.display()));
            }
            if lines > FILE_LINES_MAX {
                wrong.push(format!("{} has {lines} lines", path.display()));
            }
            wrong.extend(long_functions(&source).into_iter().map(|name| format!("{}: {name}", path.display())));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

/// Whether a line opens a function, whatever stands before `fn`: who may see it, `const`, `async`, `unsafe`, `extern "C"`.
fn opens_a_function(line: &str) -> bool {
    let mut rest = line;
    if let Some(after) = rest.strip_prefix("pub") {
        rest = match after.strip_prefix('(') {
            Some(scope) => scope.split_once(')').map_or("", |(_, after)| after),
            None => after,
        };
        rest = rest.trim_start();
    }
    loop {
        let (word, after) = rest.split_once(' ').unwrap_or((rest, ""));
        match word {
            "fn" => return true,
            "const" | "async" | "unsafe" | "extern" | "default" | "\"C\"" => rest = after,
            _ => return false,
        }
    }
}

#[test]
fn no_long_function_hides_behind_what_stands_before_fn() {
    let body = "    work();\n".repeat(FUNCTION_LINES_MAX);
    for head in [
        "fn",
        "pub fn",
        "async fn",
        "pub(crate) async fn",
        "const fn",
        "pub const fn",
        "unsafe fn",
        "pub(super) unsafe fn",
        "pub(in crate::kiosk) fn",
        "pub(in crate::kiosk) async fn",
        "unsafe extern \"C\" fn",
    ] {
        assert_eq!(long_functions(&format!("{head} long() {{\n{body}}}\n")).len(), 1, "{head}");
    }
    for other in ["const LONG: [u8; 1] = [", "pub(crate) struct Long {", "unsafe {", "fnord(", "pub use a::b;"] {
        assert!(!opens_a_function(other), "{other}");
    }
}

/// Functions whose closing brace, at the indentation of `fn`, is too far down.
fn long_functions(source: &str) -> Vec<String> {
    let lines: Vec<&str> = source.lines().collect();
    let mut long = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let trimmed = line.trim_start();
        let is_fn = opens_a_function(trimmed);
        if !is_fn || trimmed.ends_with(';') {
            continue;
        }
        // a declaration in a trait has no body
        let opens =
            lines[start..].iter().find(|line| line.ends_with('{') || line.ends_with(';') || line.ends_with('}'));
        if opens.is_some_and(|line| line.ends_with(';')) {
            continue;
        }
        let close = format!("{}}}", " ".repeat(line.len() - trimmed.len()));
        let length = lines[start..].iter().position(|line| *line == close).map_or(1, |end| end + 1);
        if length > FUNCTION_LINES_MAX {
            long.push(format!("{} has {length} lines", trimmed.chars().take(60).collect::<String>()));
        }
    }
    long
}

#[test]
fn nothing_points_out_of_the_repository() {
    let places = ["src", "tests", "docs", "kiosk-ui", "sms-templates", "migrations"];
    let outside =
        [["..", "/shared"].concat(), ["/wo", "rk/"].concat(), ["facts", "/"].concat(), ["contract", "/"].concat()];
    for place in places {
        for ending in [".rs", ".md", ".html", ".css", ".js", ".toml", ".sql", ".sms"] {
            for path in files(&root().join(place), ending) {
                if path.to_string_lossy().contains("node_modules") {
                    continue;
                }
                let text = std::fs::read_to_string(&path).expect("text");
                for word in &outside {
                    assert!(!text.contains(word.as_str()), "{} names {word}", path.display());
                }
            }
        }
    }
}

#[test]
fn the_three_languages_have_the_same_texts() {
    let names = |language: &str, ending: &str| {
        let folder = root().join("sms-templates").join(language);
        files(&folder, ending)
            .iter()
            .map(|path| path.strip_prefix(&folder).expect("inside").to_owned())
            .collect::<Vec<_>>()
    };
    for ending in [".sms", ".ussd"] {
        assert_eq!(names("km", ending), names("en", ending));
        assert_eq!(names("km", ending), names("km-Latn", ending));
        assert!(!names("km", ending).is_empty(), "no {ending}");
    }
}

#[test]
fn the_portal_is_asked_at_its_gate_only() {
    for room in ["exchange", "kiosk", "api", "link", "ops"] {
        let folder = root().join("src").join(room);
        for path in files(&folder, ".rs") {
            let text = std::fs::read_to_string(&path).expect("text");
            let (name, holds) = (path.strip_prefix(&folder).expect("inside"), text.matches("dyn Portal").count());
            match (room, name.to_str()) {
                // held, and given by
                ("exchange", Some("conversation/gate.rs")) => assert_eq!(holds, 2),
                // passed on
                ("exchange", Some("mod.rs")) => assert_eq!(holds, 1),
                _ => assert_eq!(holds, 0, "{} holds the portal", path.display()),
            }
        }
    }
}

#[test]
fn the_sandbox_telco_shares_no_code_with_what_it_judges() {
    for path in files(&root().join("src/sandbox/telco"), ".rs") {
        let text = std::fs::read_to_string(&path).expect("text");
        for room in imports(&text) {
            assert!(!["smpp", "text", "link", "exchange"].contains(&room.as_str()), "{}: {room}", path.display());
        }
    }
}

/// Seconds are counted by tokio's clock, which tests can hold still; types of std's may be passed on.
#[test]
fn nothing_asks_the_other_clock_how_long_something_took() {
    for path in files(&root().join("src"), ".rs") {
        let text = std::fs::read_to_string(&path).expect("text");
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let asks = code.contains("std::time::Instant::now()")
            || code.contains("Instant::now()") && !code.contains("tokio::time::Instant") && !uses_tokios(code);
        let of_tests = path.to_string_lossy().contains("tests");
        assert!(of_tests || !asks, "{}: tokio::time::Instant::now()", path.display());
    }
}

fn uses_tokios(code: &str) -> bool {
    code.split("use tokio::").skip(1).any(|import| {
        let import = import.split(';').next().unwrap_or_default();
        import.contains("Instant")
    })
}
