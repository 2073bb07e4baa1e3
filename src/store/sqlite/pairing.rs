//! How kiosks are paired, on SQLite. A device has one token while it waits and another one from its pairing on: who saw or
//! planted the first has nothing.
use super::{SqliteStore, rows::Sql, writer::Db};
use crate::ports::kiosks::{NewKiosk, Offer, PAIRING_TRIES, Pairing, TokenHash, WAITING_AT_ONE_PLACE, WAITING_MAX};
use sqlx::Row;

/// How long a device that was paired may take to fetch its new token, in milliseconds: as long as digits last.
const TAKE_WITHIN_MS: i64 = 10 * 60_000;

pub(super) async fn offer(db: &mut Db, offer: &Offer, now: i64) -> Sql<()> {
    for (sql, most) in [
        (
            "DELETE FROM pairing WHERE token IN (SELECT token FROM pairing WHERE kiosk IS NULL AND place = ?1 \
             ORDER BY at DESC, token LIMIT -1 OFFSET ?2)",
            WAITING_AT_ONE_PLACE - 1,
        ),
        (
            "DELETE FROM pairing WHERE token IN (SELECT token FROM pairing WHERE kiosk IS NULL AND ?1 = ?1 \
             ORDER BY at DESC, token LIMIT -1 OFFSET ?2)",
            WAITING_MAX - 1,
        ),
    ] {
        sqlx::query(sql).bind(&offer.place[..]).bind(most).execute(&mut db.conn).await?;
    }
    sqlx::query(
        "INSERT INTO pairing (token, code, place, at, tries, until) VALUES (?1, ?2, ?3, ?4, 0, ?5) \
         ON CONFLICT (token) DO UPDATE SET code = excluded.code, place = excluded.place, at = excluded.at, tries = 0, \
         until = excluded.until, kiosk = NULL",
    )
    .bind(&offer.token[..])
    .bind(&offer.code)
    .bind(&offer.place[..])
    .bind(now)
    .bind(offer.until.0)
    .execute(&mut db.conn)
    .await?;
    Ok(())
}

/// 1 when a device showed the code.
pub(super) async fn pair(db: &mut Db, new: &NewKiosk, now: i64) -> Sql<u64> {
    let shown = sqlx::query_scalar::<_, Vec<u8>>(
        "SELECT token FROM pairing WHERE code = ?1 AND kiosk IS NULL AND until > ?2 AND tries < ?3",
    )
    .bind(&new.code)
    .bind(now)
    .bind(PAIRING_TRIES)
    .fetch_all(&mut db.conn)
    .await?;
    // two devices with one code: neither can be meant
    let [token] = shown.as_slice() else {
        let sql = "UPDATE pairing SET tries = tries + 1 WHERE until > ?1 AND kiosk IS NULL";
        sqlx::query(sql).bind(now).execute(&mut db.conn).await?;
        return Ok(0);
    };
    sqlx::query("UPDATE pairing SET kiosk = ?2, until = ?3 WHERE token = ?1")
        .bind(&token[..])
        .bind(&new.id)
        .bind(now.saturating_add(TAKE_WITHIN_MS))
        .execute(&mut db.conn)
        .await?;
    // a token that nobody has, until the device takes its own
    let sql = "INSERT INTO kiosk (id, token, office, profile, paired_at) VALUES (?1, randomblob(32), ?2, ?3, ?4)";
    let query = sqlx::query(sql).bind(&new.id).bind(&new.office).bind(&new.profile).bind(now);
    Ok(query.execute(&mut db.conn).await?.rows_affected())
}

/// 1 when the device is known by its new token from now on.
pub(super) async fn take(db: &mut Db, old: &TokenHash, new: &TokenHash, now: i64) -> Sql<u64> {
    let sql = "UPDATE kiosk SET token = ?2 WHERE revoked_at IS NULL AND id = \
        (SELECT kiosk FROM pairing WHERE token = ?1 AND until > ?3)";
    let query = sqlx::query(sql).bind(&old[..]).bind(&new[..]).bind(now);
    Ok(query.execute(&mut db.conn).await?.rows_affected())
}

pub(super) async fn taken(db: &mut Db, id: &str) -> Sql<()> {
    sqlx::query("DELETE FROM pairing WHERE kiosk = ?1").bind(id).execute(&mut db.conn).await?;
    Ok(())
}

impl SqliteStore {
    pub(super) async fn read_pairing(&self, token: TokenHash, now: i64) -> Sql<Pairing> {
        let sql =
            "SELECT code, kiosk FROM pairing WHERE token = ?1 AND until > ?2 AND (kiosk IS NOT NULL OR tries < ?3)";
        let row = sqlx::query(sql).bind(&token[..]).bind(now).bind(PAIRING_TRIES).fetch_optional(&self.readers).await?;
        let Some(row) = row else { return Ok(Pairing::None) };
        match row.try_get::<Option<String>, _>(1)? {
            Some(_) => Ok(Pairing::Done),
            None => row.try_get(0).map(Pairing::Shown),
        }
    }
}
