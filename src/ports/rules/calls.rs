//! What a call of an agency comes to, in this order: the same call again, the references of its messages, the quota of
//! the day. Each step asks the store for no more than it needs, and is the only way to the next.
use crate::{
    ports::{
        Refusal,
        messages::{CallEnd, Cost, Item, NewCall},
    },
    types::{UnixMs, limits::CALLS_REMEMBERED},
};
use std::collections::{HashMap, HashSet};

/// From when on references and keys are remembered: what is as old as this is forgotten.
pub fn remembered_after(now: UnixMs) -> UnixMs {
    now.plus_ms(-i64::try_from(CALLS_REMEMBERED.as_millis()).unwrap_or(i64::MAX))
}

/// What was made of the call that had the key of this one.
#[derive(Clone, Debug)]
pub struct SameKey {
    /// Digest of its body.
    pub fingerprint: [u8; 32],
    /// What it was named.
    pub request: String,
    /// What became of its messages.
    pub items: Vec<Item>,
}

/// A message that was accepted before.
#[derive(Clone, Debug)]
pub struct SameReference {
    /// Its id.
    pub id: String,
    /// Digest of what was asked for.
    pub fingerprint: [u8; 32],
    /// What its text costs.
    pub cost: Option<Cost>,
}

/// A call that was not made before.
#[derive(Debug)]
pub struct NotMadeBefore<'a>(&'a NewCall);

/// A call whose messages are judged.
#[derive(Debug)]
pub struct Judged<'a> {
    call: &'a NewCall,
    items: Vec<Item>,
}

/// A call that is to be stored.
#[derive(Debug)]
pub struct ToBeStored {
    /// What becomes of its messages; one that is neither refused nor replayed is new and to be sent.
    pub items: Vec<Item>,
    /// Messages that count for the quota.
    pub fresh: u32,
}

/// The first step: whether the call was made before under its key.
///
/// # Errors
/// What it came to then, or that another call has its key.
pub fn same_call(call: &NewCall, before: Option<SameKey>) -> Result<NotMadeBefore<'_>, CallEnd> {
    match (&call.key, before) {
        (Some((_, fingerprint)), Some(before)) if before.fingerprint == *fingerprint => {
            Err(CallEnd::Done { request: before.request, items: before.items, replayed: true })
        }
        (Some(_), Some(_)) => Err(CallEnd::Mismatch),
        _ => Ok(NotMadeBefore(call)),
    }
}

impl<'a> NotMadeBefore<'a> {
    /// References of which it must be known what was accepted under them before; each once.
    pub fn references(&self) -> Vec<&'a str> {
        let mut seen = HashSet::new();
        let sound = self.0.messages.iter().filter(|message| message.verdict.is_ok());
        sound.filter_map(|message| message.reference.as_deref()).filter(|one| seen.insert(*one)).collect()
    }

    /// The second step: what each message comes to. `before`: what was accepted under the [`NotMadeBefore::references`].
    pub fn judge(self, mut before: HashMap<&'a str, SameReference>) -> Judged<'a> {
        let call = self.0;
        let mut items: Vec<Item> = Vec::with_capacity(call.messages.len());
        for message in &call.messages {
            let mut item = Item {
                id: message.id.clone(),
                reference: message.reference.clone(),
                refused: message.verdict.as_ref().err().copied(),
                replayed: false,
                cost: message.cost,
            };
            if let (None, Some(reference)) = (item.refused, &message.reference) {
                match before.get(reference.as_str()) {
                    Some(same) if same.fingerprint == message.fingerprint => {
                        item = Item { id: same.id.clone(), replayed: true, cost: same.cost, ..item };
                    }
                    Some(_) => item.refused = Some(Refusal::ReferenceMismatch),
                    None => {
                        let (id, cost) = (item.id.clone(), item.cost);
                        let this = SameReference { id, fingerprint: message.fingerprint, cost };
                        before.insert(reference, this);
                    }
                }
            }
            items.push(item);
        }
        Judged { call, items }
    }
}

impl Judged<'_> {
    /// The last step: whether what is new fits into what is left of the day. `used`: messages accepted of it so far.
    ///
    /// # Errors
    /// What is left when it does not: then nothing of the call is stored.
    pub fn within_quota(self, used: u64) -> Result<ToBeStored, CallEnd> {
        let fresh = self.items.iter().filter(|item| item.refused.is_none() && !item.replayed).count();
        let fresh = u32::try_from(fresh).unwrap_or(u32::MAX);
        let left = u64::from(self.call.per_day).saturating_sub(used);
        if self.call.per_day > 0 && u64::from(fresh) > left {
            return Err(CallEnd::Quota { left: u32::try_from(left).unwrap_or(u32::MAX) });
        }
        Ok(ToBeStored { items: self.items, fresh })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ports::{
            messages::NewMessage,
            outbox::Class,
            pushes::{NewPush, PushKind},
        },
        types::{CauseId, Msisdn},
    };
    use uuid::Uuid;

    const NOW: UnixMs = UnixMs(1_800_000_000_000);

    fn message(id: &str, reference: Option<&str>, what: u8) -> NewMessage {
        let push = NewPush {
            id: CauseId(Uuid::from_u128(1)),
            kind: PushKind::Message,
            class: Class::Bulk,
            number: Msisdn::parse_e164("85510234501").expect("a number"),
            payload: Vec::new(),
            due: NOW,
            not_after: NOW,
        };
        NewMessage {
            id: id.to_owned(),
            reference: reference.map(str::to_owned),
            fingerprint: [what; 32],
            masked: String::new(),
            notice: false,
            cost: Some(Cost { segments: what, ucs2: false }),
            send_at: None,
            expires_at: NOW,
            verdict: Ok(push),
        }
    }

    fn refused(id: &str, reference: Option<&str>) -> NewMessage {
        NewMessage { verdict: Err(Refusal::BadNumber), ..message(id, reference, 9) }
    }

    fn call(messages: Vec<NewMessage>) -> NewCall {
        NewCall {
            agency: "a".into(),
            key: Some(("key".into(), [1; 32])),
            request: "this".into(),
            label: String::new(),
            messages,
            per_day: 0,
            day: "2027-01-15".into(),
        }
    }

    fn known(id: &str, what: u8) -> SameReference {
        SameReference { id: id.to_owned(), fingerprint: [what; 32], cost: Some(Cost { segments: what, ucs2: true }) }
    }

    fn items(judged: &Judged<'_>) -> Vec<(String, Option<Refusal>, bool, u8)> {
        let of =
            |item: &Item| (item.id.clone(), item.refused, item.replayed, item.cost.map_or(0, |cost| cost.segments));
        judged.items.iter().map(of).collect()
    }

    #[test]
    fn a_key_names_one_call() {
        let before = || SameKey { fingerprint: [1; 32], request: "first".into(), items: Vec::new() };
        let new = call(vec![]);
        assert!(same_call(&new, None).is_ok());
        let again = same_call(&new, Some(before())).expect_err("made before");
        assert_eq!(again, CallEnd::Done { request: "first".into(), items: Vec::new(), replayed: true });
        let other = SameKey { fingerprint: [2; 32], ..before() };
        assert_eq!(same_call(&new, Some(other)).expect_err("another"), CallEnd::Mismatch);
        let without = NewCall { key: None, ..new };
        assert!(same_call(&without, Some(before())).is_ok(), "a call without a key is no other one's repetition");
    }

    #[test]
    fn a_reference_names_one_message_in_a_call_and_before_it() {
        let new = call(vec![
            message("1", Some("r"), 1),
            message("2", Some("r"), 2),
            message("3", Some("s"), 3),
            message("4", Some("s"), 3),
            message("5", Some("s"), 4),
            message("6", None, 3),
            refused("7", Some("r")),
            refused("8", Some("t")),
            message("9", Some("t"), 5),
        ]);
        let first = same_call(&new, None).expect("new");
        assert_eq!(first.references(), ["r", "s", "t"], "each once, and of a refused one it does not matter");
        let judged = first.judge(HashMap::from([("r", known("old", 1))]));
        let mismatch = Some(Refusal::ReferenceMismatch);
        let wanted = [
            ("old", None, true, 1),
            ("2", mismatch, false, 2),
            ("3", None, false, 3),
            ("3", None, true, 3),
            ("5", mismatch, false, 4),
            ("6", None, false, 3),
            ("7", Some(Refusal::BadNumber), false, 9),
            ("8", Some(Refusal::BadNumber), false, 9),
            ("9", None, false, 5),
        ];
        let wanted: Vec<_> =
            wanted.into_iter().map(|(id, why, replayed, cost)| (id.to_owned(), why, replayed, cost)).collect();
        assert_eq!(items(&judged), wanted);
        assert_eq!(judged.within_quota(0).expect("no limit").fresh, 3);
    }

    #[test]
    fn a_message_that_mismatched_claims_no_reference() {
        let new = call(vec![message("1", Some("r"), 2), message("2", Some("r"), 1)]);
        let judged = same_call(&new, None).expect("new").judge(HashMap::from([("r", known("old", 1))]));
        let ids: Vec<_> = items(&judged).into_iter().map(|(id, why, ..)| (id, why.is_some())).collect();
        assert_eq!(ids, [("1".to_owned(), true), ("old".to_owned(), false)]);
    }

    #[test]
    fn a_quota_takes_all_of_a_call_or_nothing() {
        let judged = |per_day| {
            let messages =
                vec![message("1", None, 1), message("2", None, 2), refused("3", None), message("4", Some("r"), 1)];
            (NewCall { per_day, ..call(messages) }, HashMap::from([("r", known("old", 1))]))
        };
        for (per_day, used, ends) in [
            (0, u64::MAX, Ok(2)),
            (2, 0, Ok(2)),
            (2, 1, Err(1)),
            (2, 2, Err(0)),
            (2, 9, Err(0)),
            (5, 3, Ok(2)),
            (u32::MAX, u64::from(u32::MAX) - 1, Err(1)),
        ] {
            let (new, before) = judged(per_day);
            let end = same_call(&new, None).expect("new").judge(before).within_quota(used);
            match (end, ends) {
                (Ok(stored), Ok(fresh)) => assert_eq!((stored.fresh, stored.items.len()), (fresh, 4)),
                (Err(end), Err(left)) => assert_eq!(end, CallEnd::Quota { left }),
                (end, ends) => panic!("{per_day} a day, {used} used: {end:?} instead of {ends:?}"),
            }
        }
    }

    #[test]
    fn keys_and_references_are_remembered_for_three_days() {
        assert_eq!(remembered_after(NOW), NOW.plus_ms(-72 * 3_600_000));
    }
}
