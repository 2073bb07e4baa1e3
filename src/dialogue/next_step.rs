//! What a citizen is to do now: exactly one answer for each status, fee and level, the same over every channel. It must not
//! know a channel's words; whoever offers a button asks here whether it may.
use super::view::StatusFacts;
use crate::types::civic::{ApplicationFee, ApplicationStatus, Disclosure};

/// What is seen of a fee.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeeSeen {
    /// Nothing: the level does not earn it, or the portal does not tell.
    Unseen,
    /// There is nothing to pay.
    Free,
    /// It is to be paid.
    Due,
    /// It is paid.
    Paid,
}

impl FeeSeen {
    /// All four.
    pub const ALL: [FeeSeen; 4] = [Self::Unseen, Self::Free, Self::Due, Self::Paid];

    /// Of what is shown.
    pub fn of(fee: Option<&ApplicationFee>) -> Self {
        match fee {
            None => Self::Unseen,
            Some(fee) if fee.paid => Self::Paid,
            Some(fee) if fee.amount.0 == 0 => Self::Free,
            Some(_) => Self::Due,
        }
    }
}

/// Where a fee can be paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayWhere {
    /// At a kiosk at once, and at the cashier.
    KioskOrCashier,
    /// At the cashier; at a kiosk when more of the application is earned, as with the PIN of its receipt.
    CashierOrKioskWithPin,
    /// At the cashier only.
    Cashier,
}

/// What is to be done now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextStep {
    /// Nothing any more.
    Nothing,
    /// Wait for the office.
    Wait,
    /// Wait for the document.
    WaitForDocument,
    /// Pay.
    Pay(PayWhere),
    /// Correct documents.
    Correct,
    /// Collect the document.
    Collect,
    /// Ask the office.
    Ask,
    /// Apply anew, if it is still needed.
    ApplyAnew,
}

impl NextStep {
    /// The table. `fresh`: the portal said so just now, so that a payment can be begun.
    pub fn of(status: ApplicationStatus, fee: FeeSeen, level: Disclosure, fresh: bool) -> Self {
        use ApplicationStatus as S;
        match (status, fee) {
            (S::AwaitingPayment, FeeSeen::Free | FeeSeen::Paid) => Self::Wait,
            (S::AwaitingPayment, _) if !fresh => Self::Pay(PayWhere::Cashier),
            (S::AwaitingPayment, FeeSeen::Due) => Self::Pay(PayWhere::KioskOrCashier),
            (S::AwaitingPayment, FeeSeen::Unseen) => Self::Pay(match level {
                Disclosure::Public => PayWhere::CashierOrKioskWithPin,
                Disclosure::Contact | Disclosure::Verified => PayWhere::Cashier,
            }),
            (S::Registered | S::Paid | S::InReview | S::Forwarded, _) => Self::Wait,
            (S::Approved, _) => Self::WaitForDocument,
            (S::ReturnedForCorrection, _) => Self::Correct,
            (S::ReadyForCollection, _) => Self::Collect,
            (S::Rejected, _) => Self::Ask,
            (S::Expired, _) => Self::ApplyAnew,
            (S::Collected | S::Cancelled, _) => Self::Nothing,
        }
    }

    /// Whether something is to be paid.
    pub fn pays(self) -> bool {
        matches!(self, Self::Pay(_))
    }

    /// Whether a kiosk may offer to pay.
    pub fn pays_here(self) -> bool {
        self == Self::Pay(PayWhere::KioskOrCashier)
    }

    /// Whether the office's own words, where it wrote any, stand instead of ours. How to pay is known here better: the
    /// office knows of its cashier only.
    pub fn yields_to_the_office(self) -> bool {
        !self.pays()
    }
}

impl StatusFacts {
    /// What is to be done now, by what is shown.
    pub fn next_step(&self) -> NextStep {
        NextStep::of(self.status, FeeSeen::of(self.fee.as_ref()), self.disclosure, self.as_of.is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Riel;

    /// At each level, of a fee that is unseen, free, due and paid: `h` pay here or at the cashier, `p` at the cashier, or
    /// here with the PIN, `c` at the cashier, `w` wait, `d` wait for the document, `k` correct, `f` fetch, `a` ask, `n` apply
    /// anew, `-` nothing.
    const TABLE: [(ApplicationStatus, [&str; 3]); 12] = [
        (ApplicationStatus::Registered, ["wwww"; 3]),
        (ApplicationStatus::AwaitingPayment, ["pwhw", "cwhw", "cwhw"]),
        (ApplicationStatus::Paid, ["wwww"; 3]),
        (ApplicationStatus::InReview, ["wwww"; 3]),
        (ApplicationStatus::Forwarded, ["wwww"; 3]),
        (ApplicationStatus::ReturnedForCorrection, ["kkkk"; 3]),
        (ApplicationStatus::Approved, ["dddd"; 3]),
        (ApplicationStatus::ReadyForCollection, ["ffff"; 3]),
        (ApplicationStatus::Collected, ["----"; 3]),
        (ApplicationStatus::Rejected, ["aaaa"; 3]),
        (ApplicationStatus::Cancelled, ["----"; 3]),
        (ApplicationStatus::Expired, ["nnnn"; 3]),
    ];

    fn letter(step: NextStep) -> char {
        match step {
            NextStep::Pay(PayWhere::KioskOrCashier) => 'h',
            NextStep::Pay(PayWhere::CashierOrKioskWithPin) => 'p',
            NextStep::Pay(PayWhere::Cashier) => 'c',
            NextStep::Wait => 'w',
            NextStep::WaitForDocument => 'd',
            NextStep::Correct => 'k',
            NextStep::Collect => 'f',
            NextStep::Ask => 'a',
            NextStep::ApplyAnew => 'n',
            NextStep::Nothing => '-',
        }
    }

    #[test]
    fn there_is_one_step_for_each_status_fee_and_level() {
        assert_eq!(TABLE.map(|(status, _)| status), ApplicationStatus::ALL);
        let levels = [Disclosure::Public, Disclosure::Contact, Disclosure::Verified];
        for (status, rows) in TABLE {
            for (level, row) in levels.into_iter().zip(rows) {
                let of = |fresh| FeeSeen::ALL.map(|fee| letter(NextStep::of(status, fee, level, fresh)));
                assert_eq!(String::from_iter(of(true)), row, "{status:?} {level:?}");
                // of what the portal said before it was away nothing can be paid here
                let kept = row.replace(['h', 'p'], "c");
                assert_eq!(String::from_iter(of(false)), kept, "{status:?} {level:?}, kept");
            }
        }
    }

    #[test]
    fn a_fee_is_seen_as_it_is() {
        let fee = |amount, paid| ApplicationFee { amount: Riel(amount), paid, bill_number: None };
        assert_eq!(FeeSeen::of(None), FeeSeen::Unseen);
        assert_eq!(FeeSeen::of(Some(&fee(0, false))), FeeSeen::Free);
        assert_eq!(FeeSeen::of(Some(&fee(20_000, false))), FeeSeen::Due);
        assert_eq!(FeeSeen::of(Some(&fee(20_000, true))), FeeSeen::Paid);
    }
}
