//! Attacks that succeeded once, each as a test named after what it prevents.
mod gate;
