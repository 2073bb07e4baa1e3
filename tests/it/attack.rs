//! Attacks on the running program, each named after what it must not achieve.
mod disk;
mod files;
mod gate;
mod honest;
mod hosts;
mod log;
mod operators;
mod pairing;
mod portal;
mod proxies;
mod readers;
mod scams;
mod scanners;
mod strangers;
