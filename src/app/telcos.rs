//! The telcos that are bound to, and how they become others while the server runs: those that stay as they are notice nothing.
use super::{Fault, config::TelcoSettings};
use crate::{
    link::{Link, Links},
    ports::reload::Changes,
    web,
};
use std::{collections::BTreeMap, net::SocketAddr, sync::Arc};
use tokio::{net::TcpListener, task::JoinSet};

/// Where an SMSC may connect to us.
type Outbinds = Option<Arc<TcpListener>>;

/// A telco as it runs.
struct Running {
    settings: TelcoSettings,
    link: Link,
    /// Kept beside the link, so that the next one goes on with it: no connection finds nobody there.
    outbinds: Outbinds,
}

/// All of them, by name.
pub struct Telcos {
    links: Links,
    running: BTreeMap<String, Running>,
}

impl Telcos {
    /// Binds to these telcos.
    pub fn start(links: Links, telcos: &[TelcoSettings], outbinds: Vec<Option<TcpListener>>) -> Self {
        let mut all = Telcos { links, running: BTreeMap::new() };
        for (settings, outbinds) in telcos.iter().zip(outbinds) {
            let running = start(&all.links, settings.clone(), outbinds.map(Arc::new));
            all.running.insert(settings.link.name.to_string(), running);
        }
        all
    }

    /// Makes these the telcos. Returns when those that are gone have ended what they had in hand.
    ///
    /// # Errors
    /// One line for a listener that cannot be had; nothing is changed then.
    pub async fn change(&mut self, telcos: &[TelcoSettings]) -> Result<Changes, Fault> {
        let outbinds = self.listeners(telcos)?;
        let rules = telcos.iter().map(|telco| telco.rules.clone()).collect();
        self.links.exchange.run.change_telcos(rules);
        let (mut before, mut changes) = (std::mem::take(&mut self.running), Changes::default());
        let mut ending = JoinSet::new();
        for (settings, outbinds) in telcos.iter().cloned().zip(outbinds) {
            let name = settings.link.name.to_string();
            match before.remove(&name) {
                None => {
                    changes.added.push(name.clone());
                    self.running.insert(name, start(&self.links, settings, outbinds));
                }
                Some(running) if running.settings == settings => {
                    self.running.insert(name, running);
                }
                Some(running) => {
                    changes.changed.push(name.clone());
                    if running.carries(&settings) {
                        self.running.insert(name, Running { settings, ..running });
                    } else {
                        ending.spawn(anew(self.links.clone(), running.link, settings, outbinds));
                    }
                }
            }
        }
        for (name, running) in before {
            changes.removed.push(name);
            ending.spawn(async move {
                running.link.retire().await;
                None
            });
        }
        while let Some(ended) = ending.join_next().await {
            match ended {
                Ok(Some(running)) => {
                    self.running.insert(running.settings.link.name.to_string(), running);
                }
                Ok(None) => {}
                Err(fault) => tracing::error!("a telco's link could not be ended: {fault}"),
            }
        }
        Ok(changes)
    }

    /// The listeners for these telcos, those that there are already among them.
    fn listeners(&self, telcos: &[TelcoSettings]) -> Result<Vec<Outbinds>, Fault> {
        let mut taken = BTreeMap::new();
        let mut listeners = Vec::with_capacity(telcos.len());
        for (nth, telco) in telcos.iter().enumerate() {
            let listener = match telco.outbind_listen {
                None => None,
                Some(at) => match self.listener(telco, at).filter(|_| taken.insert(at, nth).is_none()) {
                    Some(listener) => Some(listener),
                    None => Some(Arc::new(listen(at, &format!("smsc[{nth}].outbind_listen"))?)),
                },
            };
            listeners.push(listener);
        }
        Ok(listeners)
    }

    /// The one at this address: of this telco, or of another that gives it up.
    fn listener(&self, telco: &TelcoSettings, at: SocketAddr) -> Outbinds {
        let own = self.running.get(telco.link.name.as_str());
        let mut all = own.into_iter().chain(self.running.values().filter(|_| at.port() != 0));
        all.find(|running| running.settings.outbind_listen == Some(at))?.outbinds.clone()
    }
}

/// A telco comes again with other settings when its link has ended.
async fn anew(links: Links, before: Link, settings: TelcoSettings, outbinds: Outbinds) -> Option<Running> {
    before.leave().await;
    Some(start(&links, settings, outbinds))
}

impl Running {
    /// Whether its link can go on as it is with these settings: they differ in what is the exchange's only.
    fn carries(&self, settings: &TelcoSettings) -> bool {
        settings.link == self.settings.link && settings.outbind_listen == self.settings.outbind_listen
    }
}

fn start(links: &Links, settings: TelcoSettings, outbinds: Outbinds) -> Running {
    let link = links.start(settings.link.clone(), outbinds.clone());
    Running { settings, link, outbinds }
}

/// Listens; `key` is where the address stands.
///
/// # Errors
/// One line for people.
pub fn listen(address: SocketAddr, key: &str) -> Result<TcpListener, Fault> {
    web::server::bind(address).map_err(|fault| {
        let what = match fault.kind() {
            std::io::ErrorKind::AddrInUse => format!("port {} is in use", address.port()),
            _ => fault.to_string(),
        };
        Fault::Run(format!("cannot listen on {address}: {what}; change {key} or stop the other program"))
    })
}
