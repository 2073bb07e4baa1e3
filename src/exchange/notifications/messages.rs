//! Messages of agencies, and what visitors had sent to a telephone, when they are due: who said STOP or sleeps is not told
//! what is a notice. The words are theirs; `agencies` and `kiosks` judged them when they came.
use super::Notifications;
use crate::{
    exchange::{
        outbox::Envelope,
        routing::{quiet_until, way_to},
    },
    ports::{
        Refusal,
        citizens::CitizenRecord,
        outbox::MtKind,
        pushes::{PushEnd, StoredPush},
    },
};

impl Notifications {
    /// What becomes of a message that is due.
    pub(super) fn decide_message(
        &self,
        stored: &StoredPush,
        citizen: &CitizenRecord,
        text: &str,
        notice: bool,
    ) -> PushEnd {
        let now = self.now();
        let number = stored.push.number;
        if notice && citizen.stopped {
            return PushEnd::Refused(Refusal::OptedOut);
        }
        if notice && let Some(until) = quiet_until(&self.needs.settings, now) {
            return PushEnd::Later(until);
        }
        let (smsc, source) = match way_to(&self.needs.settings, number) {
            Ok(envelope) => envelope,
            Err(none) => return PushEnd::Refused(none.into()),
        };
        let not_after = stored.push.not_after;
        let envelope = Envelope {
            smsc: &smsc,
            source: &source,
            to: number,
            kind: MtKind::Push,
            class: stored.push.class,
            not_after,
        };
        PushEnd::Queued(self.needs.segmenter.cut(&envelope, text, now))
    }
}
