//! Attacks on the running program, each named after what it must not achieve.
mod log;
mod portal;
mod scams;
