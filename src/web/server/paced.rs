//! A socket whose client may not keep us waiting: for the head of a request, or with what waits to be read. It must not
//! know what is said on it.
use super::{
    HttpLimits,
    pulse::{Floor, Pulse},
};
use std::{
    io::{self, ErrorKind, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Sleep, sleep},
};

/// The socket.
pub struct Paced {
    stream: TcpStream,
    pulse: Arc<Pulse>,
    head: Duration,
    floor: Floor,
    alarm: Pin<Box<Sleep>>,
}

impl Paced {
    /// Around an accepted socket.
    pub fn new(stream: TcpStream, pulse: Arc<Pulse>, limits: &HttpLimits) -> Self {
        Paced { stream, pulse, head: limits.head, floor: limits.answer, alarm: Box::pin(sleep(limits.head)) }
    }

    /// Waits with the one who polls; an error once the client took too long.
    fn watch<T>(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        while let Some(due) = self.pulse.due(self.head, self.floor) {
            if self.alarm.deadline() != due {
                self.alarm.as_mut().reset(due);
            }
            ready!(self.alarm.as_mut().poll(cx));
            if self.pulse.late(self.head, self.floor) {
                return Poll::Ready(Err(io::Error::new(ErrorKind::TimedOut, "the client takes too long")));
            }
        }
        Poll::Pending
    }

    fn wrote(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match written {
            Poll::Ready(Ok(octets)) => self.pulse.took(octets),
            Poll::Pending => {
                self.pulse.full();
                return self.watch(cx);
            }
            Poll::Ready(Err(_)) => {}
        }
        written
    }
}

impl AsyncRead for Paced {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.stream).poll_read(cx, into) {
            Poll::Pending => self.watch(cx),
            read => read,
        }
    }
}

impl AsyncWrite for Paced {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, from);
        self.wrote(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        from: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, from);
        self.wrote(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// Called when all was written.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.pulse.empty();
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl Drop for Paced {
    /// What a client does not take is thrown away with its connection; the system would keep it for minutes.
    fn drop(&mut self) {
        if self.pulse.waits() {
            let _ = self.stream.set_zero_linger();
        }
    }
}
