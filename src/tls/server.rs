//! Our end of connections that others make: the certificate that they are shown, taken anew when its files change.
use super::files::{self, Identity, IdentityOctets, TlsFault};
use crate::types::{UnixMs, lock};
use rustls::{
    ServerConfig,
    crypto::CryptoProvider,
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

/// How often the files are looked at. They are read whole: a copy that keeps its time, a link that points elsewhere and a
/// volume that is replaced are changes too.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// TLS towards clients.
#[derive(Clone)]
pub struct ServerTls {
    identity: Arc<Identity>,
    shown: Arc<Shown>,
    config: Arc<ServerConfig>,
}

/// The certificate of now.
struct Shown(Mutex<Loaded>);

struct Loaded {
    octets: IdentityOctets,
    key: Arc<CertifiedKey>,
    /// The fault that was told last.
    told: Option<TlsFault>,
}

impl std::fmt::Debug for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Shown")
    }
}

impl std::fmt::Debug for ServerTls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerTls").field("identity", &self.identity).finish()
    }
}

/// By files: what stands in them is looked at while it is used.
impl PartialEq for ServerTls {
    fn eq(&self, other: &Self) -> bool {
        self.identity == other.identity
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&lock(&self.0).key))
    }
}

impl ServerTls {
    /// Shows this certificate to whoever comes and speaks HTTP/1.1, by ALPN (RFC 7301).
    ///
    /// # Errors
    /// What of the files is of no use.
    pub fn new(identity: Identity) -> Result<Self, TlsFault> {
        Self::speaking(identity, vec![b"http/1.1".to_vec()])
    }

    /// Shows this certificate to whoever comes; what is spoken has no name in ALPN.
    ///
    /// # Errors
    /// What of the files is of no use.
    pub fn unnamed(identity: Identity) -> Result<Self, TlsFault> {
        Self::speaking(identity, Vec::new())
    }

    fn speaking(identity: Identity, names: Vec<Vec<u8>>) -> Result<Self, TlsFault> {
        let provider = files::provider();
        let octets = identity.octets()?;
        let key = Arc::new(identity.certified(&octets, &provider)?);
        let shown = Arc::new(Shown(Mutex::new(Loaded { octets, key, told: None })));
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|fault| TlsFault::new("tls", format!("cannot be set up: {fault}")))?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&shown) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = names;
        Ok(ServerTls { identity: Arc::new(identity), shown, config: Arc::new(config) })
    }

    /// When the certificate expires; `None` where that cannot be read. Reads its file.
    pub fn ends(&self) -> Option<UnixMs> {
        self.identity.ends()
    }

    /// For connections to come; it shows the certificate of the moment in which each comes.
    pub fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.config))
    }

    /// For the next connection: with what the files hold now, for who takes connections too seldom to
    /// [`ServerTls::keep_fresh`].
    pub async fn fresh_acceptor(&self) -> TlsAcceptor {
        let own = self.clone();
        if tokio::task::spawn_blocking(move || own.look()).await.is_err() {
            tracing::error!("looking at {:?} panicked", self.identity);
        }
        self.acceptor()
    }

    /// Looks at the files until `stop`.
    pub async fn keep_fresh(self, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = stop.cancelled() => return,
            }
            let own = self.clone();
            if tokio::task::spawn_blocking(move || own.look()).await.is_err() {
                tracing::error!("looking at {:?} panicked", self.identity);
            }
        }
    }

    /// Looks at the files once: what has changed is shown from now on, what cannot be used leaves the last good one.
    pub(super) fn look(&self) {
        let read = self.identity.octets().and_then(|octets| self.anew(octets, &files::provider()));
        let mut loaded = lock(&self.shown.0);
        match read {
            Ok(None) => loaded.told = None,
            Ok(Some(fresh)) => {
                tracing::info!("the certificate in {} has changed: it is shown from now on", self.path());
                *loaded = fresh;
            }
            Err(fault) if loaded.told.as_ref() == Some(&fault) => {}
            Err(fault) => {
                tracing::warn!("{fault}; the certificate that stood there before is shown until that is mended");
                loaded.told = Some(fault);
            }
        }
    }

    fn anew(&self, octets: IdentityOctets, provider: &CryptoProvider) -> Result<Option<Loaded>, TlsFault> {
        if octets == lock(&self.shown.0).octets {
            return Ok(None);
        }
        let key = Arc::new(self.identity.certified(&octets, provider)?);
        Ok(Some(Loaded { octets, key, told: None }))
    }

    fn path(&self) -> std::path::Display<'_> {
        self.identity.cert_file.display()
    }
}
