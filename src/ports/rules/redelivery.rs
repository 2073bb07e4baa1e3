//! Whether an MO is an earlier one that the telco sends again, or a new question in the same words.
use crate::{
    ports::inbox::{Accepted, DedupeKind},
    types::{
        CauseId, SessionId, UnixMs,
        limits::{DEDUPE_IN_DIALOGUE, DEDUPE_STRONG, DEDUPE_WEAK},
    },
};
use std::time::Duration;

/// An MO whose key an earlier one has.
#[derive(Clone, Copy, Debug)]
pub struct Arrival {
    /// What kind of key.
    pub kind: DedupeKind,
    /// The connection it came over.
    pub session: SessionId,
    /// When.
    pub at: UnixMs,
    /// The earlier one was given back with an error: whoever sends it sends it again.
    pub given_back: bool,
}

/// What is known of the earlier one.
#[derive(Clone, Copy, Debug)]
pub struct Earlier {
    /// Which.
    pub mo: CauseId,
    /// The connection it came over.
    pub session: SessionId,
    /// When.
    pub received_at: UnixMs,
    /// Since when it has the key.
    pub keyed_at: UnixMs,
    /// Its turn is over, or never comes.
    pub done: bool,
    /// Something of its answer may still be sent.
    pub answer_open: bool,
    /// The telco is known to have read its resp.
    pub resp_read: bool,
    /// The telco took something of its answer on the connection that it came over: resps are written in order, so it had
    /// read the MO's before.
    pub answer_taken: bool,
    /// Something was asked that the sender's next text may answer.
    pub in_dialogue: bool,
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// What an MO is to the earlier one with its key: a duplicate, or like it; `None`: a new question.
pub fn redelivery(arrival: Arrival, earlier: &Earlier) -> Option<Accepted> {
    let age = arrival.at.since_ms(earlier.keyed_at);
    let older_than = |span| age > millis(span);
    let (done, open) = (earlier.done, earlier.answer_open);
    let duplicate = Some(Accepted::Duplicate { of: earlier.mo });
    match arrival.kind {
        _ if arrival.given_back => duplicate,
        DedupeKind::Strong if older_than(DEDUPE_STRONG) => None,
        DedupeKind::Strong => duplicate,
        // In an open conversation 1, 1, 1 are three answers. Only what comes again over another session at once,
        // or while the first is in hand, is taken for a redelivery.
        DedupeKind::Weak if earlier.in_dialogue && earlier.session == arrival.session => None,
        DedupeKind::Weak if earlier.in_dialogue && done && older_than(DEDUPE_IN_DIALOGUE) => None,
        DedupeKind::Weak if !done || open && !earlier.in_dialogue => duplicate,
        // References of parts come round after 256 texts, and some telephones use one reference only: a part that was
        // acknowledged, and the resp read, comes again only in a new text.
        DedupeKind::Segment if !done || open => duplicate,
        DedupeKind::Segment | DedupeKind::Weak
            if earlier.resp_read || earlier.answer_taken || older_than(DEDUPE_WEAK) =>
        {
            None
        }
        DedupeKind::Segment | DedupeKind::Weak => {
            Some(Accepted::Resembles { of: earlier.mo, session: earlier.session, received_at: earlier.received_at })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const HOUR: i64 = 3_600_000;
    const NOW: UnixMs = UnixMs(1_800_000_000_000);
    const HERE: SessionId = SessionId(Uuid::from_u128(1));
    const THERE: SessionId = SessionId(Uuid::from_u128(2));

    #[derive(Debug, PartialEq, Eq)]
    enum Is {
        New,
        Duplicate,
        Like,
    }
    use Is::{Duplicate, Like, New};

    /// Answered, nothing open, its resp not known to be read.
    fn answered() -> Earlier {
        Earlier {
            mo: CauseId(Uuid::from_u128(9)),
            session: HERE,
            received_at: NOW.plus_ms(-7),
            keyed_at: NOW,
            done: true,
            answer_open: false,
            resp_read: false,
            answer_taken: false,
            in_dialogue: false,
        }
    }

    fn judged(kind: DedupeKind, session: SessionId, after: i64, earlier: &Earlier) -> Is {
        let arrival = Arrival { kind, session, at: NOW.plus_ms(after), given_back: false };
        match redelivery(arrival, earlier) {
            None => New,
            Some(Accepted::Duplicate { of }) => {
                assert_eq!(of, earlier.mo);
                Duplicate
            }
            Some(Accepted::Resembles { of, session, received_at }) => {
                assert_eq!((of, session, received_at), (earlier.mo, earlier.session, earlier.received_at));
                Like
            }
            Some(Accepted::New { .. }) => panic!("that is for the store to say"),
        }
    }

    #[test]
    fn what_was_given_back_and_stored_all_the_same_is_no_new_question_though_one_is_open() {
        let earlier = Earlier { in_dialogue: true, ..answered() };
        let arrival = |given_back| Arrival { kind: DedupeKind::Weak, session: HERE, at: NOW, given_back };
        assert_eq!(redelivery(arrival(true), &earlier), Some(Accepted::Duplicate { of: earlier.mo }));
        assert_eq!(redelivery(arrival(false), &earlier), None);
    }

    #[test]
    fn a_strong_key_names_one_mo_for_three_days_whatever_became_of_it() {
        for earlier in [answered(), Earlier { resp_read: true, in_dialogue: true, ..answered() }] {
            for (after, is) in [(0, Duplicate), (72 * HOUR, Duplicate), (72 * HOUR + 1, New), (-HOUR, Duplicate)] {
                assert_eq!(judged(DedupeKind::Strong, THERE, after, &earlier), is, "{after}");
            }
        }
    }

    #[test]
    fn a_part_comes_again_only_as_long_as_its_resp_may_not_have_been_read() {
        let kind = DedupeKind::Segment;
        let (in_hand, open) =
            (Earlier { done: false, ..answered() }, Earlier { answer_open: true, resp_read: true, ..answered() });
        for (what, earlier, after, is) in [
            ("its turn is not over", in_hand, 0, Duplicate),
            ("nor a week later", in_hand, 200 * HOUR, Duplicate),
            ("its answer is on its way", open, 0, Duplicate),
            ("over, its resp perhaps unread", answered(), 0, Like),
            ("for a day", answered(), 24 * HOUR, Like),
            ("and no longer", answered(), 24 * HOUR + 1, New),
            ("its resp was read", Earlier { resp_read: true, ..answered() }, 0, New),
            ("which its answer proves", Earlier { answer_taken: true, ..answered() }, 0, New),
            ("a conversation is nothing to a part", Earlier { in_dialogue: true, ..answered() }, 0, Like),
        ] {
            for session in [HERE, THERE] {
                assert_eq!(judged(kind, session, after, &earlier), is, "{what}");
            }
        }
    }

    #[test]
    fn equal_words_are_a_redelivery_until_their_answer_is_known_to_be_read() {
        let kind = DedupeKind::Weak;
        for (what, earlier, after, is) in [
            ("its turn is not over", Earlier { done: false, ..answered() }, 0, Duplicate),
            ("its answer is on its way", Earlier { answer_open: true, resp_read: true, ..answered() }, 0, Duplicate),
            ("answered, its resp perhaps unread", answered(), 0, Like),
            ("for a day", answered(), 24 * HOUR, Like),
            ("and no longer", answered(), 24 * HOUR + 1, New),
            ("its resp was read", Earlier { resp_read: true, ..answered() }, 0, New),
            ("which its answer proves", Earlier { answer_taken: true, ..answered() }, 0, New),
        ] {
            for session in [HERE, THERE] {
                assert_eq!(judged(kind, session, after, &earlier), is, "{what}");
            }
        }
    }

    #[test]
    fn in_a_conversation_equal_words_are_answers_of_their_own() {
        let kind = DedupeKind::Weak;
        let asked = Earlier { in_dialogue: true, ..answered() };
        let (in_hand, open) = (Earlier { done: false, ..asked }, Earlier { answer_open: true, ..asked });
        for (what, earlier, session, after, is) in [
            ("over the same connection", asked, HERE, 0, New),
            ("even while the first is in hand", in_hand, HERE, 0, New),
            ("over another one, in hand", in_hand, THERE, 60_000, Duplicate),
            ("over another one, at once", asked, THERE, 30_000, Like),
            ("a person needed time to read", asked, THERE, 30_001, New),
            ("whose answer is on its way", open, THERE, 0, Like),
            ("whose resp was read", Earlier { resp_read: true, ..asked }, THERE, 0, New),
        ] {
            assert_eq!(judged(kind, session, after, &earlier), is, "{what}");
        }
    }
}
