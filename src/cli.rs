//! The command line: words in, one of the programs of `app` out. The names are fixed for users.
mod args;
mod operating;

use crate::{
    app::{self, Fault, telemetry::LogFormat},
    sandbox,
    types::Msisdn,
};
use args::ConfigArgs;
use clap::{Args, Parser, Subcommand};
use operating::{AuditCommand, DeadCommand, KeyCommand};
use std::{io::Read, net::SocketAddr, path::PathBuf, process::ExitCode, time::Duration};

/// A citizen-service channel server: SMS and USSD over SMPP, touch kiosks, one portal behind them all.
#[derive(Parser)]
#[command(
    name = "chrak",
    version,
    about,
    after_help = "Without a command: the try-out, everything embedded, on loopback only."
)]
struct Cli {
    /// How logs are written.
    #[arg(long, global = true, value_enum, default_value_t)]
    log_format: LogFormat,
    #[command(flatten)]
    tryout: TryoutArgs,
    #[command(subcommand)]
    command: Option<Command>,
}

/// Where the try-out listens; port 0 takes a free one.
#[derive(Args)]
struct TryoutArgs {
    /// Kiosk and phone pages.
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8080")]
    http: SocketAddr,
    /// Console, health, metrics.
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:9090")]
    ops: SocketAddr,
    /// Sandbox telco.
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:2775")]
    smsc: SocketAddr,
    /// Sandbox portal.
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8090")]
    portal: SocketAddr,
    /// Folder of the try-out's databases and key.
    #[arg(long, value_name = "DIR", default_value = "chrak-data/try-out")]
    data: PathBuf,
    /// Puts a sandbox security server of X-Road before the sandbox portal.
    #[arg(long)]
    road: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Production: only what the file names.
    Serve {
        #[command(flatten)]
        config: ConfigArgs,
        /// Also write each PDU of every bind as a line into this file; begun anew at 16 MiB, four are kept.
        #[arg(long, value_name = "FILE")]
        trace_file: Option<PathBuf>,
        /// With numbers and texts in it, which are else covered; a password never stands in it.
        #[arg(long, requires = "trace_file")]
        trace_unmasked: bool,
        /// The database is a copy that was taken then, as chrak backup said it: what was open is ended without a text. For the first start
        /// after a restore only.
        #[arg(long, value_name = "TIME")]
        restored_from: Option<String>,
    },
    /// Reads the file, opens the database, calls the portal; one line per finding, exit 1 if any fails.
    Check {
        #[command(flatten)]
        config: ConfigArgs,
        /// Also bind to each telco.
        #[arg(long)]
        bind: bool,
        /// Also text this number and wait for the receipt.
        #[arg(long, value_name = "MSISDN", requires = "bind")]
        send: Option<String>,
    },
    /// The acceptance script against a telco, with an HTML report to print and sign; exit 1 if a step fails.
    Certify(Box<CertifyArgs>),
    /// The sandbox telco alone, or as a load driver.
    Smsc(Box<SmscArgs>),
    /// The sandbox portal alone.
    Portal {
        /// Where it listens.
        #[arg(long, value_name = "ADDR")]
        listen: SocketAddr,
        /// Bearer token that callers must have.
        #[arg(long)]
        token: Option<String>,
        /// Every answer waits so long.
        #[arg(long, default_value_t = 0)]
        delay_ms: u64,
        #[command(flatten)]
        judge: JudgeArgs,
    },
    /// A sandbox security server of X-Road, the consumer's side.
    Road(Box<RoadArgs>),
    /// A phone in the terminal against a sandbox telco.
    Phone {
        /// The sandbox telco.
        #[arg(long, value_name = "ADDR")]
        smsc: SocketAddr,
        /// Its number, in any form.
        #[arg(long, value_name = "MSISDN")]
        from: String,
    },
    /// PDUs explained.
    Pdu {
        #[command(subcommand)]
        command: PduCommand,
    },
    /// What went over a telco's binds.
    Trace {
        #[command(subcommand)]
        command: TraceCommand,
    },
    /// Kiosk devices: paired, listed, revoked; and the clips that they speak.
    Kiosk {
        #[command(subcommand)]
        command: KioskCommand,
    },
    /// What operators and agencies did: a log that shows when it was changed.
    Audit {
        #[command(subcommand)]
        command: AuditCommand,
    },
    /// A copy of the database while the server works on it (SQLite), looked at whether it is whole.
    Backup {
        #[command(flatten)]
        config: ConfigArgs,
        /// The copy; no file may have that name.
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
    /// The key file: another key for what is sealed from now on.
    Key {
        #[command(subcommand)]
        command: KeyCommand,
    },
    /// Texts that were given up with an apology: listed, answered after all, ended.
    Dead {
        #[command(subcommand)]
        command: DeadCommand,
    },
    /// Destroys all that is kept of a number, while the server runs, and looks whether anything of it is left.
    Erase {
        #[command(flatten)]
        config: ConfigArgs,
        /// The number, in any form; - reads it from standard input, so that it stands in no history.
        #[arg(long, value_name = "MSISDN", allow_hyphen_values = true)]
        number: String,
        /// A report of it as JSON, without the number; no file may have that name.
        #[arg(long, value_name = "FILE")]
        report: Option<PathBuf>,
    },
    /// Database migrations (serve also runs them).
    Migrate {
        /// The configuration file.
        #[arg(long, value_name = "FILE", required_unless_present = "from")]
        config: Option<PathBuf>,
        /// A stopped office's database, to be moved once and whole; its key file stands beside it.
        #[arg(long, value_name = "sqlite:PATH", requires = "to", conflicts_with_all = ["config", "new_database"])]
        from: Option<String>,
        /// The empty database that it is moved to.
        #[arg(long, value_name = "postgres://…", requires = "from")]
        to: Option<String>,
        /// Make an empty database for the key file that is there, when the old one is lost for good.
        #[arg(long)]
        new_database: bool,
    },
}

#[derive(Subcommand)]
enum KioskCommand {
    /// Joins the kiosk that shows CODE to its office; the server must be running.
    Pair {
        /// The 8 digits it shows, for 10 minutes.
        #[arg(value_name = "CODE")]
        code: String,
        /// The office's identifier at the portal.
        #[arg(long, value_name = "ID")]
        office: String,
        /// Its screen: tablet-8, tablet-10, kiosk-22 (the usual one), kiosk-32, kiosk-43.
        #[arg(long, value_name = "NAME")]
        profile: Option<String>,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// All devices that were ever paired.
    List(ServerArgs),
    /// Shuts a device out at once.
    Revoke {
        /// Its name, as the list has it.
        #[arg(value_name = "ID")]
        id: String,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// The clips to be recorded: file and text.
    Audio {
        /// A folder of recordings (`km/home.wav`, mono): names, length, silences and loudness; exit 1 if any cannot be used
        #[arg(long, value_name = "FOLDER")]
        check: Option<PathBuf>,
    },
}

#[derive(Args)]
struct ServerArgs {
    /// The configuration file of the running server.
    #[arg(long, value_name = "FILE", default_value = "chrak.toml")]
    config: PathBuf,
}

#[derive(Subcommand)]
enum PduCommand {
    /// A PDU explained field by field; `-` reads standard input.
    Decode {
        /// Hex digits; blanks are skipped.
        #[arg(value_name = "HEX", required = true, num_args = 1..)]
        hex: Vec<String>,
    },
}

#[derive(Args)]
struct CertifyArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// The telco, as its [[smsc]] is named.
    #[arg(long, value_name = "NAME")]
    smsc: String,
    /// The telephone of the test: it is texted, and texts.
    #[arg(long, value_name = "MSISDN")]
    to: String,
    /// Folder for the report; made where it is not there.
    #[arg(long, value_name = "DIR")]
    report: PathBuf,
    /// Nobody sits at the telephone: what needs a person is skipped.
    #[arg(long)]
    unattended: bool,
}

#[derive(Subcommand)]
enum TraceCommand {
    /// The last PDUs of a telco as a capture for tshark or Wireshark: what the running server remembers.
    Export {
        #[command(flatten)]
        config: ConfigArgs,
        /// The telco, as its [[smsc]] is named.
        #[arg(long, value_name = "NAME")]
        smsc: String,
        /// The capture to write.
        #[arg(long, value_name = "FILE")]
        pcap: PathBuf,
        /// From the files that `serve --trace-file` wrote instead.
        #[arg(long, value_name = "FILE")]
        trace_file: Option<PathBuf>,
    },
}

#[derive(Args)]
struct SmscArgs {
    /// Where it listens.
    #[arg(long, value_name = "ADDR")]
    listen: SocketAddr,
    /// system_id that a bind must have.
    #[arg(long)]
    system_id: Option<String>,
    /// password that a bind must have.
    #[arg(long)]
    password: Option<String>,
    /// USSD dialect it plays.
    #[arg(long, value_name = "NAME")]
    dialect: Option<String>,
    /// A fault it plays, such as throttle=10 or delay-resp=500; may be repeated.
    #[arg(long, value_name = "FAULT")]
    fault: Vec<String>,
    /// Wait for a bind, drive it, report, exit.
    #[arg(long, requires = "count")]
    load: bool,
    /// MOs to send.
    #[arg(long, value_name = "N")]
    count: Option<u64>,
    /// Closed loop with so many in flight.
    #[arg(long, value_name = "W", conflicts_with = "rate")]
    window: Option<usize>,
    /// Open loop at so many a second.
    #[arg(long, value_name = "R")]
    rate: Option<f64>,
    /// Text of each MO.
    #[arg(long, value_name = "T")]
    text: Option<String>,
    /// A USSD session instead of texts: what is dialled and what is answered to each screen, such as
    /// "*1212# > 1 > 120500260481937"; the count is one of screens.
    #[arg(long, value_name = "SCRIPT", conflicts_with = "text")]
    ussd: Option<String>,
    /// Distinct numbers that send.
    #[arg(long, value_name = "M")]
    numbers: Option<u64>,
    /// Form of the report.
    #[arg(long, value_name = "FORM", value_parser = ["json", "text"])]
    report: Option<String>,
}

/// Who judges the tokens of citizens that the sandbox portal has not made (RFC 7662).
#[derive(Args)]
struct JudgeArgs {
    /// The introspection endpoint; `sub`, `username` or `phone_number` in its answer names one of the sandbox's people.
    #[arg(long, value_name = "URL", requires = "introspect_client", requires = "introspect_secret_file")]
    introspect: Option<String>,
    /// As whom it is asked.
    #[arg(long, value_name = "ID", requires = "introspect")]
    introspect_client: Option<String>,
    /// The secret of that client.
    #[arg(long, value_name = "F", requires = "introspect")]
    introspect_secret_file: Option<PathBuf>,
}

impl JudgeArgs {
    fn read(self) -> Result<Option<sandbox::portal::Introspect>, Fault> {
        let (Some(url), Some(client), Some(file)) =
            (self.introspect, self.introspect_client, self.introspect_secret_file)
        else {
            return Ok(None);
        };
        if !url.starts_with("https://") && !url.starts_with("http://") {
            return Err(Fault::Usage(format!(
                "--introspect {url}: is no address, such as https://id.example/introspect"
            )));
        }
        let secret = std::fs::read_to_string(&file).map_err(|fault| {
            Fault::Usage(format!("--introspect-secret-file {}: cannot be read: {fault}", file.display()))
        })?;
        let secret = secret.trim_end_matches(['\r', '\n']).to_owned();
        if secret.is_empty() {
            return Err(Fault::Usage(format!("--introspect-secret-file {}: is empty", file.display())));
        }
        Ok(Some(sandbox::portal::Introspect { url, client, secret }))
    }
}

#[derive(Args)]
struct RoadArgs {
    /// Where it listens.
    #[arg(long, value_name = "ADDR")]
    listen: SocketAddr,
    /// A client that may call every service; may be repeated.
    #[arg(long, value_name = "I/C/M/S", required = true)]
    client: Vec<String>,
    /// A service, and what stands behind it; may be repeated.
    #[arg(long, value_name = "I/C/M/S/CODE=URL", required = true)]
    service: Vec<String>,
    /// Its certificate, PEM: HTTPS instead of HTTP.
    #[arg(long, value_name = "F", requires = "key")]
    cert: Option<PathBuf>,
    /// Its private key, PEM.
    #[arg(long, value_name = "F", requires = "cert")]
    key: Option<PathBuf>,
    /// The only certificate that clients may show, PEM, compared whole.
    #[arg(long, value_name = "F", requires = "cert")]
    client_cert: Option<PathBuf>,
    /// How errors are written: as X-Road 7 does, or its next generation.
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u8).range(7..=8))]
    style: u8,
    /// So many calls end in this error, such as Server.ServerProxy.NetworkError=5, or lose-answer=5; may be repeated.
    #[arg(long, value_name = "TYPE=PERCENT")]
    fault: Vec<String>,
    /// Its message log: a line of JSON a call.
    #[arg(long, value_name = "F")]
    log: Option<PathBuf>,
    /// With paths, all headers and bodies in it.
    #[arg(long, requires = "log")]
    bodies: bool,
}

/// Runs the program that the arguments name; the exit code is the process's.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    if let Err(fault) = app::private::no_core_dumps() {
        return complain(&fault);
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(fault) => return complain(&Fault::Run(format!("the run time cannot start: {fault}"))),
    };
    if let Err(fault) = app::preflight::run() {
        return complain(&fault);
    }
    let code = match runtime.block_on(run(cli)) {
        Ok(code) => ExitCode::from(code),
        Err(fault) => complain(&fault),
    };
    runtime.shutdown_timeout(Duration::from_millis(200));
    app::telemetry::flush(LOG_PATIENCE);
    code
}

/// Wait for the last lines of the log.
const LOG_PATIENCE: Duration = Duration::from_secs(1);

fn complain(fault: &Fault) -> ExitCode {
    eprintln!("chrak: {fault}");
    ExitCode::from(fault.exit_code())
}

async fn run(cli: Cli) -> Result<u8, Fault> {
    match cli.command {
        None => {
            app::telemetry::init(cli.log_format)?;
            let tryout = cli.tryout;
            let places = app::tryout::Places {
                http: tryout.http,
                ops: tryout.ops,
                smsc: tryout.smsc,
                portal: tryout.portal,
                data: tryout.data,
                road: tryout.road,
            };
            app::tryout::run(places).await?;
            Ok(0)
        }
        Some(Command::Serve { config, trace_file, trace_unmasked, restored_from }) => {
            app::telemetry::init(cli.log_format)?;
            let trace_file = trace_file.map(|path| app::TraceFile { path, unmasked: trace_unmasked });
            app::serve(&config.config, trace_file, restored_from.as_deref()).await?;
            Ok(0)
        }
        Some(Command::Check { config, bind, send }) => app::check::run(&config.config, bind, send).await,
        Some(Command::Certify(args)) => {
            let CertifyArgs { config, smsc, to, report, unattended } = *args;
            app::certify::run(&config.config, &smsc, &to, &report, unattended).await
        }
        Some(Command::Migrate { from: Some(from), to: Some(to), .. }) => {
            app::operating::moving::run(&from, &to).await.map(|()| 0)
        }
        Some(Command::Migrate { config, new_database, .. }) => {
            app::migrate(&config.unwrap_or_default(), new_database).await.map(|()| 0)
        }
        Some(Command::Backup { config, to }) => app::operating::backup::run(&config.config, &to).await.map(|()| 0),
        Some(Command::Erase { config, number, report }) => {
            app::operating::erase::run(&config.config, &number, report.as_deref()).await.map(|()| 0)
        }
        Some(Command::Key { command }) => operating::key(command).await,
        Some(Command::Dead { command }) => operating::dead(command).await,
        Some(Command::Audit { command }) => operating::audit(command).await,
        Some(Command::Smsc(args)) => {
            app::telemetry::init(cli.log_format)?;
            smsc(*args).await
        }
        Some(Command::Portal { listen, token, delay_ms, judge }) => {
            app::telemetry::init(cli.log_format)?;
            portal(listen, token, delay_ms, judge.read()?).await
        }
        Some(Command::Road(args)) => {
            app::telemetry::init(cli.log_format)?;
            road(*args).await
        }
        Some(Command::Phone { smsc, from }) => {
            // its telco takes short codes too, as they are
            let from = Msisdn::parse_cambodian(&from).map_or(from, |number| number.digits().to_owned());
            let code = sandbox::telco::run_phone(smsc, from, SHORT_CODE.to_owned(), stop()?).await;
            exit_code(code)
        }
        Some(Command::Trace { command: TraceCommand::Export { config, smsc, pcap, trace_file } }) => {
            app::trace::export(&config.config, &smsc, &pcap, trace_file.as_deref()).await.map(|()| 0)
        }
        Some(Command::Kiosk { command }) => kiosk(command).await,
        Some(Command::Pdu { command: PduCommand::Decode { hex } }) => decode(&hex.concat()),
    }
}

async fn kiosk(command: KioskCommand) -> Result<u8, Fault> {
    match command {
        KioskCommand::Pair { code, office, profile, server } => {
            app::devices::pair(&server.config, &code, &office, profile.as_deref()).await?;
        }
        KioskCommand::List(server) => app::devices::list(&server.config).await?,
        KioskCommand::Revoke { id, server } => app::devices::revoke(&server.config, &id).await?,
        KioskCommand::Audio { check: None } => app::devices::audio(),
        KioskCommand::Audio { check: Some(folder) } => return app::devices::check_audio(&folder),
    }
    Ok(0)
}

async fn smsc(args: SmscArgs) -> Result<u8, Fault> {
    let defaults = sandbox::telco::SmscArgs::default();
    let args = sandbox::telco::SmscArgs {
        listen: args.listen,
        system_id: args.system_id,
        password: args.password,
        dialect: args.dialect,
        faults: args.fault,
        load: args.load,
        count: args.count.unwrap_or(defaults.count),
        window: args.window.map(|window| u32::try_from(window).unwrap_or(u32::MAX)),
        rate: args.rate,
        text: args.text,
        ussd: args.ussd,
        to: None,
        numbers: args.numbers.map(|numbers| u32::try_from(numbers).unwrap_or(u32::MAX)),
        json: args.report.as_deref() == Some("json"),
    };
    sandbox::telco::check(&args).map_err(|fault| Fault::Usage(format!("{fault:#}")))?;
    let stop = stop()?;
    let code = sandbox::telco::run_smsc(args, stop).await;
    exit_code(code)
}

async fn portal(
    listen: SocketAddr,
    token: Option<String>,
    delay_ms: u64,
    introspect: Option<sandbox::portal::Introspect>,
) -> Result<u8, Fault> {
    let args = sandbox::portal::PortalArgs { listen, token, delay: Duration::from_millis(delay_ms), introspect };
    let stop = stop()?;
    exit_code(sandbox::portal::run_portal(args, stop).await)
}

async fn road(args: RoadArgs) -> Result<u8, Fault> {
    let service = |text: String| {
        let parts = text.split_once('=').map(|(id, url)| (id.to_owned(), url.to_owned()));
        parts.ok_or_else(|| Fault::Usage(format!("--service {text}: is not I/C/M/S/CODE=URL")))
    };
    let config = sandbox::road::RoadConfig {
        listen: args.listen,
        clients: args.client,
        services: args.service.into_iter().map(service).collect::<Result<_, _>>()?,
        identity: args.cert.zip(args.key),
        client_cert: args.client_cert,
        style: args.style,
        faults: args.fault,
        log: args.log,
        bodies: args.bodies,
    };
    sandbox::road::check(&config).map_err(|fault| Fault::Usage(format!("{fault:#}")))?;
    let stop = stop()?;
    exit_code(sandbox::road::run_road(config, stop).await)
}

fn stop() -> Result<tokio_util::sync::CancellationToken, Fault> {
    app::lifecycle::stop_on_signal().map_err(|fault| Fault::Run(format!("signals: {fault}")))
}

fn exit_code(code: anyhow::Result<i32>) -> Result<u8, Fault> {
    code.map(|code| u8::try_from(code).unwrap_or(1)).map_err(|fault| Fault::Run(format!("{fault:#}")))
}

/// The short code that the terminal phone writes to.
const SHORT_CODE: &str = "1212";

/// Longest standard input that is decoded: some thousand PDUs.
const HEX_MAX: u64 = 4 << 20;

fn decode(hex: &str) -> Result<u8, Fault> {
    let mut text = hex.to_owned();
    if hex == "-" {
        text.clear();
        let read = std::io::stdin().take(HEX_MAX).read_to_string(&mut text);
        read.map_err(|fault| Fault::Run(format!("standard input: {fault}")))?;
    }
    let octets = octets(&text).map_err(Fault::Usage)?;
    print!("{}", crate::smpp::explain::explain(&octets));
    Ok(0)
}

/// Hex digits with blanks, colons or a leading `0x` between them; of a line of a trace what stands behind `hex=`.
fn octets(text: &str) -> Result<Vec<u8>, String> {
    let text = text.rsplit("hex=").next().unwrap_or(text).trim().trim_start_matches("0x");
    let digits: Vec<char> = text.chars().filter(|c| !c.is_whitespace() && *c != ':').collect();
    if let Some(wrong) = digits.iter().find(|c| !c.is_ascii_hexdigit()) {
        return Err(format!("\"{wrong}\" is not a hex digit"));
    }
    if digits.is_empty() || !digits.len().is_multiple_of(2) {
        return Err(format!("{} hex digits are not whole octets", digits.len()));
    }
    let nibble = |c: char| c.to_digit(16).unwrap_or(0) as u8;
    Ok(digits.chunks(2).map(|pair| nibble(pair[0]) << 4 | nibble(pair[1])).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn hex_is_read_however_it_was_copied() {
        assert_eq!(octets("0x00 01:fF\n").expect("hex"), [0, 1, 255]);
        assert_eq!(octets("2026-11-20T05:00:00.123Z smart/trx-1 <- x 7 y {z} hex=00ff\n").expect("a line"), [0, 255]);
        assert!(octets("0g").is_err() && octets("123").is_err() && octets("").is_err());
    }
}
