//! Chrak: a citizen-service channel server. SMS and USSD over SMPP and touch kiosks, all asking one portal.
//!
//! The modules stand on floors; each imports only from floors below it and never from a sibling.
//! `docs/ARCHITECTURE.md` has the map, and `tests/it/tidy.rs` holds the code to it.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

/// Certificates that tests make.
#[cfg(test)]
#[path = "../tests/it/support/certificates.rs"]
mod certificates;
// floor 0
pub mod types;
// floor 1
pub mod khqr;
pub mod text;
// floor 2
pub mod dialogue;
pub mod smpp;
// floor 3
pub mod ports;
pub mod render;
pub mod tls;
pub mod web;
// floor 4
pub mod exchange;
// floor 5
pub mod api;
pub mod kiosk;
pub mod link;
pub mod login;
pub mod ops;
pub mod portal;
pub mod sandbox;
pub mod store;
// floor 6
pub mod app;
pub mod cli;
