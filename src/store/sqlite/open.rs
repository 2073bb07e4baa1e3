//! Opening the database: every way in which it can be unfit is told to the operator in words.
use super::{
    conn::{Access, SqliteConn},
    damage::{self, Damage},
    engine::{SqliteBase, SqliteEngine},
    fault::OpenError,
    files::{self, Locked},
    room::Room,
};
use crate::{
    store::{
        DbStore, Keys,
        batch::{self, Db},
        conn::{Conn, Sql, params},
        readers::Readers,
        sql::{receipts, windows},
        tallies::TallyNames,
        writer::{Fatal, Writer},
    },
    types::limits::COMMIT_OPS_MAX,
};
use sqlx::{
    ConnectOptions, Connection,
    migrate::{MigrateError, Migrator},
    sqlite::SqliteConnectOptions,
};
use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicBool},
};
use tokio::sync::mpsc;

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// What a store needs to be opened.
#[derive(Clone)]
pub struct StoreOptions {
    /// The database file.
    pub path: PathBuf,
    /// Whether an empty database, and its directory, are made where there is none.
    pub make: bool,
    /// The keys of this database.
    pub keys: Keys,
    /// The file that they came from, to be missed when it goes.
    pub key_file: Option<PathBuf>,
    /// Whether room is kept aside on the disk.
    pub reserve: bool,
    /// A file of so many octets is looked through before the start; a larger one while the server works.
    pub looked_through: u64,
    /// Called once when the database can no longer be trusted. Production ends the process here.
    pub fatal: Fatal,
    /// Most pages (of 4 KiB) of the file; `None`: as many as the disk has.
    pub pages_max: Option<u32>,
}

impl StoreOptions {
    /// Options for a file that is made where there is none, without a bound, and a hook that only leaves the store
    /// closed.
    pub fn new(path: impl Into<PathBuf>, keys: Keys) -> Self {
        StoreOptions {
            path: path.into(),
            make: true,
            keys,
            key_file: None,
            reserve: false,
            looked_through: damage::BEFORE_START,
            fatal: Arc::new(|_| {}),
            pages_max: None,
        }
    }
}

/// Opens or makes the database, brings it to this build's schema and starts its writer. Must be called
/// in a tokio runtime.
pub async fn open(options: StoreOptions) -> Result<DbStore, OpenError> {
    let path = &options.path;
    let failed = |error| OpenError::of(path, error);
    let unusable = |source| OpenError::Path { path: path.clone(), source };
    if !options.make && !files::stands(path).map_err(unusable)? {
        return Err(OpenError::Missing { path: path.clone() });
    }
    let locked = Locked::take(path).await?;
    let room = Room::of(path);
    room.for_start().map_err(|source| OpenError::Full { path: path.clone(), source })?;
    let conn = writing(path).map_err(failed)?;
    let is_small = path.metadata().map_err(unusable)?.len() <= options.looked_through;
    if is_small {
        damage::check(&conn, path)?;
    }
    check_key(&conn, &options)?;
    migrate(path).await?;
    check_settings(&conn, path)?;
    leave_mark(&conn, path, &options.keys)?;
    if let Some(pages) = options.pages_max {
        let sql = format!("PRAGMA max_page_count = {pages}");
        conn.execute(sql.as_str(), &[]).map_err(failed)?;
    }
    let key = options.key_file.map(|file| (file, options.keys.clone()));
    let readers = Readers::new(reading(path).map_err(failed)?);
    let damage = Damage::default();
    if !is_small {
        damage.look_for(path).map_err(unusable)?;
    }
    let base = Arc::new(SqliteBase {
        files: locked.settle(key).map_err(unusable)?,
        damage,
        full: AtomicBool::default(),
        low: AtomicBool::default(),
        room: room.clone(),
    });
    let (queue, jobs) = mpsc::channel(2 * COMMIT_OPS_MAX);
    let (commits, tallies) = (Arc::default(), Arc::new(TallyNames::default()));
    let db = known(conn, Arc::clone(&tallies)).map_err(failed)?;
    let engine = SqliteEngine::new(db, Arc::clone(&base), options.reserve.then_some(room));
    let writer = Writer { engine, fatal: options.fatal, commits: Arc::clone(&commits) };
    let writer = writer.start(jobs).map_err(unusable)?;
    Ok(DbStore {
        queue,
        readers,
        keys: options.keys,
        commits,
        writer,
        tallies,
        leasing: None,
        base,
        node: String::new(),
    })
}

/// One for the exchange, one for whoever looks on.
const READERS: usize = 2;

fn reading(path: &Path) -> Sql<Vec<Conn>> {
    (0..READERS).map(|_| Ok(Conn::new(SqliteConn::open(path, Access::Read)?))).collect()
}

/// The writing connection with what is known beside it.
fn known(conn: Conn, tallies: Arc<TallyNames>) -> Sql<Db> {
    let orphans = conn.value("SELECT count(*) FROM receipt_orphan", &[])?;
    let learned = receipts::learned(&conn)?;
    let learned = learned.into_iter().map(|(family, learned)| (family.as_str().to_owned(), learned)).collect();
    tallies.replace(windows::names(&conn)?);
    Ok(Db {
        conn,
        node: String::new(),
        place: String::new(),
        held: batch::Locked::All,
        incarnation: 0,
        orphans,
        learned,
        tallies,
    })
}

/// What makes a commit durable and cheap; [`check_settings`] reads back what durability rests on.
const WRITING: [(&str, &str); 6] = [
    ("journal_mode", "WAL"),
    ("synchronous", "FULL"),
    ("wal_autocheckpoint", "1000"),
    // pages that commits change again and again stay in memory
    ("cache_size", "-16384"),
    ("journal_size_limit", "67108864"),
    // overwrites what is deleted where that costs no further page
    ("secure_delete", "FAST"),
];

fn writing(path: &Path) -> Sql<Conn> {
    let conn = SqliteConn::open(path, Access::Write)?;
    for (name, value) in WRITING {
        conn.set(name, value)?;
    }
    Ok(Conn::new(conn))
}

/// Over a connection of its own, which sqlx knows how to migrate.
async fn migrate(path: &Path) -> Result<(), OpenError> {
    let failed = |error: sqlx::Error| OpenError::of(path, error);
    let mut conn = SqliteConnectOptions::new()
        .filename(path)
        .pragma("synchronous", "FULL")
        .disable_statement_logging()
        .connect()
        .await
        .map_err(failed)?;
    let migrated = migrate_on(&mut conn, path).await;
    conn.close().await.map_err(failed)?;
    migrated
}

async fn migrate_on(conn: &mut sqlx::SqliteConnection, path: &Path) -> Result<(), OpenError> {
    let known = MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0);
    match MIGRATIONS.run_direct(None, &mut *conn, false).await {
        Ok(()) => Ok(()),
        Err(MigrateError::VersionMissing(found)) if found > known => {
            Err(OpenError::Newer { path: path.to_owned(), found, known })
        }
        Err(MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)) => Err(OpenError::of(path, error)),
        Err(error) => Err(OpenError::of(path, sqlx::Error::Migrate(Box::new(error)))),
    }
}

/// Reads back what durability rests on: a setting that was refused shows nowhere else.
fn check_settings(conn: &Conn, path: &Path) -> Result<(), OpenError> {
    let failed = |error| OpenError::of(path, error);
    let journal: String = conn.value("PRAGMA journal_mode", &[]).map_err(failed)?;
    if journal != "wal" {
        return Err(OpenError::Pragma {
            path: path.to_owned(),
            name: "journal_mode (2 is WAL)",
            wanted: 2,
            found: journal,
        });
    }
    for (name, sql, wanted) in [
        ("synchronous", "PRAGMA synchronous", 2),
        ("foreign_keys", "PRAGMA foreign_keys", 1),
        ("trusted_schema", "PRAGMA trusted_schema", 0),
        ("mmap_size", "PRAGMA mmap_size", 0),
    ] {
        let found: i64 = conn.value(sql, &[]).map_err(failed)?;
        if found != wanted {
            let found = found.to_string();
            return Err(OpenError::Pragma { path: path.to_owned(), name, wanted, found });
        }
    }
    Ok(())
}

/// What was sealed once must be opened by the key; asked before anything is changed.
fn check_key(conn: &Conn, options: &StoreOptions) -> Result<(), OpenError> {
    let path = &options.path;
    match mark(conn).map_err(|error| OpenError::of(path, error))? {
        Some(mark) => match options.keys.open(b"meta", "key_check", &mark) {
            Ok(_) => Ok(()),
            Err(_) => Err(OpenError::WrongKey { path: path.clone() }),
        },
        None if options.make => Ok(()),
        None => Err(OpenError::Missing { path: path.clone() }),
    }
}

/// The mark of the first opening, if there was one.
fn mark(conn: &Conn) -> Sql<Option<Vec<u8>>> {
    let begun: i64 = conn.value("SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'meta'", &[])?;
    if begun == 0 {
        return Ok(None);
    }
    conn.find("SELECT value FROM meta WHERE name = 'key_check'", &[], |row| row.get(0))
}

/// The first opening leaves a sealed mark.
fn leave_mark(conn: &Conn, path: &Path, keys: &Keys) -> Result<(), OpenError> {
    let mark = keys
        .seal(b"meta", "key_check", b"chrak")
        .map_err(|_| OpenError::Path { path: path.to_owned(), source: io::Error::other("no random numbers") })?;
    let sql = "INSERT INTO meta (name, value) VALUES ('key_check', ?) ON CONFLICT DO NOTHING";
    conn.execute(sql, params![&mark]).map_err(|error| OpenError::of(path, error))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::Connection;

    fn keys(octet: u8) -> Keys {
        Keys::from_secret(&[octet; 32])
    }

    async fn opened(path: &Path, octet: u8, make: bool) -> Result<(), OpenError> {
        let store = open(StoreOptions { make, ..StoreOptions::new(path, keys(octet)) }).await?;
        store.close().await;
        Ok(())
    }

    #[tokio::test]
    async fn a_database_is_opened_by_its_own_key_and_made_only_where_it_may_be() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("chrak.db");
        assert!(matches!(opened(&path, 1, false).await, Err(OpenError::Missing { .. })), "there is none");
        opened(&path, 1, true).await.expect("made");
        opened(&path, 1, false).await.expect("there");
        for make in [false, true] {
            assert!(matches!(opened(&path, 2, make).await, Err(OpenError::WrongKey { .. })), "of another key");
        }
        // a file with tables of somebody else has no mark of ours
        let other = folder.path().join("other.db");
        let mut conn =
            SqliteConnectOptions::new().filename(&other).create_if_missing(true).connect().await.expect("made");
        sqlx::query("CREATE TABLE theirs (x)").execute(&mut conn).await.expect("a table");
        conn.close().await.expect("closed");
        assert!(matches!(opened(&other, 1, false).await, Err(OpenError::Missing { .. })));
    }

    #[tokio::test]
    async fn a_database_of_a_newer_build_is_told_from_one_that_lost_a_migration() {
        for (version, is_newer) in [(9_999, true), (0, false)] {
            let folder = tempfile::tempdir().expect("a folder");
            let path = folder.path().join("chrak.db");
            opened(&path, 1, true).await.expect("made");
            let mut conn = SqliteConnectOptions::new().filename(&path).connect().await.expect("opened");
            let sql = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                VALUES (?, 'of another build', 1, x'00', 0)";
            sqlx::query(sql).bind(version).execute(&mut conn).await.expect("a row");
            conn.close().await.expect("closed");
            match opened(&path, 1, true).await {
                Err(OpenError::Newer { found, known, .. }) => assert!(is_newer && found == version && known < version),
                Err(_) => assert!(!is_newer, "{version}"),
                Ok(()) => panic!("{version} is not known here"),
            }
        }
    }

    #[tokio::test]
    async fn what_durability_rests_on_is_read_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("chrak.db");
        opened(&path, 1, true).await.expect("made");
        for (pragma, name) in [
            ("PRAGMA synchronous = NORMAL", "synchronous"),
            ("PRAGMA foreign_keys = OFF", "foreign_keys"),
            ("PRAGMA trusted_schema = ON", "trusted_schema"),
            ("PRAGMA mmap_size = 65536", "mmap_size"),
            ("PRAGMA journal_mode = DELETE", "journal_mode (2 is WAL)"),
        ] {
            let conn = writing(&path).expect("opened");
            check_settings(&conn, &path).expect("as they are to be");
            conn.rows(pragma, &[], |_| Ok(())).expect("set");
            match check_settings(&conn, &path) {
                Err(OpenError::Pragma { name: told, .. }) => assert_eq!(told, name),
                _ => panic!("{pragma} is not seen"),
            }
        }
    }
}
