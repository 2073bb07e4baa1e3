//! Floor 1: what fits into a text message. Alphabets, Khmer clusters, segments; no I/O, no conversation.
pub mod charset;
pub mod gsm7;
pub mod khmer;
pub mod links;
pub mod national;
pub mod normal;
pub mod octets;
pub mod places;
pub mod plausible;
pub mod segment;
pub mod ucs2;
pub mod visible;

pub use segment::{Alphabet, Plan, plan};

/// How many cases each property is tried with: 20,000, or what `CHRAK_CASES` says.
#[cfg(test)]
pub(crate) fn property_cases() -> u32 {
    std::env::var("CHRAK_CASES").map_or(20_000, |text| text.parse().expect("CHRAK_CASES: a number"))
}
