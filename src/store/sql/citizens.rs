//! What is remembered of numbers.
use crate::store::{
    batch::{Db, all, fixed, run, values, within},
    conn::{Conn, Row, Sql, params},
    rows::{CitizenRow, Mac},
};
use std::collections::HashMap;

const CITIZEN: &str = "SELECT number_mac, language, stopped, dialogue, dialogue_until, tallies, in_dialogue \
    FROM citizen WHERE number_mac = ?";

fn record(row: &Row<'_>) -> Sql<CitizenRow> {
    Ok(CitizenRow {
        mac: fixed(row, 0)?,
        language: row.get(1)?,
        stopped: row.get(2)?,
        dialogue: row.get(3)?,
        dialogue_until: row.get(4)?,
        windows: row.get(5)?,
        in_dialogue: row.get(6)?,
    })
}

/// The record of a number.
pub fn one(conn: &Conn, mac: &Mac) -> Sql<Option<CitizenRow>> {
    conn.find(CITIZEN, params![&mac[..]], record)
}

/// The records of numbers, of those that have one.
pub fn several(db: &mut Db, macs: &[Mac]) -> Sql<HashMap<Mac, CitizenRow>> {
    let head = "SELECT number_mac, language, stopped, dialogue, dialogue_until, tallies, in_dialogue FROM citizen \
                WHERE number_mac IN ";
    let records = all(&db.conn, within(head, macs, ""), record)?;
    Ok(records.into_iter().map(|citizen| (citizen.mac, citizen)).collect())
}

/// Writes records.
pub fn remember(db: &mut Db, records: &[&CitizenRow]) -> Sql<()> {
    let head = "INSERT INTO citizen (number_mac, language, stopped, dialogue, dialogue_until, tallies, in_dialogue) ";
    let tail = " ON CONFLICT (number_mac) DO UPDATE SET language = excluded.language, \
                stopped = excluded.stopped, dialogue = excluded.dialogue, \
                dialogue_until = excluded.dialogue_until, tallies = excluded.tallies, \
                in_dialogue = excluded.in_dialogue";
    let statements = values(head, records, tail, |tuple, record| {
        tuple.push(&record.mac[..]).push(record.language.as_deref());
        tuple.push(record.stopped).push(record.dialogue.as_deref());
        tuple.push(record.dialogue_until).push(&record.windows[..]);
        tuple.push(record.in_dialogue);
    });
    run(&db.conn, statements).map(|_| ())
}

/// Writes all of records but their dialogues: a text of the number may have its turn meanwhile.
pub fn remember_choices(db: &mut Db, records: &[&CitizenRow]) -> Sql<()> {
    let head = "INSERT INTO citizen (number_mac, language, stopped, dialogue_until, tallies) ";
    let tail = " ON CONFLICT (number_mac) DO UPDATE SET language = excluded.language, stopped = excluded.stopped, \
                tallies = excluded.tallies";
    let statements = values(head, records, tail, |tuple, record| {
        tuple.push(&record.mac[..]).push(record.language.as_deref()).push(record.stopped);
        tuple.push(0_i64).push(&record.windows[..]);
    });
    run(&db.conn, statements).map(|_| ())
}
