//! The mutants that there are, as `cargo mutants --list --json` tells them, and the ones that a seed draws.
use serde::Deserialize;
use std::path::Path;

/// A place in a file: line and column, both from 1, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub struct Place {
    pub line: usize,
    pub column: usize,
}

/// What is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Span {
    pub start: Place,
    pub end: Place,
}

/// One mutant.
#[derive(Clone, Debug, Deserialize)]
pub struct Mutant {
    /// Its number in the list.
    #[serde(skip)]
    pub id: usize,
    pub file: String,
    pub name: String,
    pub genre: String,
    pub replacement: String,
    pub span: Span,
}

/// Reads the list.
pub fn read(list: &Path) -> Vec<Mutant> {
    let text = std::fs::read_to_string(list).expect("the list of cargo mutants");
    let mut all: Vec<Mutant> = serde_json::from_str(&text).expect("a list as cargo mutants writes it");
    all.iter_mut().enumerate().for_each(|(id, mutant)| mutant.id = id);
    all
}

/// So many of them, the same ones for the same list and seed.
pub fn draw(all: &[Mutant], how_many: usize, seed: u64) -> Vec<Mutant> {
    let mut order: Vec<usize> = (0..all.len()).collect();
    let mut state = seed;
    for last in (1..order.len()).rev() {
        order.swap(last, (next(&mut state) % (last as u64 + 1)) as usize);
    }
    let mut drawn: Vec<Mutant> = order.into_iter().take(how_many).map(|id| all[id].clone()).collect();
    drawn.sort_by_key(|mutant| mutant.id);
    drawn
}

/// SplitMix64 (Steele, Lea, Flood 2014).
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
