//! The leases of binds, in PostgreSQL only: one process has all binds of its SQLite. Each statement stands for itself, outside of the writer's
//! transactions, and whoever comes second to a row finds it as the first has left it.
use crate::{
    ports::{
        leases::{BindId, LeaseRow, OwnLease, Seat, Shares},
        orders::Order,
    },
    store::{
        batch::{self, Tuple},
        conn::{Conn, Row, Sql, params},
    },
    types::names::SmscName,
};

/// By the database's clock, which all nodes have in common.
macro_rules! now {
    () => {
        "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)"
    };
}

/// Milliseconds that a lease and a seat last.
macro_rules! lasting {
    () => {
        concat!(now!(), " + 15000")
    };
}

/// A run that others have declared dead keeps and takes nothing: its binds end with it.
macro_rules! lives {
    () => {
        "EXISTS (SELECT 1 FROM incarnation AS i WHERE i.id = v.owner AND i.ended_at IS NULL)"
    };
}

const RENEW: (&str, &str) = (
    concat!("UPDATE bind_lease AS l SET lease_until = ", lasting!(), ", up = v.up FROM ("),
    concat!(
        ") AS v (telco, number, owner, epoch, up) WHERE l.telco = v.telco AND l.number = v.number AND l.owner = v.owner \
         AND l.epoch = v.epoch AND ",
        lives!(),
        " RETURNING l.telco, l.number"
    ),
);
const TAKE: (&str, &str) = (
    concat!(
        "INSERT INTO bind_lease (telco, number, node, owner, epoch, lease_until, up) SELECT v.telco, v.number, v.node, \
         v.owner, 1, ",
        lasting!(),
        ", 0 FROM ("
    ),
    // a run that had the key file which is ours now has ended, its connections with it
    concat!(
        ") AS v (telco, number, node, owner) WHERE ",
        lives!(),
        " ON CONFLICT (telco, number) DO UPDATE SET node = excluded.node, owner = excluded.owner, \
         epoch = bind_lease.epoch + 1, lease_until = excluded.lease_until, up = 0 WHERE bind_lease.lease_until < ",
        now!(),
        " OR EXISTS (SELECT 1 FROM incarnation AS theirs JOIN incarnation AS ours ON ours.place = theirs.place \
         WHERE theirs.id = bind_lease.owner AND ours.id = excluded.owner AND ours.id <> theirs.id \
         AND theirs.ended_at IS NOT NULL) RETURNING telco, number, epoch"
    ),
);
const RELEASE: (&str, &str) = (
    "UPDATE bind_lease AS l SET lease_until = 0, epoch = l.epoch + 1, up = 0 FROM (",
    ") AS v (telco, number, owner, epoch) WHERE l.telco = v.telco AND l.number = v.number AND l.owner = v.owner \
     AND l.epoch = v.epoch",
);
const SIT: (&str, &str) = (
    concat!(
        "INSERT INTO bind_seat (telco, node, owner, seat_until) SELECT v.telco, v.node, v.owner, ",
        lasting!(),
        " FROM ("
    ),
    ") AS v (telco, node, owner) ON CONFLICT (telco, node) DO UPDATE SET owner = excluded.owner, \
     seat_until = excluded.seat_until",
);

/// Keeps leases; those that are still ours.
pub fn renew(conn: &Conn, run: i64, held: &[(OwnLease, bool)]) -> Sql<Vec<BindId>> {
    let statement = batch::values(RENEW.0, held, RENEW.1, |tuple, (lease, up)| {
        of(tuple, &lease.bind).push(run).push(lease.epoch).push(*up);
    });
    batch::all(conn, statement, bind_id)
}

/// Takes leases that nobody has.
pub fn take(conn: &Conn, node: &str, run: i64, binds: &[BindId]) -> Sql<Vec<OwnLease>> {
    let statement = batch::values(TAKE.0, binds, TAKE.1, |tuple, bind| {
        tuple.push(bind.smsc.as_str()).push(bind.number).push(node).push(run);
    });
    batch::all(conn, statement, |row| Ok(OwnLease { bind: bind_id(row)?, epoch: row.get(2)? }))
}

/// Gives leases back.
pub fn release(conn: &Conn, run: i64, leases: &[OwnLease]) -> Sql<()> {
    let statement = batch::values(RELEASE.0, leases, RELEASE.1, |tuple, lease| {
        of(tuple, &lease.bind).push(run).push(lease.epoch);
    });
    batch::run(conn, statement).map(|_| ())
}

/// Wants binds of these telcos, and of no others.
pub fn sit(conn: &Conn, node: &str, run: i64, telcos: &[SmscName]) -> Sql<()> {
    let statement = batch::values(SIT.0, telcos, SIT.1, |tuple, telco| {
        tuple.push(telco.as_str()).push(node).push(run);
    });
    batch::run(conn, statement)?;
    let names: Vec<&str> = telcos.iter().map(SmscName::as_str).collect();
    let kept = serde_json::to_string(&names).expect("names are plain texts");
    let sql = "DELETE FROM bind_seat WHERE node = ?1 AND owner = ?2 \
        AND telco NOT IN (SELECT jsonb_array_elements_text(CAST(?3 AS jsonb)))";
    conn.execute(sql, params![node, run, &kept]).map(|_| ())
}

/// How all binds are shared.
pub fn shares(conn: &Conn) -> Sql<Shares> {
    let mut shares = Shares::default();
    let sql = concat!(
        "SELECT 0, telco, number, node, owner, epoch, up FROM bind_lease WHERE lease_until >= ",
        now!(),
        " UNION ALL SELECT 1, telco, 0, node, owner, 0, 0 FROM bind_seat WHERE seat_until >= ",
        now!(),
        " UNION ALL SELECT 2, telco, rebinds, '', 0, paused, drained FROM telco_order"
    );
    conn.rows(sql, &[], |row| {
        match row.get::<u8>(0)? {
            0 => shares.leases.push(LeaseRow {
                bind: BindId { smsc: name(row, 1)?, number: row.get(2)? },
                node: row.get(3)?,
                owner: row.get(4)?,
                epoch: row.get(5)?,
                up: row.get(6)?,
            }),
            1 => shares.seats.push(Seat { smsc: name(row, 1)?, node: row.get(3)? }),
            _ => {
                let order = Order { rebinds: row.get(2)?, paused: row.get(5)?, drained: row.get(6)? };
                shares.orders.push((name(row, 1)?, order));
            }
        }
        Ok(())
    })?;
    Ok(shares)
}

/// An operator has ordered this of a telco.
pub fn order(conn: &Conn, smsc: &SmscName, order: Order) -> Sql<()> {
    let rebinds = i64::try_from(order.rebinds).unwrap_or(i64::MAX);
    let sql = "INSERT INTO telco_order (telco, paused, drained, rebinds) VALUES (?, ?, ?, ?) ON CONFLICT (telco) \
        DO UPDATE SET paused = excluded.paused, drained = excluded.drained, rebinds = excluded.rebinds";
    conn.execute(sql, params![smsc.as_str(), order.paused, order.drained, rebinds]).map(|_| ())
}

fn of<'t, 'a>(tuple: &'t mut Tuple<'a>, bind: &'a BindId) -> &'t mut Tuple<'a> {
    tuple.push(bind.smsc.as_str()).push(bind.number)
}

fn name(row: &Row<'_>, column: usize) -> Sql<SmscName> {
    row.get::<String>(column).map(|name| SmscName::from(name.as_str()))
}

fn bind_id(row: &Row<'_>) -> Sql<BindId> {
    Ok(BindId { smsc: name(row, 0)?, number: row.get(1)? })
}
