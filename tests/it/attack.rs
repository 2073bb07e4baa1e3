//! Attacks on the running program, each named after what it must not achieve.
mod gate;
mod honest;
mod log;
mod pairing;
mod portal;
mod scams;
mod scanners;
mod strangers;
