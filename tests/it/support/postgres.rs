//! A PostgreSQL server of Debian's for the tests of this process: one cluster in a folder of its own, gone with the process;
//! each caller gets a database of its own in it.
use std::{
    fs,
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// The server of this process, once it was wanted.
static SHARED: OnceLock<Server> = OnceLock::new();
static DATABASES: AtomicU32 = AtomicU32::new(0);

/// A running server.
pub struct Server {
    /// Its programs.
    bin: PathBuf,
    /// Its data, log and socket.
    pub folder: PathBuf,
    /// On 127.0.0.1.
    pub port: u16,
}

/// The folder of Debian's newest server.
fn programs() -> PathBuf {
    let all = fs::read_dir("/usr/lib/postgresql").map(|all| all.flatten().collect::<Vec<_>>()).unwrap_or_default();
    let newest = all.into_iter().map(|one| one.path().join("bin")).filter(|bin| bin.join("initdb").is_file()).max();
    newest.expect("PostgreSQL's programs; get them by: apt-get install postgresql")
}

/// A program of the server, as somebody who is not root: it refuses to run as root.
fn program(bin: &Path, name: &str) -> Command {
    let path = bin.join(name);
    if !rustix::process::geteuid().is_root() {
        return Command::new(path);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid", "postgres", "--regid", "postgres", "--clear-groups"]).arg(path);
    command
}

fn done(command: &mut Command) {
    let output = command.output().unwrap_or_else(|fault| panic!("{command:?}: {fault}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

impl Server {
    /// The server that all tests of this process share.
    pub fn shared() -> &'static Server {
        SHARED.get_or_init(|| Server::start(&[]))
    }

    /// Makes a cluster and starts its server, with these settings beside the defaults.
    pub fn start(settings: &[&str]) -> Server {
        let bin = programs();
        let folder = tempfile::Builder::new().prefix("chrak-pg-").tempdir().expect("a folder").keep();
        if rustix::process::geteuid().is_root() {
            done(Command::new("chown").arg("postgres:").arg(&folder));
        }
        let data = folder.join("data");
        let initdb = ["-A", "trust", "-U", "chrak", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "-D"];
        done(program(&bin, "initdb").args(initdb).arg(&data).current_dir("/"));
        let port = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port").port();
        let server = Server { bin, folder, port };
        server.run(settings);
        server
    }

    /// Runs the server until this process ends: whoever waits for it is told of that by the system, and takes the folder
    /// away.
    pub fn run(&self, settings: &[&str]) {
        let data = self.folder.join("data");
        let mut postgres = program(&self.bin, "postgres");
        postgres.arg("-D").arg(&data).args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-k"]).arg(&self.folder);
        for setting in settings {
            postgres.args(["-c", setting]);
        }
        let words: Vec<String> = std::iter::once(postgres.get_program())
            .chain(postgres.get_args())
            .map(|word| format!("'{}'", word.to_string_lossy()))
            .collect();
        let script = format!(
            "{} >>'{}' 2>&1 & echo $! >'{}'; trap 'kill -INT $!; wait $!; rm -rf {}' TERM; wait $!",
            words.join(" "),
            self.folder.join("log").display(),
            self.folder.join("pid").display(),
            self.folder.display(),
        );
        let mut watched = Command::new("setpriv");
        watched.args(["--pdeathsig", "TERM", "sh", "-c", &script]).current_dir("/");
        watched.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        // the system tells the end of the thread that started it, so that one never ends
        thread::spawn(move || {
            let mut child = watched.spawn().expect("setpriv, of Debian\'s util-linux");
            let _ = child.wait();
        });
        self.answers();
    }

    /// Kills its postmaster; its sessions see that and end.
    pub fn kill(&self) {
        let pid = fs::read_to_string(self.folder.join("pid")).expect("its number");
        done(Command::new("kill").args(["-KILL", pid.trim()]));
    }

    /// Stops it or lets it go on: all its processes.
    pub fn signal(&self, signal: &str) {
        let pid = fs::read_to_string(self.folder.join("pid")).expect("its number");
        let pid = pid.trim();
        done(Command::new("sh").args(["-c", &format!("kill -{signal} {pid}; pkill -{signal} -P {pid}")]));
    }

    /// Starts it again after it was killed, as soon as the last of its sessions has ended.
    pub fn restart(&self) {
        let until = Instant::now() + Duration::from_secs(20);
        let data = self.folder.join("data");
        let busy = || {
            let found = Command::new("pgrep").args(["-f", &data.display().to_string()]).output().expect("pgrep");
            let ours = std::process::id().to_string();
            String::from_utf8_lossy(&found.stdout).lines().any(|pid| pid != ours)
        };
        while busy() && Instant::now() < until {
            thread::sleep(Duration::from_millis(20));
        }
        // a session that has not yet ended has another command line, and the memory that all share
        thread::sleep(Duration::from_millis(700));
        self.run(&[]);
    }

    /// Waits until it takes connections.
    fn answers(&self) {
        let until = Instant::now() + Duration::from_secs(120);
        while Instant::now() < until {
            let ready =
                program(&self.bin, "pg_isready").args(["-q", "-h", "127.0.0.1", "-p", &self.port.to_string()]).status();
            if ready.is_ok_and(|status| status.success()) && TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return;
            }
            thread::sleep(Duration::from_millis(50));
        }
        panic!("PostgreSQL did not start: {}", fs::read_to_string(self.folder.join("log")).unwrap_or_default());
    }

    /// Carries out SQL as the owner of the server, in a database.
    pub fn psql(&self, database: &str, sql: &str) -> String {
        let mut psql = program(&self.bin, "psql");
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-U", "chrak"]);
        let output = psql.args(["-p", &self.port.to_string(), "-d", database, "-c", sql]).output().expect("psql");
        assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// A database of its own; its name.
    pub fn database(&self) -> String {
        let name = format!("t{}", DATABASES.fetch_add(1, Ordering::Relaxed));
        self.psql("postgres", &format!("CREATE DATABASE {name}"));
        name
    }

    /// The address of a database.
    pub fn url(&self, name: &str) -> String {
        format!("postgres://chrak@127.0.0.1:{}/{name}", self.port)
    }
}

/// A pooler of Debian's before a server, gone with the process.
pub struct Pooler {
    port: u16,
    _folder: tempfile::TempDir,
}

impl Pooler {
    /// In one of its modes (`session`, `transaction`, `statement`), with few sessions, so that they change hands.
    pub fn start(server: &Server, mode: &str) -> Pooler {
        let program = Path::new("/usr/sbin/pgbouncer");
        assert!(program.is_file(), "pgbouncer is missing; get it by: apt-get install pgbouncer");
        let folder = tempfile::Builder::new().prefix("chrak-pgbouncer-").tempdir().expect("a folder");
        let port = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port").port();
        let settings = format!(
            "[databases]\n* = host=127.0.0.1 port={} user=chrak\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
             unix_socket_dir =\nauth_type = any\npool_mode = {mode}\ndefault_pool_size = 3\nserver_round_robin = 1\n",
            server.port
        );
        let file = folder.path().join("pgbouncer.ini");
        fs::write(&file, settings).expect("written");
        let mut words = vec!["--pdeathsig", "TERM"];
        if rustix::process::geteuid().is_root() {
            done(Command::new("chown").args(["-R", "postgres:"]).arg(folder.path()));
            words.extend(["--reuid", "postgres", "--regid", "postgres", "--clear-groups"]);
        }
        let mut command = Command::new("setpriv");
        command.args(words).arg(program).arg("-q").arg(&file).current_dir("/");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        thread::spawn(move || {
            let mut child = command.spawn().expect("setpriv, of Debian\'s util-linux");
            let _ = child.wait();
        });
        let until = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < until, "pgbouncer does not answer");
            thread::sleep(Duration::from_millis(20));
        }
        Pooler { port, _folder: folder }
    }

    /// The address of a database behind it.
    pub fn url(&self, name: &str) -> String {
        format!("postgres://chrak@127.0.0.1:{}/{name}", self.port)
    }
}
