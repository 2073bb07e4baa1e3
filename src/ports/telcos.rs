//! What the links publish of each telco as a whole: how it is configured, how fast it is spoken to, what its binds carry.
//! They write, `ops` reads.
use super::figures::Figures;
use crate::{
    smpp::esme::Pace,
    types::{
        lock,
        names::{Family, SmscName},
    },
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

/// One telco while its link lives.
pub struct TelcoBoard {
    /// By whom what is learned of its ids is kept.
    pub family: Family,
    /// Keys of its `[[smsc]]` and what they are set to; nothing secret.
    pub settings: Vec<(&'static str, String)>,
    /// How fast it is spoken to.
    pub pace: Arc<Pace>,
    /// What its binds carry.
    pub figures: Arc<Figures>,
}

/// All telcos, by name.
#[derive(Default)]
pub struct Telcos(Mutex<BTreeMap<SmscName, Arc<TelcoBoard>>>);

impl Telcos {
    /// A telco's link begins; one of the same name before it is forgotten.
    pub fn join(&self, smsc: &SmscName, telco: TelcoBoard) -> Arc<TelcoBoard> {
        let telco = Arc::new(telco);
        lock(&self.0).insert(smsc.clone(), Arc::clone(&telco));
        telco
    }

    /// The telco is none of ours any more.
    pub fn forget(&self, smsc: &SmscName) {
        lock(&self.0).remove(smsc);
    }

    /// Where a telco's link counts: what was counted before it came again with other settings stands.
    pub fn figures(&self, smsc: &SmscName) -> Arc<Figures> {
        self.get(smsc).map(|telco| Arc::clone(&telco.figures)).unwrap_or_default()
    }

    /// One of them.
    pub fn get(&self, smsc: &SmscName) -> Option<Arc<TelcoBoard>> {
        lock(&self.0).get(smsc).cloned()
    }

    /// All of them.
    pub fn all(&self) -> Vec<(SmscName, Arc<TelcoBoard>)> {
        lock(&self.0).iter().map(|(smsc, telco)| (smsc.clone(), Arc::clone(telco))).collect()
    }
}
