//! What pages load: styles, icons, fonts and script, in the binary, under addresses that change with their
//! content. It must not know which page uses what.
use axum::{
    body::Body,
    extract::Path,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use std::{collections::BTreeMap, sync::LazyLock};

/// Names and octets, as `build.rs` made them of `kiosk-ui`.
const FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// `Cache-Control` of what stands under an address that changes with its content.
pub const FOR_EVER: &str = "public, max-age=31536000, immutable";

struct Asset {
    bytes: Bytes,
    /// Compressed, where that is worth it.
    gzip: Option<Bytes>,
    hash: String,
    content_type: &'static str,
}

static TABLE: LazyLock<BTreeMap<String, Asset>> = LazyLock::new(table);

/// What the pages of a kiosk name, and a kiosk keeps for when the line is down.
pub const OF_PAGES: [&str; 16] = [
    "app.css",
    "pad.css",
    "visit.css",
    "home.css",
    "lists.css",
    "gate.css",
    "print.css",
    "icons.svg",
    "mark.svg",
    "kiosk.js",
    "keys.js",
    "voice.js",
    "fonts/noto-khmer-khmer-400.woff2",
    "fonts/noto-khmer-khmer-700.woff2",
    "fonts/noto-khmer-latin-400.woff2",
    "fonts/noto-khmer-latin-700.woff2",
];

/// What the server and its other pages name.
const OF_OTHERS: [&str; 6] =
    ["sw.js", "console/console.css", "console/console.js", "console/live.js", "phone/phone.css", "phone/phone.js"];

/// All of them; without one a page would stay white, or silent.
fn needed() -> impl Iterator<Item = &'static str> {
    OF_PAGES.into_iter().chain(OF_OTHERS)
}

/// Whether everything that pages name is in the program, and its texts can be read.
///
/// # Errors
/// The first file that is not.
pub fn check() -> Result<(), String> {
    needed().try_for_each(file)
}

fn file(name: &str) -> Result<(), String> {
    let file = FILES.iter().find(|(known, _)| *known == name);
    let (_, octets) = file.ok_or_else(|| format!("{name} of kiosk-ui is not in the program"))?;
    let text = [".css", ".js", ".svg"].iter().any(|ending| name.ends_with(ending));
    if octets.is_empty() || (text && std::str::from_utf8(octets).is_err()) {
        return Err(format!("{name} of kiosk-ui is empty or not UTF-8"));
    }
    Ok(())
}

/// Style sheets name other assets; they are read last, so that those names can become addresses. An address holds a hash of
/// what is sent and what is compressed is made once, both at the first use: it takes milliseconds.
fn table() -> BTreeMap<String, Asset> {
    let mut table = BTreeMap::new();
    let (sheets, others): (Vec<_>, Vec<_>) = FILES.iter().partition(|(name, _)| name.ends_with(".css"));
    for (name, octets) in others {
        add(&mut table, name, Bytes::from_static(octets));
    }
    for (name, octets) in sheets {
        let mut text = String::from_utf8_lossy(octets).into_owned();
        for (other, asset) in &table {
            text = text.replace(&format!("\"{other}\""), &format!("\"{}\"", address(other, asset)));
        }
        add(&mut table, name, Bytes::from(text));
    }
    table
}

fn add(table: &mut BTreeMap<String, Asset>, name: &str, bytes: Bytes) {
    let hash = hash(&bytes);
    let content_type = match name.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("woff2") => "font/woff2",
        Some("ogg") => "audio/ogg",
        _ => "application/octet-stream",
    };
    let text = content_type.starts_with("text/") || content_type == "image/svg+xml";
    let gzip = text.then(|| Bytes::from(super::gzip(&bytes, 9)));
    table.insert(name.to_owned(), Asset { bytes, gzip, hash, content_type });
}

/// Names content in an address: eight hexadecimal digits.
pub fn hash(octets: &[u8]) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, octets);
    digest.as_ref()[..4].iter().map(|byte| format!("{byte:02x}")).collect()
}

fn address(name: &str, asset: &Asset) -> String {
    format!("/a/{}/{name}", asset.hash)
}

/// The address of an asset: `app.css` and `kiosk.js`, which `build.rs` joins, others by their path below `kiosk-ui/assets`, or
/// below `kiosk-ui` for the console's and the phone's; `None` when there is no such file.
pub fn asset(name: &str) -> Option<String> {
    TABLE.get(name).map(|asset| address(name, asset))
}

/// The text of an embedded script or style.
pub fn text(name: &str) -> Option<String> {
    TABLE.get(name).map(|asset| String::from_utf8_lossy(&asset.bytes).into_owned())
}

/// Names all assets together: it changes when one of them does.
pub fn version() -> &'static str {
    static VERSION: LazyLock<String> = LazyLock::new(|| {
        let all: String = TABLE.values().map(|asset| asset.hash.as_str()).collect();
        hash(all.as_bytes())
    });
    &VERSION
}

/// Serves `/a/{hash}/{name}`. With the hash of its content it may be kept for ever; with an old one (a page
/// from before an update) the present content is given, to be asked for again next time.
pub async fn serve(Path((hash, name)): Path<(String, String)>, headers: HeaderMap) -> Response {
    let Some(asset) = TABLE.get(&name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let keep = if hash == asset.hash { FOR_EVER } else { "no-cache" };
    let gzip = asset.gzip.as_ref().filter(|_| super::takes_gzip(&headers));
    // two forms of one content are two representations (RFC 9110 §8.8.3)
    let etag = format!("\"{}{}\"", asset.hash, if gzip.is_some() { "-gz" } else { "" });
    let known = headers
        .get(header::IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|tags| tags.split(',').any(|tag| tag.trim() == etag));
    let mut answer = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let mut answer = Response::new(Body::from(gzip.unwrap_or(&asset.bytes).clone()));
        let content_type = HeaderValue::from_static(asset.content_type);
        answer.headers_mut().insert(header::CONTENT_TYPE, content_type);
        if gzip.is_some() {
            answer.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        answer
    };
    let headers = answer.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    headers.insert(header::ETAG, super::header_value(&etag));
    answer
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, path::Path};

    fn templates(dir: &str, found: &mut Vec<String>) {
        for entry in fs::read_dir(dir).expect("a folder").flatten() {
            found.push(fs::read_to_string(entry.path()).expect("a template"));
        }
    }

    #[test]
    fn every_asset_that_a_template_names_is_there() {
        let mut texts = Vec::new();
        for dir in ["kiosk-ui/templates", "kiosk-ui/console", "kiosk-ui/phone"] {
            templates(dir, &mut texts);
        }
        let mut seen = 0;
        for text in texts {
            for (end, _) in text.match_indices("\"|asset") {
                let start = text[..end].rfind('"').expect("an opening quote") + 1;
                let name = &text[start..end];
                assert!(asset(name).is_some(), "no asset {name}");
                let looked_for = needed().any(|known| known == name);
                assert!(looked_for, "{name} is not looked for at the start: add it to OF_PAGES or OF_OTHERS");
                seen += 1;
            }
        }
        assert!(seen > 0);
    }

    #[test]
    fn a_file_that_is_not_in_the_program_is_named() {
        assert_eq!(check(), Ok(()));
        assert_eq!(file("app.scss"), Err("app.scss of kiosk-ui is not in the program".to_owned()));
    }

    #[test]
    fn every_icon_that_is_used_is_drawn() {
        let sprite = fs::read_to_string("kiosk-ui/assets/icons.svg").expect("the icons");
        let mut texts = Vec::new();
        for dir in ["kiosk-ui/templates", "kiosk-ui/console", "kiosk-ui/phone"] {
            templates(dir, &mut texts);
        }
        let mut seen = 0;
        for text in texts {
            for (end, _) in text.match_indices("\"|icon") {
                let start = text[..end].rfind('"').expect("an opening quote") + 1;
                let name = &text[start..end];
                assert!(sprite.contains(&format!("id=\"{name}\"")), "no icon {name}");
                seen += 1;
            }
        }
        assert!(seen > 5);
    }

    #[test]
    fn the_style_sheet_names_fonts_by_address_and_is_small() {
        let sheet = &TABLE["app.css"];
        let text = std::str::from_utf8(&sheet.bytes).expect("UTF-8");
        assert!(!text.contains("\"fonts/"), "a font that is not there");
        assert_eq!(text.matches("/a/").count(), 4);
        assert!(text.contains("U+200B"), "the zero-width space belongs to the Khmer face");
        for (name, most) in [
            ("app.css", 3_300),
            ("pad.css", 1_200),
            ("visit.css", 1_700),
            ("home.css", 700),
            ("lists.css", 600),
            ("gate.css", 900),
        ] {
            let (text, line) = (&TABLE[name].bytes, TABLE[name].gzip.as_ref().expect("gzip").len());
            assert!(line <= most, "{name}: {} octets, {line} on the line", text.len());
            assert!(!text.windows(2).any(|two| two == b"/*") && !text.contains(&b'\n'), "{name} is sent short");
        }
    }

    #[test]
    fn the_kiosk_s_scripts_are_small() {
        let every_page = TABLE["kiosk.js"].bytes.len();
        assert!(every_page <= 12 * 1024, "{every_page} octets");
        let all = ["kiosk.js", "keys.js", "sw.js"].map(|name| TABLE[name].gzip.as_ref().expect("gzip").len());
        assert!(all.iter().sum::<usize>() <= 10 * 1024, "{all:?} octets on the line");
        let text = text("kiosk.js").expect("the script");
        assert!(!text.contains("\n//") && !text.contains("\n "));
        assert!(!text.contains("\nimport ") && !text.contains("\nexport "), "modules are joined");
    }

    #[test]
    fn a_name_stands_for_one_thing_in_a_script_of_several_modules() {
        let script = text("kiosk.js").expect("the script");
        let mut seen = std::collections::BTreeSet::new();
        let mut depth = 0_i32;
        for line in script.lines() {
            let declared =
                ["const ", "let ", "function ", "async function "].iter().find_map(|word| line.strip_prefix(word));
            if let Some(rest) = declared.filter(|_| depth == 0) {
                let names = rest.split([';', '(', '=']).next().unwrap_or_default().replace(['{', '}'], " ");
                for name in names.split([',', ' ']).filter(|name| !name.is_empty() && !name.ends_with(':')) {
                    assert!(seen.insert(name.to_owned()), "{name} stands twice");
                }
            }
            depth += line.matches('{').count() as i32 - line.matches('}').count() as i32;
        }
        assert!(seen.len() > 30, "{seen:?}");
    }

    #[test]
    fn vendored_files_are_what_they_were() {
        let dir = Path::new("kiosk-ui/assets/fonts");
        let list = fs::read_to_string(dir.join("VENDOR.toml")).expect("the list");
        let list: toml::Table = list.parse().expect("TOML");
        let files = list["noto-sans-khmer"]["files"].as_table().expect("files");
        for entry in fs::read_dir(dir).expect("fonts").flatten() {
            let name = entry.file_name().into_string().expect("ASCII");
            if name == "VENDOR.toml" {
                continue;
            }
            let data = fs::read(entry.path()).expect("a file");
            let digest = ring::digest::digest(&ring::digest::SHA256, &data);
            let sum: String = digest.as_ref().iter().map(|b| format!("{b:02x}")).collect();
            let listed = files.get(&name).and_then(|sum| sum.as_str());
            assert_eq!(listed, Some(sum.as_str()), "{name}");
        }
    }
}
