//! Floor 1: what fits into a text message. Alphabets, Khmer clusters, segments; no I/O, no conversation.
pub mod gsm7;
pub mod khmer;
pub mod segment;
pub mod ucs2;

pub use segment::{Alphabet, Plan, plan};
