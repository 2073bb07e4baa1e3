//! A portal whose answers a test writes.
use chrak::{
    ports::{
        PortFuture,
        portal::{Asker, Portal},
    },
    types::{
        UnixMs,
        civic::{
            Answer, Application, ApplicationAnswer, ApplicationStatus, Disclosure, Localized, OfficeRef, PortalFault,
            Query, ServiceRef,
        },
    },
};
use std::{
    collections::HashMap,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// Answers every code with `in_review` at Dangkao, unless told otherwise.
#[derive(Default)]
pub struct Scripted {
    pub asked: AtomicU64,
    pub delay: Mutex<Duration>,
    pub faults: Mutex<HashMap<String, PortalFault>>,
    pub panics_on: Mutex<Option<String>>,
}

impl Portal for Scripted {
    fn ask<'a>(&'a self, query: &'a Query, _asker: Asker) -> PortFuture<'a, Answer> {
        Box::pin(async move {
            self.asked.fetch_add(1, Ordering::Relaxed);
            let Query::Application { code, .. } = query else { return elsewhere(query) };
            let delay = *self.delay.lock().expect("no panic holds it");
            tokio::time::sleep(delay).await;
            let panics = self.panics_on.lock().expect("no panic holds it").as_deref() == Some(code.canonical());
            assert!(!panics, "told to panic");
            if let Some(fault) = self.faults.lock().expect("no panic holds it").get(code.canonical()) {
                return Answer::Application(Err(*fault));
            }
            let name = |km: &str, en: &str| Localized { km: km.into(), en: en.into(), km_latn: None };
            Answer::Application(Ok(ApplicationAnswer {
                application: Application {
                    code: code.clone(),
                    service: ServiceRef { id: None, name: None, sensitive: true },
                    office: OfficeRef {
                        id: "owso-1205".into(),
                        name: name("ការិយាល័យច្រកចេញចូលតែមួយ ខណ្ឌដង្កោ", "OWSO Khan Dangkao"),
                        short: Some(name("ច្រកតែមួយ ដង្កោ", "OWSO Dangkao")),
                    },
                    status: ApplicationStatus::InReview,
                    status_at: Some(UnixMs(1_795_000_000_000)),
                    registered_at: None,
                    disclosure: Disclosure::Public,
                    timeline: Vec::new(),
                    fee: None,
                    expected_by: None,
                    ready: None,
                    next_action: None,
                    returned_documents: Vec::new(),
                },
                as_of: None,
                office: None,
            }))
        })
    }
}

/// What is not about an application is not there.
fn elsewhere(query: &Query) -> Answer {
    let away = PortalFault::Away;
    match query {
        Query::Application { .. } => Answer::Application(Err(away)),
        Query::Services(_) => Answer::Services(Err(away)),
        Query::Offices(_) => Answer::Offices(Err(away)),
        Query::Topics => Answer::Topics(Err(away)),
        Query::Ministries => Answer::Ministries(Err(away)),
        Query::Groups => Answer::Groups(Err(away)),
        Query::Pages => Answer::Pages(Err(away)),
        Query::Page { .. } => Answer::Page(Err(away)),
        Query::Holidays => Answer::Holidays(Err(away)),
        Query::Find { .. } => Answer::Found(Err(away)),
        Query::Office { .. } => Answer::Office(Err(away)),
        Query::Slots { .. } => Answer::Slots(Err(away)),
        Query::Appointments => Answer::Appointments(Err(away)),
        Query::Complaint { .. } => Answer::Complaint(Err(away)),
        Query::Payment { .. } => Answer::Payment(Err(away)),
        Query::Mine { .. } => Answer::MyApplications(Err(away)),
        Query::Change(_) => Answer::Appointment(Err(away)),
    }
}
