//! Both halves of a connection, with what goes through them cut into PDUs and shown to somebody. What is shown was read
//! or taken by the socket; a connection is neither slowed nor changed by it. It must not know what a PDU says.
use super::shared::Shared;
use crate::{smpp::framer::Framer, types::limits::PDU_OCTETS_MAX};
use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Is shown each PDU, whole, and whether it was sent by us.
pub(super) type Shows = Arc<dyn Fn(bool, Vec<u8>) + Send + Sync>;

/// One half of a connection.
pub(super) struct Tap<S> {
    half: S,
    /// `None` once the framing is lost.
    framer: Option<Framer>,
    shows: Shows,
    sent: bool,
}

/// Taps both halves.
pub(super) fn tap<R, W>(reader: R, writer: W, shows: Shows) -> (Tap<R>, Tap<W>) {
    (Tap::new(reader, Arc::clone(&shows), false), Tap::new(writer, shows, true))
}

/// Shows everything to the trace of the server.
pub(super) fn to_trace(shared: &Arc<Shared>, bind: &str) -> Shows {
    let (shared, bind) = (Arc::clone(shared), bind.to_owned());
    Arc::new(move |sent, octets| {
        shared.trace.pdu(&shared.telco.name, &bind, shared.clock.now(), sent, octets);
    })
}

impl<S> Tap<S> {
    fn new(half: S, shows: Shows, sent: bool) -> Self {
        Tap { half, framer: Some(Framer::new(PDU_OCTETS_MAX)), shows, sent }
    }

    fn saw(&mut self, octets: &[u8]) {
        let Some(framer) = &mut self.framer else { return };
        framer.push(octets);
        loop {
            match framer.next_pdu() {
                Ok(Some(pdu)) => {
                    let head = pdu.header;
                    let words = [16 + pdu.body.len() as u32, head.command_id, head.command_status, head.sequence];
                    let mut whole = words.map(u32::to_be_bytes).concat();
                    whole.extend_from_slice(&pdu.body);
                    (self.shows)(self.sent, whole);
                }
                Ok(None) => return,
                // the session says so, and ends
                Err(_) => {
                    self.framer = None;
                    return;
                }
            }
        }
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for Tap<R> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        ready!(Pin::new(&mut self.half).poll_read(cx, into))?;
        self.saw(&into.filled()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl<W: AsyncWrite + Unpin> AsyncWrite for Tap<W> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        let taken = ready!(Pin::new(&mut self.half).poll_write(cx, from))?;
        self.saw(&from[..taken]);
        Poll::Ready(Ok(taken))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.half).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.half).poll_shutdown(cx)
    }
}
