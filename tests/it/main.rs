//! The one integration binary.
mod crash;
mod program;
mod sms;
mod store_contract;
mod support;
mod tidy;
mod transcripts;
