//! Floor 0: the words everything else is said in. No I/O, no clock, no randomness.
pub mod civic;
pub mod code;
pub mod countries;
pub mod gazetteer;
pub mod ids;
pub mod lang;
pub mod limits;
pub mod lock;
pub mod money;
pub mod msisdn;
pub mod names;
pub mod percent;
pub mod pin;
pub mod profile;
pub mod secret;
pub mod time;
pub mod writing;

pub use code::{AskedAt, CodePattern, CodeRules, CodeVerdict, RegistrationCode};
pub use countries::Countries;
pub use ids::{AckId, CauseId, MtId, SessionId};
pub use lang::Language;
pub use lock::lock;
pub use money::Riel;
pub use msisdn::Msisdn;
pub use pin::Pin;
pub use secret::Secret;
pub use time::UnixMs;
