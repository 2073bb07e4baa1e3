//! The numbers of states and kinds, as every store keeps them, and the sets of them that statements ask for. It must not
//! know SQL beyond how a set of numbers is compared, and no store.
//!
//! The numbers are for ever: databases hold them. Their words stand in the migrations too, and a test compares them.
use crate::ports::{
    inbox::DedupeKind,
    outbox::{Class, MtKind},
    parts::PartWay,
    pushes::PushKind,
    states::{FeedbackState, MoState, MtState, PushState, RespState},
};

/// Something that is kept as a number.
pub trait Code: Copy + Eq + 'static {
    /// What it is called in statements (`MtState::Sent`), and its number as written there.
    const NAMES: &'static [(&'static str, &'static str)];
    /// All there are, with their numbers.
    const ALL: &'static [(Self, i64)];

    /// Its number.
    fn code(self) -> i64;

    /// What has this number, if anything has.
    fn of_code(code: i64) -> Option<Self> {
        Self::ALL.iter().find(|(_, number)| *number == code).map(|(one, _)| *one)
    }
}

macro_rules! codes {
    ($type:ident { $($variant:ident = $number:literal),+ $(,)? }) => {
        impl Code for $type {
            const NAMES: &'static [(&'static str, &'static str)] =
                &[$((concat!(stringify!($type), "::", stringify!($variant)), stringify!($number))),+];
            const ALL: &'static [(Self, i64)] = &[$((Self::$variant, $number)),+];

            fn code(self) -> i64 {
                match self {
                    $(Self::$variant => $number),+
                }
            }
        }
    };
}

/// Several states, as a statement compares them. Partial indexes are used by statements that compare as the index does,
/// to the letter.
pub struct Set<S: 'static> {
    /// The comparison, without the column.
    pub written: &'static str,
    /// What it holds for.
    pub members: &'static [S],
}

impl<S: Copy + Eq> Set<S> {
    /// Whether a state is one of them.
    pub fn has(&self, state: S) -> bool {
        self.members.contains(&state)
    }
}

codes!(MoState { Waiting = 0, Claimed = 1, Answered = 2, Withheld = 3, Expired = 4, Dead = 5, Silent = 6 });

impl MoState {
    /// Its turn is not over.
    pub const OPEN: Set<Self> = Set { written: "< 2", members: &[Self::Waiting, Self::Claimed] };
    /// Its turn is over, or never comes.
    pub const ENDED: Set<Self> =
        Set { written: ">= 2", members: &[Self::Answered, Self::Withheld, Self::Expired, Self::Dead, Self::Silent] };
}

codes!(RespState { Unread = 0, Read = 2 });

codes!(MtState {
    Queued = 0,
    Submitting = 1,
    Ambiguous = 2,
    Sent = 3,
    Delivered = 4,
    Failed = 5,
    Expired = 6,
    Undelivered = 7,
});

impl MtState {
    /// It may still be sent.
    pub const OPEN: Set<Self> = Set { written: "< 3", members: &[Self::Queued, Self::Submitting, Self::Ambiguous] };
    /// It will not be sent again.
    pub const ENDED: Set<Self> = Set {
        written: ">= 3",
        members: &[Self::Sent, Self::Delivered, Self::Failed, Self::Expired, Self::Undelivered],
    };
    /// The telco took it, whatever became of it then.
    pub const TAKEN: Set<Self> =
        Set { written: "IN (3, 4, 7)", members: &[Self::Sent, Self::Delivered, Self::Undelivered] };
}

codes!(PushState { Waiting = 0, Queued = 1, Dropped = 2 });

impl PushState {
    /// Nothing is to be done any more.
    pub const ENDED: Set<Self> = Set { written: "> 0", members: &[Self::Queued, Self::Dropped] };
}

codes!(FeedbackState { Waiting = 0, PassedOn = 1, Declined = 2, GivenUp = 3 });

impl FeedbackState {
    /// Nothing is to be done any more.
    pub const ENDED: Set<Self> = Set { written: "> 0", members: &[Self::PassedOn, Self::Declined, Self::GivenUp] };
}

codes!(DedupeKind { Strong = 0, Segment = 1, Weak = 2 });
codes!(PartWay { Udh8 = 0, Udh16 = 1, Sar = 2 });
codes!(MtKind { Answer = 0, Notice = 1, Apology = 2, Push = 3 });
codes!(Class { Answer = 0, Urgent = 1, Notice = 2, Bulk = 3 });
codes!(PushKind { Event = 0, Message = 1, FollowUp = 2 });

/// Every name that a statement may use, with what is written for it.
pub(super) const NAMES: &[&[(&str, &str)]] = &[
    MoState::NAMES,
    RespState::NAMES,
    MtState::NAMES,
    PushState::NAMES,
    FeedbackState::NAMES,
    DedupeKind::NAMES,
    MtKind::NAMES,
    PartWay::NAMES,
    PushKind::NAMES,
    &[
        ("MoState::OPEN", MoState::OPEN.written),
        ("MoState::ENDED", MoState::ENDED.written),
        ("MtState::OPEN", MtState::OPEN.written),
        ("MtState::ENDED", MtState::ENDED.written),
        ("MtState::TAKEN", MtState::TAKEN.written),
        ("PushState::ENDED", PushState::ENDED.written),
        ("FeedbackState::ENDED", FeedbackState::ENDED.written),
    ],
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::smpp::message_id::Rule;
    use std::{collections::BTreeMap, fmt::Debug};

    /// Whether a comparison holds, as a database would find.
    fn holds(written: &str, code: i64) -> bool {
        let (how, of) = written.split_once(' ').expect("two words");
        let of: Vec<i64> =
            of.trim_matches(['(', ')']).split(", ").map(|number| number.parse().expect("a number")).collect();
        match how {
            "<" => code < of[0],
            ">" => code > of[0],
            ">=" => code >= of[0],
            "IN" => of.contains(&code),
            _ => panic!("{how}"),
        }
    }

    fn is_what_it_says<C: Code + Debug>(set: &Set<C>) {
        for (state, code) in C::ALL {
            assert_eq!(set.has(*state), holds(set.written, *code), "{state:?} {}", set.written);
        }
    }

    #[test]
    fn a_set_in_a_statement_is_the_set_in_the_code() {
        is_what_it_says(&MoState::OPEN);
        is_what_it_says(&MoState::ENDED);
        is_what_it_says(&MtState::OPEN);
        is_what_it_says(&MtState::ENDED);
        is_what_it_says(&MtState::TAKEN);
        is_what_it_says(&PushState::ENDED);
        is_what_it_says(&FeedbackState::ENDED);
        for (state, code) in MoState::ALL {
            assert_ne!(MoState::OPEN.has(*state), MoState::ENDED.has(*state), "{code}");
        }
        for (state, code) in MtState::ALL {
            assert_ne!(MtState::OPEN.has(*state), MtState::ENDED.has(*state), "{code}");
            assert!(!MtState::TAKEN.has(*state) || MtState::ENDED.has(*state), "{code}");
        }
    }

    #[test]
    fn a_number_leads_back_to_its_state_and_any_other_to_none() {
        for (state, code) in MtState::ALL {
            assert_eq!((state.code(), MtState::of_code(*code)), (*code, Some(*state)));
        }
        assert_eq!((MtState::of_code(-1), MtState::of_code(8), RespState::of_code(1)), (None, None, None));
    }

    /// `0 waiting 1 claimed | 2 answered` as numbers and words, whatever is said before it.
    fn listed(comment: &str) -> BTreeMap<i64, String> {
        let number = |word: &str| word.trim_end_matches(':').parse::<i64>();
        let mut found = BTreeMap::new();
        let mut words = comment.split_whitespace().filter(|word| *word != "|").skip_while(|word| number(word).is_err());
        while let (Some(first), Some(word)) = (words.next(), words.next()) {
            let Ok(number) = number(first) else { break };
            found.insert(number, word.replace('-', ""));
        }
        found
    }

    /// What the migrations say of a column: the comment beside it, or on the line before it.
    fn documented(database: &str, column: &str) -> BTreeMap<i64, String> {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(database);
        let mut paths: Vec<_> =
            std::fs::read_dir(folder).expect("migrations").map(|one| one.expect("an entry").path()).collect();
        paths.sort();
        let (mut found, mut table) = (BTreeMap::new(), String::new());
        for path in paths {
            let text = std::fs::read_to_string(path).expect("a migration");
            let mut before = "";
            for line in text.lines().map(str::trim) {
                if let Some(rest) = line.strip_prefix("CREATE TABLE ").or_else(|| line.strip_prefix("ALTER TABLE ")) {
                    table = rest.split([' ', '(']).next().unwrap_or_default().to_owned();
                }
                let name = line.split(" ADD COLUMN ").last().unwrap_or_default().split(' ').next().unwrap_or_default();
                if format!("{table}.{name}") == column {
                    let beside = line.split_once("-- ").map_or(before, |(_, comment)| comment);
                    found = listed(beside);
                }
                // a later one may say more of a column of an earlier one
                if let Some(comment) = line.strip_prefix("-- ").and_then(|comment| comment.strip_prefix(column)) {
                    found = listed(comment.trim_start_matches(':'));
                }
                before = line.strip_prefix("-- ").unwrap_or_default();
            }
        }
        found
    }

    fn words<C: Code + Debug>(of: impl Fn(C) -> bool) -> BTreeMap<i64, String> {
        let wanted = C::ALL.iter().filter(|(one, _)| of(*one));
        wanted.map(|(one, code)| (*code, format!("{one:?}").to_lowercase())).collect()
    }

    #[test]
    fn the_migrations_call_the_numbers_by_the_same_words() {
        for database in ["sqlite", "postgres"] {
            let documented = |column: &str| documented(database, column);
            assert_eq!(documented("inbox.state"), words::<MoState>(|_| true));
            assert_eq!(documented("outbox.state"), words::<MtState>(|_| true));
            assert_eq!(documented("outbox.kind"), words::<MtKind>(|_| true));
            assert_eq!(documented("outbox.class"), words::<Class>(|_| true));
            assert_eq!(documented("push.class"), words::<Class>(|_| true));
            assert_eq!(documented("mo_dedupe.kind"), words::<DedupeKind>(|_| true));
            assert_eq!(documented("part.way"), words::<PartWay>(|_| true));
            assert_eq!(documented("push.state"), words::<PushState>(|_| true));
            assert_eq!(documented("push.kind"), words::<PushKind>(|_| true));
            assert_eq!(documented("feedback.state"), words::<FeedbackState>(|_| true));
            let last_words = words::<MtState>(|state| matches!(state, MtState::Delivered | MtState::Undelivered));
            assert_eq!(documented("receipt_orphan.state"), last_words);
            assert!(documented("inbox.resp_state").contains_key(&RespState::Read.code()));
            let rules = documented("receipt_orphan.rule");
            assert_eq!(rules.len(), 4);
            for (code, word) in rules {
                let rule = Rule::of_code(u8::try_from(code).expect("small"));
                assert_eq!((i64::from(rule.code()), format!("{rule:?}").to_lowercase()), (code, word));
            }
        }
    }
}
