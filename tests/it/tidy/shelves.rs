//! Inside the kiosk folders stand on shelves, as rooms do on floors: each knows only what is below it, and no page knows
//! another, so that the next way to prove who somebody is touches one place.
use super::graph::Source;

/// From below.
const SHELVES: [&[&str]; 13] = [
    &["texts"],
    &["audio", "backend", "guides"],
    &["authority"],
    &["state", "respond"],
    &["errors"],
    &["context"],
    &["device", "visit"],
    &["parts"],
    &["goals"],
    &["pages"],
    &["carry", "offered"],
    &["guard"],
    &["kiosk"],
];

fn shelf(module: &str) -> usize {
    let folder = module.split("::").nth(1).unwrap_or(module);
    SHELVES
        .iter()
        .position(|shelf| shelf.contains(&folder))
        .unwrap_or_else(|| panic!("{module} stands on no shelf: tests/it/tidy/shelves.rs"))
}

#[test]
fn in_the_kiosk_each_knows_only_what_is_below_it() {
    let mut wrong = Vec::new();
    for (module, others) in Source::read().inside("kiosk") {
        let folder = |module: &str| module.split("::").nth(1).map(str::to_owned);
        for other in others {
            let inside = folder(&module) == folder(&other) && !module.starts_with("kiosk::pages::");
            if !inside && shelf(&other) >= shelf(&module) {
                wrong.push(format!("{module} imports {other}"));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}
