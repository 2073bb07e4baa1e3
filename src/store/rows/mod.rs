//! Rows as every store writes and reads them: what is sealed in them, under which name, and how they are opened. No SQL
//! stands here; a store fills them from its statements and binds them to its statements.
mod call;
mod citizen;
mod feedback;
mod mo;
mod mt;
mod part;
mod push;
mod ussd;

pub use call::{AskedRow, CallRow, Outcome};
pub use citizen::CitizenRow;
pub use feedback::{DueFeedbackRow, FeedbackEndRow, FeedbackRow};
pub use mo::{FinishRow, MoRow, Taken, WaitingRow};
pub use mt::{DueRow, MtRow, ReceiptRow, SettleRow};
pub use part::{JoinRow, JoinedRow, OpenPartRow, PartRow, text_id};
pub use push::{DuePushRow, PushEndRow, PushRow};
pub use ussd::{UssdRow, UssdSessionRow};

use super::Keys;
use crate::ports::StoreFault;

/// The octets of a UUID.
pub type Id = [u8; 16];
/// What stands for a number.
pub type Mac = [u8; 32];

/// Seals a value of a row: without randomness nothing can be stored, and trying again does not mend it.
fn sealed(keys: &Keys, row: &[u8], column: &str, plain: &[u8]) -> Result<Vec<u8>, StoreFault> {
    keys.seal(row, column, plain).map_err(|_| StoreFault::Rejected)
}

fn opened_text(keys: &Keys, row: &[u8], column: &str, sealed: &[u8]) -> Option<String> {
    keys.open(row, column, sealed).ok().and_then(|plain| String::from_utf8(plain).ok())
}
