//! Nodes that share binds in virtual time, over leases in memory: nobody's bind is used by two, whatever is lost on the way.
use super::*;
use crate::{
    exchange::testing::Following,
    ports::{
        PortFuture, StoreFault,
        leases::{BindId, LeaseRow, Seat, Shares},
    },
    types::UnixMs,
};
use std::{sync::atomic::AtomicU32, time::Duration};
use tokio::time::{Instant, sleep};

const SECOND: Duration = Duration::from_secs(1);
/// A lease, and a seat.
const LASTS: Duration = Duration::from_secs(15);

#[derive(Default)]
struct Tables {
    leases: BTreeMap<BindId, (String, i64, i64, Option<Instant>, bool)>,
    seats: BTreeMap<Seat, (i64, Instant)>,
    orders: BTreeMap<SmscName, Order>,
}

/// What one node sees of the database.
struct Db {
    tables: Arc<Mutex<Tables>>,
    node: &'static str,
    /// Nothing that is asked comes back.
    cut: Arc<AtomicBool>,
}

impl Db {
    fn ask<T: Send + 'static>(&self, asked: impl FnOnce(&mut Tables) -> T) -> PortFuture<'_, Result<T, StoreFault>> {
        if self.cut.load(Ordering::Relaxed) {
            return Box::pin(async {
                sleep(2 * SECOND).await;
                Err(StoreFault::Busy)
            });
        }
        let came = asked(&mut lock(&self.tables));
        Box::pin(async { Ok(came) })
    }
}

impl Leases for Db {
    fn node(&self) -> Option<String> {
        Some(self.node.to_owned())
    }

    fn renew_leases(&self, run: i64, held: Vec<(OwnLease, bool)>) -> PortFuture<'_, Result<Vec<BindId>, StoreFault>> {
        self.ask(|tables| {
            let mut kept = Vec::new();
            for (own, bound) in held {
                let row = tables.leases.get_mut(&own.bind).filter(|row| row.1 == run && row.2 == own.epoch);
                if let Some(row) = row {
                    (row.3, row.4) = (Some(Instant::now() + LASTS), bound);
                    kept.push(own.bind);
                }
            }
            kept
        })
    }

    fn take_seats(&self, run: i64, telcos: Vec<SmscName>) -> PortFuture<'_, Result<(), StoreFault>> {
        self.ask(|tables| {
            tables.seats.retain(|_, (of, _)| *of != run);
            for smsc in telcos {
                let seat = Seat { smsc, node: self.node.to_owned() };
                tables.seats.insert(seat, (run, Instant::now() + LASTS));
            }
        })
    }

    fn shares(&self) -> PortFuture<'_, Result<Shares, StoreFault>> {
        self.ask(|tables| {
            let now = Instant::now();
            let leases = tables.leases.iter().filter(|(_, row)| row.3.is_some_and(|until| until >= now));
            Shares {
                leases: leases
                    .map(|(bind, (node, owner, epoch, _, up))| LeaseRow {
                        bind: bind.clone(),
                        node: node.clone(),
                        owner: *owner,
                        epoch: *epoch,
                        up: *up,
                    })
                    .collect(),
                seats: tables
                    .seats
                    .iter()
                    .filter(|(_, (_, until))| *until >= now)
                    .map(|(seat, _)| seat.clone())
                    .collect(),
                orders: tables.orders.clone().into_iter().collect(),
            }
        })
    }

    fn take_leases(&self, run: i64, binds: Vec<BindId>) -> PortFuture<'_, Result<Vec<OwnLease>, StoreFault>> {
        self.ask(|tables| {
            let mut taken = Vec::new();
            for bind in binds {
                let before = tables.leases.get(&bind).cloned();
                if before.as_ref().is_some_and(|row| row.3.is_some_and(|until| until >= Instant::now())) {
                    continue;
                }
                let epoch = before.map_or(1, |row| row.2 + 1);
                let row = (self.node.to_owned(), run, epoch, Some(Instant::now() + LASTS), false);
                tables.leases.insert(bind.clone(), row);
                taken.push(OwnLease { bind, epoch });
            }
            taken
        })
    }

    fn release_leases(&self, run: i64, leases: Vec<OwnLease>) -> PortFuture<'_, Result<(), StoreFault>> {
        self.ask(|tables| {
            for own in leases {
                if let Some(row) = tables.leases.get_mut(&own.bind).filter(|row| row.1 == run && row.2 == own.epoch) {
                    (row.2, row.3) = (row.2 + 1, None);
                }
            }
        })
    }

    fn order(&self, smsc: SmscName, order: Order) -> PortFuture<'_, Result<(), StoreFault>> {
        self.ask(|tables| {
            tables.orders.insert(smsc, order);
        })
    }
}

/// A clock that jumps when the machine of its node was stopped.
struct Boot {
    ticking: Following,
    stopped: Mutex<Duration>,
}

impl Clock for Boot {
    fn now(&self) -> UnixMs {
        self.ticking.now()
    }

    fn boot(&self) -> Duration {
        Duration::from_millis(self.now().0 as u64) + *lock(&self.stopped)
    }
}

/// A node whose connections hold what is theirs and let go when they are to.
struct Node {
    binds: Binds,
    board: Arc<Board>,
    clock: Arc<Boot>,
    cut: Arc<AtomicBool>,
    stop: CancellationToken,
    share: Arc<AtomicU32>,
    /// Numbers of the binds that are used, and may be.
    used: Arc<Mutex<BTreeMap<u32, Hold>>>,
}

/// How long a connection takes to end what is in flight.
const IN_FLIGHT: Duration = Duration::from_millis(300);

impl Node {
    async fn start(tables: &Arc<Mutex<Tables>>, node: &'static str, run: i64, binds: u32) -> Self {
        let cut = Arc::new(AtomicBool::new(false));
        let db = Db { tables: Arc::clone(tables), node, cut: Arc::clone(&cut) };
        let from = UnixMs::from_rfc3339("2026-11-20T12:00:00+07:00").expect("a time");
        let clock = Arc::new(Boot { ticking: Following::starting(from), stopped: Mutex::default() });
        let board = Arc::new(Board::default());
        let all = Binds::new(Arc::new(db), Arc::clone(&clock) as Arc<dyn Clock>, Arc::clone(&board));
        let (stop, share) = (CancellationToken::new(), Arc::new(AtomicU32::new(u32::MAX)));
        let smsc = SmscName::from("smart");
        all.start(run, stop.clone()).await;
        drop(board.orders.follow(&smsc));
        let told = Arc::clone(&share);
        let ways = all.join(&smsc, binds, 1, Box::new(move |held, _| told.store(held, Ordering::Relaxed)));
        let used = Arc::new(Mutex::new(BTreeMap::new()));
        for (number, way) in (1..).zip(ways) {
            tokio::spawn(connect(number, way, Arc::clone(&used), stop.clone()));
        }
        Node { binds: all, board, clock, cut, stop, share, used }
    }

    fn holds(&self) -> Vec<u32> {
        lock(&self.used).iter().filter(|(_, hold)| hold.is_ours()).map(|(number, _)| *number).collect()
    }

    /// Ends as a process does that is killed: nothing is given back.
    fn die(&self) {
        self.stop.cancel();
        lock(&self.used).clear();
    }
}

async fn connect(number: u32, mut way: BindLease, used: Arc<Mutex<BTreeMap<u32, Hold>>>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let Ok(hold) = way.hold() else {
            tokio::select! {
                () = way.changed() => continue,
                () = stop.cancelled() => return,
            }
        };
        hold.bound();
        lock(&used).insert(number, hold.clone());
        let over = tokio::select! {
            over = hold.over() => over,
            () = stop.cancelled() => return,
        };
        if over == Over::GivenUp {
            sleep(IN_FLIGHT).await;
        }
        lock(&used).remove(&number);
    }
}

/// Lets time pass and looks at every moment that no bind is used by two.
async fn pass(time: Duration, nodes: &[&Node]) {
    let end = Instant::now() + time;
    while Instant::now() < end {
        sleep(Duration::from_millis(50)).await;
        let mut seen = BTreeMap::new();
        for (nth, node) in nodes.iter().enumerate() {
            for number in node.holds() {
                assert_eq!(seen.insert(number, nth), None, "bind {number} is used by two");
            }
        }
    }
}

async fn pair(binds: u32) -> (Arc<Mutex<Tables>>, Node, Node) {
    let tables = Arc::default();
    let first = Node::start(&tables, "a", 1, binds).await;
    pass(2 * SECOND, &[&first]).await;
    assert_eq!(first.holds(), (1..=binds).collect::<Vec<_>>(), "alone it has all");
    let second = Node::start(&tables, "b", 2, binds).await;
    pass(8 * SECOND, &[&first, &second]).await;
    (tables, first, second)
}

#[tokio::test(start_paused = true)]
async fn a_node_that_joins_gets_its_share_and_a_dead_ones_binds_are_taken_over_in_time() {
    let (_, first, second) = pair(4).await;
    assert_eq!((first.holds(), second.holds()), (vec![1, 2], vec![3, 4]));
    let share = |node: &Node| node.share.load(Ordering::Relaxed);
    assert_eq!((share(&first), share(&second)), (2, 2));
    second.die();
    pass(17 * SECOND, &[&first]).await;
    assert_eq!((first.holds(), share(&first)), (vec![1, 2, 3, 4], 4));
}

#[tokio::test(start_paused = true)]
async fn one_bind_is_used_by_one_and_at_once_by_the_other_when_its_node_leaves() {
    let (_, first, second) = pair(1).await;
    assert_eq!((first.holds().len(), second.holds().len()), (1, 0));
    first.binds.close();
    pass(3 * SECOND, &[&first, &second]).await;
    first.binds.closed().await;
    assert_eq!((first.holds().len(), second.holds().len()), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_node_that_cannot_reach_the_database_uses_nothing_before_others_may() {
    let (_, first, second) = pair(2).await;
    assert_eq!((first.holds().len(), second.holds().len()), (1, 1));
    second.cut.store(true, Ordering::Relaxed);
    pass(11 * SECOND, &[&first, &second]).await;
    assert_eq!((first.holds().len(), second.holds().len()), (1, 0), "the lease has not ended yet");
    pass(7 * SECOND, &[&first, &second]).await;
    assert_eq!(first.holds().len(), 2);
    second.cut.store(false, Ordering::Relaxed);
    pass(10 * SECOND, &[&first, &second]).await;
    assert_eq!((first.holds().len(), second.holds().len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_machine_that_was_suspended_uses_nothing_when_it_goes_on() {
    let (_, first, second) = pair(1).await;
    let held = lock(&first.used).get(&1).cloned().expect("held");
    assert!(held.is_ours());
    // its own timers have not run meanwhile
    *lock(&first.clock.stopped) += 10 * SECOND;
    assert!(!held.is_ours(), "before any timer of its own says so");
    drop(held);
    pass(20 * SECOND, &[&first, &second]).await;
    assert_eq!(first.holds().len() + second.holds().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_an_earlier_time_gives_back_late_takes_nothing_away() {
    let (tables, first, _second) = pair(1).await;
    let bind = BindId { smsc: "smart".into(), number: 1 };
    let before = lock(&tables).leases[&bind].2;
    let late = OwnLease { bind: bind.clone(), epoch: before - 1 };
    first.binds.core.store.release_leases(1, vec![late]).await.expect("asked");
    assert!(lock(&tables).leases[&bind].3.is_some_and(|until| until > Instant::now()));
    first
        .binds
        .core
        .store
        .release_leases(1, vec![OwnLease { bind: bind.clone(), epoch: before }])
        .await
        .expect("asked");
    assert_eq!(lock(&tables).leases[&bind].3, None);
}

#[tokio::test(start_paused = true)]
async fn what_is_ordered_of_a_telco_on_one_node_holds_on_all() {
    let (tables, first, second) = pair(2).await;
    let smsc = SmscName::from("smart");
    assert!(second.board.orders.give(&smsc, |order| order.paused = true));
    pass(3 * SECOND, &[&first, &second]).await;
    let of = |node: &Node| *node.board.orders.follow(&smsc).borrow();
    assert!(of(&first).paused && of(&second).paused);
    assert!(first.board.orders.give(&smsc, |order| (order.paused, order.rebinds) = (false, 1)));
    pass(3 * SECOND, &[&first, &second]).await;
    assert_eq!((of(&first), of(&second)), (Order { rebinds: 1, ..Order::default() }, of(&first)));
    first.board.orders.give(&smsc, |order| order.drained = true);
    pass(3 * SECOND, &[&first, &second]).await;
    let third = Node::start(&tables, "c", 3, 2).await;
    assert!(of(&third).drained, "who comes later knows it from the start");
}
