//! The directory as it is kept: services, ministries, topics, groups, offices, holidays. It must not know how it is asked for.
use serde_json::Value;

/// Everything of it, each list in the order in which it is shown.
#[derive(Debug, Default)]
pub struct Directory {
    /// Ministries.
    pub ministries: Vec<Value>,
    /// Topics.
    pub topics: Vec<Value>,
    /// Groups.
    pub groups: Vec<Value>,
    /// Services by code.
    pub services: Vec<Value>,
    /// Offices by division, then id.
    pub offices: Vec<Value>,
    /// Days on which every office is closed: `{"date", "reason"}`.
    pub holidays: Vec<Value>,
}

impl Directory {
    /// A service.
    pub fn service(&self, id: &str) -> Option<&Value> {
        self.services.iter().find(|service| service["id"] == id)
    }

    /// The id of the service with this code; null when there is none.
    pub fn service_id(&self, code: &str) -> Value {
        self.services.iter().find(|service| service["code"] == *code).map_or(Value::Null, |one| one["id"].clone())
    }

    /// An office, without its closures.
    pub fn office(&self, id: &str) -> Option<&Value> {
        self.offices.iter().find(|office| office["id"] == id)
    }

    /// The office with the closures from `today` (`YYYY-MM-DD`) on.
    pub fn with_closures(&self, office: &Value, today: &str) -> Value {
        let mut office = office.clone();
        let ahead = self.holidays.iter().filter(|day| day["date"].as_str().is_some_and(|date| date >= today));
        office["closures"] = ahead.cloned().collect();
        office
    }
}
