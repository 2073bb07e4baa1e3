//! TLS (RFC 8446, RFC 5246): certificates and keys read from files, taken anew when the files change, and what went
//! wrong in words. It must not know what is said on a connection.
mod client;
mod expiry;
mod files;
mod server;
mod words;

pub use client::ClientTls;
pub use files::{Identity, TlsFault};
pub use server::ServerTls;
pub use words::words;

#[cfg(test)]
mod tests;
