//! Attacks on the running program, each named after what it must not achieve.
mod disk;
mod files;
mod log;
mod pairing;
mod portal;
mod scams;
mod strangers;
