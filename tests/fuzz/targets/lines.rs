//! Inputs as they are kept: one on each line, in hexadecimal digits, `-` for none; a name may stand before it.

/// The inputs of a file. Lines that begin with `#` are for people.
///
/// # Panics
/// Where a line is none.
pub fn inputs(file: &str) -> Vec<Vec<u8>> {
    let lines = file.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| octets(line.rsplit(' ').next().unwrap_or_default())).collect()
}

/// As it stands on a line.
#[allow(dead_code, reason = "who replays writes none")]
pub fn hex(input: &[u8]) -> String {
    if input.is_empty() {
        return "-".to_owned();
    }
    input.iter().map(|octet| format!("{octet:02x}")).collect()
}

fn octets(hex: &str) -> Vec<u8> {
    let pairs = hex.trim_matches('-').as_bytes().chunks(2);
    let octet = |pair: &[u8]| std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok());
    pairs.map(|pair| octet(pair).unwrap_or_else(|| panic!("no hexadecimal digits: {hex}"))).collect()
}
