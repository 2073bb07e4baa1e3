//! The try-out: the same server as in production, with a telco, a portal and a phone of our own beside it,
//! all on loopback. It is for trying, and says so.
use super::{
    Fault, Parts, Server,
    config::{self, Config},
    lifecycle,
};
use crate::sandbox::{
    phone,
    portal::{self, Extent, Portal, PortalConfig},
    road::{Road, RoadConfig},
    telco::{Telco, TelcoConfig},
    telco_page,
};
use std::{net::SocketAddr, path::PathBuf, time::Duration};

/// Where the parts of the try-out listen and keep their files.
#[derive(Clone, Debug)]
pub struct Places {
    /// Kiosk and phone pages.
    pub http: SocketAddr,
    /// Console.
    pub ops: SocketAddr,
    /// Sandbox telco.
    pub smsc: SocketAddr,
    /// Sandbox portal.
    pub portal: SocketAddr,
    /// Folder of the databases and the key.
    pub data: PathBuf,
    /// Whether the portal is reached through a sandbox security server of X-Road.
    pub road: bool,
}

/// system_id and password between the try-out's own two ends, on loopback.
const CREDENTIAL: &str = "try-out";

/// Who calls what through the sandbox security server.
const ROAD_CLIENT: &str = "SANDBOX/GOV/OFFICE/CHRAK";
const ROAD_SERVICE: &str = "SANDBOX/GOV/MINISTRY/PORTAL/portal";

/// A running try-out.
pub struct Tryout {
    /// The server.
    pub server: Server,
    /// The telco, to send MOs by and to read the ledger of.
    pub telco: Telco,
    /// The portal.
    pub portal: Portal,
    /// The security server before it, where one was asked for.
    pub road: Option<Road>,
}

/// Starts all parts.
///
/// # Errors
/// One line for the first thing that cannot start, with the flag that moves a port.
pub async fn start(places: &Places) -> Result<Tryout, Fault> {
    for (flag, address) in
        [("--http", places.http), ("--ops", places.ops), ("--smsc", places.smsc), ("--portal", places.portal)]
    {
        if !address.ip().is_loopback() {
            let text = format!("{flag} {address}: the try-out listens on loopback only; `chrak serve` is for networks");
            return Err(Fault::Usage(text));
        }
        free(flag, address).await?;
    }
    super::folder(&places.data)?;
    let at = |what: &str, fault: anyhow::Error| Fault::Run(format!("{what}: {fault:#}"));
    let config = PortalConfig {
        listen: places.portal,
        token: Some(CREDENTIAL.to_owned()),
        delay: Duration::ZERO,
        db: Some(places.data.join("sandbox-portal.db")),
        stands_at: None,
    };
    let started = Portal::start_with(config, Extent::Country).await;
    let portal = started.map_err(|fault| at("sandbox portal (--portal)", fault))?;
    let telco = Telco::start(TelcoConfig {
        listen: places.smsc,
        system_id: Some(CREDENTIAL.to_owned()),
        password: Some(CREDENTIAL.to_owned()),
        ..TelcoConfig::default()
    })
    .await
    .map_err(|fault| at("sandbox telco (--smsc)", fault))?;
    let road = match places.road {
        true => Some(road_to(&portal).await.map_err(|fault| at("sandbox security server (--road)", fault))?),
        false => None,
    };
    let config = settings(places, &telco, &portal, road.as_ref())?;
    // a free port is known only once the server listens
    let console = (places.ops.port() != 0).then(|| format!("http://{}/console", places.ops));
    let page = phone::page::PhonePage { codes: sample_codes(), short_code: "1212".to_owned(), console };
    let phones = phone::routes(telco.clone(), std::sync::Arc::new(portal.scanner())).merge(phone::page::routes(page));
    let pages = phones.merge(telco_page::routes(telco.clone()));
    let server = Server::start(
        config,
        Parts { pages: Some(pages), stands_at: Some("owso-1205".to_owned()), tryout: true, ..Parts::default() },
    )
    .await?;
    Ok(Tryout { server, telco, portal, road })
}

/// Runs it until a signal.
///
/// # Errors
/// As [`start`].
pub async fn run(places: Places) -> Result<(), Fault> {
    let stop = lifecycle::stop_on_signal().map_err(|fault| Fault::Run(format!("signals: {fault}")))?;
    let tryout = start(&places).await?;
    tracing::info!("ready");
    println!("{}", banner(&tryout));
    tryout.server.run(stop).await;
    tryout.telco.stop().await;
    if let Some(road) = tryout.road {
        road.stop().await;
    }
    tryout.portal.stop().await;
    Ok(())
}

/// A security server on a free port of loopback.
async fn road_to(portal: &Portal) -> anyhow::Result<Road> {
    let config = RoadConfig {
        clients: vec![ROAD_CLIENT.to_owned()],
        services: vec![(ROAD_SERVICE.to_owned(), format!("http://{}", portal.addr()))],
        ..RoadConfig::default()
    };
    Road::start(config).await
}

/// Tries the port for a moment, to name the flag that moves it.
async fn free(flag: &str, address: SocketAddr) -> Result<(), Fault> {
    match tokio::net::TcpListener::bind(address).await {
        Ok(_) => Ok(()),
        Err(fault) if fault.kind() == std::io::ErrorKind::AddrInUse => Err(Fault::Run(format!(
            "port {} is in use; stop the other program or choose another port with {flag} 127.0.0.1:PORT (0: a free one)",
            address.port()
        ))),
        Err(fault) => Err(Fault::Run(format!("{flag} {address}: {fault}"))),
    }
}

fn settings(places: &Places, telco: &Telco, portal: &Portal, road: Option<&Road>) -> Result<Config, Fault> {
    let data = std::path::absolute(&places.data).map_err(|fault| Fault::Run(format!("--data: {fault}")))?;
    let (portal, way) = match road {
        None => (portal.addr(), String::new()),
        Some(road) => {
            let names = format!("{{ client = \"{ROAD_CLIENT}\", service = \"{ROAD_SERVICE}\" }}");
            (road.addr(), format!("mode = \"xroad\"\nxroad = {names}\n"))
        }
    };
    let text = format!(
        "data_dir = {data:?}\n[http]\nlisten = \"{http}\"\n[ops]\nlisten = \"{ops}\"\n[kiosk]\npairing = \"off\"\nprinters = [\"*\"]\n\
         [kiosk.login]\nmode = \"portal\"\n\
         [portal]\nurl = \"http://{portal}\"\ntoken = \"{CREDENTIAL}\"\n{way}\
         [[smsc]]\nname = \"sandbox\"\naddress = \"{telco}\"\nsystem_id = \"{CREDENTIAL}\"\npassword = \"{CREDENTIAL}\"\n",
        http = places.http,
        ops = places.ops,
        telco = telco.addr(),
    );
    let file = config::parse(&text, "try-out", std::iter::empty())?;
    let mut config = config::check(file, &data)?;
    // Its two credentials are its own and guard nothing.
    config.warnings.clear();
    Ok(config)
}

/// Three of the sandbox portal's applications, as they are printed.
fn sample_codes() -> Vec<phone::page::SampleCode> {
    let notes = [("រួចរាល់ សូមមកយក", "ready for collection"), ("កំពុងពិនិត្យ", "in review"), ("សេវាឯកជន", "a private service")];
    let print = |code: &str| match crate::types::CodeRules::recommended().read(code) {
        crate::types::CodeVerdict::Good(code) => code.printed().to_owned(),
        _ => code.to_owned(),
    };
    let known = portal::sample_applications();
    let of = |code: &str| known.iter().find(|sample| sample.code == code);
    portal::sample_codes()
        .iter()
        .zip(notes)
        .map(|(code, (km, en))| phone::page::SampleCode {
            code: print(code),
            km: km.to_owned(),
            en: en.to_owned(),
            pin: of(code).map(|sample| sample.pin.clone()).unwrap_or_default(),
            owner: of(code).map(|sample| sample.contact.replace("+855", "0")).unwrap_or_default(),
        })
        .collect()
}

fn banner(tryout: &Tryout) -> String {
    let server = &tryout.server;
    let mut lines = vec![
        String::new(),
        "  ច្រក Chrak: the try-out. Not production: sandbox telco, sandbox portal, invented data, loopback only."
            .to_owned(),
        String::new(),
        format!("    phone     http://{}/phone", server.http),
        format!("    kiosk     http://{}/kiosk", server.http),
        format!("    console   http://{}/console", server.ops),
        format!("    telco     {} (SMPP 3.4)   portal  http://{}", tryout.telco.addr(), tryout.portal.addr()),
        tryout.road.as_ref().map_or_else(String::new, |road| {
            format!("    X-Road    http://{}/r1/{ROAD_SERVICE}, before the portal; client {ROAD_CLIENT}\n", road.addr())
        }),
        "    Codes to text to 1212 or to type at the kiosk:".to_owned(),
    ];
    lines.extend(
        sample_codes()
            .into_iter()
            .map(|one| format!("      {}   {:<20}   PIN {}, number on file {}", one.code, one.en, one.pin, one.owner)),
    );
    lines.push(String::new());
    lines.push("    Ctrl-C stops it. For production: chrak serve --config chrak.toml".to_owned());
    lines.join("\n")
}
