//! The one integration binary.
mod transcripts;
