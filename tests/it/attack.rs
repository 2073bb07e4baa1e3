//! Attacks on the running program, each as it once got through.
mod log;
mod pairing;
mod portal;
mod scams;
mod strangers;
