//! The kiosks port on SQLite.
use super::{
    SqliteStore, pairing,
    rows::Sql,
    windows,
    writer::{Answer, Db, Op, fault},
};
use crate::{
    ports::{
        PortFuture, StoreFault,
        kiosks::{Command, Heartbeat, Kiosk, Kiosks, NewKiosk, Offer, Pairing, TokenHash},
        rules::kiosks::{Lasting, lasting},
    },
    types::UnixMs,
};
use sqlx::{Row, sqlite::SqliteRow};

/// Commands that an answer names.
const COMMANDS_MAX: i64 = 16;

/// One change of what is known of kiosks.
pub(super) enum KioskOp {
    Offer { offer: Offer, now: i64 },
    Pair { new: NewKiosk, now: i64 },
    Take { old: TokenHash, new: TokenHash, now: i64 },
    Taken { id: String },
    Revoke { id: String, now: i64 },
    Beats(Vec<(String, Heartbeat)>),
    Tell { id: String, command: Command, now: i64 },
    Done { id: String, done: Vec<String>, now: i64 },
    NumberWindow { windows: Vec<(String, i64, u32)>, now: i64 },
    Untally { names: Vec<String>, now: i64 },
}

pub(super) async fn apply(db: &mut Db, op: &KioskOp) -> Sql<Answer> {
    match op {
        KioskOp::Offer { offer, now } => pairing::offer(db, offer, *now).await.map(|()| Answer::Done),
        KioskOp::Pair { new, now } => pairing::pair(db, new, *now).await.map(Answer::Count),
        KioskOp::Take { old, new, now } => pairing::take(db, old, new, *now).await.map(Answer::Count),
        KioskOp::Taken { id } => pairing::taken(db, id).await.map(|()| Answer::Done),
        KioskOp::Revoke { id, now } => {
            let sql = "UPDATE kiosk SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL";
            let done = sqlx::query(sql).bind(id).bind(now).execute(&mut db.conn).await?;
            Ok(Answer::Count(done.rows_affected()))
        }
        KioskOp::Beats(heartbeats) => keep(db, heartbeats).await.map(|()| Answer::Done),
        KioskOp::Tell { id, command, now } => send_command(db, id, command, *now).await.map(Answer::Count),
        KioskOp::Done { id, done, now } => {
            for command in done {
                let sql = "UPDATE kiosk_command SET done_at = ?3 WHERE id = ?1 AND kiosk = ?2 AND done_at IS NULL";
                sqlx::query(sql).bind(command).bind(id).bind(now).execute(&mut db.conn).await?;
            }
            Ok(Answer::Done)
        }
        KioskOp::Untally { names, now } => windows::untally(db, names, *now).await.map(|()| Answer::Done),
        KioskOp::NumberWindow { windows, now } => {
            windows::tally(db, windows, *now).await.map(|yes| Answer::Count(yes.into()))
        }
    }
}

async fn keep(db: &mut Db, heartbeats: &[(String, Heartbeat)]) -> Sql<()> {
    for (id, heartbeat) in heartbeats {
        sqlx::query(
            "UPDATE kiosk SET seen_at = ?2, page = ?3, build = ?4, printer = ?5, network_ms = ?6, battery = ?7 \
             WHERE id = ?1",
        )
        .bind(id)
        .bind(heartbeat.at.0)
        .bind(&heartbeat.page)
        .bind(&heartbeat.build)
        .bind(&heartbeat.printer)
        .bind(heartbeat.network_ms)
        .bind(heartbeat.battery)
        .execute(&mut db.conn)
        .await?;
    }
    Ok(())
}

async fn send_command(db: &mut Db, id: &str, command: &Command, now: i64) -> Sql<u64> {
    let known: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM kiosk WHERE id = ?1 AND revoked_at IS NULL")
        .bind(id)
        .fetch_one(&mut db.conn)
        .await?;
    if known == 0 {
        return Ok(0);
    }
    if let Some(lasting) = lasting(command) {
        let query = match lasting {
            Lasting::Closed(words) => sqlx::query("UPDATE kiosk SET closed = ?2 WHERE id = ?1").bind(id).bind(words),
            Lasting::Message(words) => sqlx::query("UPDATE kiosk SET message = ?2 WHERE id = ?1").bind(id).bind(words),
            Lasting::Volume(loud) => sqlx::query("UPDATE kiosk SET volume = ?2 WHERE id = ?1").bind(id).bind(loud),
            Lasting::Language(tag) => sqlx::query("UPDATE kiosk SET language = ?2 WHERE id = ?1").bind(id).bind(tag),
        };
        query.execute(&mut db.conn).await?;
    }
    sqlx::query("INSERT INTO kiosk_command (id, kiosk, kind, value, at) VALUES (?1, ?2, ?3, ?4, ?5)")
        .bind(&command.id)
        .bind(id)
        .bind(&command.kind)
        .bind(&command.value)
        .bind(now)
        .execute(&mut db.conn)
        .await?;
    Ok(1)
}

/// Removes what nobody asks for any more: codes that ended, windows that are over, commands of yesterday.
pub(super) async fn sweep(db: &mut Db, now: i64, rows: i64) -> Sql<u64> {
    let mut gone = 0;
    for sql in [
        "DELETE FROM pairing WHERE token IN (SELECT token FROM pairing WHERE until < ?1 LIMIT ?2)",
        "DELETE FROM tally WHERE name IN (SELECT name FROM tally WHERE until < ?1 LIMIT ?2)",
        "DELETE FROM kiosk_command WHERE id IN (SELECT id FROM kiosk_command WHERE at < ?1 - 86400000 LIMIT ?2)",
    ] {
        gone += sqlx::query(sql).bind(now).bind(rows).execute(&mut db.conn).await?.rows_affected();
    }
    Ok(gone)
}

const KIOSK: &str = "SELECT id, office, profile, paired_at, revoked_at, closed, seen_at, page, build, printer, \
    network_ms, battery, message, volume, language, \
    EXISTS (SELECT 1 FROM pairing WHERE pairing.kiosk = kiosk.id) FROM kiosk WHERE token = ?1 AND revoked_at IS NULL";
const KIOSKS: &str = "SELECT id, office, profile, paired_at, revoked_at, closed, seen_at, page, build, printer, \
    network_ms, battery, message, volume, language, 0 FROM kiosk ORDER BY paired_at, id";

fn kiosk(row: &SqliteRow) -> Sql<Kiosk> {
    let seen: Option<i64> = row.try_get(6)?;
    let text = |at: usize| row.try_get::<Option<String>, _>(at).map(Option::unwrap_or_default);
    let heartbeat = match seen {
        None => None,
        Some(at) => Some(Heartbeat {
            at: UnixMs(at),
            page: text(7)?,
            build: text(8)?,
            printer: text(9)?,
            network_ms: row.try_get::<Option<u32>, _>(10)?.unwrap_or(0),
            battery: row.try_get(11)?,
        }),
    };
    Ok(Kiosk {
        id: row.try_get(0)?,
        office: row.try_get(1)?,
        profile: row.try_get(2)?,
        paired_at: UnixMs(row.try_get(3)?),
        revoked_at: row.try_get::<Option<i64>, _>(4)?.map(UnixMs),
        closed: row.try_get(5)?,
        message: row.try_get(12)?,
        volume: row.try_get(13)?,
        language: row.try_get(14)?,
        fresh: row.try_get(15)?,
        heartbeat,
    })
}

impl SqliteStore {
    async fn kiosk_op(&self, op: KioskOp) -> Result<bool, StoreFault> {
        self.count(Op::Kiosk(Box::new(op))).await.map(|count| count > 0)
    }

    async fn read_kiosk(&self, token: TokenHash) -> Sql<Option<Kiosk>> {
        let row = sqlx::query(KIOSK).bind(&token[..]).fetch_optional(&self.readers).await?;
        row.as_ref().map(kiosk).transpose()
    }

    async fn read_kiosks(&self) -> Sql<Vec<Kiosk>> {
        let rows = sqlx::query(KIOSKS).fetch_all(&self.readers).await?;
        rows.iter().map(kiosk).collect()
    }

    async fn read_commands(&self, id: &str, since: i64) -> Sql<Vec<Command>> {
        let sql = "SELECT id, kind, value FROM kiosk_command WHERE kiosk = ?1 AND done_at IS NULL AND at >= ?2 \
            ORDER BY at, id LIMIT ?3";
        let rows = sqlx::query(sql).bind(id).bind(since).bind(COMMANDS_MAX).fetch_all(&self.readers).await?;
        let command =
            |row: &SqliteRow| Ok(Command { id: row.try_get(0)?, kind: row.try_get(1)?, value: row.try_get(2)? });
        rows.iter().map(command).collect()
    }

    async fn read_tallies(&self, names: &[String], now: i64) -> Sql<Vec<u32>> {
        let mut counts = Vec::with_capacity(names.len());
        for name in names {
            let sql = "SELECT count FROM tally WHERE name = ?1 AND until > ?2";
            let count = sqlx::query_scalar(sql).bind(name).bind(now).fetch_optional(&self.readers).await?;
            counts.push(count.unwrap_or(0));
        }
        Ok(counts)
    }
}

impl Kiosks for SqliteStore {
    fn kiosk(&self, token: TokenHash) -> PortFuture<'_, Result<Option<Kiosk>, StoreFault>> {
        Box::pin(async move { self.read_kiosk(token).await.map_err(|error| fault(&error)) })
    }

    fn kiosks(&self) -> PortFuture<'_, Result<Vec<Kiosk>, StoreFault>> {
        Box::pin(async move { self.read_kiosks().await.map_err(|error| fault(&error)) })
    }

    fn pairing(&self, token: TokenHash, now: UnixMs) -> PortFuture<'_, Result<Pairing, StoreFault>> {
        Box::pin(async move { self.read_pairing(token, now.0).await.map_err(|error| fault(&error)) })
    }

    fn offer_pairing(&self, offer: Offer, now: UnixMs) -> PortFuture<'_, Result<(), StoreFault>> {
        let op = KioskOp::Offer { offer, now: now.0 };
        Box::pin(async move { self.submit(Op::Kiosk(Box::new(op))).await.map(|_| ()) })
    }

    fn pair(&self, new: NewKiosk, now: UnixMs) -> PortFuture<'_, Result<bool, StoreFault>> {
        Box::pin(self.kiosk_op(KioskOp::Pair { new, now: now.0 }))
    }

    fn take_pairing(&self, old: TokenHash, new: TokenHash, now: UnixMs) -> PortFuture<'_, Result<bool, StoreFault>> {
        Box::pin(self.kiosk_op(KioskOp::Take { old, new, now: now.0 }))
    }

    fn pairing_taken(&self, id: String) -> PortFuture<'_, Result<(), StoreFault>> {
        Box::pin(async move { self.submit(Op::Kiosk(Box::new(KioskOp::Taken { id }))).await.map(|_| ()) })
    }

    fn revoke(&self, id: String, now: UnixMs) -> PortFuture<'_, Result<bool, StoreFault>> {
        Box::pin(self.kiosk_op(KioskOp::Revoke { id, now: now.0 }))
    }

    fn keep_heartbeats(&self, heartbeats: Vec<(String, Heartbeat)>) -> PortFuture<'_, Result<(), StoreFault>> {
        Box::pin(async move { self.submit(Op::Kiosk(Box::new(KioskOp::Beats(heartbeats)))).await.map(|_| ()) })
    }

    fn tell_kiosk(&self, id: String, command: Command, now: UnixMs) -> PortFuture<'_, Result<bool, StoreFault>> {
        Box::pin(self.kiosk_op(KioskOp::Tell { id, command, now: now.0 }))
    }

    fn commands(&self, id: String, since: UnixMs) -> PortFuture<'_, Result<Vec<Command>, StoreFault>> {
        Box::pin(async move { self.read_commands(&id, since.0).await.map_err(|error| fault(&error)) })
    }

    fn commands_done(&self, id: String, done: Vec<String>, now: UnixMs) -> PortFuture<'_, Result<(), StoreFault>> {
        let op = KioskOp::Done { id, done, now: now.0 };
        Box::pin(async move { self.submit(Op::Kiosk(Box::new(op))).await.map(|_| ()) })
    }

    fn tallied(&self, names: Vec<String>, now: UnixMs) -> PortFuture<'_, Result<Vec<u32>, StoreFault>> {
        Box::pin(async move { self.read_tallies(&names, now.0).await.map_err(|error| fault(&error)) })
    }

    fn tally(&self, windows: Vec<(String, i64, u32)>, now: UnixMs) -> PortFuture<'_, Result<bool, StoreFault>> {
        Box::pin(self.kiosk_op(KioskOp::NumberWindow { windows, now: now.0 }))
    }

    fn untally(&self, names: Vec<String>, now: UnixMs) -> PortFuture<'_, Result<(), StoreFault>> {
        let op = KioskOp::Untally { names, now: now.0 };
        Box::pin(async move { self.submit(Op::Kiosk(Box::new(op))).await.map(|_| ()) })
    }

    fn seal(&self, name: &'static str, place: &[u8], plain: &[u8]) -> Option<Vec<u8>> {
        self.keys.seal(place, name, plain).ok()
    }

    fn unseal(&self, name: &'static str, place: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        self.keys.open(place, name, sealed).ok()
    }

    fn digest(&self, of: &str) -> [u8; 32] {
        self.keys.number_mac(of)
    }
}
