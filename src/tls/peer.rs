//! TLS to one server that we know, for connections that a client of HTTP makes by itself: whom we take it for, and who we
//! are. What the files hold is looked at now and then; a connection that is made after that has what they hold now.
//!
//! A server can be known whole: its very certificate, octet for octet. So a security server of X-Road is, which makes its
//! certificate itself, as one of a CA and mostly without a name: verification by a chain refuses such a one.
use super::{
    expiry::validity,
    files::{self, Identity, IdentityOctets, TlsFault},
};
use crate::types::{UnixMs, lock};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, OtherError, RootCertStore, SignatureScheme,
    client::{
        ResolvesClientCert, Resumption, WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
    sign::CertifiedKey,
};
use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

/// The server showed another certificate than the one in the file.
#[derive(Debug, thiserror::Error)]
#[error(
    "it is not the one in server_cert_file: export it from the security server anew, or find out who answers there"
)]
struct AnotherCertificate;

/// What TLS says in the chain of a fault, in words; `None` where it says nothing.
pub fn peer_words(fault: &(dyn std::error::Error + 'static)) -> Option<String> {
    let mut next = Some(fault);
    while let Some(cause) = next {
        if let Some(fault) = cause.downcast_ref::<Error>() {
            return Some(match fault {
                Error::InvalidCertificate(CertificateError::Other(why)) => format!("its certificate is another: {why}"),
                Error::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }) => {
                    "its certificate has expired (or this machine's clock is wrong)".to_owned()
                }
                Error::AlertReceived(alert) => format!("it ended TLS ({alert:?}): does it know our certificate?"),
                other => format!("TLS: {other}"),
            });
        }
        // one of the system's is no cause of its own: what it holds may be another one
        let held = cause.downcast_ref::<std::io::Error>().and_then(|fault| fault.get_ref());
        next = held.map(|held| held as &(dyn std::error::Error + 'static)).or_else(|| cause.source());
    }
    None
}

/// The files.
#[derive(Clone, Debug)]
pub struct PeerFiles {
    /// Who we are; `None`: we show no certificate.
    pub identity: Option<Identity>,
    /// The server's own certificate, PEM; `None`: whoever `ca_file` trusts.
    pub server_cert_file: Option<PathBuf>,
    /// Certificates of those who may sign the server's, PEM; `None`: whom this machine trusts.
    pub ca_file: Option<PathBuf>,
}

/// TLS to that server. Clones are the same.
#[derive(Clone)]
pub struct PeerTls {
    files: Arc<PeerFiles>,
    now: Arc<Now>,
}

/// What is used now.
struct Now {
    loaded: Mutex<Loaded>,
    provider: Arc<CryptoProvider>,
}

struct Loaded {
    octets: Octets,
    ours: Option<Arc<CertifiedKey>>,
    trust: Trust,
}

/// What stood in the files.
#[derive(PartialEq, Eq)]
struct Octets {
    identity: Option<IdentityOctets>,
    server: Option<Vec<u8>>,
    ca: Option<Vec<u8>>,
}

#[derive(Clone)]
enum Trust {
    Whole(CertificateDer<'static>),
    Signed(Arc<WebPkiServerVerifier>),
}

/// A certificate of the files with how long it is valid from now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// `client`: ours; `server`: that of the server.
    pub of: &'static str,
    /// Whole days; negative when it has ended.
    pub days: i64,
}

impl std::fmt::Debug for PeerTls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.files.fmt(f)
    }
}

impl std::fmt::Debug for Now {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Now")
    }
}

impl PeerTls {
    /// Reads the files; `now` judges their dates.
    ///
    /// # Errors
    /// What of them is of no use, also that a certificate in them has ended.
    pub fn new(files: PeerFiles, now: UnixMs) -> Result<Self, TlsFault> {
        let provider = files::provider();
        let octets = files.octets()?;
        let loaded = files.load(octets, &provider, now)?;
        Ok(PeerTls { files: Arc::new(files), now: Arc::new(Now { loaded: Mutex::new(loaded), provider }) })
    }

    /// For a client of HTTP/1.1; each connection is made with what was read last.
    ///
    /// # Errors
    /// When rustls cannot be set up.
    pub fn config(&self) -> Result<ClientConfig, TlsFault> {
        let builder = ClientConfig::builder_with_provider(Arc::clone(&self.now.provider))
            .with_safe_default_protocol_versions()
            .map_err(|fault| TlsFault::new("tls", format!("cannot be set up: {fault}")))?;
        let mut config = builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::clone(&self.now) as Arc<dyn ServerCertVerifier>)
            .with_client_cert_resolver(Arc::clone(&self.now) as Arc<dyn ResolvesClientCert>);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        // each connection judges the certificate anew, and shows ours
        config.resumption = Resumption::disabled();
        Ok(config)
    }

    /// Looks at the files: whether they hold something else than before, which is used from now on.
    ///
    /// # Errors
    /// What of them is of no use; what stood there before is used on.
    pub fn look(&self, now: UnixMs) -> Result<bool, TlsFault> {
        let octets = self.files.octets()?;
        if octets == lock(&self.now.loaded).octets {
            return Ok(false);
        }
        let fresh = self.files.load(octets, &self.now.provider, now)?;
        *lock(&self.now.loaded) = fresh;
        Ok(true)
    }

    /// How long the certificates of the files are valid.
    pub fn left(&self, now: UnixMs) -> Vec<Left> {
        let loaded = lock(&self.now.loaded);
        let ours = loaded.ours.as_ref().and_then(|key| key.cert.first());
        let server = match &loaded.trust {
            Trust::Whole(certificate) => Some(certificate),
            Trust::Signed(_) => None,
        };
        let days = |certificate: &CertificateDer<'_>| {
            validity(certificate).map(|(_, until)| (until.0 - now.0).div_euclid(86_400_000))
        };
        let left = |of, certificate: Option<_>| certificate.and_then(days).map(|days| Left { of, days });
        [left("client", ours), left("server", server)].into_iter().flatten().collect()
    }
}

impl PeerFiles {
    fn octets(&self) -> Result<Octets, TlsFault> {
        let read = |key, path: &Option<PathBuf>| path.as_ref().map(|path| files::octets(key, path)).transpose();
        Ok(Octets {
            identity: self.identity.as_ref().map(Identity::octets).transpose()?,
            server: read("server_cert_file", &self.server_cert_file)?,
            ca: read("ca_file", &self.ca_file)?,
        })
    }

    fn load(&self, octets: Octets, provider: &Arc<CryptoProvider>, now: UnixMs) -> Result<Loaded, TlsFault> {
        let ours = match self.identity.as_ref().zip(octets.identity.as_ref()) {
            None => None,
            Some((identity, octets)) => {
                let certified = identity.certified(octets, provider)?;
                let first = certified.cert.first();
                first.map_or(Ok(()), |first| judge_dates("cert_file", &identity.cert_file, first, now))?;
                Some(Arc::new(certified))
            }
        };
        let trust = match self.server_cert_file.as_ref().zip(octets.server.as_ref()) {
            Some((path, octets)) => Trust::Whole(the_one(path, octets, now)?),
            None => Trust::Signed(self.verifier(octets.ca.as_deref(), provider)?),
        };
        Ok(Loaded { octets, ours, trust })
    }

    fn verifier(
        &self,
        ca: Option<&[u8]>,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Arc<WebPkiServerVerifier>, TlsFault> {
        let roots: RootCertStore = match self.ca_file.as_ref().zip(ca) {
            Some((path, octets)) => files::trusted(path, octets)?,
            None => files::trusted_by_machine()?,
        };
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
            .build()
            .map_err(|fault| TlsFault::new("tls", format!("cannot be set up: {fault}")))
    }
}

/// The one certificate of the server, if it is valid now.
fn the_one(path: &Path, octets: &[u8], now: UnixMs) -> Result<CertificateDer<'static>, TlsFault> {
    let key = "server_cert_file";
    let mut all = files::certificates(key, path, octets)?;
    if all.len() > 1 {
        let what = format!("{} holds {} certificates: keep the server's own only", path.display(), all.len());
        return Err(TlsFault::new(key, what));
    }
    let one = all.remove(0);
    judge_dates(key, path, &one, now)?;
    Ok(one)
}

fn judge_dates(key: &'static str, path: &Path, der: &CertificateDer<'_>, now: UnixMs) -> Result<(), TlsFault> {
    let wrong = |what: String| Err(TlsFault::new(key, format!("{} {what}", path.display())));
    let day = |at: UnixMs| at.civil(&jiff::tz::TimeZone::UTC).date();
    match validity(der) {
        None => wrong("holds a certificate that cannot be read".to_owned()),
        Some((_, until)) if now > until => {
            wrong(format!("holds a certificate that ended on {}: it must be renewed", day(until)))
        }
        Some((from, _)) if now < from => {
            wrong(format!("holds a certificate that begins on {}: is this machine's clock right?", day(from)))
        }
        Some(_) => Ok(()),
    }
}

impl ServerCertVerifier for Now {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let trust = lock(&self.loaded).trust.clone();
        let known = match trust {
            Trust::Signed(verifier) => {
                return verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
            }
            Trust::Whole(known) => known,
        };
        if *end_entity != known {
            return Err(CertificateError::Other(OtherError(Arc::new(AnotherCertificate))).into());
        }
        let now = UnixMs(i64::try_from(now.as_secs()).unwrap_or(i64::MAX).saturating_mul(1_000));
        match validity(&known) {
            None => Err(CertificateError::BadEncoding.into()),
            Some((_, until)) if now > until => Err(CertificateError::Expired.into()),
            Some((from, _)) if now < from => Err(CertificateError::NotValidYet.into()),
            Some(_) => Ok(ServerCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

impl ResolvesClientCert for Now {
    /// Ours, whomever the server says that it trusts: one that compares certificates whole names nobody.
    fn resolve(&self, _issuers: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let ours = lock(&self.loaded).ours.clone();
        ours.filter(|key| key.key.choose_scheme(schemes).is_some())
    }

    fn has_certs(&self) -> bool {
        lock(&self.loaded).ours.is_some()
    }
}
