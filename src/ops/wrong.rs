//! Wrong tokens, counted by who sent them: an IPv4 address or an IPv6 network of /64. It must not know what a token opens.
use crate::types::lock;
use crate::web::server::client_key;
use std::{collections::HashMap, net::IpAddr, sync::Mutex, time::Duration};
use tokio::time::Instant;

/// Wrong tokens that one client may send in a window.
const WRONG_MAX: u32 = 5;
const WINDOW: Duration = Duration::from_secs(60);
/// Clients that are remembered at once, some 400 KiB; the window that began first makes room.
const CLIENTS_MAX: usize = 4_096;

/// A client's window.
#[derive(Clone, Copy)]
struct Since {
    begun: Instant,
    wrong: u32,
}

/// What was counted lately.
#[derive(Default)]
pub struct Wrong(Mutex<HashMap<IpAddr, Since>>);

impl Wrong {
    /// Judges a token of a client by `right`, if it may be looked at.
    ///
    /// # Errors
    /// For how long no token of this client is looked at, not even a right one: an answer would tell it from the others.
    pub fn judge(&self, from: IpAddr, now: Instant, right: impl FnOnce() -> bool) -> Result<bool, Duration> {
        let client = client_key(from);
        let mut clients = lock(&self.0);
        let held = clients.get(&client).filter(|held| now.duration_since(held.begun) < WINDOW).copied();
        if let Some(full) = held.filter(|held| held.wrong >= WRONG_MAX) {
            return Err(WINDOW.saturating_sub(now.duration_since(full.begun)));
        }
        if right() {
            return Ok(true);
        }
        if held.is_none() && clients.len() >= CLIENTS_MAX {
            clients.retain(|_, held| now.duration_since(held.begun) < WINDOW);
            let oldest = clients.iter().min_by_key(|(_, held)| held.begun).map(|(client, _)| *client);
            if let Some(oldest) = oldest.filter(|_| clients.len() >= CLIENTS_MAX) {
                clients.remove(&oldest);
            }
        }
        let since = held.unwrap_or(Since { begun: now, wrong: 0 });
        clients.insert(client, Since { wrong: since.wrong + 1, ..since });
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, Ipv6Addr};

    #[test]
    fn wrong_tokens_slow_their_own_sender_and_nobody_else() {
        let (wrong, start) = (Wrong::default(), Instant::now());
        let (guesser, other): (IpAddr, IpAddr) = ([192, 0, 2, 7].into(), [192, 0, 2, 8].into());
        for _ in 0..5 {
            assert_eq!(wrong.judge(guesser, start, || false), Ok(false));
        }
        let later = start + Duration::from_secs(20);
        assert_eq!(wrong.judge(guesser, later, || true), Err(Duration::from_secs(40)), "it is not even looked at");
        assert_eq!(wrong.judge(other, later, || true), Ok(true));
        assert_eq!(wrong.judge(guesser, start + WINDOW, || true), Ok(true));
    }

    #[test]
    fn a_network_of_ipv6_is_one_sender() {
        let (wrong, now) = (Wrong::default(), Instant::now());
        let in_network = |network: u16, host: u16| Ipv6Addr::new(0x2001, 0xdb8, 0, network, 0, 0, 0, host).into();
        for host in 0..5 {
            assert_eq!(wrong.judge(in_network(1, host), now, || false), Ok(false));
        }
        assert!(wrong.judge(in_network(1, 99), now, || false).is_err());
        assert_eq!(wrong.judge(in_network(2, 1), now, || false), Ok(false));
    }

    #[test]
    fn senders_without_end_take_no_memory_without_end() {
        let (wrong, now) = (Wrong::default(), Instant::now());
        for nth in 0..10_000 {
            let from = Ipv4Addr::from_bits(0x0a00_0000 + nth).into();
            assert_eq!(wrong.judge(from, now + Duration::from_millis(nth.into()), || false), Ok(false));
        }
        assert_eq!(wrong.0.lock().expect("whole").len(), CLIENTS_MAX);
    }
}
