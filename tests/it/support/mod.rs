//! What the tests share: a telco, a portal that says what it is told, and a server between them.
pub mod app;
pub mod browser;
pub mod desk;
pub mod disk;
pub mod doors;
pub mod forms;
pub mod hall;
pub mod handset;
pub mod mirror;
pub mod peer;
pub mod portal;
pub mod program;
pub mod scanners;
pub mod shipped;
pub mod smsc;
pub mod visitor;
pub mod whole;
