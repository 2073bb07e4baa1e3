//! The one integration binary.
mod sms;
mod store_contract;
mod support;
mod tidy;
mod transcripts;
