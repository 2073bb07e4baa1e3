//! To which session a USSD input belongs. Gateways name sessions as they like: some count the steps in the name
//! (its_session_info is a session number and a sequence number, SMPP 3.4 §5.3.2.43), some move it about, some give it at
//! the start only. So what is known of a session is kept with it: its names, its service code, whether its name moved.
//!
//! A telephone has one session at a time, and a session is looked up by the subscriber's number: whatever is
//! decided here, nobody's input reaches somebody else.
use super::input::{UssdCall, UssdSignal};

/// What is known of a session's names; kept with it.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct Names {
    /// Under which it was opened.
    first: Vec<u8>,
    /// The last one that it was given.
    last: Vec<u8>,
    /// Our service code that was dialled; empty: the gateway did not say.
    code: String,
    /// It was opened by dialling, not by an input that had lost its session.
    dialled: bool,
    /// An input of it came under another name, or under none.
    moved: bool,
    /// The names of the number's session before, where a start came while that was open.
    former: Option<Former>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct Former {
    first: Vec<u8>,
    last: Vec<u8>,
    moved: bool,
}

impl Names {
    /// Of a session that opens with this input; `open`: of the one whose place it takes, if that was open still.
    pub(super) fn opened(call: &UssdCall, open: Option<&Names>) -> Self {
        // a session that opened in the middle has a name that tells nothing of its start
        let former = open.filter(|names| names.dialled && !names.first.is_empty()).map(|names| Former {
            first: names.first.clone(),
            last: names.last.clone(),
            moved: names.moved,
        });
        Names {
            first: call.name.clone(),
            last: call.name.clone(),
            code: call.code.clone(),
            dialled: matches!(call.signal, UssdSignal::Start(_)),
            moved: false,
            former,
        }
    }

    /// After an input of the session.
    pub(super) fn after(mut self, call: &UssdCall) -> Self {
        self.moved |= !self.is(&call.name);
        if !call.name.is_empty() {
            self.last = call.name.clone();
        }
        if self.code.is_empty() {
            self.code = call.code.clone();
        }
        self
    }

    /// Whether an input is of this session, which is open: by its name; else, where it goes on with a session, by the
    /// number and the service code, unless its name says that it is of the session before.
    pub(super) fn is_of(&self, call: &UssdCall) -> bool {
        if self.is(&call.name) {
            return true;
        }
        let goes_on = match &call.signal {
            UssdSignal::Next(_) => true,
            UssdSignal::Unknown(text) => !text.is_empty(),
            // one that is not ended ends by itself, so doubt does not end it
            UssdSignal::Abort => self.moved || call.name.is_empty() || follows(&call.name, &self.last),
            UssdSignal::Start(_) | UssdSignal::Confirmed => false,
        };
        goes_on && self.same_code(call) && !self.is_former(&call.name)
    }

    /// Whether a name is that of the last input.
    pub(super) fn is_last(&self, name: &[u8]) -> bool {
        name == self.last || name.is_empty()
    }

    fn is(&self, name: &[u8]) -> bool {
        name == self.first || name == self.last
    }

    fn same_code(&self, call: &UssdCall) -> bool {
        self.code.is_empty() || call.code.is_empty() || self.code == call.code
    }

    /// Whether a name is one of the session before, or has in common with that what it has not with this one.
    fn is_former(&self, name: &[u8]) -> bool {
        self.former.as_ref().is_some_and(|former| {
            let given = !former.moved && (name == former.first || name == former.last);
            given || alike(name, &former.first) && !alike(name, &self.first)
        })
    }
}

/// Whether two names have in common what a gateway leaves equal in a session's: they differ in their last octet only,
/// which counts, or in the order of their octets, which moved.
fn alike(one: &[u8], other: &[u8]) -> bool {
    counts(one, other) || moved(one, other)
}

/// Whether a name can be the next one behind another: names of sessions are given in their order too, so one that
/// counts down is of an earlier session.
fn follows(next: &[u8], last: &[u8]) -> bool {
    counts(next, last) && next > last || moved(next, last)
}

fn counts(one: &[u8], other: &[u8]) -> bool {
    one.len() > 1 && one.len() == other.len() && one[..one.len() - 1] == other[..other.len() - 1]
}

fn moved(one: &[u8], other: &[u8]) -> bool {
    let sorted = |name: &[u8]| {
        let mut octets = name.to_vec();
        octets.sort_unstable();
        octets
    };
    one.len() > 1 && sorted(one) == sorted(other)
}
