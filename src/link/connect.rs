//! Making and keeping a bind: connect, bind, run, and come again after a pause that fits what went wrong.
use super::{
    bind::{End, Keeper},
    driver::Driver,
    shared::Shared,
    telco::PATIENCE,
};
use crate::{
    exchange::StoreHealth,
    ports::{random, status::BindState},
    smpp::{
        pdu::BindKind,
        status::{BindClass, bind_class, name},
    },
    types::SessionId,
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::net::TcpStream;

/// First pause; doubles up to `reconnect_max_s`.
const PAUSE_FIRST: Duration = Duration::from_secs(1);
/// How long a session must have been bound to count as one: then the pauses begin anew.
const LIVED: Duration = Duration::from_secs(30);
/// A wrong account is not tried more often than this: some telcos lock it.
const ACCOUNT_PAUSE_FIRST: Duration = Duration::from_secs(60);
/// Longest pause for a wrong account.
const ACCOUNT_PAUSE_MAX: Duration = Duration::from_secs(300);

/// The pauses between tries, by how the tries ended.
struct Pauses {
    next: Duration,
    next_account: Duration,
    longest: Duration,
}

impl Pauses {
    fn new(longest: Duration) -> Self {
        Pauses { next: PAUSE_FIRST, next_account: ACCOUNT_PAUSE_FIRST, longest: longest.max(PAUSE_FIRST) }
    }

    /// The pause after a connection that ended so, having been bound for so long.
    fn after(&mut self, end: &End, bound: Duration) -> Duration {
        // A telco that takes the bind and closes at once has not let us in; only a session that has lived makes good
        // what was before it.
        if bound >= LIVED {
            self.next = PAUSE_FIRST;
            self.next_account = ACCOUNT_PAUSE_FIRST;
        }
        if matches!(end, End::Refused(status) if bind_class(*status) == BindClass::Account) {
            let wait = self.next_account;
            self.next_account = (wait * 2).min(ACCOUNT_PAUSE_MAX);
            return wait;
        }
        let wait = self.next;
        self.next = (wait * 2).min(self.longest);
        wait
    }
}

/// Runs until the server stops.
pub(super) async fn keep_bound(shared: Arc<Shared>, kind: BindKind, name: String) {
    let mut keeper = Keeper { shared: Arc::clone(&shared), kind, name, last_error: None };
    let mut pauses = Pauses::new(shared.telco.reconnect_max);
    while !shared.stop.is_cancelled() {
        if !store_is_there(&keeper).await {
            break;
        }
        let (end, bound) = once(&keeper).await;
        if shared.stop.is_cancelled() {
            break;
        }
        let wait = jittered(pauses.after(&end, bound));
        tell(&mut keeper, &end, wait);
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = shared.stop.cancelled() => {}
        }
    }
    keeper.publish(BindState::Closed, 0);
}

fn tell(keeper: &mut Keeper, end: &End, wait: Duration) {
    let (words, account) = match end {
        End::WasBound(why) | End::NotBound(why) => (why.clone(), false),
        End::Refused(status) => {
            (format!("the telco refused the bind: {}", name(*status)), bind_class(*status) == BindClass::Account)
        }
    };
    let telco = &keeper.shared.telco.name;
    let again = wait.as_millis() as u64;
    if account {
        tracing::error!(
            smsc = %telco, bind = keeper.name, again_ms = again,
            "{words}; check system_id and password; trying again slowly"
        );
    } else {
        tracing::warn!(smsc = %telco, bind = keeper.name, again_ms = again, "not bound: {words}");
    }
    keeper.last_error = Some(words);
    keeper.publish(BindState::Waiting, 0);
}

/// Half to all of it, so that many binds do not come back in step.
fn jittered(wait: Duration) -> Duration {
    let share = f64::from(u16::from_le_bytes(random::octets())) / 65_535.0;
    wait.mul_f64(0.5 + share / 2.0)
}

/// While the store is lost a bind stays away, so that the SMSC keeps its messages.
async fn store_is_there(keeper: &Keeper) -> bool {
    let mut health = keeper.shared.exchange.run.store_health();
    if *health.borrow() != StoreHealth::Lost {
        return true;
    }
    keeper.publish(BindState::Waiting, 0);
    tokio::select! {
        changed = health.wait_for(|state| *state != StoreHealth::Lost) => changed.is_ok(),
        () = keeper.shared.stop.cancelled() => false,
    }
}

/// One connection; how it ended, and how long it was bound.
async fn once(keeper: &Keeper) -> (End, Duration) {
    keeper.publish(BindState::Connecting, 0);
    let telco = &keeper.shared.telco;
    let stream = tokio::select! {
        stream = connect(&telco.address) => stream,
        () = keeper.shared.stop.cancelled() => return (End::NotBound("stopping".to_owned()), Duration::ZERO),
    };
    let stream = match stream {
        Ok(stream) => stream,
        Err(why) => return (End::NotBound(why), Duration::ZERO),
    };
    keeper.publish(BindState::Binding, 0);
    let id = SessionId(random::new_id(keeper.shared.clock.now()));
    keeper.shared.exchange.texts.session_opened(id);
    let connected = Instant::now();
    let end = Driver::new(keeper, stream, id).run().await;
    keeper.shared.exchange.texts.session_closed(id);
    let bound = if matches!(end, End::WasBound(_)) { connected.elapsed() } else { Duration::ZERO };
    (end, bound)
}

/// Tries every address of the host.
pub(super) async fn connect(address: &str) -> Result<TcpStream, String> {
    let looked_up = tokio::net::lookup_host(address).await;
    let addresses: Vec<_> = looked_up.map_err(|fault| format!("{address}: cannot be looked up: {fault}"))?.collect();
    let mut last = format!("{address}: has no address");
    for one in addresses {
        match tokio::time::timeout(PATIENCE, TcpStream::connect(one)).await {
            Ok(Ok(stream)) => {
                // Small PDUs must not wait for one another.
                stream.set_nodelay(true).map_err(|fault| format!("{one}: {fault}"))?;
                return Ok(stream);
            }
            Ok(Err(fault)) => last = format!("{one}: {fault}"),
            Err(_) => last = format!("{one}: no connection within {} s", PATIENCE.as_secs()),
        }
    }
    Err(last)
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let cut = End::WasBound("the telco closed the connection".to_owned());
        assert_eq!(tries(&cut, Duration::from_millis(2)), 5, "after 1, 2, 4, 8 and 16 s");
        assert_eq!(tries(&End::NotBound("refused".to_owned()), Duration::ZERO), 5);
        assert_eq!(tries(&End::Refused(0x0E), Duration::ZERO), 1, "a wrong account");
    }

    #[test]
    fn a_session_that_has_lived_makes_good_what_was_before() {
        let mut pauses = Pauses::new(Duration::from_secs(30));
        let cut = End::WasBound(String::new());
        for _ in 0..9 {
            pauses.after(&cut, Duration::ZERO);
        }
        assert_eq!(pauses.after(&cut, Duration::ZERO), Duration::from_secs(30));
        assert_eq!(pauses.after(&cut, LIVED), PAUSE_FIRST);
        assert_eq!(pauses.after(&cut, Duration::ZERO), 2 * PAUSE_FIRST);
    }
}
