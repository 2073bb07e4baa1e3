//! Numbers and texts at rest: sealed with AES-256-GCM, looked up by HMAC-SHA-256. Knows no table.
use super::lasting::sync_name;
use crate::ports::random;
use ring::{
    aead::{self, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hkdf, hmac,
};
use std::{
    fmt,
    fs::{File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::Arc,
};

/// Octets in a key file: the secret that all keys are derived from.
const SECRET_LEN: usize = 32;
/// First octet of everything sealed: which key and layout. A second key will get the next number.
const KEY_ID: u8 = 1;

/// Why the key file cannot be used; the text is for the operator.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Reading, making or syncing the file failed.
    #[error("cannot use the key file {path}: {source}")]
    Io {
        /// The key file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Group or others may read or write it.
    #[error("the key file {path} is open to others (mode {mode:04o}); run: chmod 600 {path}")]
    Open {
        /// The key file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It is not a key file: it has another length.
    #[error("the key file {path} has {len} octets instead of 32; restore it from the backup")]
    Length {
        /// The key file.
        path: PathBuf,
        /// Its length.
        len: u64,
    },
    /// The system gives no random numbers.
    #[error("the system gives no random numbers")]
    Random,
}

/// A value could not be sealed (no randomness) or opened (another key, another row, or damage).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a sealed value cannot be made or opened")]
pub struct SealError;

/// The keys of one database. Cheap to clone; shows nothing in `Debug`.
#[derive(Clone)]
pub struct Keys(Arc<KeyRing>);

struct KeyRing {
    seal: LessSafeKey,
    numbers: hmac::Key,
    audit: hmac::Key,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[keys]")
    }
}

impl Keys {
    /// Makes a key file where there is none: mode 0600, synced with its directory.
    pub fn make(path: &Path) -> Result<Self, KeyError> {
        let failed = |source| KeyError::Io { path: path.to_owned(), source };
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create_new(true).mode(0o600).open(path).map_err(failed)?;
        let mut secret = [0; SECRET_LEN];
        random::fill(&mut secret).map_err(|_| KeyError::Random)?;
        file.write_all(&secret).and_then(|()| file.sync_all()).map_err(failed)?;
        sync_name(path).map_err(failed)?;
        Ok(Self::from_secret(&secret))
    }

    /// Gives a key file its lasting name.
    pub fn rename(from: &Path, to: &Path) -> Result<(), KeyError> {
        let failed = |source| KeyError::Io { path: to.to_owned(), source };
        std::fs::rename(from, to).and_then(|()| sync_name(to)).map_err(failed)
    }

    /// Reads a key file.
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        let failed = |source| KeyError::Io { path: path.to_owned(), source };
        let mut file = File::open(path).map_err(failed)?;
        let about = file.metadata().map_err(failed)?;
        let mode = about.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(KeyError::Open { path: path.to_owned(), mode });
        }
        if about.len() != SECRET_LEN as u64 {
            return Err(KeyError::Length { path: path.to_owned(), len: about.len() });
        }
        let mut secret = [0; SECRET_LEN];
        file.read_exact(&mut secret).map_err(failed)?;
        Ok(Self::from_secret(&secret))
    }

    /// Derives the keys from a secret, for tests and for stores whose secret comes from elsewhere.
    pub fn from_secret(secret: &[u8; SECRET_LEN]) -> Self {
        let prk = hkdf::Salt::new(hkdf::HKDF_SHA256, b"chrak store v1").extract(secret);
        let lengths_fit = "HKDF-SHA-256 yields up to 8,160 octets and 32 are asked for";
        let seal = UnboundKey::from(prk.expand(&[b"seal"], &aead::AES_256_GCM).expect(lengths_fit));
        let numbers = hmac::Key::from(prk.expand(&[b"numbers"], hmac::HMAC_SHA256).expect(lengths_fit));
        let audit = hmac::Key::from(prk.expand(&[b"audit"], hmac::HMAC_SHA256).expect(lengths_fit));
        Keys(Arc::new(KeyRing { seal: LessSafeKey::new(seal), numbers, audit }))
    }

    /// Whether they come from one secret.
    pub fn same(&self, other: &Keys) -> bool {
        self.number_mac("") == other.number_mac("")
    }

    /// What stands for a number in look-ups: HMAC-SHA-256 of its digits.
    pub fn number_mac(&self, digits: &str) -> [u8; 32] {
        mac(&self.0.numbers, digits.as_bytes())
    }

    /// What only who has the key file can make of some octets of the audit log.
    pub fn audit_mac(&self, octets: &[u8]) -> [u8; 32] {
        mac(&self.0.audit, octets)
    }

    /// Seals a value for one column of one row: key id, nonce, ciphertext, tag. It opens nowhere else.
    pub fn seal(&self, row: &[u8], column: &str, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        let nonce = random::drawn::<NONCE_LEN>().map_err(|_| SealError)?;
        let mut out = Vec::with_capacity(1 + NONCE_LEN + plain.len() + aead::AES_256_GCM.tag_len());
        out.push(KEY_ID);
        out.extend_from_slice(&nonce);
        out.extend_from_slice(plain);
        let tag = self
            .0
            .seal
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(place(row, column)),
                &mut out[1 + NONCE_LEN..],
            )
            .map_err(|_| SealError)?;
        out.extend_from_slice(tag.as_ref());
        Ok(out)
    }

    /// Opens what [`Keys::seal`] made for that column of that row.
    pub fn open(&self, row: &[u8], column: &str, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let (&KEY_ID, rest) = sealed.split_first().ok_or(SealError)? else {
            return Err(SealError);
        };
        let (nonce, rest) = rest.split_at_checked(NONCE_LEN).ok_or(SealError)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| SealError)?;
        let mut held = rest.to_vec();
        let plain =
            self.0.seal.open_in_place(nonce, Aad::from(place(row, column)), &mut held).map_err(|_| SealError)?.len();
        held.truncate(plain);
        Ok(held)
    }
}

fn mac(key: &hmac::Key, octets: &[u8]) -> [u8; 32] {
    let mut mac = [0; 32];
    mac.copy_from_slice(hmac::sign(key, octets).as_ref());
    mac
}

fn place(row: &[u8], column: &str) -> Vec<u8> {
    // column names hold no NUL, so the two cannot run into each other
    [column.as_bytes(), &[0], row].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_value_opens_in_its_place_only() {
        let keys = Keys::from_secret(&[7; 32]);
        let sealed = keys.seal(b"row", "text", b"hello").expect("sealed");
        assert!(!sealed.windows(5).any(|part| part == b"hello"));
        assert_ne!(sealed, keys.seal(b"row", "text", b"hello").expect("sealed"), "nonces are fresh");
        assert_eq!(keys.open(b"row", "text", &sealed).as_deref(), Ok(&b"hello"[..]));
        assert_eq!(keys.open(b"row", "raw", &sealed), Err(SealError));
        assert_eq!(keys.open(b"other", "text", &sealed), Err(SealError));
        assert_eq!(Keys::from_secret(&[8; 32]).open(b"row", "text", &sealed), Err(SealError));
        for cut in 0..sealed.len() {
            assert_eq!(keys.open(b"row", "text", &sealed[..cut]), Err(SealError), "{cut}");
        }
    }

    #[test]
    fn a_key_file_is_private_lasting_and_whole() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("chrak.key");
        assert!(matches!(Keys::load(&path), Err(KeyError::Io { .. })) && !path.exists(), "looking makes none");
        let first = Keys::make(&path).expect("made");
        assert!(matches!(Keys::make(&path), Err(KeyError::Io { .. })), "never over another");
        let mode = path.metadata().expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let again = Keys::load(&path).expect("read");
        assert!(first.same(&again) && !first.same(&Keys::from_secret(&[8; 32])));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).expect("set");
        let refused = Keys::load(&path).expect_err("open to others").to_string();
        assert!(refused.contains("chmod 600"), "{refused}");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("set");
        std::fs::write(&path, b"short").expect("written");
        assert!(matches!(Keys::load(&path), Err(KeyError::Length { len: 5, .. })));
    }
}
