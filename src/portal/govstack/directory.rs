//! Services and offices from a file: the lists of the portal contract as JSON, and beside each entry what the registration system
//! and the scheduler call it. Read once, at the start; what is wrong with it is one line. It must not know who asks.
use crate::{
    portal::{
        keys::{key_of_office, key_of_service, keyed},
        reading::{Directory, Part},
        wire,
    },
    types::{
        UnixMs,
        civic::{Group, Holiday, Ministry, Office, OfficeRef, Service, Topic},
        limits::DIRECTORY_MAX,
    },
};
use serde::Deserialize;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};
use tokio::time::Instant;

/// Longest name by which another system calls something, in characters.
const ID_MAX: usize = 100;
/// A file does not grow old.
const FOR_EVER: Duration = Duration::from_secs(100 * 365 * 24 * 3_600);

/// What the file holds.
#[derive(Clone, Debug, Default)]
pub struct GovstackDirectory {
    services: Vec<(Service, String)>,
    offices: Vec<(Office, Option<String>)>,
    ministries: Vec<Ministry>,
    topics: Vec<Topic>,
    groups: Vec<Group>,
    holidays: Vec<Holiday>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Lists {
    services: Vec<Value>,
    offices: Vec<Value>,
    #[serde(default)]
    ministries: Vec<Value>,
    #[serde(default)]
    topics: Vec<Value>,
    #[serde(default)]
    groups: Vec<Value>,
    #[serde(default)]
    holidays: Vec<Value>,
}

impl GovstackDirectory {
    /// Reads it.
    ///
    /// # Errors
    /// The first thing that is wrong with it, and where: one line.
    pub fn read(json: &[u8]) -> Result<Self, String> {
        let lists: Lists = serde_json::from_slice(json).map_err(|fault| fault.to_string())?;
        let named = |list: &str, all: Vec<Value>| each(list, all, |_| Ok(()), wire::directory::named_of);
        let mut read = GovstackDirectory {
            services: each("services", lists.services, |item| called(item, "service_id", true), service)?
                .into_iter()
                .map(|(service, id)| (service, id.unwrap_or_default()))
                .collect(),
            offices: each(
                "offices",
                lists.offices,
                |item| called(item, "entity_id", false),
                wire::directory::office_of,
            )?,
            ministries: named("ministries", lists.ministries)?
                .into_iter()
                .map(|(one, ())| Ministry { id: one.id, name: one.name })
                .collect(),
            topics: named("topics", lists.topics)?.into_iter().map(|(one, ())| one).collect(),
            groups: named("groups", lists.groups)?.into_iter().map(|(one, ())| one).collect(),
            holidays: each("holidays", lists.holidays, |_| Ok(()), wire::pages::holiday_of)?
                .into_iter()
                .map(|(one, ())| one)
                .collect(),
        };
        read.holidays.sort_by_key(|day| day.date);
        read.checked()
    }

    fn checked(self) -> Result<Self, String> {
        let services = || self.services.iter();
        once("services", "id", services().map(|(service, _)| service.id.as_str()))?;
        once("services", "code", services().map(|(service, _)| service.code.as_str()))?;
        once("services", "govstack.service_id", services().map(|(_, id)| id.as_str()))?;
        once("offices", "id", self.offices.iter().map(|(office, _)| office.id.as_str()))?;
        let entities = self.offices.iter().filter_map(|(_, entity)| entity.as_deref());
        once("offices", "govstack.entity_id", entities)?;
        if self.services.is_empty() || self.offices.is_empty() {
            return Err("holds no service or no office".to_owned());
        }
        for (nth, (office, _)) in self.offices.iter().enumerate() {
            let unknown = office.services.iter().find(|id| services().all(|(service, _)| service.id != **id));
            if let Some(id) = unknown {
                return Err(format!(
                    "offices[{nth}] (\"{}\") offers \"{id}\", which is none of the services",
                    office.id
                ));
            }
        }
        Ok(self)
    }

    /// The first office that offers something bookable and has no `entity_id`.
    pub fn lacks_entity(&self) -> Option<&str> {
        let is_booked = |office: &Office| {
            self.services.iter().any(|(service, _)| service.bookable && office.services.contains(&service.id))
        };
        let lacking = self.offices.iter().find(|(office, entity)| entity.is_none() && is_booked(office));
        lacking.map(|(office, _)| office.id.as_str())
    }

    /// As it is searched, and what the other systems call what.
    pub(super) fn settled(&self, with_scheduler: bool, now: UnixMs) -> (Directory, Ids) {
        let bookable = |service: &Service| Service { bookable: service.bookable && with_scheduler, ..service.clone() };
        let services: Vec<Service> = self.services.iter().map(|(service, _)| bookable(service)).collect();
        let offices: Vec<Office> = self.offices.iter().map(|(office, _)| office.clone()).collect();
        let part = |items: Vec<Group>| Part { items: items.into_iter().map(Arc::new).collect(), as_of: None };
        let directory = Directory {
            services: keyed(services, key_of_service),
            offices: keyed(offices, key_of_office),
            ministries: self.ministries.iter().cloned().map(Arc::new).collect(),
            topics: self.topics.iter().cloned().map(Arc::new).collect(),
            groups: part(self.groups.clone()),
            pages: Part::default(),
            holidays: Part { items: self.holidays.iter().cloned().map(Arc::new).collect(), as_of: None },
            read_at: now,
            fresh_until: Instant::now() + FOR_EVER,
        };
        let by = |(nth, id): (usize, &String)| (id.clone(), nth);
        let ids = Ids {
            services: self.services.iter().map(|(_, id)| id).enumerate().map(by).collect(),
            entities: self.offices.iter().enumerate().filter_map(|(nth, (_, id))| Some((id.clone()?, nth))).collect(),
        };
        (directory, ids)
    }
}

/// What the other systems call what: its place in the directory.
pub(super) struct Ids {
    /// By `service_id` of the registration system.
    pub(super) services: BTreeMap<String, usize>,
    /// By `entity_id` of the scheduler.
    pub(super) entities: BTreeMap<String, usize>,
}

impl Directory {
    /// The service that the registration system calls so.
    pub(super) fn registered(&self, ids: &Ids, service_id: &str) -> Option<&Arc<Service>> {
        let nth = ids.services.iter().find(|(id, _)| id.eq_ignore_ascii_case(service_id)).map(|(_, nth)| *nth)?;
        self.services.get(nth).map(|(service, _)| service)
    }

    /// The only office that offers a service; `None`: there are several, or none.
    pub(super) fn only_office(&self, service: &str) -> Option<OfficeRef> {
        let mut offering = self.offices.iter().filter(|(office, _)| office.services.iter().any(|id| id == service));
        let first = offering.next()?;
        offering.next().is_none().then(|| Office::as_ref(&first.0))
    }

    /// The office that the scheduler calls so.
    pub(super) fn hosting(&self, ids: &Ids, entity_id: &str) -> Option<&Arc<Office>> {
        self.offices.get(*ids.entities.get(entity_id)?).map(|(office, _)| office)
    }

    /// What the scheduler calls an office.
    pub(super) fn entity_of<'a>(&self, ids: &'a Ids, office: &str) -> Option<&'a str> {
        let nth = self.offices.iter().position(|(one, _)| one.id == office)?;
        ids.entities.iter().find(|(_, at)| **at == nth).map(|(id, _)| id.as_str())
    }
}

fn service(item: Value) -> Result<Service, String> {
    let service = wire::directory::service_of(item)?;
    if service.code.len() != 4 || !service.code.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("code must be four digits".to_owned());
    }
    Ok(service)
}

/// Reads every entry of a list, with what stands beside it.
fn each<T, B>(
    list: &str,
    all: Vec<Value>,
    beside: impl Fn(&Value) -> Result<B, String>,
    read: impl Fn(Value) -> Result<T, String>,
) -> Result<Vec<(T, B)>, String> {
    if all.len() > DIRECTORY_MAX {
        return Err(format!("{list} has more than {DIRECTORY_MAX} entries"));
    }
    let one = |(nth, item): (usize, Value)| {
        let found = beside(&item).and_then(|beside| Ok((read(item)?, beside)));
        found.map_err(|why| format!("{list}[{nth}]: {why}"))
    };
    all.into_iter().enumerate().map(one).collect()
}

/// What another system calls an entry.
fn called(item: &Value, key: &str, required: bool) -> Result<Option<String>, String> {
    let written = &item["govstack"][key];
    match written.as_str() {
        Some(id) if !id.is_empty() && id.chars().count() <= ID_MAX && !id.contains(char::is_control) => {
            Ok(Some(id.to_owned()))
        }
        None if written.is_null() && !required => Ok(None),
        None if written.is_null() => Err(format!("govstack = {{ {key} }} is missing")),
        _ => Err(format!("govstack.{key} must be a text of 1 to {ID_MAX} characters")),
    }
}

fn once<'a>(list: &str, key: &str, all: impl Iterator<Item = &'a str>) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for (nth, one) in all.enumerate() {
        if one.is_empty() || !seen.insert(one) {
            return Err(format!("{list}[{nth}]: {key} \"{one}\" is empty or stands twice"));
        }
    }
    Ok(())
}
