//! A way between two peers that can be cut as a network is: nothing passes any more, and nobody is told.
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// Forwards connections to an address.
pub struct Forwarder {
    pub addr: SocketAddr,
    cut: Arc<AtomicBool>,
    /// Octets that came from those who connected.
    asked: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

impl Forwarder {
    pub async fn start(to: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let (addr, cut) = (listener.local_addr().expect("its address"), Arc::new(AtomicBool::new(false)));
        let asked = Arc::new(AtomicU64::new(0));
        let (whether, count) = (Arc::clone(&cut), Arc::clone(&asked));
        let task = tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let (whether, count) = (Arc::clone(&whether), Arc::clone(&count));
                tokio::spawn(async move {
                    let Ok(far) = TcpStream::connect(to).await else { return };
                    let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
                    let back = tokio::spawn(pass(far_in, near_out, Arc::clone(&whether), Arc::default()));
                    pass(near_in, far_out, whether, count).await;
                    // whoever asked has gone, and so has the connection
                    back.abort();
                });
            }
        });
        Forwarder { addr, cut, asked, task }
    }

    /// Nothing passes from now on, or everything again.
    pub fn cut(&self, cut: bool) {
        self.cut.store(cut, Ordering::Relaxed);
    }

    /// Octets that came from those who connected.
    pub fn asked(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }
}

impl Drop for Forwarder {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn pass(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    cut: Arc<AtomicBool>,
    count: Arc<AtomicU64>,
) {
    let mut octets = vec![0; 16 * 1024];
    while let Ok(read @ 1..) = from.read(&mut octets).await {
        count.fetch_add(read as u64, Ordering::Relaxed);
        while cut.load(Ordering::Relaxed) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        if to.write_all(&octets[..read]).await.is_err() {
            return;
        }
    }
    while cut.load(Ordering::Relaxed) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let _ = to.shutdown().await;
}
