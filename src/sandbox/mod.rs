//! A telco, a phone, a portal and a security server to try everything with, over real sockets. Never started by `serve`.
pub mod phone;
pub mod portal;
pub mod road;
pub mod telco;
pub mod telco_page;

/// The time of the machines that the sandbox stands for.
#[allow(clippy::disallowed_methods, reason = "a sandbox stands for other machines, with a clock of their own")]
fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}
