//! The last look before octets move: a connection whose bind is no longer ours carries nothing more, neither way. It must not know why it is not.
use crate::exchange::Hold;
use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A half of a connection that carries octets as long as its bind is ours.
pub(super) struct Fenced<T> {
    inner: T,
    hold: Hold,
}

impl<T> Fenced<T> {
    /// With the hold that the connection was made under.
    pub(super) fn new(inner: T, hold: Hold) -> Self {
        Fenced { inner, hold }
    }

    fn check(&self) -> io::Result<()> {
        if self.hold.is_ours() { Ok(()) } else { Err(io::ErrorKind::ConnectionAborted.into()) }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Fenced<T> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.inner).poll_read(context, into)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Fenced<T> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.inner).poll_write(context, octets)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // TLS writes what it has kept only now
        self.check()?;
        Pin::new(&mut self.inner).poll_flush(context)
    }

    /// Without a last word where nothing may be said any more; dropped, the connection is closed.
    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.hold.is_ours() {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}
