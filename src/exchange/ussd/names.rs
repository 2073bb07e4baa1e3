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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{render::ussd::Size, types::Msisdn};
    use std::time::Duration;

    fn call(name: &[u8], code: &str, signal: UssdSignal) -> UssdCall {
        UssdCall {
            smsc: "smart".into(),
            family: "smart".into(),
            connection: crate::types::SessionId(uuid::Uuid::nil()),
            number: Msisdn::parse_e164("85512345678").expect("a number"),
            name: name.to_vec(),
            code: code.to_owned(),
            signal,
            short_code: "1212".to_owned(),
            size: Size { gsm7: 160, ucs2: 70 },
            read_at: tokio::time::Instant::now(),
            deadline: Duration::from_secs(5),
        }
    }

    fn start(name: &[u8]) -> UssdCall {
        call(name, "*1212#", UssdSignal::Start(Vec::new()))
    }

    fn next(name: &[u8]) -> UssdCall {
        call(name, "*1212#", UssdSignal::Next("1".to_owned()))
    }

    #[test]
    fn names_of_one_session_differ_in_what_gateways_count_or_move() {
        for (one, other, like, behind) in [
            (&[7, 2][..], &[7, 1][..], true, true),
            (&[7, 1], &[7, 2], true, false),
            (&[1, 7], &[7, 1], true, true),
            (&[8, 1], &[7, 1], false, false),
            (&[7, 1, 0], &[7, 1], false, false),
            (&[7, 1, 2], &[7, 1, 1], true, true),
            (&[7, 3, 2], &[7, 1, 1], false, false),
            (&[8], &[7], false, false),
            (&[7], &[7], false, false),
            (&[], &[], false, false),
        ] {
            assert_eq!((alike(one, other), follows(one, other)), (like, behind), "{one:?} {other:?}");
        }
    }

    #[test]
    fn an_input_is_of_the_open_session_by_its_name_or_where_it_goes_on_by_its_code() {
        let names = Names::opened(&start(&[7, 1]), None);
        let unknown = |text: &str| UssdSignal::Unknown(text.to_owned());
        for (what, input, is_of) in [
            ("its name", next(&[7, 1]), true),
            ("a start under its name", start(&[7, 1]), true),
            ("another name", next(&[9, 9]), true),
            ("no name", next(&[]), true),
            ("another code", call(&[9, 9], "*99#", UssdSignal::Next("1".to_owned())), false),
            ("no code", call(&[9, 9], "", UssdSignal::Next("1".to_owned())), true),
            ("a start under another name", start(&[9, 9]), false),
            ("a word under another name", call(&[9, 9], "*1212#", unknown("1")), true),
            ("nothing under another name", call(&[9, 9], "*1212#", unknown("")), false),
            ("an end under another name", call(&[9, 9], "*1212#", UssdSignal::Abort), false),
            ("an end under the next name", call(&[7, 2], "*1212#", UssdSignal::Abort), true),
            ("an end under an earlier name", call(&[7, 0], "*1212#", UssdSignal::Abort), false),
            ("an end under no name", call(&[], "*1212#", UssdSignal::Abort), true),
            ("a notice that was shown", call(&[9, 9], "*1212#", UssdSignal::Confirmed), false),
        ] {
            assert_eq!(names.is_of(&input), is_of, "{what}");
        }
        let went_on = names.clone().after(&next(&[7, 2]));
        assert_eq!([[7, 1], [7, 2], [7, 3]].map(|name| went_on.is_last(&name)), [false, true, false]);
        assert!(went_on.is_last(&[]) && went_on.after(&next(&[])).is_last(&[7, 2]), "no name changes nothing");
        // where a name has moved, an end is one under any
        let ends = call(&[9, 9], "*1212#", UssdSignal::Abort);
        assert!(names.clone().after(&next(&[7, 2])).is_of(&ends) && !names.after(&next(&[7, 1])).is_of(&ends));
        // a code that was told later is its code
        let late = Names::opened(&call(&[7, 1], "", UssdSignal::Start(Vec::new())), None).after(&next(&[7, 1]));
        assert!(!late.is_of(&call(&[9, 9], "*99#", UssdSignal::Next("1".to_owned()))));
    }

    #[test]
    fn an_input_of_the_session_before_is_not_of_the_one_in_its_place() {
        let before = |opened: UssdCall| Names::opened(&opened, None);
        let nameless = || before(start(&[]));
        let moved = || before(start(&[7])).after(&next(&[8]));
        for (what, former, opened, input, is_of) in [
            ("its first name", before(start(&[7, 1])), start(&[9, 1]), next(&[7, 1]), false),
            ("its last name", before(start(&[7, 1])).after(&next(&[7, 1])), start(&[9, 1]), next(&[7, 1]), false),
            ("one like its name", before(start(&[7, 1])), start(&[9, 1]), next(&[7, 5]), false),
            ("one like both", before(start(&[7, 1])), start(&[7, 3]), next(&[7, 5]), true),
            ("one like this one's", before(start(&[7, 1])), start(&[9, 1]), next(&[9, 5]), true),
            ("a name of one octet", before(start(&[7])), start(&[9]), next(&[7]), false),
            ("one that has moved", moved(), start(&[9]), next(&[7]), true),
            ("one that opened in the middle", before(next(&[7, 1])), start(&[9, 1]), next(&[7, 1]), true),
            ("one without a name", nameless(), start(&[9, 1]), next(&[]), true),
        ] {
            assert_eq!(Names::opened(&opened, Some(&former)).is_of(&input), is_of, "{what}");
        }
    }
}
