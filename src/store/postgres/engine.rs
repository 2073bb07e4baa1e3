//! What PostgreSQL needs around a commit: a transaction whose number tells afterwards whether it was committed, a connection
//! that is made anew, and the lease of this run. It must not know what is written.
use super::fault::{is_away, is_rolled_back, judge, of_read};
use crate::{
    ports::{StoreFault, Trouble},
    store::{
        batch::Db,
        conn::{DbError, Sql, params},
        engine::{Engine, Failure},
        sql::run,
        store::Base,
        writer::Fatal,
    },
    types::lock,
};
use std::{
    fs::File,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};
use tokio::time::Instant;

/// How long a commit whose answer was lost is asked for, and how long a connection is made anew for a batch.
const ASKED_FOR: Duration = Duration::from_secs(8);
/// Pause between tries.
const PAUSE: Duration = Duration::from_millis(100);
/// Pause between renewals of the lease, which lasts three times as long.
const RENEWED: Duration = Duration::from_secs(5);

/// How an open database is.
pub(super) struct PgBase {
    /// Where it is, for people.
    pub at: String,
    /// Why it could not be written last.
    pub away: Mutex<Option<String>>,
    /// Another run has taken over what this one had in hand.
    pub ended: Mutex<bool>,
    /// Called once when that is so.
    pub fenced: Fatal,
    /// The key file, locked: one process of this node.
    pub _key: Option<Arc<File>>,
}

impl Base for PgBase {
    fn trouble(&self) -> Option<Trouble> {
        if *lock(&self.ended) {
            return Some(Trouble { words: format!("{}: restart this node", DbError::Fenced), lasting: true });
        }
        let why = lock(&self.away).clone()?;
        Some(Trouble { words: format!("the database {} takes nothing: {why}", self.at), lasting: false })
    }

    fn of_read(&self, error: &DbError) -> StoreFault {
        of_read(error)
    }
}

/// The writing connection's surroundings.
pub(super) struct PgEngine {
    db: Db,
    base: Arc<PgBase>,
    /// Number of the transaction that runs.
    transaction: i64,
    renewed: Option<Instant>,
}

impl PgEngine {
    pub(super) fn new(db: Db, base: Arc<PgBase>) -> Self {
        PgEngine { db, base, transaction: 0, renewed: None }
    }

    /// Whether a transaction whose end was not heard of was committed (`pg_xact_status`, §9.27 of the manual).
    fn find_out(&self, transaction: i64) -> Option<bool> {
        let until = Instant::now() + ASKED_FOR;
        while Instant::now() < until {
            let sql = "SELECT pg_xact_status(CAST(CAST(? AS TEXT) AS xid8))";
            match self.db.conn.value::<Option<String>>(sql, params![transaction]) {
                Ok(Some(status)) if status == "committed" => return Some(true),
                Ok(Some(status)) if status == "aborted" => return Some(false),
                // its session has not yet seen that nobody is there
                Ok(Some(_)) => {}
                Ok(None) => return None,
                Err(error) if is_away(&error) => {}
                Err(_) => return None,
            }
            thread::sleep(PAUSE);
        }
        None
    }

    /// Nothing is written any more, and what is in hand here is nobody's affair: whoever runs this node starts it anew.
    fn taken_over(&self) {
        if !std::mem::replace(&mut *lock(&self.base.ended), true) {
            (self.base.fenced)(&DbError::Fenced.to_string());
        }
    }

    fn renew(&mut self) {
        match run::renew(&self.db) {
            Ok(true) => self.renewed = Some(Instant::now()),
            Ok(false) => self.taken_over(),
            Err(error) => tracing::warn!(%error, "the lease of this node could not be renewed"),
        }
    }
}

impl Engine for PgEngine {
    fn db(&mut self) -> &mut Db {
        &mut self.db
    }

    fn judge(&self, error: &DbError) -> Failure {
        judge(error)
    }

    fn refuses(&mut self) -> bool {
        *lock(&self.base.ended) || self.db.incarnation == run::LEFT
    }

    fn begin(&mut self) -> Sql<()> {
        self.db.conn.execute("BEGIN", &[])?;
        let Some(transaction) = run::fenced(&self.db)? else {
            self.taken_over();
            return Err(DbError::Fenced);
        };
        self.transaction = transaction;
        Ok(())
    }

    fn commit(&mut self) -> Sql<()> {
        match self.db.conn.execute("COMMIT", &[]) {
            Ok(_) => Ok(()),
            Err(error) if is_away(&error) => match self.find_out(self.transaction) {
                Some(true) => Ok(()),
                Some(false) => Err(error),
                None => Err(DbError::Uncertain("the connection was lost at COMMIT".to_owned())),
            },
            Err(error) => Err(error),
        }
    }

    /// Once more over a new connection, as nothing was committed; and after a deadlock.
    fn mend(&mut self, error: &DbError) -> bool {
        if is_rolled_back(error) {
            return true;
        }
        if !is_away(error) {
            return false;
        }
        let until = Instant::now() + ASKED_FOR;
        while Instant::now() < until {
            if self.db.conn.value::<i64>("SELECT CAST(1 AS BIGINT)", &[]).is_ok() {
                tracing::info!("the database is there again");
                return true;
            }
            thread::sleep(PAUSE);
        }
        false
    }

    fn settled(&mut self, result: &Sql<()>) {
        let why = result.as_ref().err().filter(|error| judge(error) != Failure::Operation);
        *lock(&self.base.away) = why.map(ToString::to_string);
    }

    fn look_around(&mut self) {
        let due = self.renewed.is_none_or(|at| at.elapsed() >= RENEWED);
        if due && self.db.incarnation > 0 && !*lock(&self.base.ended) {
            self.renew();
        }
    }

    fn close(self) {
        if let Err(error) = self.db.conn.close() {
            tracing::warn!(%error, "closing the database");
        }
    }
}
