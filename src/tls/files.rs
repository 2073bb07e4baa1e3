//! Certificates and private keys in PEM files (RFC 7468), read and compared with each other.
use super::expiry::not_after;
use crate::types::UnixMs;
use rustls::{
    RootCertStore,
    crypto::CryptoProvider,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    sign::CertifiedKey,
};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

/// Why files are of no use: one line that names the key of the configuration and the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {text}")]
pub struct TlsFault {
    key: &'static str,
    text: String,
}

impl TlsFault {
    /// Of a key, in a whole sentence.
    pub(super) fn new(key: &'static str, text: impl Into<String>) -> Self {
        TlsFault { key, text: text.into() }
    }

    fn of(key: &'static str, path: &Path, what: &str) -> Self {
        TlsFault::new(key, format!("{} {what}", path.display()))
    }
}

/// Who we are: the files of a certificate with those that sign it, and of its private key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Certificates, ours first, PEM.
    pub cert_file: PathBuf,
    /// The private key, PEM, without a passphrase.
    pub key_file: PathBuf,
}

impl Identity {
    /// Of two keys of the configuration, of which each needs the other; `None` where neither stands.
    ///
    /// # Errors
    /// Which one is missing.
    pub fn of(cert_file: Option<PathBuf>, key_file: Option<PathBuf>) -> Result<Option<Self>, TlsFault> {
        match (cert_file, key_file) {
            (Some(cert_file), Some(key_file)) => Ok(Some(Identity { cert_file, key_file })),
            (None, None) => Ok(None),
            (Some(_), None) => Err(TlsFault::new("key_file", "is missing: the certificate of cert_file needs it")),
            (None, Some(_)) => Err(TlsFault::new("cert_file", "is missing: the key of key_file needs it")),
        }
    }

    /// What stands in them.
    pub(super) fn octets(&self) -> Result<IdentityOctets, TlsFault> {
        Ok(IdentityOctets { cert: octets("cert_file", &self.cert_file)?, key: octets("key_file", &self.key_file)? })
    }

    /// Reads what stood in them.
    pub(super) fn read(&self, octets: &IdentityOctets) -> Result<(Chain, PrivateKeyDer<'static>), TlsFault> {
        let chain = certificates("cert_file", &self.cert_file, &octets.cert)?;
        let wrong = |what: &str| TlsFault::of("key_file", &self.key_file, what);
        match PrivateKeyDer::from_pem_slice(&octets.key) {
            Ok(key) => Ok((chain, key)),
            Err(_) if contains(&octets.key, b"ENCRYPTED") => {
                Err(wrong("is locked with a passphrase; give the key without one, readable by its owner only"))
            }
            Err(_) => Err(wrong("holds no private key in PEM")),
        }
    }

    /// When the first of the certificates in the file expires, one's own or of those between it and its CA; `None` where that cannot
    /// be read.
    pub(super) fn ends(&self) -> Option<UnixMs> {
        let octets = octets("cert_file", &self.cert_file).ok()?;
        let chain = certificates("cert_file", &self.cert_file, &octets).ok()?;
        chain.iter().filter_map(|certificate| not_after(certificate)).min()
    }

    /// The certificate with a key that signs for it.
    pub(super) fn certified(
        &self,
        octets: &IdentityOctets,
        provider: &CryptoProvider,
    ) -> Result<CertifiedKey, TlsFault> {
        let (chain, key) = self.read(octets)?;
        CertifiedKey::from_der(chain, key, provider).map_err(|fault| self.unfit(&fault))
    }

    /// Why certificate and key are of no use together.
    fn unfit(&self, fault: &rustls::Error) -> TlsFault {
        match fault {
            rustls::Error::InconsistentKeys(_) => {
                let what = format!("is not the key of the certificate in {}", self.cert_file.display());
                TlsFault::of("key_file", &self.key_file, &what)
            }
            rustls::Error::InvalidCertificate(_) => {
                TlsFault::of("cert_file", &self.cert_file, "begins with a certificate that cannot be read")
            }
            _ => TlsFault::of("key_file", &self.key_file, "holds a key that is neither RSA nor ECDSA nor Ed25519"),
        }
    }
}

/// Certificates, from one's own to the one that the last signer has.
type Chain = Vec<CertificateDer<'static>>;

/// What stood in the files of an identity.
#[derive(PartialEq, Eq)]
pub(super) struct IdentityOctets {
    pub(super) cert: Vec<u8>,
    pub(super) key: Vec<u8>,
}

/// What stands in a file.
pub(super) fn octets(key: &'static str, path: &Path) -> Result<Vec<u8>, TlsFault> {
    std::fs::read(path).map_err(|fault| TlsFault::of(key, path, &format!("cannot be read: {fault}")))
}

fn certificates(key: &'static str, path: &Path, octets: &[u8]) -> Result<Chain, TlsFault> {
    let read: Result<Chain, _> = CertificateDer::pem_slice_iter(octets).collect();
    match read {
        Ok(chain) if !chain.is_empty() => Ok(chain),
        Ok(_) => Err(TlsFault::of(key, path, "holds no certificate in PEM")),
        Err(fault) => Err(TlsFault::of(key, path, &format!("is no PEM that can be read: {fault}"))),
    }
}

/// Whom to trust: those in the file only.
pub(super) fn trusted(path: &Path, octets: &[u8]) -> Result<RootCertStore, TlsFault> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates("ca_file", path, octets)? {
        let wrong = |_| TlsFault::of("ca_file", path, "holds a certificate that cannot be read");
        roots.add(certificate).map_err(wrong)?;
    }
    Ok(roots)
}

/// Whom this machine trusts.
pub(super) fn trusted_by_machine() -> Result<RootCertStore, TlsFault> {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    let (taken, _) = roots.add_parsable_certificates(found.certs);
    if taken == 0 {
        let text = "is missing, and this machine trusts nobody: name the telco's CA, or install ca-certificates";
        return Err(TlsFault::new("ca_file", text));
    }
    Ok(roots)
}

/// The one provider of cryptography.
pub(super) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn contains(octets: &[u8], word: &[u8]) -> bool {
    octets.windows(word.len()).any(|window| window == word)
}
