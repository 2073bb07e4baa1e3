//! Rows as they are written and read, and statements over many rows at once. Sealed values pass through
//! here sealed.
use super::pushes::PushRow;
use crate::{
    ports::{
        StoreFault,
        citizens::CitizenRecord,
        inbox::{DedupeKey, Intake},
        outbox::MtKind,
        states::MoState,
    },
    store::{Keys, codes::Code},
    types::{Language, UnixMs},
};
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection, query_builder::Separated, sqlite::SqliteRow};

/// The octets of a UUID.
pub(super) type Id = [u8; 16];
/// What stands for a number.
pub(super) type Mac = [u8; 32];
/// What the database said.
pub(super) type Sql<T> = Result<T, sqlx::Error>;

/// Most rows of one statement: 128 rows of 21 values stay far below SQLite's 32,766 parameters.
const STATEMENT_ROWS_MAX: usize = 128;

/// An MO, sealed.
pub(super) struct MoRow {
    pub id: Id,
    pub smsc: String,
    pub family: String,
    pub session: Id,
    pub source_mac: Option<Mac>,
    pub source: Vec<u8>,
    pub destination: String,
    pub text: Vec<u8>,
    pub raw: Vec<u8>,
    pub data_coding: u8,
    pub esm_class: u8,
    pub dedupe: DedupeKey,
    pub insist: bool,
    pub intake: Intake,
    pub received_at: i64,
}

/// What is remembered of a number, the dialogue sealed.
#[derive(Clone)]
pub(super) struct CitizenRow {
    pub mac: Mac,
    pub language: Option<String>,
    pub stopped: bool,
    pub dialogue: Option<Vec<u8>>,
    pub dialogue_until: i64,
    pub windows: String,
    pub in_dialogue: bool,
}

/// The end of a turn, sealed.
pub(super) struct FinishRow {
    pub mo: Id,
    pub state: MoState,
    pub now: i64,
    pub citizen: Option<CitizenRow>,
    pub mts: Vec<MtRow>,
    pub follow_up: Option<PushRow>,
}

/// A segment, sealed.
pub(super) struct MtRow {
    pub id: Id,
    pub mo: Id,
    pub kind: MtKind,
    pub part: u8,
    pub parts: u8,
    pub smsc: String,
    pub source: String,
    pub destination: Vec<u8>,
    pub number_mac: Mac,
    pub body: Vec<u8>,
    pub data_coding: u8,
    pub udhi: bool,
    pub reference: u16,
    pub not_after: i64,
    pub now: i64,
    pub reserved: Option<Id>,
}

/// Empty is nobody's; what cannot be read forgets what a number has spent, and the log says so.
fn windows(text: &str) -> crate::ports::citizens::NumberWindows {
    if text.is_empty() {
        return Default::default();
    }
    serde_json::from_str(text).unwrap_or_else(|fault| {
        tracing::error!(kind = ?fault.classify(), "the tallies of a number cannot be read; they begin anew");
        Default::default()
    })
}

impl CitizenRow {
    pub(super) fn seal(keys: &Keys, mac: Mac, record: &CitizenRecord) -> Result<Self, StoreFault> {
        let dialogue = match &record.dialogue {
            Some(plain) => Some(keys.seal(&mac, "dialogue", plain).map_err(|_| StoreFault::Rejected)?),
            None => None,
        };
        let windows = if record.windows == Default::default() {
            String::new()
        } else {
            serde_json::to_string(&record.windows).map_err(|_| StoreFault::Rejected)?
        };
        Ok(CitizenRow {
            mac,
            language: record.language.map(|language| language.tag().to_owned()),
            stopped: record.stopped,
            dialogue,
            dialogue_until: record.dialogue_until.0,
            windows,
            in_dialogue: record.in_dialogue,
        })
    }

    /// A dialogue that does not open is as good as none: the citizen starts anew.
    pub(super) fn open(self, keys: &Keys) -> CitizenRecord {
        let dialogue = self.dialogue.and_then(|sealed| {
            keys.open(&self.mac, "dialogue", &sealed)
                .inspect_err(|error| tracing::error!(%error, "a dialogue is lost"))
                .ok()
        });
        CitizenRecord {
            language: self.language.as_deref().and_then(Language::from_tag),
            stopped: self.stopped,
            dialogue,
            dialogue_until: UnixMs(self.dialogue_until),
            windows: windows(&self.windows),
            in_dialogue: self.in_dialogue,
        }
    }

    pub(super) fn read(row: &SqliteRow) -> Sql<Self> {
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
}

/// Octets of a known length.
pub(super) fn fixed<const N: usize>(row: &SqliteRow, column: usize) -> Sql<[u8; N]> {
    let octets: &[u8] = row.try_get(column)?;
    octets.try_into().map_err(|_| sqlx::Error::Decode("octets of another length".into()))
}

/// A state, from its number.
pub(super) fn code<C: Code>(row: &SqliteRow, column: usize) -> Sql<C> {
    let unknown = || sqlx::Error::Decode("a number that no state has".into());
    C::of_code(row.try_get(column)?).ok_or_else(unknown)
}

/// Cuts rows into runs of 128, 64 … 1, so that few different statements serve every number of rows.
fn runs<T>(mut rows: &[T]) -> Vec<&[T]> {
    let mut out = Vec::new();
    while !rows.is_empty() {
        let size = (1 << rows.len().ilog2()).min(STATEMENT_ROWS_MAX);
        let (run, rest) = rows.split_at(size);
        out.push(run);
        rows = rest;
    }
    out
}

/// Statements `head VALUES (…), (…) tail` that cover all rows in order.
pub(super) fn values<T>(
    head: &str,
    rows: &[T],
    tail: &str,
    bind: impl Fn(&mut Separated<'_, Sqlite, &'static str>, &T),
) -> Vec<QueryBuilder<Sqlite>> {
    runs(rows)
        .into_iter()
        .map(|run| {
            let mut query = QueryBuilder::new(head);
            query.push_values(run, |mut tuple, row| bind(&mut tuple, row));
            query.push(tail);
            query
        })
        .collect()
}

/// Statements `head (?, ?, …) tail` over all keys; the last run is filled up by repeating a key.
pub(super) fn within<const N: usize>(head: &str, keys: &[[u8; N]], tail: &str) -> Vec<QueryBuilder<Sqlite>> {
    lists(|| QueryBuilder::new(head), keys, tail)
}

/// As [`within`], after a table `v (at)` with one time in it: `WITH v (at) AS (VALUES (?` comes before `head`.
pub(super) fn within_at<const N: usize>(
    at: i64,
    head: &str,
    keys: &[[u8; N]],
    tail: &str,
) -> Vec<QueryBuilder<Sqlite>> {
    let begin = || {
        let mut query = QueryBuilder::new("WITH v (at) AS (VALUES (");
        query.push_bind(at).push(head);
        query
    };
    lists(begin, keys, tail)
}

fn lists<const N: usize>(
    begin: impl Fn() -> QueryBuilder<Sqlite>,
    keys: &[[u8; N]],
    tail: &str,
) -> Vec<QueryBuilder<Sqlite>> {
    keys.chunks(STATEMENT_ROWS_MAX)
        .map(|run| {
            let mut query = begin();
            let mut list = query.separated(", ");
            list.push_unseparated("(");
            for index in 0..run.len().next_power_of_two() {
                list.push_bind(&run[index.min(run.len() - 1)][..]);
            }
            list.push_unseparated(")");
            query.push(tail);
            query
        })
        .collect()
}

/// Runs statements and gathers what they return.
pub(super) async fn all(conn: &mut SqliteConnection, statements: Vec<QueryBuilder<Sqlite>>) -> Sql<Vec<SqliteRow>> {
    let mut rows = Vec::new();
    for mut statement in statements {
        rows.append(&mut statement.build().fetch_all(&mut *conn).await?);
    }
    Ok(rows)
}

/// Runs statements that return nothing; tells how many rows they changed. Where that is all one needs to
/// know it is much cheaper than returned rows, each of which wakes the reader.
pub(super) async fn run(conn: &mut SqliteConnection, statements: Vec<QueryBuilder<Sqlite>>) -> Sql<u64> {
    let mut changed = 0;
    for mut statement in statements {
        changed += statement.build().execute(&mut *conn).await?.rows_affected();
    }
    Ok(changed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_cover_all_rows_in_order_with_few_sizes() {
        for count in [0, 1, 2, 3, 100, 127, 128, 129, 300] {
            let rows: Vec<usize> = (0..count).collect();
            let runs = runs(&rows);
            assert_eq!(runs.concat(), rows);
            assert!(runs.iter().all(|run| run.len().is_power_of_two() && run.len() <= 128));
        }
    }
}
