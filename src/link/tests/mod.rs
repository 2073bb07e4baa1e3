//! What goes over a connection, against a telco at the other end of a pipe.
mod dial;
mod driver;
mod outbind;
mod peer;
mod probe;
mod simulated;
