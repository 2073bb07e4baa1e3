//! Attacks on the running program, each named after what it must not achieve.
mod portal;
mod scams;
