//! Messages of agencies: judged one by one, stored in one commit with their call, and sent by the same outbox as
//! everything else. What is said to whom is decided here; how it is asked for over HTTP is `api`'s business.
use super::{
    conversation::gate::{Free, Gate},
    notifications::payload::Payload,
    routing::way_to,
    settings::Settings,
};
use crate::{
    ports::{
        Refusal, StoreFault,
        citizens::{CitizenRecord, Citizens},
        clock::Clock,
        messages::{CallEnd, Cost, MessageStatus, Messages, NewCall, NewMessage},
        outbox::Class,
        portal::Asker,
        pushes::{NewPush, PushKind},
        random::{self, new_id},
    },
    render::agency,
    text::{links, normal, segment, visible},
    types::{
        CauseId, Language, Msisdn, UnixMs,
        civic::{Answer, Localized, Office, OfficeSearch, Query},
        limits::{SEGMENTS_MAX, SEND_AHEAD_MAX},
        names::Channel,
    },
};
use std::{collections::BTreeMap, sync::Arc};
use tokio::sync::Notify;

/// What an agency may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agency {
    /// Its name.
    pub name: String,
    /// Whether it may send text of its own.
    pub free_text: bool,
    /// Messages a day; 0 is no limit.
    pub per_day: u32,
}

/// What is to be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// As it is.
    Plain(String),
    /// In the recipient's language.
    Localized(Localized),
    /// From a template, with its values.
    Template {
        /// Name of the template.
        name: String,
        /// What goes into it.
        values: BTreeMap<String, String>,
    },
}

/// One message as an agency asks for it.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// As written; what [`Msisdn::parse_written`] reads.
    pub to: String,
    /// What is to be said.
    pub content: Content,
    /// The agency's own name for it.
    pub reference: Option<String>,
    /// Respects STOP and quiet hours.
    pub notice: bool,
    /// How long it is of use, in seconds.
    pub valid_for_s: u32,
    /// Not before.
    pub send_at: Option<UnixMs>,
    /// Digest of the message as it was asked for, without its reference.
    pub fingerprint: [u8; 32],
}

/// A call of an agency.
pub struct AgencyCall<'a> {
    /// Who calls.
    pub agency: &'a Agency,
    /// Its Idempotency-Key and a digest of its body.
    pub key: Option<(String, [u8; 32])>,
    /// What the NOMSA shape calls its credentials.
    pub label: String,
    /// At most 1,000.
    pub messages: Vec<Outgoing>,
}

/// Takes messages of agencies. Cheap to clone.
#[derive(Clone)]
pub struct Agencies {
    needs: Arc<Needs>,
}

/// What agencies need of others.
pub(super) struct Needs {
    pub(super) messages: Arc<dyn Messages>,
    pub(super) citizens: Arc<dyn Citizens>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) settings: Arc<Settings>,
    pub(super) gate: Gate,
    /// Wakes who sends what is due.
    pub(super) wake: Arc<Notify>,
}

impl Agencies {
    pub(super) fn new(needs: Needs) -> Self {
        Agencies { needs: Arc::new(needs) }
    }

    fn now(&self) -> UnixMs {
        self.needs.clock.now()
    }

    /// Judges and stores the messages of a call. `Ok` only when it is durable.
    pub async fn take_call(&self, call: AgencyCall<'_>) -> Result<CallEnd, StoreFault> {
        let now = self.now();
        let mut messages = Vec::with_capacity(call.messages.len());
        let mut offices = Offices::new();
        for outgoing in call.messages {
            messages.push(self.judge_message(call.agency, outgoing, &mut offices, now).await?);
        }
        let new = NewCall {
            agency: call.agency.name.clone(),
            key: call.key,
            request: format!("r-{}", token()),
            label: call.label,
            messages,
            per_day: call.agency.per_day,
            day: now.civil(&self.needs.settings.zone).date().to_string(),
        };
        let end = self.needs.messages.accept_call(new, now).await;
        if end.is_ok() {
            self.needs.wake.notify_one();
        }
        end
    }

    /// Seconds until the quota begins anew.
    pub fn seconds_to_midnight(&self) -> u64 {
        let time = self.now().civil(&self.needs.settings.zone).time();
        let gone = u64::from(time.hour().unsigned_abs()) * 3_600
            + u64::from(time.minute().unsigned_abs()) * 60
            + u64::from(time.second().unsigned_abs());
        86_400_u64.saturating_sub(gone).max(1)
    }

    /// One message of an agency.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn message(&self, agency: &Agency, id: &str) -> Result<Option<MessageStatus>, StoreFault> {
        self.needs.messages.message(agency.name.clone(), id.to_owned(), self.now()).await
    }

    /// Messages of an agency under a reference, latest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn messages_under(&self, agency: &Agency, reference: &str) -> Result<Vec<MessageStatus>, StoreFault> {
        self.needs.messages.messages_under(agency.name.clone(), reference.to_owned(), self.now()).await
    }

    /// Messages of a call.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn messages_of(&self, agency: &Agency, request: &str) -> Result<Vec<MessageStatus>, StoreFault> {
        self.needs.messages.messages_of(agency.name.clone(), request.to_owned(), self.now()).await
    }

    async fn judge_message(
        &self,
        agency: &Agency,
        asked: Outgoing,
        offices: &mut Offices,
        now: UnixMs,
    ) -> Result<NewMessage, StoreFault> {
        let number = Msisdn::parse_written(&asked.to);
        let citizen = match number {
            Some(number) => self.needs.citizens.citizen(number).await?,
            None => CitizenRecord::default(),
        };
        let language = citizen.language.unwrap_or(self.needs.settings.default_language);
        let office = self.office_meant(&asked.content, offices).await;
        let known = agency::Known { codes: &self.needs.settings.codes, office: office.as_ref() };
        let text = written(agency, &asked.content, language, &known);
        let cost = text.as_ref().ok().map(|text| {
            let plan = segment::plan(text);
            let segments = u8::try_from(plan.segments.len()).unwrap_or(u8::MAX);
            Cost { segments, ucs2: plan.alphabet == segment::Alphabet::Ucs2 }
        });
        let start = asked.send_at.filter(|at| *at > now).unwrap_or(now);
        let expires_at = start.plus_ms(i64::from(asked.valid_for_s) * 1_000);
        let verdict = self.verdict(number, text, &asked, &citizen, now).map(|(number, text)| {
            let payload = Payload::Message { text, notice: asked.notice };
            NewPush {
                id: CauseId(new_id(now)),
                kind: PushKind::Message,
                class: Class::Bulk,
                number,
                payload: payload.to_bytes(),
                due: start,
                not_after: expires_at,
            }
        });
        Ok(NewMessage {
            id: format!("m-{}", token()),
            reference: asked.reference,
            fingerprint: asked.fingerprint,
            masked: number.map_or_else(|| "***".to_owned(), |number| number.to_string()),
            notice: asked.notice,
            cost: cost.filter(|cost| cost.segments <= 40),
            send_at: asked.send_at,
            expires_at,
            verdict,
        })
    }

    /// The portal's office that a template names by its id or by a name with digits in it; asked for once a call. A name
    /// without digits needs nobody's word.
    async fn office_meant(&self, content: &Content, offices: &mut Offices) -> Option<Localized> {
        let Content::Template { values, .. } = content else { return None };
        let named = values.get("office").filter(|name| name.contains(char::is_numeric))?;
        if let Some(known) = offices.get(named) {
            return known.clone();
        }
        let mut found = None;
        for search in [
            OfficeSearch { id: Some(named.clone()), ..OfficeSearch::default() },
            OfficeSearch { words: Some(named.clone()), ..OfficeSearch::default() },
        ] {
            let deadline = self.needs.settings.timeout_sms;
            let asker = Asker { channel: Channel::Sms, number: None, deadline, key: None };
            let query = Query::Offices(search);
            let Some(free) = Free::of(&query) else { continue };
            let Answer::Offices(Ok(list)) = self.needs.gate.ask_freely(free, asker).await else { continue };
            let meant = list.items.iter().map(|hit| &hit.office).find(|office| is_called(office, named));
            if let Some(office) = meant {
                found = Some(office.short.clone().unwrap_or_else(|| office.name.clone()));
                break;
            }
        }
        offices.insert(named.clone(), found.clone());
        found
    }

    fn verdict(
        &self,
        number: Option<Msisdn>,
        text: Result<String, Refusal>,
        asked: &Outgoing,
        citizen: &CitizenRecord,
        now: UnixMs,
    ) -> Result<(Msisdn, String), Refusal> {
        let number = number.filter(Msisdn::can_be_mobile).ok_or(Refusal::BadNumber)?;
        let text = text?;
        if links::holds_link(&text) {
            return Err(Refusal::LinkNotAllowed);
        }
        if segment::plan(&text).segments.len() > SEGMENTS_MAX {
            return Err(Refusal::TooLong);
        }
        if asked.send_at.is_some_and(|at| at > now.plus_ms(SEND_AHEAD_MAX.as_millis() as i64)) {
            return Err(Refusal::BadSendAt);
        }
        way_to(&self.needs.settings, number)?;
        if asked.notice && citizen.stopped {
            return Err(Refusal::OptedOut);
        }
        Ok((number, text))
    }
}

/// What templates of a call name as office, and the portal's office of that name.
type Offices = BTreeMap<String, Option<Localized>>;

fn is_called(office: &Office, named: &str) -> bool {
    let wanted = normal::key(named);
    let names = [Some(&office.name), office.short.as_ref()].into_iter().flatten();
    let mut forms = names.flat_map(|name| [Some(&name.km), Some(&name.en), name.km_latn.as_ref()]).flatten();
    office.id == named || forms.any(|name| normal::key(name) == wanted)
}

/// The text, in the recipient's language where there is a choice, without what cannot be seen.
fn written(
    agency: &Agency,
    content: &Content,
    language: Language,
    known: &agency::Known<'_>,
) -> Result<String, Refusal> {
    let text = match content {
        Content::Plain(_) | Content::Localized(_) if !agency.free_text => return Err(Refusal::FreeTextNotAllowed),
        Content::Plain(text) => text.clone(),
        Content::Localized(text) => text.get(language).to_owned(),
        Content::Template { name, values } => {
            agency::filled(name, values, language, known).map_err(|fault| match fault {
                agency::TemplateFault::Unknown => Refusal::UnknownTemplate,
                agency::TemplateFault::BadValues => Refusal::BadValues,
                agency::TemplateFault::BadValue(name) => Refusal::of_value(name),
            })?
        }
    };
    Ok(visible::shown(&text).into_owned())
}

/// 26 letters and digits that nobody can guess: 128 random bits in Crockford's base 32.
fn token() -> String {
    const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let mut bits = u128::from_le_bytes(random::octets());
    (0..26)
        .map(|_| {
            let letter = char::from(LETTERS[(bits & 31) as usize]);
            bits >>= 5;
            letter
        })
        .collect()
}

#[cfg(test)]
#[path = "agencies_tests.rs"]
mod tests;
