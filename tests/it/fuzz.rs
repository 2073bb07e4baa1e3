//! What is fuzzed, without the fuzz engine: everything that it has found so far (`tests/fuzz/corpus`), and octets nobody has
//! thought of, from a seed that is printed when a promise is broken.
#[path = "../fuzz/targets/lines.rs"]
mod lines;
#[path = "../fuzz/targets/mod.rs"]
mod targets;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    time::{Duration, Instant},
};

/// Inputs of dice for each target, within [`LONGEST`]. `CHRAK_FUZZ_SEED` begins elsewhere.
const INPUTS: u64 = 4_000;
const LONGEST: Duration = Duration::from_secs(4);

type Target = fn(&[u8]);

fn kept(name: &str) -> Vec<Vec<u8>> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(format!("{name}.hex"));
    lines::inputs(&std::fs::read_to_string(&file).unwrap_or_else(|fault| panic!("{}: {fault}", file.display())))
}

fn run(name: &str, target: Target, input: &[u8], whence: &str) {
    if catch_unwind(AssertUnwindSafe(|| target(input))).is_err() {
        panic!("{name} breaks a promise on {whence}; a line for tests/fuzz/corpus/{name}.hex: {}", lines::hex(input));
    }
}

/// SplitMix64.
fn throw(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// Something of what is kept, with octets changed, cut, doubled and put together; sometimes nothing but dice.
fn thought_of(kept: &[Vec<u8>], dice: &mut u64) -> Vec<u8> {
    let mut any = |most: usize| throw(dice) as usize % most.max(1);
    let mut input = kept.get(any(kept.len() + kept.len() / 4 + 1)).cloned().unwrap_or_default();
    for _ in 0..1 + any(4) {
        let (at, length) = (any(input.len() + 1), 1 + any(12));
        match any(5) {
            0 => input.truncate(at),
            1 => drop(input.splice(at..at, (0..length).map(|_| any(256) as u8).collect::<Vec<_>>())),
            2 => input.get_mut(at).into_iter().for_each(|octet| *octet ^= 1 << any(8)),
            3 => input.get_mut(at).into_iter().for_each(|octet| *octet = any(256) as u8),
            _ => input.extend(kept.get(any(kept.len())).into_iter().flatten()),
        }
    }
    input.truncate(4_096);
    input
}

fn replay(name: &str, target: Target) {
    let kept = kept(name);
    assert!(kept.len() >= 10, "{name}: what was found is kept");
    for (number, input) in kept.iter().enumerate() {
        run(name, target, input, &format!("input {number} of those that are kept"));
    }
    let seed = std::env::var("CHRAK_FUZZ_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(18_u64);
    let begun = Instant::now();
    for number in 0..INPUTS {
        if begun.elapsed() > LONGEST {
            break;
        }
        let mut dice = seed.wrapping_mul(INPUTS).wrapping_add(number);
        run(name, target, &thought_of(&kept, &mut dice), &format!("throw {number} of CHRAK_FUZZ_SEED={seed}"));
    }
}

macro_rules! targets {
    ($($name:ident)*) => {$(
        #[test]
        fn $name() {
            replay(stringify!($name), targets::$name::run);
        }
    )*};
}

targets! { framer pdu tlv receipt session esme reassembly octets }

#[test]
fn what_is_kept_is_read_as_it_was_written() {
    let inputs = [vec![], vec![0], vec![0xAB, 0x01], (0..=255).collect()];
    let file: Vec<String> = inputs.iter().map(|input| lines::hex(input)).collect();
    assert_eq!(lines::inputs(&format!("# why\na name {}\n", file.join("\n"))), inputs);
}
