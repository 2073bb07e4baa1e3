//! Words looked for in names: case, spaces and the order of Khmer signs inside a cluster do not matter.
use crate::text::khmer;
use serde_json::Value;

/// A text in the form in which it is compared.
fn plain(text: &str) -> String {
    let seen: String = text
        .to_lowercase()
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '\u{200B}'..='\u{200D}' | '\u{FEFF}' | '-'))
        .collect();
    let mut out = String::with_capacity(seen.len());
    for cluster in khmer::clusters(&seen) {
        let mut chars: Vec<char> = cluster.chars().collect();
        chars.sort_unstable();
        out.extend(chars);
    }
    out
}

/// Whether one of `texts` holds `words`, in a row or each for itself.
pub fn found<'a>(words: &str, texts: impl IntoIterator<Item = &'a Value>) -> bool {
    let texts: Vec<String> = texts.into_iter().flat_map(strings).map(plain).collect();
    let holds = |wanted: &str| texts.iter().any(|text| text.contains(wanted));
    holds(&plain(words)) || words.split_whitespace().all(|word| holds(&plain(word)))
}

/// The strings of a value: of a text in several languages, each.
fn strings(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Object(members) => members.values().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn words_are_found_in_any_language_and_order_of_signs() {
        let name = json!({ "km": "អាជ្ញាបណ្ណផ្ទះជួល", "en": "Rental-room house licence" });
        for words in ["ផ្ទះជួល", "ផ្ទះ ជួល", "RENTAL", "licence rental", "rentalroom", "ជ\u{17BD}ល"]
        {
            assert!(found(words, [&name]), "{words}");
        }
        assert!(!found("barber", [&name]) && !found("ជល", [&name]));
    }
}
