//! What a caller may learn: one table, one function. Nothing of an application reaches a view but through
//! [`shown`]. Knows no channel and no words.
//!
//! A registration code is an identifier, not a secret, so the code alone earns little. The portal leaves out
//! what is not earned; should it ever send more, it ends here.
use super::view::StatusFacts;
use crate::types::civic::{Application, Disclosure};
use crate::types::{RegistrationCode, UnixMs};

/// The members of an application that a level may have to do without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Member {
    ExpectedBy,
    Ready,
    NextAction,
    ServiceName,
    Fee,
    Timeline,
    ReturnedDocuments,
}

/// When a member is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    Always,
    /// Only when using the service tells nothing private.
    UnlessSensitive,
    Never,
}

/// One line per member: at `Public`, `Contact`, `Verified`. Code, office, status and its time are always
/// shown and so have no line.
const POLICY: [(Member, [Shown; 3]); 7] = [
    (Member::ExpectedBy, [Shown::Always; 3]),
    (Member::Ready, [Shown::Always; 3]),
    (Member::NextAction, [Shown::Always; 3]),
    (Member::ServiceName, [Shown::UnlessSensitive, Shown::Always, Shown::Always]),
    (Member::Fee, [Shown::UnlessSensitive, Shown::Always, Shown::Always]),
    (Member::Timeline, [Shown::Never, Shown::Always, Shown::Always]),
    (Member::ReturnedDocuments, [Shown::Never, Shown::Always, Shown::Always]),
];

/// The most that our factors can earn, whatever the portal says: a PIN may verify, a number alone may be a
/// contact's, nothing is public.
pub fn earnable(number_known: bool, pin_given: bool) -> Disclosure {
    match (number_known, pin_given) {
        (_, true) => Disclosure::Verified,
        (true, false) => Disclosure::Contact,
        (false, false) => Disclosure::Public,
    }
}

/// Cuts an application down to the lower of what the portal granted and what `earnable` allows.
pub fn shown(
    code: RegistrationCode,
    application: Application,
    earnable: Disclosure,
    as_of: Option<UnixMs>,
) -> StatusFacts {
    let level = application.disclosure.min(earnable);
    let sensitive = application.service.sensitive;
    let may = |member| permitted(member, level, sensitive);
    StatusFacts {
        code,
        status: application.status,
        status_at: application.status_at,
        registered_at: application.registered_at,
        expected_by: application.expected_by.filter(|_| may(Member::ExpectedBy)),
        ready: application.ready.filter(|_| may(Member::Ready)),
        next_action: application.next_action.filter(|_| may(Member::NextAction)),
        service: application.service.name.filter(|_| may(Member::ServiceName)),
        fee: application.fee.filter(|_| may(Member::Fee)),
        timeline: if may(Member::Timeline) { application.timeline } else { Vec::new() },
        returned_documents: if may(Member::ReturnedDocuments) { application.returned_documents } else { Vec::new() },
        office: application.office,
        disclosure: level,
        as_of,
        hours_today: None,
    }
}

fn permitted(member: Member, level: Disclosure, sensitive: bool) -> bool {
    let column = match level {
        Disclosure::Public => 0,
        Disclosure::Contact => 1,
        Disclosure::Verified => 2,
    };
    POLICY.iter().find(|(listed, _)| *listed == member).is_some_and(|(_, shown)| match shown[column] {
        Shown::Always => true,
        Shown::UnlessSensitive => !sensitive,
        Shown::Never => false,
    })
}
