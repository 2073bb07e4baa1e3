//! Keeping a bind: connect, bind, run, and come again after a pause that fits what went wrong.
use super::{
    bind::{End, Keeper, Why},
    carrier::Carrier,
    dial::dial,
    fence::Fenced,
    ordered,
    shared::Shared,
    tap::{tap, to_trace},
};
use crate::{
    exchange::{BindLease, Hold, Standing, StoreHealth},
    ports::{
        orders::Order,
        random,
        status::{BindState, LastError},
    },
    smpp::pdu::BindKind,
    types::SessionId,
};
use std::{sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::watch,
};

/// First pause; doubles up to `reconnect_max_s`.
const PAUSE_FIRST: Duration = Duration::from_secs(1);
/// How long a session must have been bound to count as one: then the pauses begin anew.
const LIVED: Duration = Duration::from_secs(30);
/// A wrong account is not tried more often than this: some telcos lock it.
const ACCOUNT_PAUSE_FIRST: Duration = Duration::from_secs(60);
/// First pause where the telco holds an old session still or has too much to do: the session dies by its own timer, which
/// each try may begin anew.
const LATER_PAUSE_FIRST: Duration = Duration::from_secs(10);
/// Longest pause of those.
const LATER_PAUSE_MAX: Duration = Duration::from_secs(60);
/// Longest pause for a wrong account.
const ACCOUNT_PAUSE_MAX: Duration = Duration::from_secs(300);

/// The pauses between tries, by how the tries ended.
struct Pauses {
    next: Duration,
    next_account: Duration,
    next_later: Duration,
    longest: Duration,
}

impl Pauses {
    fn new(longest: Duration) -> Self {
        Pauses {
            next: PAUSE_FIRST,
            next_account: ACCOUNT_PAUSE_FIRST,
            next_later: LATER_PAUSE_FIRST,
            longest: longest.max(PAUSE_FIRST),
        }
    }

    /// The pause after a connection that ended so, having been bound for so long.
    fn after(&mut self, end: &End, bound: Duration) -> Duration {
        // A telco that takes the bind and closes at once has not let us in; only a session that has lived makes good
        // what was before it.
        if bound >= LIVED {
            self.next = PAUSE_FIRST;
            self.next_account = ACCOUNT_PAUSE_FIRST;
            self.next_later = LATER_PAUSE_FIRST;
        }
        if end.is_of_the_account() {
            let wait = self.next_account;
            self.next_account = (wait * 2).min(ACCOUNT_PAUSE_MAX);
            return wait;
        }
        if end.is_for_later() {
            let wait = self.next_later;
            self.next_later = (wait * 2).min(LATER_PAUSE_MAX);
            return wait;
        }
        let wait = self.next;
        self.next = (wait * 2).min(self.longest);
        wait
    }
}

/// Runs until its telco's link ends.
pub(super) async fn keep_bound(shared: Arc<Shared>, kind: BindKind, name: String, mut lease: BindLease) {
    let mut keeper = Keeper::new(Arc::clone(&shared), kind, name);
    let mut pauses = Pauses::new(shared.telco.reconnect_max);
    let mut orders = shared.board.orders.follow(&shared.telco.name);
    while !shared.is_over() {
        if !store_is_there(&keeper).await
            || !is_wanted(&keeper, &mut orders).await
            || !is_ours(&mut keeper, &mut lease).await
        {
            break;
        }
        let seen = orders.borrow_and_update().rebinds;
        let (end, bound) = once(&mut keeper).await;
        keeper.hold = Hold::free();
        if shared.is_over() {
            break;
        }
        if end.is_for_another() {
            tracing::info!(smsc = %shared.telco.name, bind = keeper.name, "left: {end}");
        }
        if end.is_ordered() || end.is_for_another() {
            pauses = Pauses::new(shared.telco.reconnect_max);
            continue;
        }
        let wait = jittered(pauses.after(&end, bound));
        tell(&mut keeper, &end, wait);
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = lease.changed() => {}
            () = ordered::away(&mut orders, seen) => pauses = Pauses::new(shared.telco.reconnect_max),
            () = shared.over() => {}
        }
    }
    keeper.publish(BindState::Closed);
}

fn tell(keeper: &mut Keeper, end: &End, wait: Duration) {
    let words = end.to_string();
    let telco = &keeper.shared.telco.name;
    let again = wait.as_millis() as u64;
    if end.is_of_the_account() {
        tracing::error!(
            smsc = %telco, bind = keeper.name, again_ms = again,
            "{words}; check system_id and password; trying again slowly"
        );
    } else {
        tracing::warn!(smsc = %telco, bind = keeper.name, again_ms = again, "not bound: {words}");
    }
    let at = keeper.shared.clock.now();
    keeper.last_error = Some(LastError { words, at });
    keeper.again_at = Some(at.plus_ms(again as i64));
    keeper.publish(BindState::Waiting);
}

/// Half to all of it, so that many binds do not come back in step.
fn jittered(wait: Duration) -> Duration {
    let share = f64::from(u16::from_le_bytes(random::octets())) / 65_535.0;
    wait.mul_f64(0.5 + share / 2.0)
}

/// While another node has the bind it is left to that one; `false` when its link ends meanwhile.
async fn is_ours(keeper: &mut Keeper, lease: &mut BindLease) -> bool {
    loop {
        let standing = match lease.hold() {
            Ok(hold) => {
                (keeper.hold, keeper.node) = (hold, None);
                return true;
            }
            Err(standing) => standing,
        };
        keeper.again_at = None;
        let (state, node) = match standing {
            Standing::Elsewhere { node, up: true } => (BindState::Elsewhere, Some(node)),
            Standing::Elsewhere { node, up: false } => (BindState::ElsewhereDown, Some(node)),
            Standing::Free | Standing::Ours | Standing::Leaving => (BindState::Waiting, None),
        };
        keeper.node = node;
        keeper.publish(state);
        tokio::select! {
            () = lease.changed() => {}
            () = keeper.shared.over() => return false,
        }
    }
}

/// While an operator has drained the telco a bind stays away; `false` when its link ends meanwhile.
async fn is_wanted(keeper: &Keeper, orders: &mut watch::Receiver<Order>) -> bool {
    if !orders.borrow().drained {
        return true;
    }
    keeper.publish(BindState::Closed);
    tokio::select! {
        () = ordered::wanted(orders) => true,
        () = keeper.shared.over() => false,
    }
}

/// While the store is lost a bind stays away, so that the SMSC keeps its messages.
async fn store_is_there(keeper: &Keeper) -> bool {
    let mut health = keeper.shared.exchange.run.store_health();
    if *health.borrow() != StoreHealth::Lost {
        return true;
    }
    keeper.publish(BindState::Waiting);
    tokio::select! {
        changed = health.wait_for(|state| *state != StoreHealth::Lost) => changed.is_ok(),
        () = keeper.shared.over() => false,
    }
}

/// One connection; how it ended, and how long it was bound.
async fn once(keeper: &mut Keeper) -> (End, Duration) {
    keeper.again_at = None;
    keeper.publish(BindState::Connecting);
    let telco = &keeper.shared.telco;
    let line = tokio::select! {
        line = dial(telco) => line,
        () = keeper.shared.over() => return (End::NotBound(Why::Stopping), Duration::ZERO),
        over = keeper.hold.over() => return (End::NotBound(over.into()), Duration::ZERO),
    };
    let (reader, writer, peer) = match line {
        Ok(line) => line,
        Err(fault) => return (End::NotBound(Why::NotConnected(fault)), Duration::ZERO),
    };
    keeper.peer = Some(peer.to_string());
    let (reader, writer) = (Fenced::new(reader, keeper.hold.clone()), Fenced::new(writer, keeper.hold.clone()));
    let (reader, writer) = tap(reader, writer, to_trace(&keeper.shared, &keeper.name));
    let ended = carry(keeper, reader, writer).await;
    keeper.peer = None;
    ended
}

/// Binds on a connection that is made and runs it; how it ended, and how long it was bound.
pub(super) async fn carry(
    keeper: &Keeper,
    reader: impl AsyncRead + Unpin,
    writer: impl AsyncWrite + Unpin,
) -> (End, Duration) {
    let id = SessionId(random::new_id(keeper.shared.clock.now()));
    keeper.shared.exchange.texts.session_opened(id);
    let connected = tokio::time::Instant::now();
    let end = Carrier::new(keeper, id).run(reader, writer).await;
    keeper.shared.exchange.texts.session_closed(id);
    let bound = if matches!(end, End::WasBound(_)) { connected.elapsed() } else { Duration::ZERO };
    (end, bound)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::smpp::session::CloseReason;

    /// Tries in 20 s when each ends so after having been bound for so long.
    fn tries(end: &End, bound: Duration) -> usize {
        let mut pauses = Pauses::new(Duration::from_secs(30));
        let (mut passed, mut tries) = (Duration::ZERO, 0);
        while passed < Duration::from_secs(20) {
            tries += 1;
            passed += bound + pauses.after(end, bound);
        }
        tries
    }

    #[test]
    fn a_bind_that_is_taken_and_closed_at_once_is_not_tried_every_second() {
        let cut = End::WasBound(Why::Closed(CloseReason::TelcoClosed));
        assert_eq!(tries(&cut, Duration::from_millis(2)), 5, "after 1, 2, 4, 8 and 16 s");
        assert_eq!(tries(&End::NotBound(Why::Closed(CloseReason::Refused)), Duration::ZERO), 5);
        assert_eq!(tries(&End::Refused(0x0E), Duration::ZERO), 1, "a wrong account");
    }

    #[test]
    fn a_telco_that_holds_the_old_session_or_has_too_much_to_do_is_left_alone_for_a_while() {
        for status in [0x05, 0x14, 0x58] {
            let mut pauses = Pauses::new(Duration::from_secs(1));
            let waits: Vec<u64> =
                (0..5).map(|_| pauses.after(&End::Refused(status), Duration::ZERO).as_secs()).collect();
            assert_eq!(waits, [10, 20, 40, 60, 60], "{status:#x}");
            pauses.after(&End::WasBound(Why::Stopping), LIVED);
            assert_eq!(pauses.after(&End::Refused(status), Duration::ZERO), LATER_PAUSE_FIRST);
        }
    }

    #[test]
    fn a_session_that_has_lived_makes_good_what_was_before() {
        let mut pauses = Pauses::new(Duration::from_secs(30));
        let cut = End::WasBound(Why::Closed(CloseReason::Unbound));
        for _ in 0..9 {
            pauses.after(&cut, Duration::ZERO);
        }
        assert_eq!(pauses.after(&cut, Duration::ZERO), Duration::from_secs(30));
        assert_eq!(pauses.after(&cut, LIVED), PAUSE_FIRST);
        assert_eq!(pauses.after(&cut, Duration::ZERO), 2 * PAUSE_FIRST);
    }
}
