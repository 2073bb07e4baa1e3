//! What a refusal of a submit_sm means for its segment. It must not know the segment.
use super::effect::Outcome;
use crate::{
    smpp::status::{Class, Table},
    types::limits::SUBMIT_TRIES_MAX,
};
use std::time::Duration;

/// First pause of a segment that the telco refused for now; doubles with each try.
const RETRY_PAUSE: Duration = Duration::from_secs(5);

/// By the telco's table, for a segment that was handed to a bind so many times.
pub(super) fn refused(statuses: &Table, status: u32, attempts: u32) -> Outcome {
    match statuses.class(status) {
        Class::Throttle => Outcome::Throttled { status },
        Class::Retry if attempts < SUBMIT_TRIES_MAX => {
            Outcome::Retry { after: RETRY_PAUSE * (1 << attempts.min(6)), status }
        }
        Class::Retry | Class::Permanent => Outcome::Failed { status },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_tried_again_later_and_later_and_then_no_more() {
        let telcos = Table::of([("0x45", "permanent")]).expect("a table");
        let seconds = Duration::from_secs;
        for (table, status, attempts, wanted) in [
            (Table::default(), 0x08, 1, Outcome::Retry { after: seconds(10), status: 0x08 }),
            (Table::default(), 0x08, 4, Outcome::Retry { after: seconds(80), status: 0x08 }),
            (Table::default(), 0x08, 5, Outcome::Failed { status: 0x08 }),
            (Table::default(), 0x45, 1, Outcome::Retry { after: seconds(10), status: 0x45 }),
            (telcos, 0x45, 1, Outcome::Failed { status: 0x45 }),
            (Table::default(), 0x0B, 1, Outcome::Failed { status: 0x0B }),
            (Table::default(), 0x58, 9, Outcome::Throttled { status: 0x58 }),
            (Table::default(), 0x14, 1, Outcome::Throttled { status: 0x14 }),
        ] {
            assert_eq!(refused(&table, status, attempts), wanted, "{status:#x} after {attempts}");
        }
    }
}
