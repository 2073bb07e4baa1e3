//! What every store decides alike: pure functions over facts. A store reads the facts, asks here, and writes what it is
//! told, in one transaction. They must not know how anything is stored, and read no clock.
pub mod calls;
pub mod kiosks;
pub mod leases;
pub mod messages;
pub mod outbox;
pub mod parts;
pub mod receipts;
pub mod redelivery;
pub mod windows;
