//! Numbers and texts at rest: sealed with AES-256-GCM, looked up by HMAC-SHA-256. Knows no table.
//!
//! A key file begins with the secret of the first generation, 32 octets, of which the keys for look-ups come too: they stay as
//! long as the database does. Each rotation adds a record of 40: another secret, and the first octets of a digest of it. What is
//! sealed begins with the number of its generation, so that old rows are read by old keys and new ones are sealed with the
//! youngest.
use super::lasting::sync_name;
use crate::{ports::random, types::lock};
use ring::{
    aead::{self, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    digest::{SHA256, digest},
    hkdf, hmac,
};
use std::{
    fmt,
    fs::{File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{FileExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

/// Octets in a key file: the secret that all keys are derived from.
const SECRET_LEN: usize = 32;
/// Octets of what a rotation adds: a secret, and a digest that shows whether all of it was written.
const RECORD_LEN: usize = SECRET_LEN + 8;
/// Most generations: the first octet of everything sealed is its generation, from 1 on.
const GENERATIONS_MAX: usize = 200;

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
    #[error("the key file {path} has {len} octets, which is no key file's length; restore it from the backup")]
    Length {
        /// The key file.
        path: PathBuf,
        /// Its length.
        len: u64,
    },
    /// The system gives no random numbers.
    #[error("the system gives no random numbers")]
    Random,
    /// It was rotated as often as that can be.
    #[error("the key file {0} was rotated {GENERATIONS_MAX} times, which is as often as it can be")]
    Full(PathBuf),
}

/// A value could not be sealed (no randomness) or opened (another key, another row, or damage).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a sealed value cannot be made or opened")]
pub struct SealError;

/// The keys of one database. Cheap to clone; shows nothing in `Debug`.
#[derive(Clone)]
pub struct Keys(Arc<KeyRing>);

struct KeyRing {
    /// One for each generation, the oldest first.
    seals: RwLock<Vec<LessSafeKey>>,
    /// Where a generation may be found that is not known yet.
    file: Mutex<Option<PathBuf>>,
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
        let keys = Self::from_secret(&secret);
        keys.stands_at(path);
        Ok(keys)
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
        let len = about.len();
        if len < SECRET_LEN as u64 || len > (SECRET_LEN + RECORD_LEN * GENERATIONS_MAX) as u64 {
            return Err(KeyError::Length { path: path.to_owned(), len });
        }
        let mut octets = Vec::new();
        file.read_to_end(&mut octets).map_err(failed)?;
        let Some((first, records)) = octets.split_first_chunk::<SECRET_LEN>() else {
            return Err(KeyError::Length { path: path.to_owned(), len });
        };
        let keys = Self::from_secret(first);
        for secret in secrets(records) {
            write(&keys.0.seals).push(seal_key(secret));
        }
        keys.stands_at(path);
        Ok(keys)
    }

    /// Adds a generation to a key file, after what is whole of it; new rows are sealed with it by whoever reads the file from then on.
    /// Its number.
    ///
    /// # Errors
    /// When the file cannot be used, or the system gives no random numbers; it is then as it was, or has the beginning of a
    /// record, which nobody reads.
    pub fn rotate(path: &Path) -> Result<usize, KeyError> {
        let failed = |source| KeyError::Io { path: path.to_owned(), source };
        let generations = Self::load(path)?.generations();
        if generations >= GENERATIONS_MAX {
            return Err(KeyError::Full(path.to_owned()));
        }
        let mut secret = [0; SECRET_LEN];
        random::fill(&mut secret).map_err(|_| KeyError::Random)?;
        // in its place: nodes hold a lock on this very file
        let file = OpenOptions::new().write(true).open(path).map_err(failed)?;
        let whole = (SECRET_LEN + (generations - 1) * RECORD_LEN) as u64;
        let record = [&secret[..], &mark_of(&secret)].concat();
        file.write_all_at(&record, whole).and_then(|()| file.sync_all()).map_err(failed)?;
        Ok(generations + 1)
    }

    /// How many generations there are; new rows are sealed with the last.
    pub fn generations(&self) -> usize {
        read(&self.0.seals).len()
    }

    /// Where the file is, if it may be read again.
    pub fn stands_at(&self, path: &Path) {
        *lock(&self.0.file) = Some(path.to_owned());
    }

    /// Reads the file again: generations that were added since are used from now on, in all clones. How many there are.
    ///
    /// # Errors
    /// When the file cannot be read, or is another database's; then nothing is changed.
    pub fn refresh(&self) -> Result<usize, KeyError> {
        let Some(path) = lock(&self.0.file).clone() else { return Ok(self.generations()) };
        let newer = Self::load(&path)?;
        if !self.same(&newer) {
            let source = io::Error::other("it is of another database");
            return Err(KeyError::Io { path, source });
        }
        let mut seals = write(&self.0.seals);
        let mut added = std::mem::take(&mut *write(&newer.0.seals));
        let known = seals.len().min(added.len());
        seals.extend(added.drain(known..));
        Ok(seals.len())
    }

    /// Derives the keys from a secret, for tests and for stores whose secret comes from elsewhere.
    pub fn from_secret(secret: &[u8; SECRET_LEN]) -> Self {
        let prk = extracted(secret);
        let lengths_fit = LENGTHS_FIT;
        let numbers = hmac::Key::from(prk.expand(&[b"numbers"], hmac::HMAC_SHA256).expect(lengths_fit));
        let audit = hmac::Key::from(prk.expand(&[b"audit"], hmac::HMAC_SHA256).expect(lengths_fit));
        Keys(Arc::new(KeyRing { seals: RwLock::new(vec![seal_key(secret)]), file: Mutex::default(), numbers, audit }))
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
        let seals = read(&self.0.seals);
        let seal = seals.last().ok_or(SealError)?;
        out.push(u8::try_from(seals.len()).map_err(|_| SealError)?);
        out.extend_from_slice(&nonce);
        out.extend_from_slice(plain);
        let place = Aad::from(place(row, column));
        let nonce = Nonce::assume_unique_for_key(nonce);
        let tag = seal.seal_in_place_separate_tag(nonce, place, &mut out[1 + NONCE_LEN..]).map_err(|_| SealError)?;
        out.extend_from_slice(tag.as_ref());
        Ok(out)
    }

    /// Opens what [`Keys::seal`] made for that column of that row.
    pub fn open(&self, row: &[u8], column: &str, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let (&generation, rest) = sealed.split_first().ok_or(SealError)?;
        let (nonce, rest) = rest.split_at_checked(NONCE_LEN).ok_or(SealError)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| SealError)?;
        let mut held = rest.to_vec();
        let plain = self.with_generation(generation, |seal| {
            seal.open_in_place(nonce, Aad::from(place(row, column)), &mut held).map(|plain| plain.len())
        })?;
        held.truncate(plain);
        Ok(held)
    }

    /// With the key of a generation. One that is not known may have been added since the file was read: another node seals with it
    /// already.
    fn with_generation<T>(
        &self,
        generation: u8,
        with: impl FnOnce(&LessSafeKey) -> Result<T, ring::error::Unspecified>,
    ) -> Result<T, SealError> {
        let nth = usize::from(generation).checked_sub(1).ok_or(SealError)?;
        if nth >= self.generations() {
            self.refresh().map_err(|_| SealError)?;
        }
        let seals = read(&self.0.seals);
        with(seals.get(nth).ok_or(SealError)?).map_err(|_| SealError)
    }
}

const LENGTHS_FIT: &str = "HKDF-SHA-256 yields up to 8,160 octets and 32 are asked for";

fn extracted(secret: &[u8; SECRET_LEN]) -> hkdf::Prk {
    hkdf::Salt::new(hkdf::HKDF_SHA256, b"chrak store v1").extract(secret)
}

fn seal_key(secret: &[u8; SECRET_LEN]) -> LessSafeKey {
    let prk = extracted(secret);
    LessSafeKey::new(UnboundKey::from(prk.expand(&[b"seal"], &aead::AES_256_GCM).expect(LENGTHS_FIT)))
}

/// Secrets of the records that are whole, up to the first that is not: a rotation was cut short there.
fn secrets(records: &[u8]) -> impl Iterator<Item = &[u8; SECRET_LEN]> {
    records.chunks_exact(RECORD_LEN).map_while(|record| {
        let (secret, mark) = record.split_first_chunk::<SECRET_LEN>()?;
        (mark == mark_of(secret)).then_some(secret)
    })
}

/// Shows that a secret was written whole.
fn mark_of(secret: &[u8; SECRET_LEN]) -> [u8; RECORD_LEN - SECRET_LEN] {
    let digest = digest(&SHA256, &[&b"chrak key record"[..], secret].concat());
    std::array::from_fn(|at| digest.as_ref()[at])
}

fn read<T>(of: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    of.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(of: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    of.write().unwrap_or_else(PoisonError::into_inner)
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
    #[test]
    fn a_rotation_adds_a_key_for_new_rows_and_old_ones_stay_readable() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("chrak.key");
        let running = Keys::make(&path).expect("made");
        let old = running.seal(b"row", "text", b"old").expect("sealed");
        let mac = running.number_mac("85510234501");
        assert_eq!(Keys::rotate(&path).expect("rotated"), 2);
        // another node has read the file already
        let other = Keys::load(&path).expect("read");
        let new = other.seal(b"row", "text", b"new").expect("sealed");
        assert_eq!((old[0], new[0], other.generations()), (1, 2, 2));
        assert_eq!(other.open(b"row", "text", &old).as_deref(), Ok(&b"old"[..]));
        let still = running.seal(b"row", "text", b"still").expect("sealed");
        assert_eq!(still[0], 1, "nobody told it yet");
        let clone = running.clone();
        assert_eq!(running.open(b"row", "text", &new).as_deref(), Ok(&b"new"[..]), "it looks in the file by itself");
        assert_eq!(clone.seal(b"row", "text", b"x").expect("sealed")[0], 2);
        assert!(running.same(&other) && other.number_mac("85510234501") == mac, "look-ups stay");
        assert_eq!((Keys::rotate(&path).expect("rotated"), running.refresh().expect("read")), (3, 3));
        // a first generation alone opens nothing of a later one, and neither does a generation that there is not
        let first = std::fs::read(&path).expect("read")[..32].to_vec();
        let first = Keys::from_secret(&first.try_into().expect("32"));
        assert_eq!(first.open(b"row", "text", &new), Err(SealError));
        assert_eq!(running.open(b"row", "text", &[&[9], &new[1..]].concat()), Err(SealError));
        assert_eq!(running.open(b"row", "text", &[&[0], &new[1..]].concat()), Err(SealError));
    }

    #[test]
    fn a_rotation_that_was_cut_short_is_none() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("chrak.key");
        Keys::make(&path).expect("made");
        Keys::rotate(&path).expect("rotated");
        let whole = std::fs::read(&path).expect("read");
        for cut in 32..whole.len() {
            for tail in [whole[..cut].to_vec(), [&whole[..cut], &vec![0; whole.len() - cut]].concat()] {
                std::fs::write(&path, &tail).expect("written");
                assert_eq!(Keys::load(&path).expect("read").generations(), 1, "{cut}");
            }
        }
        assert_eq!(Keys::rotate(&path).expect("again"), 2);
        assert_eq!(Keys::load(&path).expect("read").generations(), 2);
        let other = dir.path().join("other.key");
        Keys::make(&other).expect("made");
        let keys = Keys::load(&path).expect("read");
        keys.stands_at(&other);
        assert!(keys.refresh().expect_err("another's").to_string().contains("another database"));
    }
}
