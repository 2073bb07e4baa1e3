//! Makes what pages load: sheets by component and modules become one sheet and one script, short; each is then part of
//! the program. What is sent, compressed and under which address, is the business of `web::assets`.
#[path = "src/web/shorten.rs"]
mod shorten;

use std::{
    env, fs,
    path::{Path, PathBuf},
};

/// The sheets of the kiosk: what every page needs; what pads need besides; what other pages of a visit do; what home and what lists do;
/// and the first page and its like. Components stand in the order in which they may say more than the ones before.
const SHEETS: [(&str, &[&str]); 6] = [
    (
        "app.css",
        &["fonts", "tokens", "base", "page", "top", "foot", "button", "tile", "field", "keyboard", "notice", "dialog"],
    ),
    ("pad.css", &["digits", "pad", "choice"]),
    ("visit.css", &["verdict", "facts", "qr"]),
    ("home.css", &["home"]),
    ("lists.css", &["lists"]),
    ("gate.css", &["gate"]),
];

/// The script of every page of the kiosk: each module after those that it imports.
const SCRIPT: [&str; 10] = ["page", "sound", "idle", "press", "pad", "scanner", "poll", "show", "carry", "device"];

/// Folders of `kiosk-ui` whose files are sent as they are called there; those of `assets` without its name.
const FOLDERS: [&str; 6] = ["assets", "assets/fonts", "assets/audio/km", "assets/audio/en", "console", "phone"];

fn main() {
    for watched in ["migrations", "kiosk-ui", "src/web/shorten.rs"] {
        println!("cargo:rerun-if-changed={watched}");
    }
    let ui = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo says where")).join("kiosk-ui");
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo says where to"));
    let read = |folder: &str, name: &str, ending: &str| {
        let path = ui.join(folder).join(name).with_extension(ending);
        fs::read_to_string(&path).unwrap_or_else(|fault| panic!("{}: {fault}", path.display()))
    };
    listed(&ui.join("css"), &SHEETS.map(|(_, components)| components).concat());
    listed(&ui.join("js"), &SCRIPT);
    let modules = SCRIPT.map(|name| (name, shorten::js(&read("js", name, "js"))));
    let mut files = vec![made(&out, "kiosk.js", &shorten::join(&modules))];
    for (name, components) in SHEETS {
        let sheet: String = components.iter().map(|component| read("css", component, "css")).collect();
        files.push(made(&out, name, &shorten::css(&sheet)));
    }
    for folder in FOLDERS {
        for path in entries(&ui.join(folder)) {
            let file = path.file_name().and_then(|name| name.to_str()).expect("a name in UTF-8");
            let name = format!("{folder}/{file}");
            let name = name.strip_prefix("assets/").unwrap_or(&name);
            let text = || fs::read_to_string(&path).expect("a text in UTF-8");
            match path.extension().and_then(|ending| ending.to_str()) {
                Some("css") => files.push(made(&out, name, &shorten::css(&text()))),
                Some("js") => files.push(made(&out, name, &shorten::js(&text()))),
                Some("svg" | "woff2" | "ogg") => files.push((name.to_owned(), path)),
                _ => {}
            }
        }
    }
    files.sort();
    let table: String = files.iter().map(|(name, path)| format!("({name:?}, include_bytes!({path:?})),\n")).collect();
    fs::write(out.join("files.rs"), format!("&[\n{table}]\n")).expect("the table is written");
}

/// Files of a folder, in the order of their names; none when it is not there.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
}

/// A file that nobody joins would be missed by nobody.
fn listed(folder: &Path, names: &[&str]) {
    for path in entries(folder) {
        let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
        assert!(names.contains(&name), "build.rs does not join {}", path.display());
    }
}

fn made(out: &Path, name: &str, text: &str) -> (String, PathBuf) {
    let path = out.join("ui").join(name);
    fs::create_dir_all(path.parent().expect("a folder")).expect("the folder is made");
    fs::write(&path, text).expect("the file is written");
    (name.to_owned(), path)
}
