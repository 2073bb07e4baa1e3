//! Attacks on the running program, each as it once got through.
mod pairing;
mod strangers;
