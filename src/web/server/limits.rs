//! How much one listener takes.
use super::pulse::Floor;
use std::time::Duration;

/// How much one listener takes.
#[derive(Clone, Copy, Debug)]
pub struct HttpLimits {
    /// Connections at once. A quarter of them is kept for clients who hold few.
    pub connections: usize,
    /// More of them, for this machine itself only: who looks after it comes in whatever happens.
    pub kept_local: usize,
    /// Connections at once of one client: an IPv4 address or an IPv6 network of /64. This machine itself and proxies,
    /// whose clients are counted one by one, are exempt.
    pub per_client: usize,
    /// From the first look at a connection (or the end of the last answer) to the end of a request's head.
    pub head: Duration,
    /// What of a request's body must come.
    pub body: Floor,
    /// From the end of the head to the end of the body.
    pub body_whole: Duration,
    /// From the end of the request to the answer; past it 408 is answered.
    pub request: Duration,
    /// What of an answer the client must take.
    pub answer: Floor,
    /// After this the answer under way is a connection's last.
    pub connection: Duration,
    /// How long a stop waits for the answers under way.
    pub drain: Duration,
}

impl Default for HttpLimits {
    /// A province's kiosks behind one address translation fit in 64; 1,024 sockets cost some 20 MiB.
    fn default() -> Self {
        HttpLimits {
            connections: 1_024,
            kept_local: 8,
            per_client: 64,
            head: Duration::from_secs(5),
            // a telephone's poorest line (GPRS) carries some 2 KiB a second
            body: Floor { rate: 512, span: Duration::from_secs(10) },
            body_whole: Duration::from_secs(60),
            request: Duration::from_secs(15),
            answer: Floor { rate: 512, span: Duration::from_secs(20) },
            connection: Duration::from_secs(120),
            drain: Duration::from_secs(10),
        }
    }
}
