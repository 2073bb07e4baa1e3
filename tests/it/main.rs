//! The one integration binary.
mod crash;
mod node_smpp;
mod program;
mod sms;
mod store_contract;
mod support;
mod tidy;
mod transcripts;
