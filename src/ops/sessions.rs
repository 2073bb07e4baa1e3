//! Who is signed in at the console: random names of sessions that this process remembers, each with its times. A restart
//! forgets them all. It must not know what a session may see.
use crate::types::lock;
use crate::{ports::random, web};
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard},
    time::Duration,
};
use tokio::time::Instant;

/// Without a look for so long a session is over. An open console looks every two seconds by itself: it is a page to watch.
const IDLE: Duration = Duration::from_secs(30 * 60);
/// The token is asked for again after this, however often somebody looked.
pub const WHOLE: Duration = Duration::from_secs(12 * 3_600);
/// Sessions at once; the one that was used longest ago makes room.
const SESSIONS_MAX: usize = 64;

struct Session {
    begun: Instant,
    used: Instant,
}

impl Session {
    fn lives(&self, now: Instant) -> bool {
        now.duration_since(self.begun) < WHOLE && now.duration_since(self.used) < IDLE
    }
}

/// The sessions, by the digest of their names: what is compared tells nothing of them.
#[derive(Default)]
pub struct Sessions(Mutex<HashMap<[u8; 32], Session>>);

impl Sessions {
    fn all(&self) -> MutexGuard<'_, HashMap<[u8; 32], Session>> {
        lock(&self.0)
    }

    /// Begins one: its name, which nobody saw before.
    pub fn begin(&self, now: Instant) -> String {
        let name: String = random::octets::<32>().iter().map(|octet| format!("{octet:02x}")).collect();
        let mut all = self.all();
        all.retain(|_, session| session.lives(now));
        while all.len() >= SESSIONS_MAX {
            let oldest = all.iter().min_by_key(|(_, session)| session.used).map(|(digest, _)| *digest);
            oldest.map(|oldest| all.remove(&oldest));
        }
        all.insert(web::digest(&name), Session { begun: now, used: now });
        name
    }

    /// Whether there is one of this name; it is used now.
    pub fn hold(&self, name: &str, now: Instant) -> bool {
        let mut all = self.all();
        let session = all.get_mut(&web::digest(name)).filter(|session| session.lives(now));
        session.map(|session| session.used = now).is_some()
    }

    /// Ends one.
    pub fn end(&self, name: &str) {
        self.all().remove(&web::digest(name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_unused_and_used_all_the_same() {
        let (sessions, start) = (Sessions::default(), Instant::now());
        let name = sessions.begin(start);
        let late = start + IDLE - Duration::from_secs(1);
        assert!(sessions.hold(&name, late));
        assert!(!sessions.hold(&name, late + IDLE), "unused");
        let name = sessions.begin(start);
        let looks = (1..).map(|nth| start + nth * Duration::from_secs(1_200));
        assert_eq!(looks.take_while(|now| sessions.hold(&name, *now)).count(), 35, "thirds of an hour");
    }

    #[test]
    fn sessions_are_bounded_and_the_one_unused_longest_makes_room() {
        let (sessions, start) = (Sessions::default(), Instant::now());
        let at = |nth: u32| start + nth * Duration::from_secs(1);
        let names: Vec<String> = (0..64).map(|nth| sessions.begin(at(nth))).collect();
        assert!(sessions.hold(&names[0], at(70)));
        sessions.begin(at(71));
        assert!(sessions.hold(&names[0], at(72)) && !sessions.hold(&names[1], at(72)));
        assert_eq!(sessions.all().len(), SESSIONS_MAX);
        sessions.end(&names[0]);
        assert!(!sessions.hold(&names[0], at(73)));
    }
}
