//! Where an agency's message stands, from what its push and its segments say, and how long it is told.
use crate::{
    ports::{
        messages::MessageState,
        states::{MtState, PushState},
    },
    types::UnixMs,
};
use MessageState as S;

/// A pause of a push that is longer than this, in milliseconds, is the quiet hours; a shorter one is a try that failed.
const PAUSE_MS: i64 = 30_000;
/// How long a status can be asked for after its last change.
const ASKED_WITHIN_MS: i64 = 7 * 24 * 3_600_000;
/// How long a message may be valid at most.
const VALID_MS: i64 = 10 * 24 * 3_600_000;

/// What is known of a message.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// When it was accepted.
    pub created_at: UnixMs,
    /// End of its validity.
    pub expires_at: UnixMs,
    /// Chrak refused it.
    pub rejected: bool,
    /// Where its push stands; of one that was refused at once there is none.
    pub push: PushState,
    /// When it was last put off for the quiet hours.
    pub held_at: Option<UnixMs>,
    /// Until when.
    pub held_until: Option<UnixMs>,
    /// When its segments were stored.
    pub queued_at: Option<UnixMs>,
    /// When it ended without any.
    pub ended_at: Option<UnixMs>,
    /// When the telco last took one of them.
    pub taken_at: Option<UnixMs>,
    /// When one of them last changed.
    pub changed_at: Option<UnixMs>,
    /// Where each of them stands.
    pub segments: &'a [MtState],
}

/// Where a message stands at `now`. One segment that went wrong speaks for all: a text that arrived in part did not arrive.
pub fn state(facts: &Facts<'_>, now: UnixMs) -> MessageState {
    let any = |state| facts.segments.contains(&state);
    let all = |states: &[MtState]| {
        !facts.segments.is_empty() && facts.segments.iter().all(|segment| states.contains(segment))
    };
    match facts.push {
        _ if facts.rejected => S::Rejected,
        PushState::Waiting if facts.held_until.is_some_and(|until| until > now) => S::HeldQuietHours,
        PushState::Waiting => S::Accepted,
        PushState::Dropped => S::Expired,
        PushState::Queued if any(MtState::Undelivered) => S::Undelivered,
        PushState::Queued if any(MtState::Expired) => S::Expired,
        PushState::Queued if any(MtState::Failed) => S::Rejected,
        PushState::Queued if all(&[MtState::Delivered]) => S::Delivered,
        PushState::Queued if all(&[MtState::Sent, MtState::Delivered]) => S::Submitted,
        PushState::Queued => S::Queued,
    }
}

/// When it last reached each state that it has had; `state`: the one it is in.
pub fn times(facts: &Facts<'_>, state: MessageState) -> Vec<(MessageState, UnixMs)> {
    let mut times = Vec::new();
    if !facts.rejected || facts.queued_at.is_some() {
        times.push((S::Accepted, facts.created_at));
    }
    times.extend(facts.held_at.map(|at| (S::HeldQuietHours, at)));
    times.extend(facts.queued_at.map(|at| (S::Queued, at)));
    if submitted(state) {
        times.extend(facts.taken_at.map(|at| (S::Submitted, at)));
    }
    if matches!(state, S::Delivered | S::Undelivered | S::Expired | S::Rejected) {
        times.push((state, facts.ended_at.or(facts.changed_at).unwrap_or(facts.expires_at)));
    }
    times
}

fn submitted(state: MessageState) -> bool {
    matches!(state, S::Submitted | S::Delivered | S::Undelivered)
}

/// Whether a telco is named with it: the one that took or refused it.
pub fn names_telco(facts: &Facts<'_>, state: MessageState) -> bool {
    submitted(state) || state == S::Rejected && !facts.rejected
}

/// Whether a push that is put off until `due` is held for the quiet hours.
pub fn held(due: UnixMs, now: UnixMs) -> bool {
    due > now.plus_ms(PAUSE_MS)
}

/// Messages accepted before this are told to nobody any more. `texts_before`: what is destroyed of texts now.
pub fn redacted_before(texts_before: UnixMs, now: UnixMs) -> UnixMs {
    texts_before.min(now.plus_ms(-ASKED_WITHIN_MS)).plus_ms(-VALID_MS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use MtState::{Ambiguous, Delivered, Expired, Failed, Queued, Sent, Submitting, Undelivered};

    const NOW: UnixMs = UnixMs(1_800_000_000_000);
    const DAY: i64 = 24 * 3_600_000;

    fn facts(push: PushState, segments: &[MtState]) -> Facts<'_> {
        Facts {
            created_at: NOW,
            expires_at: NOW.plus_ms(900),
            rejected: false,
            push,
            held_at: None,
            held_until: None,
            queued_at: None,
            ended_at: None,
            taken_at: None,
            changed_at: None,
            segments,
        }
    }

    #[test]
    fn a_queued_message_stands_where_its_segments_stand() {
        for (segments, is) in [
            (&[][..], S::Queued),
            (&[Queued], S::Queued),
            (&[Submitting, Sent], S::Queued),
            (&[Ambiguous, Delivered], S::Queued),
            (&[Sent], S::Submitted),
            (&[Sent, Delivered], S::Submitted),
            (&[Delivered, Delivered], S::Delivered),
            (&[Failed, Sent], S::Rejected),
            (&[Failed, Failed], S::Rejected),
            (&[Failed, Expired], S::Expired),
            (&[Sent, Expired], S::Expired),
            (&[Expired, Undelivered, Failed], S::Undelivered),
            (&[Delivered, Undelivered], S::Undelivered),
            (&[Queued, Undelivered], S::Undelivered),
        ] {
            assert_eq!(state(&facts(PushState::Queued, segments), NOW), is, "{segments:?}");
        }
    }

    #[test]
    fn a_message_without_segments_waits_is_held_or_is_over() {
        let held = |ms| Facts { held_until: Some(NOW.plus_ms(ms)), ..facts(PushState::Waiting, &[]) };
        assert_eq!(state(&facts(PushState::Waiting, &[]), NOW), S::Accepted);
        assert_eq!(state(&held(1), NOW), S::HeldQuietHours);
        assert_eq!(state(&held(0), NOW), S::Accepted, "the quiet hours are over");
        assert_eq!(state(&facts(PushState::Dropped, &[]), NOW), S::Expired);
        for push in [PushState::Waiting, PushState::Queued, PushState::Dropped] {
            assert_eq!(state(&Facts { rejected: true, ..facts(push, &[]) }, NOW), S::Rejected);
        }
    }

    #[test]
    fn each_state_that_it_has_had_has_its_time() {
        let at = |ms| NOW.plus_ms(ms);
        let went = Facts {
            held_at: Some(at(1)),
            queued_at: Some(at(2)),
            taken_at: Some(at(3)),
            changed_at: Some(at(4)),
            ..facts(PushState::Queued, &[])
        };
        let until_queued = [(S::Accepted, at(0)), (S::HeldQuietHours, at(1)), (S::Queued, at(2))];
        assert_eq!(times(&went, S::Queued), until_queued);
        let submitted = [&until_queued[..], &[(S::Submitted, at(3))]].concat();
        assert_eq!(times(&went, S::Submitted), submitted);
        for end in [S::Delivered, S::Undelivered] {
            assert_eq!(times(&went, end), [&submitted[..], &[(end, at(4))]].concat());
        }
        for end in [S::Expired, S::Rejected] {
            assert_eq!(times(&went, end), [&until_queued[..], &[(end, at(4))]].concat(), "no telco took it");
        }
        // when nothing tells when it ended, its validity does
        let dropped = facts(PushState::Dropped, &[]);
        assert_eq!(times(&dropped, S::Expired), [(S::Accepted, at(0)), (S::Expired, at(900))]);
        let at_once = Facts { rejected: true, ended_at: Some(at(5)), changed_at: Some(at(6)), ..dropped };
        assert_eq!(times(&at_once, S::Rejected), [(S::Rejected, at(5))], "it was never accepted");
        let later = Facts { queued_at: Some(at(2)), ..at_once };
        assert_eq!(times(&later, S::Rejected), [(S::Accepted, at(0)), (S::Queued, at(2)), (S::Rejected, at(5))]);
    }

    #[test]
    fn the_telco_is_named_that_took_or_refused_it() {
        let by_telco = facts(PushState::Queued, &[]);
        let by_us = Facts { rejected: true, ..by_telco };
        for named in [S::Submitted, S::Delivered, S::Undelivered, S::Rejected] {
            assert!(names_telco(&by_telco, named), "{named:?}");
        }
        for unnamed in [S::Accepted, S::HeldQuietHours, S::Queued, S::Expired] {
            assert!(!names_telco(&by_telco, unnamed), "{unnamed:?}");
        }
        assert!(!names_telco(&by_us, S::Rejected));
    }

    #[test]
    fn a_short_pause_is_not_the_quiet_hours() {
        assert!(!held(NOW.plus_ms(30_000), NOW) && held(NOW.plus_ms(30_001), NOW));
    }

    #[test]
    fn a_message_is_told_for_a_week_after_its_longest_validity() {
        assert_eq!(redacted_before(NOW, NOW), NOW.plus_ms(-17 * DAY));
        assert_eq!(redacted_before(NOW.plus_ms(-30 * DAY), NOW), NOW.plus_ms(-40 * DAY), "texts are kept longer");
    }
}
