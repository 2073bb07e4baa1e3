//! What the tests share: a telco, a portal that says what it is told, and a server between them.
pub mod app;
pub mod browser;
pub mod desk;
pub mod disk;
pub mod forms;
pub mod hall;
pub mod handset;
pub mod peer;
pub mod portal;
pub mod program;
pub mod shipped;
pub mod visitor;
