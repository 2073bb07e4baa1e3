//! The product's own sources, floors 0 to 3 as far as they read what a telco sends; see docs/ARCHITECTURE.md.
#![allow(dead_code)]
#[path = "../../src/ports/mod.rs"]
pub mod ports;
#[path = "../../src/smpp/mod.rs"]
pub mod smpp;
#[path = "../../src/text/mod.rs"]
pub mod text;
#[path = "../../src/types/mod.rs"]
pub mod types;
