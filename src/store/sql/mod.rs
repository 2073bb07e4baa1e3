//! What an operation or a question does to the tables: facts are read, `ports::rules` decides, rows are written. It must
//! not know who asked, and not when is committed.
pub mod asked;
pub mod citizens;
pub mod feedback;
pub mod inbox;
pub mod kiosks;
pub mod leases;
pub mod locks;
pub mod messages;
pub mod outbox;
pub mod pairing;
pub mod parts;
pub mod pushes;
pub mod receipts;
pub mod run;
pub mod sweep;
pub mod ussd;
pub mod windows;
