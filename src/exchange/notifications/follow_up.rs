//! Changes whose outcome nobody could find out in time: the same call with the same key, until the truth is known, and then
//! told. Texts and USSD ask for it, in the commit that ends their turn.
use super::{Notifications, payload::Payload};
use crate::{
    dialogue::View,
    exchange::{conversation::talk::intention, outbox::Envelope},
    ports::{
        outbox::{Class, MtKind},
        portal::Asker,
        pushes::{NewPush, PushEnd, PushKind, StoredPush},
        random::new_id,
    },
    render::render_sms,
    types::{
        CauseId, Language, Msisdn, UnixMs,
        civic::{Answer, Change, ChangeKind, PortalFault, Query},
        names::{Channel, SmscName},
    },
};
use std::time::Duration;

/// How long an uncertain change is asked about.
const FOLLOW_UP_FOR: Duration = Duration::from_secs(24 * 3600);
/// Pause between two questions about it: in the first half hour, and later.
const FOLLOW_UP_EVERY: Duration = Duration::from_secs(30);
const FOLLOW_UP_LATER: Duration = Duration::from_secs(600);
/// How many questions are asked at the shorter pause.
const FOLLOW_UP_TRIES: u32 = 60;

/// Who asked for a change, under which name, and how they are told what became of it.
pub struct Asked<'a> {
    /// The turn or step that asked; it names the call.
    pub cause: CauseId,
    /// Who is told.
    pub number: Msisdn,
    /// Over which telco.
    pub smsc: &'a SmscName,
    /// From which of our numbers.
    pub source: &'a str,
    /// In which language.
    pub language: Language,
}

impl Asked<'_> {
    /// The work that finds out what became of the change.
    pub fn to_be_found_out(&self, change: Change, now: UnixMs) -> NewPush {
        let payload = Payload::FollowUp {
            cause: self.cause.0,
            change,
            smsc: self.smsc.as_str().to_owned(),
            source: self.source.to_owned(),
            language: self.language,
        };
        NewPush {
            id: CauseId(new_id(now)),
            kind: PushKind::FollowUp,
            class: Class::Answer,
            number: self.number,
            payload: payload.to_bytes(),
            due: now.plus_ms(FOLLOW_UP_EVERY.as_millis() as i64),
            not_after: now.plus_ms(FOLLOW_UP_FOR.as_millis() as i64),
        }
    }
}

impl Notifications {
    /// The same call with the same key: it is carried out at most once, and its answer is the truth.
    pub(super) async fn settle_change(
        &self,
        stored: &StoredPush,
        cause: CauseId,
        change: Change,
        smsc: &str,
        source: &str,
        language: Language,
    ) -> PushEnd {
        let number = stored.push.number;
        let key = Some(intention(cause, &change));
        let deadline = self.needs.settings.timeout_sms;
        let asker = Asker { channel: Channel::Sms, number: Some(number), deadline, key };
        let what = change.what.clone();
        let now = self.now();
        let view = match self.needs.gate.ask_on_our_own(&Query::Change(change), asker).await {
            Answer::Appointment(Ok(done)) => match what {
                ChangeKind::Move { .. } => View::Moved(done),
                ChangeKind::Cancel { .. } => View::Cancelled(done),
                _ => View::Booked(done),
            },
            Answer::Appointment(Err(
                PortalFault::Away | PortalFault::Uncertain | PortalFault::Unusable | PortalFault::Refused,
            )) => {
                let pause = if stored.attempts < FOLLOW_UP_TRIES { FOLLOW_UP_EVERY } else { FOLLOW_UP_LATER };
                return PushEnd::Later(now.plus_ms(pause.as_millis() as i64));
            }
            Answer::Appointment(Err(_)) => View::NotDone,
            _ => return PushEnd::Dropped,
        };
        let smsc: SmscName = smsc.into();
        let not_after = now.plus_ms(FOLLOW_UP_FOR.as_millis() as i64);
        let envelope =
            Envelope { smsc: &smsc, source, to: number, kind: MtKind::Push, class: Class::Answer, not_after };
        let text = render_sms(&view, language, &self.needs.settings.zone).text;
        PushEnd::Queued(self.needs.segmenter.cut(&envelope, &text, now))
    }
}
