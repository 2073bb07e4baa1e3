//! What the system finds out of a connection by itself: that nobody acknowledges what is written, or that nobody is there any more.
//! It must not know SMPP, whose enquire_link asks whether the SMSC behind the connection is well.
use rustix::net::sockopt::{
    set_socket_keepalive, set_tcp_keepcnt, set_tcp_keepidle, set_tcp_keepintvl, set_tcp_user_timeout,
};
use std::{io, time::Duration};
use tokio::net::TcpStream;

/// Questions of the system to a connection on which nothing is read, before it is given up.
const PROBES: u32 = 3;

/// Prepares a connection for PDUs, which are small and must not wait for one another. The system ends it (`ETIMEDOUT`) when for
/// `dead_after`
/// - nothing of what was written was acknowledged, or the other side had no room for it (TCP_USER_TIMEOUT of tcp(7), RFC 5482);
/// - nothing was read and its own questions were not answered, where nothing is written (SO_KEEPALIVE): the first after half
///   of that time, in whole seconds, as the system counts them.
///
/// # Errors
/// What the system says, which takes none of this from a connection that is over.
pub(super) fn watch(stream: &TcpStream, dead_after: Duration) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let millis = u32::try_from(dead_after.as_millis()).unwrap_or(u32::MAX);
    set_tcp_user_timeout(stream, millis)?;
    set_tcp_keepidle(stream, whole_seconds(dead_after / 2))?;
    set_tcp_keepintvl(stream, whole_seconds(dead_after / 2 / PROBES))?;
    set_tcp_keepcnt(stream, PROBES)?;
    set_socket_keepalive(stream, true)?;
    Ok(())
}

/// In whole seconds, one at least: the system takes no less.
fn whole_seconds(time: Duration) -> Duration {
    Duration::from_secs(time.as_secs().max(1))
}
