//! The audit log as whoever looks at it sees it: whether its chain is whole, and what it says. Knows the chain; must not know
//! who asks.
use super::{
    chain::{Hash, Link, START},
    conn::{Conn, Sql},
    look::{self, LookError, Place},
    seal::Keys,
    sql::audit::{Kept, checkpoint, page},
    sqlite::Access,
};

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Every row follows from the one before it.
    Whole(Whole),
    /// The first place where that is not so.
    Broken {
        /// The row.
        seq: i64,
        /// When it was written, if it says so.
        at: Option<i64>,
        /// What is wrong with it, in words.
        why: String,
    },
}

/// A chain that is whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whole {
    /// How many rows.
    pub rows: u64,
    /// When the first and the last were written, in milliseconds since 1970.
    pub span: Option<(i64, i64)>,
    /// The last one.
    pub head: Link,
    /// Up to this one rows were taken away, as they were old; 0: none were.
    pub pruned: i64,
    /// Which row had the hash that was given.
    pub noted: Option<i64>,
}

/// A row as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Line {
    /// Its number.
    pub seq: i64,
    /// Milliseconds since 1970.
    pub at_ms: i64,
    /// The run that wrote it.
    pub run: i64,
    /// By whom.
    pub who: String,
    /// What.
    pub what: String,
    /// To what.
    pub about: String,
    /// What else.
    pub detail: String,
    /// Its hash, in hexadecimal digits.
    pub hash: String,
}

/// Follows the chain from its first row to its last; with the hash of a row that was noted before, looks for that too.
///
/// # Errors
/// When the database cannot be looked at.
pub async fn verify(place: Place, keys: Keys, noted: Option<Hash>) -> Result<Finding, LookError> {
    look::at(place, Access::Read, keys, move |conn, keys| {
        let before = checkpoint(conn, keys)?;
        let found = followed(conn, keys, noted)?;
        // a server may have taken rows away at the front meanwhile
        if matches!(found, Finding::Broken { .. }) && checkpoint(conn, keys)? != before {
            return followed(conn, keys, noted);
        }
        Ok(found)
    })
    .await
}

fn followed(conn: &Conn, keys: &Keys, noted: Option<Hash>) -> Sql<Finding> {
    let broken = |seq, at, why: String| Ok(Finding::Broken { seq, at, why });
    let start = match checkpoint(conn, keys)? {
        None => START,
        Some(Ok(link)) => link,
        Some(Err(())) => return broken(1, None, "what says which rows were taken away was written by hand".to_owned()),
    };
    let (mut link, mut rows, mut span) = (start, 0, None);
    let mut found = noted.filter(|noted| *noted == start.hash).map(|_| start.seq);
    loop {
        let page = page(conn, link.seq)?;
        let Some(last) = page.last().map(|row| row.said.at) else { break };
        span = Some((span.map_or(page[0].said.at, |(first, _)| first), last));
        for row in page {
            if let Some(why) = wrong(link, &row, keys) {
                return broken(link.seq + 1, Some(row.said.at), why);
            }
            link = row.link;
            rows += 1;
            found = found.or(noted.filter(|noted| *noted == link.hash).map(|_| link.seq));
        }
    }
    if rows == 0 && start.seq > 0 {
        return broken(start.seq + 1, None, "all rows are gone".to_owned());
    }
    if noted.is_some() && found.is_none() {
        let why = "no row has the hash that was given: rows were cut off after this one, the log was written anew, or that hash is \
                   of rows that were old and taken away";
        return broken(link.seq, span.map(|(_, last)| last), why.to_owned());
    }
    Ok(Finding::Whole(Whole { rows, span, head: link, pruned: start.seq, noted: found }))
}

/// What is wrong with a row that should follow another one.
fn wrong(before: Link, row: &Kept, keys: &Keys) -> Option<String> {
    let wanted = before.next(&row.said);
    if row.link.seq != wanted.seq {
        return Some(format!("is missing; row {} is the next that is there", row.link.seq));
    }
    if row.link.hash != wanted.hash {
        return Some("was changed, or exchanged for another: it does not follow from the row before it".to_owned());
    }
    (row.mac != wanted.mac(keys)).then(|| "was put in by hand: it was not written with the key file".to_owned())
}

/// Rows since a moment, in their order; at most so many.
///
/// # Errors
/// When the database cannot be looked at.
pub async fn list(place: Place, keys: Keys, since: i64, most: usize) -> Result<Vec<Line>, LookError> {
    look::at(place, Access::Read, keys, move |conn, _| {
        let (mut lines, mut after) = (Vec::new(), 0);
        loop {
            let page = page(conn, after)?;
            let Some(last) = page.last().map(|row| row.link.seq) else { break };
            after = last;
            lines.extend(page.into_iter().filter(|row| row.said.at >= since).map(Line::from));
            if lines.len() > most {
                // the youngest are wanted
                lines.drain(..lines.len() - most);
            }
        }
        Ok(lines)
    })
    .await
}

impl From<Kept> for Line {
    fn from(Kept { link, said, .. }: Kept) -> Self {
        Line {
            seq: link.seq,
            at_ms: said.at,
            run: said.run,
            who: said.who,
            what: said.what,
            about: said.about,
            detail: said.detail,
            hash: super::chain::hex(&link.hash),
        }
    }
}
