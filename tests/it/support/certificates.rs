//! Certificates as a telco and an office would have them, made anew by openssl: none of them lies in the repository, so
//! none can run out.
use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// A CA with a folder of its own.
pub struct Ca {
    folder: PathBuf,
}

/// Until when a certificate is valid.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Valid {
    /// For two days.
    Now,
    /// It ran out years ago.
    Before,
}

/// Files of a certificate and its key.
pub struct Pair {
    pub cert: PathBuf,
    pub key: PathBuf,
}

const CONFIG: &str = "[ca]\ndefault_ca = d\n[d]\ndatabase = index.txt\nserial = serial\nnew_certs_dir = .\ndefault_md = sha256\n\
    unique_subject = no\npolicy = p\ncopy_extensions = copy\n[p]\ncommonName = supplied\n";
const KEY: [&str; 5] = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

/// As X-Road makes certificates of its own servers and as it makes those that it hands out: self-signed, of a CA, without a
/// name in them (`CA:TRUE, pathlen:0`, no subjectAltName).
pub fn of_x_road(folder: &Path, file: &str) -> Pair {
    let config = "[req]\ndistinguished_name = n\nx509_extensions = v\nprompt = no\n[n]\nCN = ss1\n[v]\n\
        basicConstraints = critical, CA:TRUE, pathlen:0\n";
    std::fs::write(folder.join("x-road.cnf"), config).expect("written");
    let (key, cert) = (format!("{file}.key"), format!("{file}.pem"));
    let words = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "90", "-config", "x-road.cnf"];
    openssl(folder, &[&words[..], &["-keyout", &key, "-out", &cert]].concat());
    Pair { cert: folder.join(cert), key: folder.join(key) }
}

fn openssl(folder: &Path, words: &[&str]) {
    let mut command = Command::new("openssl");
    let done = command.args(words).current_dir(folder).output().expect("apt-get install openssl");
    assert!(done.status.success(), "openssl {words:?}: {}", String::from_utf8_lossy(&done.stderr));
}

impl Ca {
    /// A new one in a folder below this one.
    pub fn new(folder: &Path, name: &str) -> Self {
        let folder = folder.join(name);
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join("ca.cnf"), CONFIG).expect("written");
        std::fs::write(folder.join("index.txt"), "").expect("written");
        let ca = Ca { folder };
        let subject = format!("/CN={name}");
        let mut words = vec!["req", "-x509", "-days", "2", "-keyout", "ca.key", "-out", "ca.pem", "-subj", &subject];
        words.extend(KEY);
        ca.openssl(&words);
        ca
    }

    /// Its certificate.
    pub fn cert(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }

    /// A certificate that it signed, for these names, such as `DNS:localhost,IP:127.0.0.1`.
    pub fn sign(&self, file: &str, names: &str, valid: Valid) -> Pair {
        let (key, csr, cert) = (format!("{file}.key"), format!("{file}.csr"), format!("{file}.pem"));
        let (subject, names) = (format!("/CN={file}"), format!("subjectAltName={names}"));
        let mut words = vec!["req", "-keyout", &key, "-out", &csr, "-subj", &subject, "-addext", &names];
        words.extend(KEY);
        self.openssl(&words);
        let mut words = vec!["ca", "-batch", "-config", "ca.cnf", "-cert", "ca.pem", "-keyfile", "ca.key", "-notext"];
        words.extend(["-rand_serial", "-in", &csr, "-out", &cert]);
        match valid {
            Valid::Now => words.extend(["-days", "2"]),
            Valid::Before => words.extend(["-startdate", "20200101000000Z", "-enddate", "20200201000000Z"]),
        }
        self.openssl(&words);
        Pair { cert: self.folder.join(cert), key: self.folder.join(key) }
    }

    fn openssl(&self, words: &[&str]) {
        openssl(&self.folder, words);
    }
}
