//! How kiosks are paired.
use crate::{
    ports::{
        kiosks::{NewKiosk, Offer, Pairing, TokenHash, WAITING_AT_ONE_PLACE, WAITING_MAX},
        rules::kiosks::{Offered, TAKE_WITHIN_MS, meant, stage},
    },
    store::sqlite::batch::{Db, Sql},
    types::UnixMs,
};
use sqlx::{Row, SqlitePool, sqlite::SqliteRow};

/// A device shows digits; where too many wait, the oldest makes room.
pub async fn offer(db: &mut Db, (offer, now): &(Offer, UnixMs)) -> Sql<()> {
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
    .bind(now.0)
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

/// Whether a device showed the code.
pub async fn pair(db: &mut Db, (new, now): &(NewKiosk, UnixMs)) -> Sql<bool> {
    let shown = sqlx::query("SELECT token, code, kiosk IS NOT NULL, tries, until FROM pairing WHERE code = ?1")
        .bind(&new.code)
        .fetch_all(&mut db.conn)
        .await?;
    let device = |row: &SqliteRow| Ok((row.try_get::<Vec<u8>, _>(0)?, offered(row)?));
    let Some(token) = meant(shown.iter().map(device).collect::<Sql<_>>()?, *now) else {
        let sql = "UPDATE pairing SET tries = tries + 1 WHERE until > ?1 AND kiosk IS NULL";
        sqlx::query(sql).bind(now.0).execute(&mut db.conn).await?;
        return Ok(false);
    };
    sqlx::query("UPDATE pairing SET kiosk = ?2, until = ?3 WHERE token = ?1")
        .bind(&token[..])
        .bind(&new.id)
        .bind(now.plus_ms(TAKE_WITHIN_MS).0)
        .execute(&mut db.conn)
        .await?;
    // a token that nobody has, until the device takes its own
    let sql = "INSERT INTO kiosk (id, token, office, profile, paired_at) VALUES (?1, randomblob(32), ?2, ?3, ?4)";
    let query = sqlx::query(sql).bind(&new.id).bind(&new.office).bind(&new.profile).bind(now.0);
    Ok(query.execute(&mut db.conn).await?.rows_affected() > 0)
}

/// Whether the device is known by its new token from now on.
pub async fn take(db: &mut Db, (old, new, now): &(TokenHash, TokenHash, UnixMs)) -> Sql<bool> {
    let sql = "UPDATE kiosk SET token = ?2 WHERE revoked_at IS NULL AND id = \
        (SELECT kiosk FROM pairing WHERE token = ?1 AND until > ?3)";
    let query = sqlx::query(sql).bind(&old[..]).bind(&new[..]).bind(now.0);
    Ok(query.execute(&mut db.conn).await?.rows_affected() > 0)
}

/// The device has used its new token.
pub async fn taken(db: &mut Db, id: &str) -> Sql<()> {
    sqlx::query("DELETE FROM pairing WHERE kiosk = ?1").bind(id).execute(&mut db.conn).await?;
    Ok(())
}

/// How far the pairing of a device is.
pub async fn of_device(readers: &SqlitePool, token: &TokenHash, now: UnixMs) -> Sql<Pairing> {
    let sql = "SELECT token, code, kiosk IS NOT NULL, tries, until FROM pairing WHERE token = ?1";
    let row = sqlx::query(sql).bind(&token[..]).fetch_optional(readers).await?;
    Ok(stage(row.as_ref().map(offered).transpose()?, now))
}
