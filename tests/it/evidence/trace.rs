//! What strace wrote of a run, read as what happened to files and to the connection with the telco. It knows strace's lines; it
//! must not know what a disk keeps of it.
use std::{collections::HashMap, path::Path};

/// What happened, in the order in which it began; a flush counts when it was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A folder was made.
    Folder(String),
    /// A file was opened that need not have been there, and cut to nothing where `cut`.
    Opened {
        path: String,
        cut: bool,
    },
    Written {
        path: String,
        at: Option<u64>,
        octets: Vec<u8>,
    },
    Cut {
        path: String,
        len: u64,
    },
    Flushed(String),
    Unlinked(String),
    Renamed {
        from: String,
        to: String,
    },
    /// Octets left for the telco, or came from it, on a connection.
    Sent {
        connection: String,
        octets: Vec<u8>,
    },
    Received {
        connection: String,
        octets: Vec<u8>,
    },
}

/// Calls that strace is asked for.
pub const CALLS: &str =
    "openat,mkdir,pwrite64,write,ftruncate,fdatasync,fsync,unlink,rename,sendto,writev,recvfrom,read";

/// Reads what was written with `-f -y -xx -e trace=CALLS`.
pub fn read(log: &Path) -> Vec<Step> {
    let text = std::fs::read_to_string(log).expect("strace wrote it");
    let mut steps = Vec::new();
    let mut begun: HashMap<&str, (String, Option<usize>)> = HashMap::new();
    for line in text.lines() {
        let Some((thread, call)) = line.split_once(char::is_whitespace) else { continue };
        let call = call.trim_start();
        if let Some(head) = call.strip_suffix(" <unfinished ...>") {
            // what is handed over may be on the disk from here on, what is flushed not before the end
            let early = step(&format!("{head}) = 0"), true);
            let place = early.map(|early| {
                steps.push(early);
                steps.len() - 1
            });
            begun.insert(thread, (head.to_owned(), place));
        } else if call.starts_with("<... ") {
            let Some((head, place)) = begun.remove(thread) else { continue };
            let Some((_, tail)) = call.split_once(" resumed>") else { continue };
            if place.is_none() {
                steps.extend(step(&format!("{head}{tail}"), false));
            }
        } else {
            steps.extend(step(call, false));
        }
    }
    steps
}

/// One call as a step; `begun` where its end is not known yet.
fn step(call: &str, begun: bool) -> Option<Step> {
    let (name, rest) = call.split_once('(')?;
    let (args, result) = rest.rsplit_once(") ")?;
    let result: i64 =
        result.trim_start_matches([' ', '=']).split_whitespace().next()?.split('<').next()?.parse().ok()?;
    if result < 0 {
        return None;
    }
    let waits = matches!(name, "fdatasync" | "fsync" | "recvfrom" | "read" | "openat");
    if begun && waits {
        return None;
    }
    let whole = |octets: Vec<u8>| if begun { octets } else { octets.into_iter().take(result as usize).collect() };
    let is_socket = |of: &str| of.starts_with("socket:") || of.starts_with("TCP:");
    match name {
        "mkdir" => Some(Step::Folder(strings(args).first().map(|path| lossy(path))?)),
        "openat" => {
            let path = lossy(strings(args).first()?);
            args.contains("O_CREAT").then(|| Step::Opened { path, cut: args.contains("O_TRUNC") })
        }
        "pwrite64" => {
            let at = args.rsplit(", ").next()?.parse().ok();
            Some(Step::Written { path: of(args)?, at, octets: whole(strings(args).pop()?) })
        }
        "ftruncate" => Some(Step::Cut { path: of(args)?, len: args.rsplit(", ").next()?.parse().ok()? }),
        "fdatasync" | "fsync" => Some(Step::Flushed(of(&format!("{args},"))?)),
        "unlink" => Some(Step::Unlinked(lossy(strings(args).first()?))),
        "rename" => {
            let mut paths = strings(args).into_iter();
            Some(Step::Renamed { from: lossy(&paths.next()?), to: lossy(&paths.next()?) })
        }
        "write" | "writev" | "sendto" => {
            let (of, octets) = (of(args)?, whole(strings(args).concat()));
            Some(if is_socket(&of) {
                Step::Sent { connection: of, octets }
            } else {
                Step::Written { path: of, at: None, octets }
            })
        }
        "recvfrom" | "read" => {
            let of = of(args)?;
            is_socket(&of).then(|| Step::Received { connection: of, octets: whole(strings(args).concat()) })
        }
        _ => None,
    }
}

/// What stands behind the descriptor: `14</path>` or `9<socket:[1]>`.
fn of(args: &str) -> Option<String> {
    let (_, rest) = args.split_once('<')?;
    let (of, _) = rest.split_once(">,").or_else(|| rest.split_once('>'))?;
    // strace writes names in hexadecimal too
    Some(if of.contains("\\x") { lossy(&unescaped(of)) } else { of.to_owned() })
}

fn lossy(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}

/// All strings between quotation marks.
fn strings(args: &str) -> Vec<Vec<u8>> {
    args.split('"').skip(1).step_by(2).map(unescaped).collect()
}

/// `\x41\x42`, as `-xx` writes every octet.
fn unescaped(text: &str) -> Vec<u8> {
    text.split("\\x").skip(1).map(|hex| u8::from_str_radix(&hex[..2], 16).expect("strace writes two digits")).collect()
}

#[test]
fn calls_are_read_whole_and_parted_by_other_threads() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("calls");
    let text = "\
7  mkdir(\"\\x64\", 0700) = 0\n\
7  openat(AT_FDCWD</x>, \"\\x64\\x2f\\x61\", O_RDWR|O_CREAT|O_CLOEXEC, 0600) = 14</x/d/a>\n\
7  openat(AT_FDCWD</x>, \"\\x64\\x2f\\x62\", O_RDONLY) = -1 ENOENT (No such file or directory)\n\
7  pwrite64(14</x/d/a>, \"\\x01\\x02\\x29\\x20\", 4, 4096) = 4\n\
7  fdatasync(14</x/d/a> <unfinished ...>\n\
8  sendto(9<socket:[5]>, \"\\x00\\x01\", 2, MSG_NOSIGNAL, NULL, 0) = 2\n\
7  <... fdatasync resumed>)             = 0\n\
8  recvfrom(9<socket:[5]>, \"\\x07\\x08\", 8192, 0, NULL, NULL) = 2\n\
8  recvfrom(9<socket:[5]>, 0x7f, 8192, 0, NULL, NULL) = -1 EAGAIN (Resource temporarily unavailable)\n\
7  ftruncate(14</x/d/a>, 8) = 0\n\
7  +++ killed by SIGKILL +++\n";
    std::fs::write(&log, text).expect("written");
    let path = || "/x/d/a".to_owned();
    let connection = || "socket:[5]".to_owned();
    let wanted = [
        Step::Folder("d".to_owned()),
        Step::Opened { path: "d/a".to_owned(), cut: false },
        Step::Written { path: path(), at: Some(4096), octets: vec![1, 2, 0x29, 0x20] },
        Step::Sent { connection: connection(), octets: vec![0, 1] },
        Step::Flushed(path()),
        Step::Received { connection: connection(), octets: vec![7, 8] },
        Step::Cut { path: path(), len: 8 },
    ];
    assert_eq!(read(&log), wanted);
}
