//! A telco, a phone and a portal to try everything with, over real sockets. Never started by `serve`.
pub mod phone;
pub mod portal;
pub mod telco;
