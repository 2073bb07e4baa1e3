//! Places by name, as people write them: any script, with or without the unit before it, one slip forgiven.
//! A name that several places bear finds them all: a commune is never guessed by its name alone.
use super::normal;
use crate::types::gazetteer::{self, Division, Level};
use std::{collections::HashMap, sync::OnceLock};

/// Words that say what kind of place is meant, in key form.
const UNITS: [&str; 22] = [
    "ខេត្ត",
    "រាជធានី",
    "ស្រុក",
    "ក្រុង",
    "ខណ្ឌ",
    "ឃុំ",
    "សង្កាត់",
    "khet",
    "khaet",
    "province",
    "reachtheani",
    "srok",
    "district",
    "krong",
    "city",
    "khan",
    "khum",
    "commune",
    "sangkat",
    "sangkath",
    "khand",
    "town",
];

struct Index {
    by_name: HashMap<String, Vec<usize>>,
}

fn index() -> &'static Index {
    static INDEX: OnceLock<Index> = OnceLock::new();
    INDEX.get_or_init(|| {
        let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, division) in gazetteer::all().iter().enumerate() {
            for name in [squeezed(&normal::key(division.name_km)), squeezed(&normal::key(division.name_latin))] {
                let places = by_name.entry(name).or_default();
                if places.last() != Some(&at) {
                    places.push(at);
                }
            }
        }
        Index { by_name }
    })
}

/// Without what stands between words.
fn squeezed(key: &str) -> String {
    key.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '\'' | '.' | ',')).collect()
}

/// The places that `words` name, the largest first; empty when none does. A unit before the name and a wider
/// place after it (`Prey Veng, Takeo`) narrow the choice.
pub fn find(words: &str) -> Vec<&'static Division> {
    let key = normal::key(words);
    let mut best = exactly(&key);
    best.extend(within_others(&key));
    if best.is_empty() {
        best = nearly(&squeezed(&without_unit(&key).0));
    }
    best.sort_by_key(|division| (division.level, division.code));
    best.dedup();
    best
}

/// Whether `words` are the name of a place, written without a slip, with or without its unit.
pub fn is_name(words: &str) -> bool {
    !exactly(&normal::key(words)).is_empty()
}

fn exactly(key: &str) -> Vec<&'static Division> {
    let (name, unit) = without_unit(key);
    let found = named(&squeezed(&name));
    let of_unit: Vec<_> =
        found.iter().copied().filter(|place| unit.as_deref().is_some_and(|u| is_unit(place, u))).collect();
    if of_unit.is_empty() { found } else { of_unit }
}

/// `NAME, WIDER PLACE` in either order of commas and spaces.
fn within_others(key: &str) -> Vec<&'static Division> {
    let words: Vec<&str> = key.split([' ', ',', '/']).filter(|word| !word.is_empty()).collect();
    for cut in (1..words.len()).rev() {
        // the wider place decides, even against the unit: sangkats are called khum
        let inner = named(&squeezed(&without_unit(&words[..cut].join(" ")).0));
        let outer = exactly(&words[cut..].join(" "));
        let within: Vec<_> = inner
            .into_iter()
            .filter(|place| {
                outer.iter().any(|wider| place.code.len() > wider.code.len() && place.code.starts_with(wider.code))
            })
            .collect();
        if !within.is_empty() {
            return within;
        }
    }
    Vec::new()
}

fn named(name: &str) -> Vec<&'static Division> {
    let places = index().by_name.get(name);
    places.map(|places| places.iter().map(|at| &gazetteer::all()[*at]).collect()).unwrap_or_default()
}

/// One slip in a name of four letters or more, if all that fits is one name.
fn nearly(name: &str) -> Vec<&'static Division> {
    if name.chars().count() < 4 {
        return Vec::new();
    }
    let mut near = index().by_name.keys().filter(|known| normal::edits(name, known, 1).is_some());
    match (near.next(), near.next()) {
        (Some(only), None) => named(only),
        _ => Vec::new(),
    }
}

fn without_unit(key: &str) -> (String, Option<String>) {
    let key = key.trim();
    for unit in UNITS {
        if let Some(rest) = key.strip_prefix(unit)
            && (rest.starts_with(' ') || !unit.is_ascii() && !rest.is_empty())
        {
            return (rest.trim().to_owned(), Some(unit.to_owned()));
        }
    }
    (key.to_owned(), None)
}

fn is_unit(place: &Division, unit: &str) -> bool {
    if normal::key(place.unit_km()) == unit || place.unit_latin().eq_ignore_ascii_case(unit) {
        return true;
    }
    match unit {
        "khaet" | "province" => place.level == Level::Province,
        "district" | "khand" | "town" | "city" => place.level == Level::District,
        "commune" | "sangkath" => place.level == Level::Commune,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(words: &str) -> Vec<&'static str> {
        find(words).iter().map(|place| place.code).collect()
    }

    #[test]
    fn a_unit_is_taken_off_only_where_a_name_follows_it() {
        let without = |key: &str| without_unit(key);
        let named = |name: &str, unit: &str| (name.to_owned(), Some(unit.to_owned()));
        assert_eq!(without("srok kien svay"), named("kien svay", "srok"));
        assert_eq!(without("ស្រុកកៀនស្វាយ"), named("កៀនស្វាយ", "ស្រុក"));
        for whole in ["sroksrae", "ស្រុក", "srok"] {
            assert_eq!(without(whole), (whole.to_owned(), None));
        }
    }

    #[test]
    fn places_are_found_in_every_script_and_with_a_slip() {
        for words in ["ដង្កោ", "Dangkao", "khan dangkao", "ខណ្ឌដង្កោ", "DANGKOA", "Dângkao"]
        {
            assert!(codes(words).contains(&"1205"), "{words} {:?}", codes(words));
        }
        assert_eq!(codes("khan dangkao"), ["1205"]);
        assert_eq!(codes("ភំ្នពេញ")[0], "12");
        assert_eq!(codes("Phnom Penh")[0], "12");
        assert_eq!(codes("Atlantis"), Vec::<&str>::new());
        assert_eq!(codes(""), Vec::<&str>::new());
    }

    #[test]
    fn a_name_of_many_communes_finds_them_all_and_the_wider_place_decides() {
        let communes: Vec<_> = gazetteer::all().iter().filter(|place| place.level == Level::Commune).collect();
        let mut by_name: HashMap<&str, usize> = HashMap::new();
        for place in &communes {
            *by_name.entry(place.name_km).or_default() += 1;
        }
        let repeated: Vec<_> = by_name.into_iter().filter(|(_, times)| *times > 1).collect();
        assert_eq!(repeated.len(), 117);
        for (name, times) in repeated {
            assert!(find(name).iter().filter(|place| place.level == Level::Commune).count() >= times, "{name}");
        }
        for place in communes {
            let wider = place.parent().and_then(Division::parent).expect("a commune lies in a province");
            let found = find(&format!("ឃុំ{} {}", place.name_km, wider.name_km));
            assert!(found.iter().any(|one| one.code == place.code), "{} {}", place.name_km, wider.name_km);
        }
    }
}
