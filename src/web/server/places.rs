//! Who holds which place at a listener, and who gives way. One client holds so many at most; a share is kept for those
//! who hold few; and when there is none left, the connection that has been idle longest at the client that holds most
//! makes room. It must not know what is said on a connection.
use super::{
    HttpLimits,
    pulse::{Floor, Pulse},
};
use crate::types::lock;
use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio_util::sync::CancellationToken;

/// Who holds no more than so many may take a place of the share that is kept: a browser opens six at once.
const FEW: usize = 8;

/// By what a client is counted: whoever has an IPv6 network has 2^64 addresses in it.
pub fn client_key(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) if !v6.is_loopback() => {
            let [a, b, c, d, ..] = v6.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        other => other,
    }
}

struct Seat {
    pulse: Arc<Pulse>,
    leave: CancellationToken,
}

#[derive(Default)]
struct Table {
    /// Never empty for a client that stands here.
    seats: HashMap<IpAddr, Vec<Arc<Seat>>>,
    all: usize,
}

impl Table {
    fn of(&self, client: IpAddr) -> usize {
        self.seats.get(&client).map_or(0, Vec::len)
    }

    fn sit(&mut self, client: IpAddr, seat: Arc<Seat>) {
        self.seats.entry(client).or_default().push(seat);
        self.all += 1;
    }

    fn rise(&mut self, client: IpAddr, seat: &Arc<Seat>) {
        let Some(seats) = self.seats.get_mut(&client) else { return };
        if let Some(at) = seats.iter().position(|other| Arc::ptr_eq(other, seat)) {
            seats.swap_remove(at);
            self.all -= 1;
        }
        if seats.is_empty() {
            self.seats.remove(&client);
        }
    }

    /// Makes the idlest connection of the greediest client leave, among the clients that may be asked.
    fn make_room(&mut self, may: impl Fn(IpAddr, usize) -> bool, but: Option<&Arc<Seat>>, body: Floor) -> bool {
        let clients = self.seats.iter().filter(|(client, seats)| may(**client, seats.len()));
        let idle = clients.flat_map(|(client, seats)| {
            let others = seats.iter().filter(|seat| but.is_none_or(|but| !Arc::ptr_eq(but, seat)));
            others.filter_map(|seat| Some((seats.len(), seat.pulse.idle(body)?, *client, seat)))
        });
        let Some((_, _, client, seat)) = idle.max_by_key(|(held, idle, ..)| (*held, *idle)) else { return false };
        let seat = Arc::clone(seat);
        seat.leave.cancel();
        self.rise(client, &seat);
        metrics::counter!("chrak_http_gave_way_total").increment(1);
        true
    }
}

/// The places of one listener.
pub struct Places {
    limits: HttpLimits,
    /// Those who ask for others; each of those is counted by itself.
    proxies: super::Proxies,
    table: Mutex<Table>,
    waiting: AtomicUsize,
}

/// A turn of a connection that waits for a place; given back when dropped.
pub struct Waiting(Arc<Places>);

impl Waiting {
    /// Where it waits.
    pub fn places(&self) -> &Arc<Places> {
        &self.0
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

/// One connection's place; given back when dropped.
pub struct Place {
    places: Arc<Places>,
    seat: Arc<Seat>,
    client: Mutex<IpAddr>,
}

impl Places {
    /// With so many.
    pub fn new(limits: HttpLimits, proxies: super::Proxies) -> Arc<Self> {
        Arc::new(Places { limits, proxies, table: Mutex::default(), waiting: AtomicUsize::new(0) })
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        lock(&self.table)
    }

    /// Whether nobody holds one.
    #[cfg(test)]
    pub fn is_empty(&self) -> bool {
        let table = self.table();
        table.all == 0 && table.seats.is_empty()
    }

    /// How many one client may hold. This machine itself and proxies carry many.
    fn bound(&self, client: IpAddr, address: IpAddr) -> usize {
        let many = client.is_loopback() || self.proxies.hold(address);
        if many { usize::MAX } else { self.limits.per_client }
    }

    /// A place for a connection from `address`, if there is one or somebody can make room.
    pub fn enter(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
        let client = client_key(address);
        let mut table = self.table();
        let mine = table.of(client);
        let (all, kept) = (self.limits.connections, self.limits.connections / 4);
        let room = match mine < FEW {
            true if client.is_loopback() => all + self.limits.kept_local,
            true => all,
            false => all - kept,
        };
        let body = self.limits.body;
        let free = if mine >= self.bound(client, address) {
            table.make_room(|other, _| other == client, None, body)
        } else {
            table.all < room || table.make_room(|other, held| other == client || held > mine, None, body)
        };
        if !free {
            return None;
        }
        let seat = Arc::new(Seat { pulse: Arc::new(Pulse::default()), leave: CancellationToken::new() });
        table.sit(client, Arc::clone(&seat));
        Some(Place { places: Arc::clone(self), seat, client: Mutex::new(client) })
    }
}

impl Places {
    /// A turn to wait for a place, while fewer than `most` do, or half as many for a client who holds more than few.
    pub fn wait(self: &Arc<Self>, address: IpAddr, most: usize) -> Option<Waiting> {
        let few = self.table().of(client_key(address)) < FEW;
        let before = self.waiting.fetch_add(1, Ordering::Relaxed);
        let turn = Waiting(Arc::clone(self));
        (before < if few { most } else { most / 2 }).then_some(turn)
    }
}

impl Place {
    /// How the connection moves.
    pub fn pulse(&self) -> &Arc<Pulse> {
        &self.seat.pulse
    }

    /// Resolves when somebody else needs the place.
    pub async fn gives_way(&self) {
        self.seat.leave.cancelled().await;
    }

    /// Counts the connection with the client who asks on it now, where that is another one than before: behind a proxy.
    /// Says whether that client may hold one more.
    pub fn hold_for(&self, address: IpAddr) -> bool {
        let now = client_key(address);
        let mut client = lock(&self.client);
        if *client == now {
            return true;
        }
        let mut table = self.places.table();
        let free = table.of(now) < self.places.bound(now, address)
            || table.make_room(|other, _| other == now, Some(&self.seat), self.places.limits.body);
        if free && !self.seat.leave.is_cancelled() {
            table.rise(*client, &self.seat);
            table.sit(now, Arc::clone(&self.seat));
            *client = now;
        }
        free
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let client = *lock(&self.client);
        // who gave way holds none any more
        self.places.table().rise(client, &self.seat);
    }
}
