//! Our end of a connection that we make: whom we trust, who we are, and the name that the other must prove. The files
//! are looked at before every connection: what has changed is used, what cannot be read leaves the last good one.
use super::files::{self, Identity, IdentityOctets, TlsFault};
use crate::types::{UnixMs, lock};
use rustls::{
    ClientConfig, RootCertStore,
    client::{Resumption, WebPkiServerVerifier},
    pki_types::ServerName,
};
use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
};
use tokio_rustls::TlsConnector;

/// TLS towards a server.
#[derive(Clone)]
pub struct ClientTls {
    files: Arc<Files>,
    name: ServerName<'static>,
    loaded: Arc<Mutex<Loaded>>,
}

#[derive(Debug, PartialEq, Eq)]
struct Files {
    ca_file: Option<PathBuf>,
    identity: Option<Identity>,
}

/// What stood in the files.
#[derive(PartialEq, Eq)]
struct Octets {
    ca: Option<Vec<u8>>,
    identity: Option<IdentityOctets>,
}

struct Loaded {
    octets: Octets,
    config: Arc<ClientConfig>,
    /// The fault that was told last.
    told: Option<TlsFault>,
}

impl std::fmt::Debug for ClientTls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientTls").field("files", &self.files).field("name", &self.name).finish()
    }
}

/// By files and name: what stands in the files is looked at before every connection.
impl PartialEq for ClientTls {
    fn eq(&self, other: &Self) -> bool {
        self.files == other.files && self.name == other.name
    }
}

impl ClientTls {
    /// Trusts those in `ca_file` only, or whom this machine trusts; shows itself by `identity` where it is asked to; the
    /// server must prove `server_name`, a name of DNS or an address.
    ///
    /// # Errors
    /// What of the files is of no use, or that the name is none.
    pub fn new(ca_file: Option<PathBuf>, identity: Option<Identity>, server_name: &str) -> Result<Self, TlsFault> {
        let name = ServerName::try_from(server_name.to_owned())
            .map_err(|_| TlsFault::new("server_name", format!("\"{server_name}\" is no name of a server")))?;
        let files = Files { ca_file, identity };
        let octets = files.octets()?;
        let config = files.config(&octets)?;
        let loaded = Arc::new(Mutex::new(Loaded { octets, config, told: None }));
        Ok(ClientTls { files: Arc::new(files), name, loaded })
    }

    /// The name that the server must prove.
    pub fn name(&self) -> &ServerName<'static> {
        &self.name
    }

    /// When the certificate that we show expires; `None` where we show none, or it cannot be read. Reads its file.
    pub fn ends(&self) -> Option<UnixMs> {
        self.files.identity.as_ref()?.ends()
    }

    /// For the next connection: with what the files hold now.
    pub async fn connector(&self) -> TlsConnector {
        let own = self.clone();
        let config = match tokio::task::spawn_blocking(move || own.fresh()).await {
            Ok(config) => config,
            // files that make their reader panic are of no use either
            Err(_) => Arc::clone(&lock(&self.loaded).config),
        };
        TlsConnector::from(config)
    }

    fn fresh(&self) -> Arc<ClientConfig> {
        let mut loaded = lock(&self.loaded);
        let read = self.files.octets().and_then(|octets| {
            let changed = octets != loaded.octets;
            Ok(if changed { Some((self.files.config(&octets)?, octets)) } else { None })
        });
        match read {
            Ok(None) => loaded.told = None,
            Ok(Some((config, octets))) => {
                tracing::info!("the files of {self:?} have changed: they are used from now on");
                *loaded = Loaded { octets, config, told: None };
            }
            Err(fault) if loaded.told.as_ref() == Some(&fault) => {}
            Err(fault) => {
                tracing::warn!("{fault}; what stood there before is used until that is mended");
                loaded.told = Some(fault);
            }
        }
        Arc::clone(&loaded.config)
    }
}

impl Files {
    fn octets(&self) -> Result<Octets, TlsFault> {
        Ok(Octets {
            ca: self.ca_file.as_ref().map(|path| files::octets("ca_file", path)).transpose()?,
            identity: self.identity.as_ref().map(Identity::octets).transpose()?,
        })
    }

    fn roots(&self, octets: &Octets) -> Result<RootCertStore, TlsFault> {
        match (&self.ca_file, &octets.ca) {
            (Some(path), Some(octets)) => files::trusted(path, octets),
            _ => files::trusted_by_machine(),
        }
    }

    fn config(&self, octets: &Octets) -> Result<Arc<ClientConfig>, TlsFault> {
        let provider = files::provider();
        let cannot = |fault: &dyn std::fmt::Display| TlsFault::new("tls", format!("cannot be set up: {fault}"));
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(self.roots(octets)?), Arc::clone(&provider))
                .build()
                .map_err(|fault| cannot(&fault))?;
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|fault| cannot(&fault))?
            .with_webpki_verifier(verifier);
        let mut config = match self.identity.as_ref().zip(octets.identity.as_ref()) {
            None => builder.with_no_client_auth(),
            Some((identity, octets)) => {
                // says why where they do not fit each other
                identity.certified(octets, &provider)?;
                let (chain, key) = identity.read(octets)?;
                builder.with_client_auth_cert(chain, key).map_err(|fault| cannot(&fault))?
            }
        };
        // a link is made seldom: each time the certificate is judged anew
        config.resumption = Resumption::disabled();
        Ok(Arc::new(config))
    }
}
