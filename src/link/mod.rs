//! The binds: one task each, connecting, binding, and carrying PDUs between a telco and the exchange. Knows
//! sockets and SMPP sessions; knows no store, no portal, no words.
mod bind;
mod carrier;
mod certify;
mod connect;
mod dial;
mod drain;
mod driver;
mod fence;
mod hand;
mod intake;
mod links;
mod liveness;
mod meter;
mod ordered;
mod outbind;
mod probe;
mod settings;
mod settler;
mod shared;
mod steps;
mod tap;
mod telco;
mod ussd;
mod ussd_senders;

pub use crate::smpp::{
    esme::{NumberFormat, Validity},
    text::DefaultAlphabet,
};
pub use certify::{Script, Step, Told, Verdict, certify};
pub use dial::{ConnectFault, Refusal};
pub use links::{Link, Links};
pub use probe::{Probed, probe};
pub use steps::StepFault;
pub use telco::{Telco, Ussd};

#[cfg(test)]
mod tests;
