//! Floor 2: SMPP 3.4 without sockets and clocks. Octets and `now` go in, octets and events come out.
//!
//! Reading is tolerant: what a telco sends is used as far as it can be read, one bad PDU never costs the
//! bind, and only lost framing ends the session. Writing is strict.
pub mod anomaly;
pub mod capture;
pub mod concat;
pub mod decode;
pub mod dialect;
pub mod esme;
pub mod explain;
pub mod framer;
pub mod mask;
pub mod message_id;
pub mod pdu;
pub mod receipt;
pub mod session;
pub mod status;
pub mod text;
pub mod trace;
