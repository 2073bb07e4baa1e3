//! How kiosks are paired, on SQLite.
use super::{SqliteStore, rows::Sql, writer::Db};
use crate::{
    ports::{
        kiosks::{NewKiosk, Offer, Pairing, TokenHash, WAITING_AT_ONE_PLACE, WAITING_MAX},
        rules::kiosks::{Offered, TAKE_WITHIN_MS, meant, stage},
    },
    types::UnixMs,
};
use sqlx::{Row, sqlite::SqliteRow};

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

fn offered(row: &SqliteRow) -> Sql<Offered> {
    Ok(Offered {
        code: row.try_get(1)?,
        paired: row.try_get(2)?,
        tries: row.try_get(3)?,
        until: UnixMs(row.try_get(4)?),
    })
}

/// 1 when a device showed the code.
pub(super) async fn pair(db: &mut Db, new: &NewKiosk, now: i64) -> Sql<u64> {
    let shown = sqlx::query("SELECT token, code, kiosk IS NOT NULL, tries, until FROM pairing WHERE code = ?1")
        .bind(&new.code)
        .fetch_all(&mut db.conn)
        .await?;
    let device = |row: &SqliteRow| Ok((row.try_get::<Vec<u8>, _>(0)?, offered(row)?));
    let Some(token) = meant(shown.iter().map(device).collect::<Sql<_>>()?, UnixMs(now)) else {
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
        let sql = "SELECT token, code, kiosk IS NOT NULL, tries, until FROM pairing WHERE token = ?1";
        let row = sqlx::query(sql).bind(&token[..]).fetch_optional(&self.readers).await?;
        Ok(stage(row.as_ref().map(offered).transpose()?, UnixMs(now)))
    }
}
