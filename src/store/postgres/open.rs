//! Opening a database in PostgreSQL: every way in which it can be unfit is told to the operator in words.
use super::{
    conn::{Address, BOUNDS, PgConn},
    engine::{PgBase, PgEngine},
    fault::PgOpenError,
};
use crate::{
    ports::audit::Journal,
    store::{
        DbStore, Keys,
        batch::Db,
        conn::{Conn, Sql},
        leasing::Leasing,
        readers::Readers,
        sql::receipts,
        tallies::TallyNames,
        writer::{Fatal, Writer},
    },
    types::{
        UnixMs,
        limits::{AUDIT_KEPT, COMMIT_OPS_MAX},
    },
};
use sqlx::{
    Connection as _, Executor as _, PgConnection, Row as _,
    migrate::{MigrateError, Migration, Migrator},
    postgres::PgConnectOptions,
};
use std::{collections::HashMap, fs::File, io, str::FromStr, sync::Arc, time::Duration};
use tokio::sync::mpsc;

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");

/// Those of the exchange, and of whoever looks on.
const READERS: usize = 4;
/// A clock may be so far from ours, in milliseconds: validity, quiet hours and windows are by ours.
const CLOCKS_APART: i64 = 30_000;
/// An answer about the leases of binds that takes longer comes too late for them: it is asked for anew, over another connection.
const LEASES_WITHIN: Duration = Duration::from_secs(2);
/// The oldest server that tells afterwards whether a transaction was committed.
const OLDEST: u32 = 130_000;

/// What a store needs to be opened.
#[derive(Clone)]
pub struct PgOptions {
    /// `postgres://user@host:port/database`; `?statement-cache-capacity=0` behind a pooler that gives each transaction
    /// another session; the options of libpq for TLS (`sslmode`, `sslrootcert`, `sslcert`, `sslkey`).
    pub url: String,
    /// This node's name; no two nodes have the same.
    pub node: String,
    /// Whether an empty database is filled.
    pub make: bool,
    /// The keys of this database.
    pub keys: Keys,
    /// The lock on this node's key file.
    pub lock: Option<Arc<File>>,
    /// What that file is called on all machines; see [`Db::place`].
    pub place: String,
    /// The time.
    pub now: UnixMs,
    /// How long the audit log is kept.
    pub audit_kept: Duration,
    /// Called once when the database can no longer be trusted.
    pub fatal: Fatal,
    /// Called once when another node has taken over what this one had in hand.
    pub fenced: Fatal,
}

impl PgOptions {
    /// Options for a database that is filled where it is empty, of a node that is alone.
    pub fn new(url: impl Into<String>, keys: Keys, now: UnixMs) -> Self {
        PgOptions {
            url: url.into(),
            node: "node".to_owned(),
            make: true,
            keys,
            lock: None,
            place: String::new(),
            now,
            audit_kept: AUDIT_KEPT,
            fatal: Arc::new(|_| {}),
            fenced: Arc::new(|_| {}),
        }
    }
}

/// Opens the database, brings it to this build's schema and starts its writer. Must be called in a tokio runtime.
///
/// # Errors
/// When it cannot be reached, or is unfit.
pub async fn open(options: PgOptions) -> Result<DbStore, PgOpenError> {
    let (address, at) = address(&options.url)?;
    let away = |source| PgOpenError::away(&at, source);
    let mut conn = address.connect().await.map_err(away)?;
    check_server(&mut conn, &at, options.now).await?;
    check_key(&mut conn, &at, &options).await?;
    migrate(&mut conn, &at).await?;
    leave_mark(&mut conn, &at, &options.keys).await?;
    check_name(&mut conn, &at, &options).await?;
    conn.close().await.map_err(away)?;
    let threads = |source: io::Error| PgOpenError::Database { at: at.clone(), source: sqlx::Error::Io(source).into() };
    let connection = || Ok(Conn::new(PgConn::new(address.clone())?));
    let readers = (0..READERS).map(|_| connection()).collect::<io::Result<Vec<_>>>().map_err(threads)?;
    let leasing = PgConn::new(address.clone()).map_err(threads)?.silent_for(LEASES_WITHIN);
    let leasing = Leasing::new(Conn::new(leasing), options.node.clone());
    let tallies = Arc::new(TallyNames::shared());
    let journal = Arc::new(Journal::default());
    let writing = connection().map_err(threads)?;
    let mut db = Db::new(writing, options.keys.clone(), Arc::clone(&journal), Arc::clone(&tallies));
    (db.node, db.place) = (options.node.clone(), options.place);
    db.audit_kept = options.audit_kept;
    // a connection waits for its answers, which only such a thread may
    let db = tokio::task::spawn_blocking(move || known(db)).await;
    let db = db.map_err(|fault| threads(io::Error::other(fault)))?;
    let db = db.map_err(|source| PgOpenError::Database { at: at.clone(), source })?;
    let base = Arc::new(PgBase {
        at: at.clone(),
        away: std::sync::Mutex::default(),
        ended: std::sync::Mutex::default(),
        fenced: options.fenced,
        _key: options.lock,
    });
    let (queue, jobs) = mpsc::channel(2 * COMMIT_OPS_MAX);
    let commits = Arc::default();
    let engine = PgEngine::new(db, Arc::clone(&base));
    let writer = Writer { engine, fatal: options.fatal, commits: Arc::clone(&commits) };
    let writer = writer.start(jobs).map_err(threads)?;
    let readers = Readers::new(readers);
    Ok(DbStore {
        queue,
        readers,
        keys: options.keys,
        commits,
        writer,
        tallies,
        journal,
        leasing: Some(leasing),
        base,
        node: options.node,
    })
}

/// What a database is called where people read it: without a password.
///
/// # Errors
/// When the address cannot be read.
pub fn name(url: &str) -> Result<String, PgOpenError> {
    address(url).map(|(_, at)| at)
}

/// A connection beside the server that works on the database, and what the database is called.
///
/// # Errors
/// When the address cannot be read, or no connection made.
pub fn beside(url: &str) -> Result<(Conn, String), PgOpenError> {
    let (address, at) = address(url)?;
    let threads = |source: io::Error| PgOpenError::Database { at: at.clone(), source: sqlx::Error::Io(source).into() };
    let conn = Conn::new(PgConn::patient(address).map_err(threads)?);
    Ok((conn, at))
}

/// Whether a server of ours has been on the database before.
///
/// # Errors
/// When the server cannot be reached.
pub async fn stands(url: &str) -> Result<bool, PgOpenError> {
    let (address, at) = address(url)?;
    let away = |source| PgOpenError::away(&at, source);
    let mut conn = address.connect().await.map_err(away)?;
    let marked = mark(&mut conn, &at).await?.is_some();
    conn.close().await.map_err(away)?;
    Ok(marked)
}

/// Where it is, and its name for people.
fn address(url: &str) -> Result<(Address, String), PgOpenError> {
    let wrong = |fault: sqlx::Error| PgOpenError::Address(fault.to_string());
    let options = PgConnectOptions::from_str(url).map_err(wrong)?;
    let pooled = url.contains("statement-cache-capacity=0");
    let at = format!(
        "\"{}\" at {}:{}",
        options.get_database().unwrap_or_else(|| options.get_username()),
        options.get_host(),
        options.get_port()
    );
    let options = options.application_name("chrak").extra_float_digits(None);
    // poolers refuse bounds at the connection: they stand in each transaction then
    let options = if pooled { options } else { options.options(BOUNDS) };
    let options = sqlx::ConnectOptions::disable_statement_logging(options);
    Ok((Address { options, pooled }, at))
}

/// The writing connection with what is known beside it.
fn known(mut db: Db) -> Sql<Db> {
    let learned = receipts::learned(&db.conn)?;
    db.learned = learned.into_iter().map(|(family, learned)| (family.as_str().to_owned(), learned)).collect();
    // other nodes keep receipts too, so that there may always be some
    db.orphans = i64::from(u32::MAX);
    Ok(db)
}

async fn ask<T>(conn: &mut PgConnection, at: &str, sql: &'static str) -> Result<T, PgOpenError>
where
    T: for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
{
    let failed = |source: sqlx::Error| PgOpenError::Database { at: at.to_owned(), source: source.into() };
    let row = sqlx::query(sql).persistent(false).fetch_one(conn).await.map_err(failed)?;
    row.try_get(0).map_err(failed)
}

/// Reads back what durability rests on, and what else a server can be unfit by.
async fn check_server(conn: &mut PgConnection, at: &str, now: UnixMs) -> Result<(), PgOpenError> {
    let at = || at.to_owned();
    // a pooler in statement mode refuses it
    let mut begun = conn.begin().await.map_err(|_| PgOpenError::Pooler { at: at() })?;
    let conn = &mut *begun;
    if conn.server_version_num().is_none_or(|version| version < OLDEST) {
        let found = ask(conn, &at(), "SHOW server_version").await?;
        return Err(PgOpenError::Old { at: at(), found });
    }
    if ask(conn, &at(), "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on'").await? {
        return Err(PgOpenError::ReadOnly { at: at() });
    }
    for (name, sql, weak, wanted) in [
        ("fsync", "SELECT current_setting('fsync')", &["off"][..], "on"),
        ("full_page_writes", "SELECT current_setting('full_page_writes')", &["off"], "on"),
        // local: of a synchronous standby nothing is waited for
        ("synchronous_commit", "SELECT current_setting('synchronous_commit')", &["off", "local"], "on"),
    ] {
        let found: String = ask(conn, &at(), sql).await?;
        if weak.contains(&found.as_str()) {
            return Err(PgOpenError::Setting { at: at(), name, found, wanted });
        }
    }
    let encoding: String = ask(conn, &at(), "SELECT current_setting('server_encoding')").await?;
    if encoding != "UTF8" {
        return Err(PgOpenError::Setting { at: at(), name: "server_encoding", found: encoding, wanted: "UTF8" });
    }
    let theirs: i64 = ask(conn, &at(), "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)").await?;
    let apart = (theirs - now.0).abs();
    if apart > CLOCKS_APART {
        return Err(PgOpenError::Clock { at: at(), seconds: apart / 1_000 });
    }
    begun.rollback().await.map_err(|source| PgOpenError::away(&at(), source))
}

/// The mark of the first opening, if there was one.
async fn mark(conn: &mut PgConnection, at: &str) -> Result<Option<Vec<u8>>, PgOpenError> {
    // behind a pooler what is prepared stays in a session as long as the transaction does
    let mut begun = conn.begin().await.map_err(|_| PgOpenError::Pooler { at: at.to_owned() })?;
    let conn = &mut *begun;
    if !ask::<bool>(conn, at, "SELECT to_regclass('meta') IS NOT NULL").await? {
        return Ok(None);
    }
    ask(conn, at, "SELECT (SELECT value FROM meta WHERE name = 'key_check')").await
}

/// What was sealed once must be opened by the key; asked before anything is changed.
async fn check_key(conn: &mut PgConnection, at: &str, options: &PgOptions) -> Result<(), PgOpenError> {
    let at = || at.to_owned();
    match mark(conn, &at()).await? {
        Some(mark) => {
            options.keys.open(b"meta", "key_check", &mark).map(|_| ()).map_err(|_| PgOpenError::WrongKey { at: at() })
        }
        None if options.make => Ok(()),
        None => Err(PgOpenError::Empty { at: at() }),
    }
}

/// Applies the migrations that are missing, all in one transaction that no two nodes have at once. It is written out here, as
/// sqlx's own way prepares statements under names, which poolers mix up, and holds a lock of the session.
async fn migrate(conn: &mut PgConnection, at: &str) -> Result<(), PgOpenError> {
    let failed = |source: sqlx::Error| PgOpenError::Database { at: at.to_owned(), source: source.into() };
    let known = MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0);
    let mut begun = conn.begin().await.map_err(failed)?;
    begun.execute(sqlx::raw_sql(MIGRATED)).await.map_err(failed)?;
    let sql = "SELECT version, checksum FROM _sqlx_migrations ORDER BY version";
    let applied = sqlx::query(sql).persistent(false).fetch_all(&mut *begun).await.map_err(failed)?;
    let applied = applied.into_iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?)));
    let applied = applied.collect::<Result<HashMap<i64, Vec<u8>>, sqlx::Error>>().map_err(failed)?;
    if let Some(found) = applied.keys().copied().max().filter(|found| *found > known) {
        return Err(PgOpenError::Newer { at: at.to_owned(), found, known });
    }
    for migration in MIGRATIONS.iter() {
        match applied.get(&migration.version) {
            Some(checksum) if checksum[..] == migration.checksum[..] => {}
            Some(_) => {
                let other = MigrateError::VersionMismatch(migration.version);
                return Err(failed(sqlx::Error::Migrate(Box::new(other))));
            }
            None => apply(&mut begun, migration).await.map_err(failed)?,
        }
    }
    begun.commit().await.map_err(failed)
}

/// Which migrations were applied, as sqlx notes it. The number of the lock means nothing: it is ours.
const MIGRATED: &str = "SELECT pg_advisory_xact_lock(7205759403792794); \
    CREATE TABLE IF NOT EXISTS _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL, \
    installed_on TIMESTAMPTZ NOT NULL DEFAULT now(), success BOOLEAN NOT NULL, checksum BYTEA NOT NULL, \
    execution_time BIGINT NOT NULL)";

async fn apply(conn: &mut PgConnection, migration: &Migration) -> Result<(), sqlx::Error> {
    conn.execute(sqlx::raw_sql(migration.sql.clone())).await?;
    let sql = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
        VALUES ($1, $2, true, $3, 0)";
    let applied = sqlx::query(sql).bind(migration.version).bind(&*migration.description).bind(&migration.checksum[..]);
    applied.persistent(false).execute(conn).await.map(|_| ())
}

/// The first opening leaves a sealed mark.
async fn leave_mark(conn: &mut PgConnection, at: &str, keys: &Keys) -> Result<(), PgOpenError> {
    let failed = |source: sqlx::Error| PgOpenError::Database { at: at.to_owned(), source: source.into() };
    let mark = keys.seal(b"meta", "key_check", b"chrak");
    let mark = mark.map_err(|_| failed(sqlx::Error::Io(io::Error::other("no random numbers"))))?;
    let sql = "INSERT INTO meta (name, value) VALUES ('key_check', $1) ON CONFLICT DO NOTHING";
    // in a transaction, as a pooler may change the session between a statement's preparation and its execution
    let mut begun = conn.begin().await.map_err(failed)?;
    sqlx::query(sql).bind(mark).persistent(false).execute(&mut *begun).await.map_err(failed)?;
    begun.commit().await.map_err(failed)
}

/// No other node that lives has this node's name.
async fn check_name(conn: &mut PgConnection, at: &str, options: &PgOptions) -> Result<(), PgOpenError> {
    let failed = |source: sqlx::Error| PgOpenError::Database { at: at.to_owned(), source: source.into() };
    let sql = "SELECT lease_until - CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT) FROM incarnation \
        WHERE ended_at IS NULL AND node = $1 AND place IS DISTINCT FROM $2 \
        AND lease_until > CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)";
    let mut begun = conn.begin().await.map_err(failed)?;
    let other = sqlx::query(sql).bind(&options.node).bind(&options.place).persistent(false);
    let other = other.fetch_optional(&mut *begun).await.map_err(failed)?;
    begun.commit().await.map_err(failed)?;
    let Some(other) = other else { return Ok(()) };
    let rest: i64 = other.try_get(0).map_err(failed)?;
    Err(PgOpenError::NameTaken { at: at.to_owned(), node: options.node.clone(), seconds: rest / 1_000 + 1 })
}
