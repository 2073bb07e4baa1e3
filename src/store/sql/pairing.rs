//! How kiosks are paired.
use crate::{
    ports::{
        audit::{Entry, Who},
        kiosks::{NewKiosk, Offer, Pairing, TokenHash, WAITING_AT_ONE_PLACE, WAITING_MAX},
        rules::kiosks::{Offered, TAKE_WITHIN_MS, meant, stage},
    },
    store::{
        batch::Db,
        conn::{Both, Conn, Row, Sql, params},
    },
    types::UnixMs,
};

/// A device shows digits; where too many wait, the oldest makes room.
pub fn offer(db: &mut Db, (offer, now): &(Offer, UnixMs)) -> Sql<()> {
    for (sql, most) in [
        (
            "DELETE FROM pairing WHERE token IN (SELECT token FROM pairing WHERE kiosk IS NULL AND place = ?1 \
             ORDER BY at DESC, token LIMIT 9223372036854775807 OFFSET ?2)",
            WAITING_AT_ONE_PLACE - 1,
        ),
        (
            "DELETE FROM pairing WHERE token IN (SELECT token FROM pairing WHERE kiosk IS NULL AND ?1 = ?1 \
             ORDER BY at DESC, token LIMIT 9223372036854775807 OFFSET ?2)",
            WAITING_MAX - 1,
        ),
    ] {
        db.conn.execute(sql, params![&offer.place[..], most])?;
    }
    db.conn.execute(
        "INSERT INTO pairing (token, code, place, at, tries, until) VALUES (?1, ?2, ?3, ?4, 0, ?5) \
         ON CONFLICT (token) DO UPDATE SET code = excluded.code, place = excluded.place, at = excluded.at, tries = 0, \
         until = excluded.until, kiosk = NULL",
        params![&offer.token[..], &offer.code, &offer.place[..], now.0, offer.until.0],
    )?;
    Ok(())
}

fn offered(row: &Row<'_>) -> Sql<Offered> {
    Ok(Offered { code: row.get(1)?, paired: row.get(2)?, tries: row.get(3)?, until: UnixMs(row.get(4)?) })
}

/// With a token that nobody has, until the device takes its own.
const PAIRED: Both = Both {
    sqlite: "INSERT INTO kiosk (id, token, office, profile, paired_at) VALUES (?1, randomblob(32), ?2, ?3, ?4)",
    postgres: "INSERT INTO kiosk (id, token, office, profile, paired_at) \
        VALUES (?1, uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()), ?2, ?3, ?4)",
};

/// Whether a device showed the code.
pub fn pair(db: &mut Db, (new, now): &(NewKiosk, UnixMs)) -> Sql<bool> {
    let sql = "SELECT token, code, kiosk IS NOT NULL, tries, until FROM pairing WHERE code = ?1";
    let device = |row: &Row<'_>| Ok((row.get::<Vec<u8>>(0)?, offered(row)?));
    let Some(token) = meant(db.conn.rows(sql, params![&new.code], device)?, *now) else {
        let sql = "UPDATE pairing SET tries = tries + 1 WHERE until > ?1 AND kiosk IS NULL";
        db.conn.execute(sql, params![now.0])?;
        return Ok(false);
    };
    db.conn.execute(
        "UPDATE pairing SET kiosk = ?2, until = ?3 WHERE token = ?1",
        params![&token[..], &new.id, now.plus_ms(TAKE_WITHIN_MS).0],
    )?;
    let paired = db.conn.execute(PAIRED, params![&new.id, &new.office, &new.profile, now.0])? > 0;
    if paired {
        db.note(Entry::new(*now, Who::Operator, "kiosk.pair", &new.id).with("office", &new.office));
    }
    Ok(paired)
}

/// Whether the device is known by its new token from now on.
pub fn take(db: &mut Db, (old, new, now): &(TokenHash, TokenHash, UnixMs)) -> Sql<bool> {
    let sql = "UPDATE kiosk SET token = ?2 WHERE revoked_at IS NULL AND id = \
        (SELECT kiosk FROM pairing WHERE token = ?1 AND until > ?3)";
    Ok(db.conn.execute(sql, params![&old[..], &new[..], now.0])? > 0)
}

/// The device has used its new token.
pub fn taken(db: &mut Db, id: &str) -> Sql<()> {
    db.conn.execute("DELETE FROM pairing WHERE kiosk = ?1", params![id])?;
    Ok(())
}

/// How far the pairing of a device is.
pub fn of_device(conn: &Conn, token: &TokenHash, now: UnixMs) -> Sql<Pairing> {
    let sql = "SELECT token, code, kiosk IS NOT NULL, tries, until FROM pairing WHERE token = ?1";
    Ok(stage(conn.find(sql, params![&token[..]], offered)?, now))
}
