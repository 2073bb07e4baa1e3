//! USSD sessions, sealed: as they are read, and as a step is kept with all that it causes.
use super::{CitizenRow, Id, Mac, MoRow, MtRow, PushRow, sealed};
use crate::{
    ports::{
        StoreFault,
        ussd::{UssdSession, UssdStep},
    },
    store::Keys,
    types::{SessionId, UnixMs},
};

/// A step, sealed.
pub struct UssdRow {
    pub mac: Mac,
    pub family: String,
    pub name: Vec<u8>,
    pub connection: Id,
    /// Empty: over.
    pub state: Vec<u8>,
    pub until: i64,
    pub version: i64,
    pub citizen: Option<CitizenRow>,
    pub mts: Vec<MtRow>,
    pub late: Option<MoRow>,
    pub follow_up: Option<PushRow>,
}

impl UssdRow {
    pub fn seal(keys: &Keys, step: UssdStep, now: UnixMs) -> Result<Self, StoreFault> {
        let mac = keys.number_mac(step.number.digits());
        let state = match step.session.state.as_slice() {
            [] => Vec::new(),
            plain => sealed(keys, &mac, "ussd", plain)?,
        };
        let cause = *step.cause.0.as_bytes();
        Ok(UssdRow {
            mac,
            family: step.family.as_str().to_owned(),
            name: step.session.name,
            connection: *step.session.connection.0.as_bytes(),
            state,
            until: step.session.until.0,
            version: step.session.version,
            citizen: step.citizen.map(|record| CitizenRow::seal(keys, &step.number, &record)).transpose()?,
            mts: MtRow::seal_all(keys, cause, step.mts, now)?,
            late: step.late.map(|mo| MoRow::seal(keys, mo)).transpose()?,
            follow_up: step.follow_up.map(|push| PushRow::seal(keys, push, now)).transpose()?,
        })
    }
}

/// A session, as it is read.
pub struct UssdSessionRow {
    pub name: Vec<u8>,
    pub connection: SessionId,
    pub state: Vec<u8>,
    pub until: UnixMs,
    pub version: i64,
}

impl UssdSessionRow {
    /// A state that does not open is as good as none: the session is over; the log says so.
    pub fn open(self, keys: &Keys, mac: &Mac) -> UssdSession {
        let open = |sealed: &[u8]| {
            keys.open(mac, "ussd", sealed).unwrap_or_else(|error| {
                tracing::error!(%error, "a USSD session is lost");
                Vec::new()
            })
        };
        let state = if self.state.is_empty() { Vec::new() } else { open(&self.state) };
        UssdSession { name: self.name, connection: self.connection, state, until: self.until, version: self.version }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{CauseId, Msisdn, names::Family};
    use uuid::Uuid;

    #[test]
    fn a_session_opens_as_it_was_sealed_for_its_number() {
        let keys = Keys::from_secret(&[7; 32]);
        let number = Msisdn::parse_e164("85510234501").expect("a number");
        for state in [&b"canary"[..], b""] {
            let session = UssdSession {
                name: b"n".to_vec(),
                connection: SessionId(Uuid::from_u128(1)),
                state: state.to_vec(),
                until: UnixMs(9),
                version: 4,
            };
            let step = UssdStep {
                family: Family::from("smart"),
                number,
                session: session.clone(),
                citizen: None,
                mts: Vec::new(),
                late: None,
                follow_up: None,
                cause: CauseId(Uuid::from_u128(2)),
            };
            let row = UssdRow::seal(&keys, step, UnixMs(5)).expect("sealed");
            assert!(!row.state.windows(6).any(|part| part == b"canary"));
            assert_eq!(row.state.is_empty(), state.is_empty());
            let read = || UssdSessionRow {
                name: row.name.clone(),
                connection: session.connection,
                state: row.state.clone(),
                until: UnixMs(row.until),
                version: row.version,
            };
            assert!(read().open(&keys, &row.mac) == session);
            let over = UssdSession { state: Vec::new(), ..session };
            assert!(read().open(&keys, &[9; 32]) == over, "another number's is over");
        }
    }
}
