//! Identifiers that Chrak makes up itself. They are made on the floors that have a clock and a source of
//! randomness; here they are only carried.
use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub Uuid);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.as_hyphenated().fmt(f)
            }
        }
    };
}

id!(
    /// One accepted MO, for ever (UUIDv7).
    CauseId
);
id!(
    /// One segment to be submitted: a row of the outbox (UUIDv7).
    MtId
);
id!(
    /// One connection of one bind: new at every connect (UUIDv7).
    SessionId
);

/// Counts the deliver_sm_resp that one session has written: 1, 2, 3 …
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AckId(pub u64);
