//! The one loop over a connection: octets between it and its [`Esme`], what happens to a user, and what the user wants
//! into the machine. It never waits for a write while it could read: a telco whose buffers are full is still heard, and
//! one that reads nothing is found by the machine's timer. It must not know a PDU, nor what carries the octets.
use crate::{
    ports::clock::Clock,
    smpp::esme::{Effect, Esme, Now},
};
use std::{
    io,
    ops::ControlFlow,
    pin::{Pin, pin},
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    time::{Instant, sleep_until},
};

/// Octets read at once.
const READ_OCTETS: usize = 64 * 1024;
/// Wait for a telco that is to take our last octets.
const CLOSE_WITHIN: Duration = Duration::from_millis(500);
/// When to look again though no timer is set.
const FAR: Duration = Duration::from_secs(3_600);

/// Who is told what happens on a connection, and has something to say on it: a bind, a probe.
pub(super) trait User {
    /// What [`User::next`] waits for.
    type Wake;

    /// Waits for the next thing to do; loses nothing when it is dropped before it is ready. `room`: a segment may be
    /// handed over.
    async fn next(&mut self, room: bool) -> Self::Wake;

    /// Does it.
    fn act(&mut self, wake: Self::Wake, esme: &mut Esme, now: Now);

    /// Is told of each effect, in order.
    fn effect(&mut self, effect: Effect, esme: &mut Esme, now: Now);

    /// All that has happened so far is told. Breaks when the connection is of no use any more.
    fn round(&mut self, esme: &Esme) -> ControlFlow<()>;
}

/// Both clocks, now.
pub(super) fn now(clock: &dyn Clock) -> Now {
    Now { at: Instant::now().into_std(), wall: clock.now() }
}

/// Why the loop woke.
enum Woken<W> {
    Written(io::Result<usize>),
    Read(io::Result<usize>),
    User(W),
    Timer,
}

/// Runs a connection until its session is over and what was left to write is written, or until its user breaks. Returns
/// what broke it, where it broke.
pub(super) async fn drive<R, W, U>(
    reader: R,
    writer: W,
    esme: &mut Esme,
    user: &mut U,
    clock: &dyn Clock,
) -> Option<io::Error>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
    U: User,
{
    let (mut reader, mut outlet) = (reader, Outlet { writer, taken: 0 });
    let mut buffer = vec![0; READ_OCTETS];
    let mut broke = None;
    let mut timer = pin!(sleep_until(Instant::now() + FAR));
    loop {
        let read_at = now(clock);
        while let Some(effect) = esme.poll_effect() {
            user.effect(effect, esme, read_at);
        }
        if user.round(esme).is_break() || esme.is_over() && esme.output().is_empty() {
            outlet.close().await;
            return broke;
        }
        let due = esme.poll_timeout().map_or_else(|| Instant::now() + FAR, Instant::from_std);
        if due < timer.deadline() || timer.is_elapsed() {
            timer.as_mut().reset(due);
        }
        let (writes, over) = (!esme.output().is_empty(), esme.is_over());
        // What stands before it in the window and the socket is to leave before more is taken from the outbox.
        let room = !writes && esme.wants_segment();
        let reads = esme.wants_octets();
        let woken = tokio::select! {
            biased;
            written = outlet.write(esme.output()), if writes => Woken::Written(written),
            woken = async {
                tokio::select! {
                    read = reader.read(&mut buffer), if reads => Woken::Read(read),
                    wake = user.next(room), if !over => Woken::User(wake),
                    () = timer.as_mut() => Woken::Timer,
                }
            } => woken,
        };
        let now = now(clock);
        match woken {
            Woken::Written(Ok(octets)) => esme.written(octets, now),
            Woken::Read(Ok(0)) => esme.peer_closed(now),
            // TLS that was not ended by its own last word: PDUs know their lengths, nothing can be cut off unseen
            Woken::Read(Err(fault)) if fault.kind() == io::ErrorKind::UnexpectedEof => esme.peer_closed(now),
            Woken::Read(Ok(octets)) => esme.handle_bytes(&buffer[..octets], now),
            Woken::Written(Err(fault)) | Woken::Read(Err(fault)) => {
                broke = Some(fault);
                esme.broken(now);
            }
            Woken::User(wake) => user.act(wake, esme, now),
            Woken::Timer => esme.handle_timeout(now),
        }
    }
}

/// The writing half, and how many octets it has taken that may still wait inside it.
struct Outlet<W> {
    writer: W,
    taken: usize,
}

impl<W: AsyncWrite + Unpin> Outlet<W> {
    /// Writes the first of these octets, as many as go, and returns how many have left. They may only grow at their end
    /// until it has returned; when it is dropped before, the next call goes on.
    async fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        std::future::poll_fn(|context| self.poll_write(context, octets)).await
    }

    /// Says that nothing more comes, which TLS has a word for. Whoever does not take it is left.
    async fn close(&mut self) {
        let _ = tokio::time::timeout(CLOSE_WITHIN, self.writer.shutdown()).await;
    }

    fn poll_write(&mut self, context: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        while self.taken < octets.len() {
            match Pin::new(&mut self.writer).poll_write(context, &octets[self.taken..]) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(more)) => self.taken += more,
                Poll::Ready(Err(fault)) => return Poll::Ready(Err(fault)),
                Poll::Pending if self.taken == 0 => return Poll::Pending,
                Poll::Pending => break,
            }
        }
        ready!(Pin::new(&mut self.writer).poll_flush(context))?;
        Poll::Ready(Ok(std::mem::take(&mut self.taken)))
    }
}
