//! What was tried against the program, and must not work again.
mod log;
