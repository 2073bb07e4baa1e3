//! Whether the pages of the database are whole: a small one is looked through before anything else, a large one while the
//! server works, so that a start does not wait for all that is old. It must not know what the pages hold.
use super::{
    conn::{Access, SqliteConn},
    fault::OpenError,
};
use crate::store::conn::Conn;
use std::{
    io,
    path::Path,
    sync::{Arc, OnceLock},
    thread,
};

/// Octets that are looked through before the start: about a fifth of a second, once they are read. A million answered texts
/// have 1.2 GB and took 2.5 s.
pub(super) const BEFORE_START: u64 = 64 << 20;

/// What was found to be damaged; nothing is taken any more then.
#[derive(Clone, Default)]
pub(super) struct Damage(Arc<OnceLock<String>>);

impl Damage {
    /// In words for the operator.
    pub(super) fn found(&self) -> Option<&str> {
        self.0.get().map(String::as_str)
    }

    /// Looks a large database through beside the work on it.
    pub(super) fn look_for(&self, path: &Path) -> io::Result<()> {
        let (damage, path) = (self.clone(), path.to_owned());
        let looks = move || {
            let looked = SqliteConn::open(&path, Access::Read).map_err(|error| OpenError::of(&path, error));
            let looked = looked.and_then(|conn| check(&Conn::new(conn), &path));
            match looked {
                Ok(()) => tracing::info!("the database was looked through and is whole"),
                Err(fault @ (OpenError::Corrupt { .. } | OpenError::NotADatabase { .. })) => {
                    tracing::error!("{fault}");
                    let _ = damage.0.set(fault.to_string());
                }
                Err(fault) => tracing::warn!("the database could not be looked through: {fault}"),
            }
        };
        // nobody waits for it, not even the end of the server
        thread::Builder::new().name("chrak-looks".to_owned()).spawn(looks).map(|_| ())
    }
}

/// Looks all pages through.
pub(super) fn check(conn: &Conn, path: &Path) -> Result<(), OpenError> {
    let detail: String = conn.value("PRAGMA quick_check(1)", &[]).map_err(|error| OpenError::of(path, error))?;
    if detail == "ok" { Ok(()) } else { Err(OpenError::Corrupt { path: path.to_owned(), detail }) }
}

#[cfg(test)]
mod tests {
    use crate::{
        ports::{StoreFault, inbox::Inbox},
        store::{
            Keys,
            sqlite::{OpenError, StoreOptions},
        },
    };
    use sqlx::{Connection, SqliteConnection};
    use std::{io::Write, os::unix::fs::FileExt, path::Path, time::Duration};

    fn options(path: &Path, looked_through: u64) -> StoreOptions {
        StoreOptions { looked_through, ..StoreOptions::new(path, Keys::from_secret(&[7; 32])) }
    }

    /// A database with a page of another table written over with something else.
    async fn damaged(path: &Path) {
        crate::store::sqlite::open(options(path, u64::MAX)).await.expect("made").close().await;
        let mut conn = SqliteConnection::connect(path.to_str().expect("a path")).await.expect("opened");
        let sql = "WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 2000) \
                   INSERT INTO event_seen SELECT 'event ' || i, i FROM n";
        sqlx::query(sql).execute(&mut conn).await.expect("filled");
        let root: i64 = sqlx::query_scalar("SELECT rootpage FROM sqlite_schema WHERE name = 'event_seen'")
            .fetch_one(&mut conn)
            .await
            .expect("its root");
        sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut conn).await.expect("copied");
        conn.close().await.expect("closed");
        let file = std::fs::OpenOptions::new().write(true).open(path).expect("the file");
        file.write_all_at(&[0xA5; 3_000], (root as u64 - 1) * 4_096 + 16).expect("damaged");
        (&file).flush().expect("written");
    }

    #[tokio::test]
    async fn damage_is_found_before_the_start_or_while_the_server_works_and_then_nothing_is_taken() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("chrak.db");
        damaged(&path).await;
        let small = crate::store::sqlite::open(options(&path, u64::MAX)).await;
        assert!(matches!(small, Err(OpenError::Corrupt { .. })), "a small one does not start");
        let store = crate::store::sqlite::open(options(&path, 0)).await.expect("a large one starts");
        let mut looks = 0;
        while store.trouble().is_none() && looks < 500 {
            looks += 1;
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let trouble = store.trouble().expect("it is found");
        assert!(trouble.lasting && trouble.words.contains("is damaged"), "{}", trouble.words);
        assert_eq!(store.probe().await, Err(StoreFault::Busy), "nothing is written any more");
    }

    #[tokio::test]
    async fn a_large_database_that_is_whole_goes_on() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("chrak.db");
        crate::store::sqlite::open(options(&path, u64::MAX)).await.expect("made").close().await;
        let store = crate::store::sqlite::open(options(&path, 0)).await.expect("opened");
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert!(store.trouble().is_none() && store.probe().await.is_ok());
    }
}
