//! All that is kept of one number, destroyed or cut off from it in one transaction. It must not know who asked for it.
use crate::store::{
    conn::{Conn, Dialect, Sql, Value, params},
    rows::Mac,
    seal::Keys,
    statement::sql,
};

/// The number of which nothing is to be left.
pub struct Whom {
    /// Its digits.
    pub digits: String,
    /// What stands for it in the tables.
    pub mac: Mac,
    /// And in the names of what is counted.
    pub counted_as: String,
}

impl Whom {
    /// Of its digits.
    pub fn new(digits: &str, keys: &Keys) -> Self {
        let mac = keys.number_mac(digits);
        let counted_as = mac[..16].iter().map(|octet| format!("{octet:02x}")).collect();
        Whom { digits: digits.to_owned(), mac, counted_as }
    }
}

/// What is in hand, and would be written again after it was erased.
pub fn in_hand(conn: &Conn, whom: &Whom) -> Sql<i64> {
    conn.value(
        sql!(
            "SELECT (SELECT count(*) FROM inbox WHERE state {MoState::OPEN} AND source_mac = ?1) \
             + (SELECT count(*) FROM part WHERE source_mac = ?1) \
             + (SELECT count(*) FROM outbox WHERE number_mac = ?1 AND state {MtState::OPEN} \
                AND state IN ({MtState::Submitting}, {MtState::Ambiguous}))"
        ),
        params![&whom.mac[..]],
    )
}

/// The first octets of everything sealed that goes: no two seals have them in common.
pub fn sealed(conn: &Conn, whom: &Whom) -> Sql<Vec<[u8; 13]>> {
    let mut found = Vec::new();
    for (sql, columns) in [
        ("SELECT source, text, raw FROM inbox WHERE source_mac = ?", 3),
        ("SELECT destination, body FROM outbox WHERE number_mac = ?", 2),
        ("SELECT number, payload FROM push WHERE number_mac = ?", 2),
        ("SELECT dialogue FROM citizen WHERE number_mac = ?", 1),
        ("SELECT state FROM ussd_session WHERE number_mac = ?", 1),
    ] {
        conn.rows(sql, params![&whom.mac[..]], |row| {
            for column in 0..columns {
                if let Value::Blob(octets) = row.value(column)? {
                    found.extend(octets.first_chunk::<13>());
                }
            }
            Ok(())
        })?;
    }
    Ok(found)
}

/// Kept feedback in which the number stands.
pub fn feedback(conn: &Conn, keys: &Keys, whom: &Whom) -> Sql<Vec<(Vec<u8>, [u8; 13])>> {
    let read = conn.rows("SELECT id, said FROM feedback WHERE said IS NOT NULL", &[], |row| {
        Ok((row.get::<Vec<u8>>(0)?, row.get::<Vec<u8>>(1)?))
    })?;
    let digits = whom.digits.as_bytes();
    let of_it = read.into_iter().filter_map(|(id, said)| {
        let plain = keys.open(&id, "said", &said).unwrap_or_default();
        let is_of_it = plain.windows(digits.len()).any(|part| part == digits);
        said.first_chunk::<13>().filter(|_| is_of_it).map(|first| (id, *first))
    });
    Ok(of_it.collect())
}

/// Destroys it; how many rows of each table were concerned.
pub fn erase(conn: &Conn, whom: &Whom, feedback: &[(Vec<u8>, [u8; 13])], now: i64) -> Sql<Vec<(&'static str, u64)>> {
    if conn.dialect() == Dialect::Postgres {
        // it walks over whole tables, once
        conn.execute("SET LOCAL statement_timeout = '600s'", &[])?;
    }
    let (mac, nothing) = (&whom.mac[..], &[0; 32][..]);
    let mut done = Vec::new();
    let mut count = |table, rows: u64| done.push((table, rows));
    count(
        "mo_dedupe",
        conn.execute("DELETE FROM mo_dedupe WHERE mo IN (SELECT id FROM inbox WHERE source_mac = ?)", params![mac])?,
    );
    count(
        "message",
        conn.execute(
            "UPDATE message SET masked = '***', reference = NULL, redacted = 1, print = ?2 \
             WHERE push IN (SELECT id FROM push WHERE number_mac = ?1)",
            params![mac, nothing],
        )?,
    );
    for (table, statement) in [
        (
            "inbox",
            "UPDATE inbox SET source = NULL, source_mac = NULL, text = NULL, raw = NULL WHERE source_mac = ?1 AND ?2 > 0",
        ),
        (
            "outbox",
            sql!(
                "UPDATE outbox SET state = CASE WHEN state {MtState::OPEN} THEN {MtState::Expired} ELSE state END, \
                 updated_at = CASE WHEN state {MtState::OPEN} THEN ?2 ELSE updated_at END, destination = NULL, body = NULL, \
                 message_id = NULL, message_key = NULL, receipt_error = NULL, number_mac = NULL WHERE number_mac = ?1"
            ),
        ),
        (
            "push",
            sql!(
                "UPDATE push SET done_at = CASE WHEN state = {PushState::Waiting} THEN ?2 ELSE done_at END, \
                 state = CASE WHEN state = {PushState::Waiting} THEN {PushState::Dropped} ELSE state END, \
                 number = NULL, payload = NULL, number_mac = NULL WHERE number_mac = ?1"
            ),
        ),
        ("citizen", "DELETE FROM citizen WHERE number_mac = ?1 AND ?2 > 0"),
        ("ussd_session", "DELETE FROM ussd_session WHERE number_mac = ?1 AND ?2 > 0"),
        ("receipt_orphan", "DELETE FROM receipt_orphan WHERE number_mac = ?1 AND ?2 > 0"),
    ] {
        count(table, conn.execute(statement, params![mac, now])?);
    }
    let mut given_up = 0;
    for (id, _) in feedback {
        given_up += conn.execute(
            sql!("UPDATE feedback SET state = {FeedbackState::GivenUp}, ended_at = ?2, said = NULL WHERE id = ?1"),
            params![id, now],
        )?;
    }
    count("feedback", given_up);
    let name = format!("%{}%", whom.counted_as);
    count("tally", conn.execute("DELETE FROM tally WHERE name LIKE ?", params![&name])?);
    Ok(done)
}

/// Rows in which what stands for the number is left.
pub fn left(conn: &Conn, whom: &Whom) -> Sql<i64> {
    let name = format!("%{}%", whom.counted_as);
    conn.value(
        "SELECT (SELECT count(*) FROM inbox WHERE source_mac = ?1) + (SELECT count(*) FROM outbox WHERE number_mac = ?1) \
         + (SELECT count(*) FROM push WHERE number_mac = ?1) + (SELECT count(*) FROM citizen WHERE number_mac = ?1) \
         + (SELECT count(*) FROM ussd_session WHERE number_mac = ?1) \
         + (SELECT count(*) FROM receipt_orphan WHERE number_mac = ?1) \
         + (SELECT count(*) FROM part WHERE source_mac = ?1) + (SELECT count(*) FROM tally WHERE name LIKE ?2)",
        &[Value::Blob(&whom.mac), Value::Text(&name)],
    )
}
