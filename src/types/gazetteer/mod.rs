//! Cambodia's provinces, districts and communes with their codes, as the National Committee for Sub-National
//! Democratic Development publishes them (by way of the pumi project, MIT; licence beside the file). Only
//! looks up; how names are compared is `text::places`' business.
use crate::types::Language;
use std::sync::OnceLock;

/// Level of a division.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// 24 provinces and the capital; 2 digits.
    Province,
    /// Districts, towns and khans; 4 digits.
    District,
    /// Communes and sangkats; 6 digits.
    Commune,
}

/// One division.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Division {
    /// 2, 4 or 6 digits, each level prefixed by the one above.
    pub code: &'static str,
    /// Level.
    pub level: Level,
    /// `Commune`, `Quarter` (sangkat), `District`, `Municipality`, `Section` (khan), `Province`, `Capital`.
    pub unit: &'static str,
    /// Khmer name, without the unit.
    pub name_km: &'static str,
    /// Latin name, without the unit; three bear a diacritic.
    pub name_latin: &'static str,
}

impl Division {
    /// The unit in Khmer.
    pub fn unit_km(&self) -> &'static str {
        match (self.unit, self.level) {
            ("Quarter", _) => "សង្កាត់",
            ("Municipality", _) => "ក្រុង",
            ("Section", _) => "ខណ្ឌ",
            ("Capital", _) => "រាជធានី",
            (_, Level::Province) => "ខេត្ត",
            (_, Level::District) => "ស្រុក",
            (_, Level::Commune) => "ឃុំ",
        }
    }

    /// The unit in Latin letters, as Cambodians say it.
    pub fn unit_latin(&self) -> &'static str {
        match (self.unit, self.level) {
            ("Quarter", _) => "Sangkat",
            ("Municipality", _) => "Krong",
            ("Section", _) => "Khan",
            ("Capital", _) => "Reachtheani",
            (_, Level::Province) => "Khet",
            (_, Level::District) => "Srok",
            (_, Level::Commune) => "Khum",
        }
    }

    /// Its name with what it is, as one says it: `ខណ្ឌដង្កោ`, `Khan Dangkao`, in English `Dangkao District`.
    pub fn said(&self, language: Language) -> String {
        let name = self.name_latin;
        match (language, self.unit, self.level) {
            (Language::Km, ..) => format!("{}{}", self.unit_km(), self.name_km),
            (Language::KmLatn, ..) => format!("{} {name}", self.unit_latin()),
            (Language::En, "Quarter", _) => format!("Sangkat {name}"),
            (Language::En, "Municipality", _) => format!("{name} City"),
            (Language::En, "Capital", _) => format!("{name} Capital"),
            (Language::En, _, Level::Province) => format!("{name} Province"),
            (Language::En, _, Level::District) => format!("{name} District"),
            (Language::En, _, Level::Commune) => format!("{name} Commune"),
        }
    }

    /// The division that this one is part of.
    pub fn parent(&self) -> Option<&'static Division> {
        self.code.len().checked_sub(2).filter(|length| *length > 0).and_then(|length| by_code(&self.code[..length]))
    }
}

static FILE: &str = include_str!("gazetteer.csv");

/// All 1,887, sorted by code within each level.
pub fn all() -> &'static [Division] {
    static ALL: OnceLock<Vec<Division>> = OnceLock::new();
    ALL.get_or_init(|| of_file(FILE).unwrap_or_else(|why| panic!("{why}")))
}

/// Whether the file that is part of the program can be read.
///
/// # Errors
/// The first line that is no division.
pub fn check() -> Result<(), String> {
    of_file(FILE).map(|_| ())
}

/// A division that is left out would be a place that nobody finds.
fn of_file(file: &'static str) -> Result<Vec<Division>, String> {
    let lines = file.lines().enumerate().skip(1);
    let read = |(at, line)| read(line).ok_or_else(|| format!("gazetteer.csv, line {}: no division", at + 1));
    let all: Vec<Division> = lines.map(read).collect::<Result<_, _>>()?;
    if all.is_empty() { Err("gazetteer.csv holds no division".to_owned()) } else { Ok(all) }
}

fn read(line: &'static str) -> Option<Division> {
    let mut fields = line.split(',');
    let (code, level, unit) = (fields.next()?, fields.next()?, fields.next()?);
    let level = match level {
        "province" => Level::Province,
        "district" => Level::District,
        "commune" => Level::Commune,
        _ => return None,
    };
    Some(Division { code, level, unit, name_km: fields.next()?, name_latin: fields.next()? })
}

/// The division with this code.
pub fn by_code(code: &str) -> Option<&'static Division> {
    all().iter().find(|division| division.code == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_no_division_is_named_and_not_left_out() {
        assert_eq!(of_file("head\n12,province,Capital,ភ្នំពេញ,Phnom Penh").map(|all| all.len()), Ok(1));
        for file in ["head\n12,provinz,Capital,ភ្នំពេញ,Phnom Penh", "head\n12,province,Capital,ភ្នំពេញ", "head\n\n"]
        {
            assert_eq!(of_file(file), Err("gazetteer.csv, line 2: no division".to_owned()), "{file}");
        }
        assert!(of_file("head").is_err() && check().is_ok());
    }

    #[test]
    fn the_file_is_whole_and_every_division_has_its_parents() {
        let count = |level| all().iter().filter(|division| division.level == level).count();
        assert_eq!((count(Level::Province), count(Level::District), count(Level::Commune)), (25, 210, 1_652));
        for division in all() {
            assert_eq!(division.parent().is_some(), division.level != Level::Province, "{}", division.code);
        }
        assert_eq!(by_code("1205").map(Division::unit_latin), Some("Khan"));
        for (code, said) in [
            ("02", "Battambang Province"),
            ("12", "Phnom Penh Capital"),
            ("0203", "Battambang City"),
            ("1205", "Dangkao District"),
            ("120501", "Sangkat Dangkao"),
        ] {
            assert_eq!(by_code(code).map(|division| division.said(Language::En)).as_deref(), Some(said));
        }
    }
}
