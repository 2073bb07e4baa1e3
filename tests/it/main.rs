//! The one integration binary.
pub mod api;
mod crash;
mod node_smpp;
mod program;
mod sms;
mod store_contract;
mod support;
mod tidy;
mod transcripts;
