//! Floor 3: what the exchange needs from the world, as traits. The store and the portal client implement
//! them, tests replace them. No port names a database, a wire format or a runtime.
//!
//! To add a port: one file here with the trait and its plain types, what is decided about them in `rules`, its statements
//! and its way to them in each store, one section in the store contract suite.
pub mod audit;
pub mod citizens;
pub mod clock;
pub mod dead;
mod fault;
pub mod feedback;
pub mod figures;
pub mod inbox;
pub mod kiosks;
pub mod leases;
pub mod messages;
pub mod nodes;
pub mod orders;
pub mod outbox;
pub mod parts;
pub mod portal;
pub mod pushes;
pub mod random;
mod refusal;
pub mod reload;
pub mod rules;
pub mod sign_ins;
pub mod spread;
pub mod states;
pub mod status;
pub mod telcos;
pub mod trace;
pub mod trace_file;
pub mod ussd;

pub use fault::{PortFuture, StoreFault, Trouble};
pub use refusal::Refusal;

/// Everything durable, as one object.
pub trait Store:
    inbox::Inbox
    + outbox::Outbox
    + citizens::Citizens
    + pushes::Pushes
    + messages::Messages
    + ussd::UssdSessions
    + kiosks::Kiosks
    + feedback::Feedback
    + parts::Parts
    + leases::Leases
    + nodes::Nodes
{
}
impl<T> Store for T where
    T: inbox::Inbox
        + outbox::Outbox
        + citizens::Citizens
        + pushes::Pushes
        + messages::Messages
        + ussd::UssdSessions
        + kiosks::Kiosks
        + feedback::Feedback
        + parts::Parts
        + leases::Leases
        + nodes::Nodes
{
}
