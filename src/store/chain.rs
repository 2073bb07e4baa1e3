//! The chain of the audit log: each row's hash is SHA-256 over the hash of the row before it and the row's own octets, and a keyed
//! digest of that hash says that the key file was there. It must not know a database.
use super::seal::Keys;
use ring::digest::{Context, SHA256};

/// SHA-256, and HMAC-SHA-256.
pub type Hash = [u8; 32];

/// What the first row of all follows.
pub const START: Link = Link { seq: 0, hash: [0; 32] };

/// A place in the chain: a row's number and its hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its number, from 1 on.
    pub seq: i64,
    /// Its hash.
    pub hash: Hash,
}

/// What a row says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Milliseconds since 1970.
    pub at: i64,
    /// The run of the server that wrote it; 0: a command beside it.
    pub run: i64,
    /// By whom.
    pub who: String,
    /// What.
    pub what: String,
    /// To what.
    pub about: String,
    /// What else.
    pub detail: String,
}

impl Link {
    /// The row that follows this one when it says that.
    pub fn next(self, said: &Said) -> Link {
        let seq = self.seq + 1;
        let mut context = Context::new(&SHA256);
        context.update(&self.hash);
        for number in [seq, said.at, said.run] {
            context.update(&number.to_be_bytes());
        }
        for text in [&said.who, &said.what, &said.about, &said.detail] {
            // with its length before it, so that nothing can move from one column to the next
            context.update(&(text.len() as u64).to_be_bytes());
            context.update(text.as_bytes());
        }
        let mut hash = [0; 32];
        hash.copy_from_slice(context.finish().as_ref());
        Link { seq, hash }
    }

    /// Says that the row was written by who has the key file.
    pub fn mac(self, keys: &Keys) -> Hash {
        keys.audit_mac(&[&b"row"[..], &self.seq.to_be_bytes(), &self.hash].concat())
    }

    /// Before the first row that is there: what was taken away, as octets that only who has the key file can make.
    pub fn checkpoint(self, keys: &Keys) -> Vec<u8> {
        let said = [&self.seq.to_be_bytes()[..], &self.hash].concat();
        let mac = keys.audit_mac(&[&b"checkpoint"[..], &said].concat());
        [said, mac.to_vec()].concat()
    }

    /// Reads what [`Link::checkpoint`] made; `None`: somebody else did.
    pub fn read_checkpoint(octets: &[u8], keys: &Keys) -> Option<Link> {
        let (seq, rest) = octets.split_first_chunk::<8>()?;
        let hash = *rest.first_chunk::<32>()?;
        let link = Link { seq: i64::from_be_bytes(*seq), hash };
        (link.checkpoint(keys) == octets).then_some(link)
    }
}

/// As people write a hash: 64 hexadecimal digits.
pub fn hex(hash: &Hash) -> String {
    hash.iter().map(|octet| format!("{octet:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(what: &str, about: &str) -> Said {
        let (who, what, about) = ("operator".to_owned(), what.to_owned(), about.to_owned());
        Said { at: 7, run: 1, who, what, about, detail: String::new() }
    }

    #[test]
    fn a_row_depends_on_all_before_it_and_on_each_of_its_columns() {
        let first = START.next(&said("telco.pause", "smart"));
        assert_eq!((first.seq, first), (1, START.next(&said("telco.pause", "smart"))));
        let base = first.next(&said("a", "b"));
        let others = [
            START.next(&said("a", "b")).next(&said("a", "b")),
            first.next(&said("ab", "")),
            first.next(&said("", "ab")),
            first.next(&Said { at: 8, ..said("a", "b") }),
            first.next(&Said { run: 2, ..said("a", "b") }),
            first.next(&Said { detail: "b".to_owned(), ..said("a", "") }),
        ];
        assert!(others.iter().all(|other| other.hash != base.hash));
    }

    #[test]
    fn only_who_has_the_key_makes_a_checkpoint() {
        let (keys, others) = (Keys::from_secret(&[7; 32]), Keys::from_secret(&[8; 32]));
        let link = START.next(&said("a", "b"));
        let octets = link.checkpoint(&keys);
        assert_eq!(Link::read_checkpoint(&octets, &keys), Some(link));
        assert_eq!(Link::read_checkpoint(&octets, &others), None);
        for at in 0..octets.len() {
            let mut changed = octets.clone();
            changed[at] ^= 1;
            assert_eq!(Link::read_checkpoint(&changed, &keys), None, "{at}");
        }
        assert_ne!(link.mac(&keys), link.mac(&others));
        assert_eq!(hex(&START.hash), "0".repeat(64));
    }
}
