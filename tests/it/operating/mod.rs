//! What an operations room does beside a server that runs: each over both databases, by the program as it ships where a command is what is
//! shown. Knows the tables, as whoever breaks into a database does.
mod audit;
mod dead;
mod erase;
mod moving;
mod restore;
mod rotation;

use crate::support::{postgres::Server, program};
use chrak::{
    store::{self, DbStore, Keys, PgOptions, Place, StoreOptions},
    types::UnixMs,
};
use sqlx::{ConnectOptions, Connection};
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::SystemTime,
};

pub fn now() -> UnixMs {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_millis();
    UnixMs(i64::try_from(now).expect("a time"))
}

pub fn test_keys() -> Keys {
    Keys::from_secret(&[7; 32])
}

/// A database of a test's own, of either kind.
pub enum Base {
    Sqlite(tempfile::TempDir),
    Postgres(String),
}

impl Base {
    pub fn both() -> [Base; 2] {
        [Base::Sqlite(tempfile::tempdir().expect("a folder")), Base::Postgres(Server::shared().database())]
    }

    pub fn file(&self) -> PathBuf {
        let Base::Sqlite(folder) = self else { panic!("no file") };
        folder.path().join("data/chrak.db")
    }

    pub fn place(&self) -> Place {
        match self {
            Base::Sqlite(_) => Place::File(self.file()),
            Base::Postgres(name) => Place::Server(Server::shared().url(name)),
        }
    }

    pub async fn open(&self) -> DbStore {
        match self {
            Base::Sqlite(_) => store::sqlite::open(StoreOptions::new(self.file(), test_keys())).await.expect("opened"),
            Base::Postgres(name) => {
                let options = PgOptions::new(Server::shared().url(name), test_keys(), now());
                store::postgres::open(options).await.unwrap_or_else(|fault| panic!("{fault}"))
            }
        }
    }

    /// Carries out SQL by hand, beside whoever works on the database; what comes of it as text.
    pub async fn sql(&self, sql: &str) -> String {
        match self {
            Base::Postgres(name) => Server::shared().psql(name, sql),
            Base::Sqlite(_) => sqlite(&self.file(), sql).await,
        }
    }

    /// What a configuration says of it.
    pub fn configured(&self) -> String {
        match self {
            Base::Sqlite(_) => String::new(),
            Base::Postgres(name) => format!("[database]\nurl = \"{}\"\n", Server::shared().url(name)),
        }
    }

    /// A configuration for the program, in a folder.
    pub fn config(&self, folder: &Path, telco: SocketAddr, portal: SocketAddr, more: &str) -> String {
        let path = program::config(folder, telco, portal, more);
        let text = std::fs::read_to_string(&path).expect("read");
        std::fs::write(&path, text.replacen("[http]", &format!("{}[http]", self.configured()), 1)).expect("written");
        path.to_str().expect("UTF-8").to_owned()
    }
}

/// Carries out SQL on a file; the first column of the last row that comes of it.
pub async fn sqlite(path: &Path, sql: &str) -> String {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
    let mut conn = options.connect().await.expect("connected");
    let mut last = String::new();
    for one in sql.split(';').filter(|one| !one.trim().is_empty()) {
        let is_question = one.trim_start().starts_with("SELECT");
        if is_question {
            let row = sqlx::query(sqlx::AssertSqlSafe(one.to_owned())).fetch_optional(&mut conn).await.expect("asked");
            last = row.map(|row| first(&row)).unwrap_or_default();
        } else {
            sqlx::query(sqlx::AssertSqlSafe(one.to_owned())).execute(&mut conn).await.expect("done");
        }
    }
    conn.close().await.expect("closed");
    last
}

fn first(row: &sqlx::sqlite::SqliteRow) -> String {
    use sqlx::Row;
    row.try_get::<String, _>(0)
        .or_else(|_| row.try_get::<i64, _>(0).map(|number| number.to_string()))
        .unwrap_or_default()
}
