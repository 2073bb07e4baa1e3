//! The offices of the whole country, made from the gazetteer: a unit for each of the 25 provinces, an office for each district, a
//! hall for each commune. What an office offers follows from its level. Their hours are those of the samples and their
//! telephones are left out; all of it says that it is made up. It must not know how it is asked for.
use crate::types::gazetteer::{self, Division, Level};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Writes down what each office offers: all services of its level but those that it goes without.
pub fn complete(offices: &mut [Value], services: &[Value]) {
    let of_level = |level: &str| -> Vec<Value> {
        services.iter().filter(|one| one["level"] == level).map(|one| one["id"].clone()).collect()
    };
    let (province, district, commune) = (of_level("province"), of_level("district"), of_level("commune"));
    for office in offices {
        let all = match office["kind"].as_str() {
            Some("owsu") => &province,
            Some("owso") => &district,
            Some("commune") => &commune,
            _ => continue,
        };
        let without = office["without"].as_array().cloned().unwrap_or_default();
        office["services"] = all.iter().filter(|id| !without.contains(id)).cloned().collect();
        if let Some(members) = office.as_object_mut() {
            members.remove("without");
        }
    }
}

/// Adds the office of every division that has none.
pub fn add(offices: &mut Vec<Value>, services: &[Value]) {
    let has: BTreeSet<String> = offices.iter().filter_map(|office| office["id"].as_str()).map(str::to_owned).collect();
    let hours = offices.iter().find(|office| office["kind"] == "owsu").map(|office| office["hours"].clone());
    for division in gazetteer::all() {
        let office = office(division, hours.as_ref().unwrap_or(&Value::Null));
        if office["id"].as_str().is_some_and(|id| !has.contains(id)) {
            offices.push(office);
        }
    }
    offices.sort_by_cached_key(|office| {
        let text = |member: &str| office[member].as_str().unwrap_or_default().to_owned();
        (text("division"), text("id"))
    });
    complete(offices, services);
}

fn office(division: &Division, hours: &Value) -> Value {
    let (km, en) = (division.name_km, ascii(division.name_latin));
    let (unit_km, unit) = (division.unit_km(), division.unit_latin());
    let said = unit.to_lowercase();
    let within = division.parent();
    let (within_km, within_en, within_latin) = within.map_or_else(Default::default, |above| {
        let (name, unit) = (ascii(above.name_latin), above.unit_latin().to_lowercase());
        (format!(" {}{}", above.unit_km(), above.name_km), format!(", {name}"), format!(", {unit} {name}"))
    });
    let text = |km: String, en: String, latn: String| json!({ "km": km, "en": en, "km-Latn": latn });
    let (kind, name, short) = match division.level {
        Level::Province => (
            "owsu",
            text(
                format!("អង្គភាពច្រកចេញចូលតែមួយ {unit_km}{km}"),
                format!("One Window Service Unit {en} {}", if unit == "Khet" { "Province" } else { "Capital" }),
                format!("Angkapheap chrak chenh chol tae muoy {said} {en}"),
            ),
            text(format!("ច្រកតែមួយ {km}"), format!("OWSU {en}"), format!("Chrak khet {en}")),
        ),
        Level::District => (
            "owso",
            text(
                format!("ការិយាល័យច្រកចេញចូលតែមួយ {unit_km}{km}"),
                format!("OWSO {en} {}", if unit == "Krong" { "City" } else { "District" }),
                format!("Kariyalay chrak chenh chol tae muoy {said} {en}"),
            ),
            text(format!("ច្រកតែមួយ {km}"), format!("OWSO {en}"), format!("Chrak {said} {en}")),
        ),
        Level::Commune => (
            "commune",
            text(format!("សាលា{unit_km}{km}"), format!("{unit} {en} Hall"), format!("Sala {said} {en}")),
            text(format!("{unit_km}{km}"), format!("{unit} {en}"), format!("{unit} {en}")),
        ),
    };
    let address = match division.level {
        Level::Commune => text(
            format!("{unit_km}{km}{within_km}"),
            format!("{unit} {en}{within_en}"),
            format!("{unit} {en}{within_latin}"),
        ),
        _ => text(
            format!("សាលា{unit_km}{km}{within_km}"),
            format!("{en} Hall{within_en}"),
            format!("Sala {said} {en}{within_latin}"),
        ),
    };
    json!({
        "id": format!("{kind}-{}", division.code),
        "kind": kind,
        "name": name,
        "short": short,
        "division": division.code,
        "address": address,
        "phones": [],
        "hours": hours,
        "sample": true,
    })
}

/// Three names of the gazetteer bear a diacritic, which a telephone without Khmer letters cannot show.
fn ascii(name: &str) -> String {
    let plain = |c: char| match c {
        'é' | 'è' | 'ê' => 'e',
        'â' | 'à' | 'ă' => 'a',
        'ô' | 'ŏ' => 'o',
        'û' | 'ŭ' => 'u',
        other => other,
    };
    name.chars().map(plain).filter(char::is_ascii).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_province_has_offices_of_the_three_levels_that_offer_what_their_level_does() {
        let mut directory = super::super::db::sample_directory().expect("the directory of the samples");
        let sampled = directory.offices.len();
        add(&mut directory.offices, &directory.services);
        let of = |kind: &str, province: &str| {
            let is = |office: &&Value| {
                office["kind"] == kind && office["division"].as_str().is_some_and(|code| code.starts_with(province))
            };
            directory.offices.iter().filter(is).count()
        };
        let provinces: Vec<&str> =
            gazetteer::all().iter().filter(|one| one.level == Level::Province).map(|one| one.code).collect();
        assert_eq!(provinces.len(), 25);
        for province in provinces {
            assert_eq!(of("owsu", province), 1, "{province}");
            assert!(of("owso", province) > 1 && of("commune", province) > 4, "{province}");
        }
        assert_eq!((of("owsu", ""), of("owso", ""), of("commune", "")), (25, 210, 1_652));
        assert!(directory.offices.len() > 1_887 && sampled < 50);
        for office in &directory.offices {
            let offered = office["services"].as_array().map_or(0, Vec::len);
            assert!(offered > 0, "{} offers nothing", office["id"]);
            for part in ["name", "short", "address"] {
                let latin = office[part]["km-Latn"].as_str().unwrap_or_default();
                assert!(latin.is_ascii() && !latin.is_empty(), "{}: {part} {latin}", office["id"]);
            }
            assert_eq!(office["sample"], true, "{}", office["id"]);
        }
    }
}
