//! What every handler of the sandbox portal stands on: its data, its database, its clock. It must not know a handler.
use super::{db::Db, holders::Holders, kept::Applications, shelf::Directory, waiting::SignIns};
use jiff::{Zoned, tz::TimeZone};
use serde_json::Value;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32},
    },
    time::Duration,
};

/// What all of them share.
pub struct Shared {
    /// Bearer token that callers must have.
    pub token: Option<String>,
    /// Every answer waits so long.
    pub delay: Duration,
    /// Zone of the offices.
    pub zone: TimeZone,
    /// Its clock stands still at this moment; `None`: it goes.
    pub stands_at: Option<jiff::Timestamp>,
    /// Services, offices and the rest.
    pub directory: Directory,
    /// What there is to read.
    pub pages: Vec<Value>,
    /// The applications.
    pub applications: Applications,
    /// Who has signed in.
    pub holders: Holders,
    /// Who is about to.
    pub sign_ins: SignIns,
    /// Where it listens.
    pub address: std::net::SocketAddr,
    /// What changes.
    pub db: Db,
    /// So many changes are carried out and not answered.
    pub lose_answers: AtomicU32,
    /// It has nothing that came with 1.1 of the contract.
    pub plain: AtomicBool,
}

/// The same, held by each.
pub type Server = Arc<Shared>;

/// A document that this sandbox wrote into its database.
pub fn document(text: &str) -> Value {
    serde_json::from_str(text).expect("the sandbox wrote JSON")
}

impl Shared {
    /// Decides what becomes of every payment that is open.
    pub async fn decide_payments(&self, outcome: &str) -> sqlx::Result<()> {
        let sql = "UPDATE payments SET outcome = ? WHERE outcome IN ('', 'wait')";
        sqlx::query(sql).bind(outcome).execute(&self.db.pool).await?;
        Ok(())
    }

    /// Where the telephone goes for a sign-in.
    pub fn page_of(&self, sign_in: &str) -> String {
        let mut address = self.address;
        if address.ip().is_unspecified() {
            address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
        }
        format!("http://{address}/sandbox/sign-ins/{sign_in}")
    }

    /// The time in the zone of the offices.
    pub fn now(&self) -> Zoned {
        now(self.stands_at, &self.zone)
    }
}

/// The moment of a clock that may stand, in a zone.
pub fn now(stands_at: Option<jiff::Timestamp>, zone: &TimeZone) -> Zoned {
    stands_at.unwrap_or_else(crate::sandbox::now).to_zoned(zone.clone())
}
