//! The one integration binary.
pub mod api;
mod crash;
mod equality;
mod features;
mod gateways;
mod guesses;
mod kiosk;
mod node_smpp;
mod peers;
mod program;
mod sms;
mod store_contract;
mod support;
mod texts;
mod tidy;
mod transcripts;
mod ussd;
mod ussd_screens;
