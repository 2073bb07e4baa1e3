//! What is remembered of numbers.
use crate::store::{
    rows::{CitizenRow, Mac},
    sqlite::batch::{Db, Sql, all, fixed, run, values, within},
};
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};
use std::collections::HashMap;

const CITIZEN: &str = "SELECT number_mac, language, stopped, dialogue, dialogue_until, tallies, in_dialogue \
    FROM citizen WHERE number_mac = ?";

fn record(row: &SqliteRow) -> Sql<CitizenRow> {
    Ok(CitizenRow {
        mac: fixed(row, 0)?,
        language: row.try_get(1)?,
        stopped: row.try_get(2)?,
        dialogue: row.try_get(3)?,
        dialogue_until: row.try_get(4)?,
        windows: row.try_get(5)?,
        in_dialogue: row.try_get(6)?,
    })
}

/// The record of a number.
pub async fn one(conn: &mut SqliteConnection, mac: &Mac) -> Sql<Option<CitizenRow>> {
    let found = sqlx::query(CITIZEN).bind(&mac[..]).fetch_optional(conn).await?;
    found.as_ref().map(record).transpose()
}

/// The records of numbers, of those that have one.
pub async fn several(db: &mut Db, macs: &[Mac]) -> Sql<HashMap<Mac, CitizenRow>> {
    let head = "SELECT number_mac, language, stopped, dialogue, dialogue_until, tallies, in_dialogue FROM citizen \
                WHERE number_mac IN ";
    let rows = all(&mut db.conn, within(head, macs, "")).await?;
    rows.iter().map(|row| record(row).map(|citizen| (citizen.mac, citizen))).collect()
}

/// Writes records.
pub async fn remember(db: &mut Db, records: &[&CitizenRow]) -> Sql<()> {
    let head = "INSERT INTO citizen (number_mac, language, stopped, dialogue, dialogue_until, tallies, in_dialogue) ";
    let tail = " ON CONFLICT (number_mac) DO UPDATE SET language = excluded.language, \
                stopped = excluded.stopped, dialogue = excluded.dialogue, \
                dialogue_until = excluded.dialogue_until, tallies = excluded.tallies, \
                in_dialogue = excluded.in_dialogue";
    let statements = values(head, records, tail, |tuple, record| {
        tuple.push_bind(&record.mac[..]).push_bind(record.language.clone());
        tuple.push_bind(record.stopped).push_bind(record.dialogue.clone());
        tuple.push_bind(record.dialogue_until).push_bind(record.windows.clone());
        tuple.push_bind(record.in_dialogue);
    });
    run(&mut db.conn, statements).await.map(|_| ())
}

/// Writes all of records but their dialogues: a text of the number may have its turn meanwhile.
pub async fn remember_choices(db: &mut Db, records: &[&CitizenRow]) -> Sql<()> {
    let head = "INSERT INTO citizen (number_mac, language, stopped, dialogue_until, tallies) ";
    let tail = " ON CONFLICT (number_mac) DO UPDATE SET language = excluded.language, stopped = excluded.stopped, \
                tallies = excluded.tallies";
    let statements = values(head, records, tail, |tuple, record| {
        tuple.push_bind(&record.mac[..]).push_bind(record.language.clone()).push_bind(record.stopped);
        tuple.push_bind(0_i64).push_bind(record.windows.clone());
    });
    run(&mut db.conn, statements).await.map(|_| ())
}
