//! The sandbox portal's own SQLite file: made and filled when it is empty, read whole at the start. It must
//! not know HTTP.
use super::{
    country,
    kept::{Applications, Kept},
    sample,
    shelf::Directory,
};
use anyhow::Context;
use jiff::Zoned;
use serde_json::Value;
use sqlx::{
    ConnectOptions, Row, SqliteConnection, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use std::{path::Path, str::FromStr, sync::Mutex};

/// Raised when the tables or the sample data change: an older file is made anew, there is nothing to lose.
const VERSION: i64 = 4;

const DIRECTORY: &str = include_str!("directory.json");
const LISTS: [&str; 6] = ["ministries", "topics", "groups", "services", "offices", "holidays"];

const TABLES: &str = "
    DROP TABLE IF EXISTS directory;
    DROP TABLE IF EXISTS applications;
    CREATE TABLE directory (
        list TEXT NOT NULL, position INTEGER NOT NULL, document TEXT NOT NULL, PRIMARY KEY (list, position)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE applications (
        code TEXT NOT NULL PRIMARY KEY, document TEXT NOT NULL, contacts TEXT NOT NULL, pin TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    DROP TABLE IF EXISTS calls;
    DROP TABLE IF EXISTS holds;
    DROP TABLE IF EXISTS appointments;
    DROP TABLE IF EXISTS feedback;
    DROP TABLE IF EXISTS complaints;
    DROP TABLE IF EXISTS events;
    DROP TABLE IF EXISTS payments;
    DROP TABLE IF EXISTS tickets;
    CREATE TABLE calls (
        key TEXT NOT NULL PRIMARY KEY, print TEXT NOT NULL, status INTEGER NOT NULL, answer TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE holds (
        id TEXT NOT NULL PRIMARY KEY, slot TEXT NOT NULL, expires_at INTEGER NOT NULL, used INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX holds_slot ON holds (slot, expires_at) WHERE used = 0;
    CREATE TABLE appointments (
        reference TEXT NOT NULL PRIMARY KEY, document TEXT NOT NULL, slot TEXT NOT NULL, start INTEGER NOT NULL,
        status TEXT NOT NULL, numbers TEXT NOT NULL, pin TEXT NOT NULL, key TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX appointments_slot ON appointments (slot) WHERE status = 'booked';
    CREATE INDEX appointments_key ON appointments (key);
    CREATE TABLE feedback (seq INTEGER PRIMARY KEY, document TEXT NOT NULL) STRICT;
    CREATE TABLE complaints (
        reference TEXT NOT NULL PRIMARY KEY, document TEXT NOT NULL, number TEXT NOT NULL, said TEXT NOT NULL
    ) STRICT;
    CREATE TABLE payments (
        id TEXT NOT NULL PRIMARY KEY, code TEXT NOT NULL, document TEXT NOT NULL, made_at INTEGER NOT NULL,
        ends_at INTEGER NOT NULL, outcome TEXT NOT NULL DEFAULT ''
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE tickets (seq INTEGER PRIMARY KEY AUTOINCREMENT, document TEXT NOT NULL) STRICT;
    CREATE TABLE events (seq INTEGER PRIMARY KEY AUTOINCREMENT, document TEXT NOT NULL) STRICT;
";

/// An open database.
pub struct Db {
    /// Where it is asked.
    pub pool: SqlitePool,
    /// A database in memory lives as long as a connection to it, and the pool gives one up when it was left in
    /// the middle of a question; this one is never asked anything.
    _kept: Mutex<Option<SqliteConnection>>,
}

/// Opens the file, or a database in memory; an empty or older one is filled as of `now`.
pub async fn open(path: Option<&Path>, now: &Zoned) -> anyhow::Result<Db> {
    let options = match path {
        Some(path) => SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal),
        None => SqliteConnectOptions::from_str("sqlite::memory:")?,
    };
    let kept = match path {
        Some(_) => None,
        None => Some(options.connect().await.context("cannot open the database in memory")?),
    };
    let pool = SqlitePoolOptions::new().max_connections(1).min_connections(1).idle_timeout(None).max_lifetime(None);
    let shown = path.map_or_else(|| "in memory".to_owned(), |path| path.display().to_string());
    let pool = pool.connect_with(options).await.with_context(|| format!("cannot open the database {shown}"))?;
    let mut transaction = pool.begin().await?;
    let version: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut *transaction).await?;
    if version != VERSION {
        fill(&mut transaction, now).await.with_context(|| format!("cannot fill the database {shown}"))?;
    }
    transaction.commit().await?;
    Ok(Db { pool, _kept: Mutex::new(kept) })
}

/// What directory.json holds, each item with the name of its list.
fn lists() -> anyhow::Result<Vec<(String, Value)>> {
    let whole: Value = serde_json::from_str(DIRECTORY).context("directory.json")?;
    let mut lists = Vec::new();
    for list in LISTS {
        let items = whole[list].as_array().with_context(|| format!("directory.json: {list}"))?;
        lists.extend(items.iter().map(|item| (list.to_owned(), item.clone())));
    }
    Ok(lists)
}

/// The directory as the file has it.
#[cfg(test)]
pub fn sample_directory() -> anyhow::Result<Directory> {
    lists().map(gather)
}

/// Whether a database can be filled: the directory, what stands in it, and the samples.
pub fn check(now: &Zoned) -> anyhow::Result<()> {
    let directory = gather(lists()?);
    for office in &directory.offices {
        for hours in office["hours"].as_array().with_context(|| format!("directory.json: hours of {}", office["id"]))? {
            for end in ["open", "close"] {
                let time = hours[end].as_str().with_context(|| format!("directory.json: {end} of {}", office["id"]))?;
                time.parse::<jiff::civil::Time>()
                    .with_context(|| format!("directory.json: {end} of {}", office["id"]))?;
            }
        }
    }
    sample::applications(&directory, now).map(|_| ())
}

async fn fill(connection: &mut SqliteConnection, now: &Zoned) -> anyhow::Result<()> {
    sqlx::raw_sql(TABLES).execute(&mut *connection).await?;
    let lists = lists()?;
    for (position, (list, item)) in lists.iter().enumerate() {
        let insert = sqlx::query("INSERT INTO directory (list, position, document) VALUES (?, ?, ?)");
        insert.bind(list).bind(i64::try_from(position)?).bind(item.to_string()).execute(&mut *connection).await?;
    }
    for kept in sample::applications(&gather(lists), now)? {
        sqlx::query("INSERT INTO applications (code, document, contacts, pin) VALUES (?, ?, ?, ?)")
            .bind(kept.code)
            .bind(kept.whole.to_string())
            .bind(kept.contacts.join(" "))
            .bind(kept.pin)
            .execute(&mut *connection)
            .await?;
    }
    // A pragma takes no parameters.
    let stamp = sqlx::AssertSqlSafe(format!("PRAGMA user_version = {VERSION}"));
    sqlx::raw_sql(stamp).execute(&mut *connection).await?;
    Ok(())
}

/// The whole directory.
pub async fn directory(pool: &SqlitePool) -> anyhow::Result<Directory> {
    let rows = sqlx::query("SELECT list, document FROM directory ORDER BY list, position").fetch_all(pool).await?;
    let mut lists = Vec::with_capacity(rows.len());
    for row in rows {
        lists.push((row.try_get("list")?, serde_json::from_str(row.try_get("document")?)?));
    }
    Ok(gather(lists))
}

fn gather(lists: Vec<(String, Value)>) -> Directory {
    let mut directory = Directory::default();
    for (list, item) in lists {
        match list.as_str() {
            "ministries" => directory.ministries.push(item),
            "topics" => directory.topics.push(item),
            "groups" => directory.groups.push(item),
            "services" => directory.services.push(item),
            "offices" => directory.offices.push(item),
            _ => directory.holidays.push(item),
        }
    }
    country::complete(&mut directory.offices, &directory.services);
    directory
}

/// All applications.
pub async fn applications(pool: &SqlitePool) -> anyhow::Result<Applications> {
    let rows = sqlx::query("SELECT code, document, contacts, pin FROM applications").fetch_all(pool).await?;
    let mut all = Vec::with_capacity(rows.len());
    for row in rows {
        let contacts: &str = row.try_get("contacts")?;
        all.push(Kept {
            code: row.try_get("code")?,
            whole: serde_json::from_str(row.try_get("document")?)?,
            contacts: contacts.split_whitespace().map(str::to_owned).collect(),
            pin: row.try_get("pin")?,
        });
    }
    Ok(Applications::new(all))
}
