//! Texts as the exchange hands them to the store: each of a number of its own, with an answer of one segment.
use chrak::{
    ports::{
        citizens::CitizenRecord,
        inbox::{DedupeKey, DedupeKind, Finish, Intake, MoEnd, NewMo, Source},
        outbox::{Class, MtKind, NewMt, Outcome, Settlement},
        random::{new_id, octets},
    },
    types::{CauseId, Language, Msisdn, MtId, SessionId, UnixMs},
};

/// The bind that everything comes and goes over.
pub const SESSION: SessionId = SessionId(uuid::Uuid::from_u128(1));

pub fn number(nth: u64) -> Msisdn {
    Msisdn::parse_e164(&format!("85597{nth:07}")).expect("a number")
}

/// A text that is in hand at once.
pub fn mo(nth: u64, now: UnixMs) -> NewMo {
    NewMo {
        id: CauseId(new_id(now)),
        smsc: "bench".into(),
        family: "bench".into(),
        session: SESSION,
        source: Source::Person(number(nth)),
        destination: "1212".into(),
        text: "120500260481937".into(),
        raw: b"120500260481937".to_vec(),
        data_coding: 0,
        esm_class: 0,
        dedupe: DedupeKey { kind: DedupeKind::Weak, digest: octets() },
        insist: false,
        given_back: Vec::new(),
        intake: Intake::Claimed,
        received_at: now,
    }
}

/// The end of its turn: an answer of 70 Khmer characters with a place at the bind, and what is remembered of the number.
pub fn finish(mo: CauseId, nth: u64, now: UnixMs) -> Finish {
    let mt = NewMt {
        id: MtId(new_id(now)),
        kind: MtKind::Answer,
        class: Class::Answer,
        part: 1,
        parts: 1,
        family: "bench".into(),
        smsc: "bench".into(),
        source: "1212".into(),
        destination: number(nth),
        body: vec![0x17; 140],
        data_coding: 8,
        udhi: false,
        reference: nth as u16,
        not_after: now.plus_ms(3_600_000),
        reserved: Some(SESSION),
    };
    let record = CitizenRecord {
        language: Some(Language::Km),
        dialogue: Some(vec![b'd'; 200]),
        dialogue_until: now.plus_ms(1_800_000),
        ..CitizenRecord::default()
    };
    Finish { mo, end: MoEnd::Answered, citizen: Some((number(nth), record)), mts: vec![mt], follow_up: None }
}

/// The telco took it.
pub fn sent(mt: MtId) -> Settlement {
    let outcome = Outcome::Sent { message_id: Some(mt.0.simple().to_string()) };
    Settlement { mt, session: SESSION, outcome }
}
