//! Signing in at the portal, and what whoever has signed in may ask (1.1 of the contract). 404 to the first call says that the
//! portal has no such thing. It must not know a page of a kiosk.
use super::{
    PortalClient,
    calls::{judge, of_read, usable},
    core::Core,
    transport::{Method, PortalCall},
    wire,
};
use crate::{
    ports::{
        PortFuture,
        portal::Asker,
        sign_ins::{SignIn, SignInFault, SignIns, Standing},
    },
    types::{
        Language,
        civic::{Answer, ApplicationAnswer, Appointment, CitizenToken, Mine, MyApplication, PortalFault},
        limits::{MINE_MAX, MINE_PAGES_MAX},
        names::Channel,
        percent::percent,
    },
};
use serde_json::json;
use std::time::Duration;
use tokio::time::Instant;
use uuid::Uuid;

impl Core {
    /// What is one's own.
    pub(super) async fn mine(&self, what: &Mine, token: &CitizenToken, asker: Asker, until: Instant) -> Answer {
        match what {
            Mine::Applications => Answer::MyApplications(self.my_applications(token, asker, until).await),
            Mine::Appointments => Answer::Appointments(self.my_appointments(token, asker, until).await),
            Mine::Application { code } => {
                let path = format!("/v1/applications/{}", code.canonical());
                let call = own(asker, token, path);
                let read = |reply| super::calls::application(code, reply, self.clock.now());
                let read = self.attempt("getApplication", &call, until, read).await.map_err(of_read);
                Answer::Application(read.map(|application| {
                    let ready = application.ready.as_ref().map_or(&application.office.id, |ready| &ready.office.id);
                    let office = self.kept_office(ready);
                    ApplicationAnswer { application, as_of: None, office }
                }))
            }
        }
    }

    async fn my_applications(
        &self,
        token: &CitizenToken,
        asker: Asker,
        until: Instant,
    ) -> Result<Vec<MyApplication>, PortalFault> {
        let read = |body: &[u8]| wire::sign_ins::applications(body, self.clock.now());
        self.pages_of_mine("listMyApplications", "/v1/my/applications", (token, asker, until), read).await
    }

    async fn my_appointments(
        &self,
        token: &CitizenToken,
        asker: Asker,
        until: Instant,
    ) -> Result<Vec<Appointment>, PortalFault> {
        let asked = (token, asker, until);
        self.pages_of_mine("listMyAppointments", "/v1/my/appointments", asked, wire::appointments::appointments).await
    }

    /// A list of one's own, page by page: [`MINE_MAX`] items and [`MINE_PAGES_MAX`] calls at most, and no page twice in a row.
    async fn pages_of_mine<T>(
        &self,
        operation: &'static str,
        list: &str,
        (token, asker, until): (&CitizenToken, Asker, Instant),
        read: impl Fn(&[u8]) -> Result<(Vec<T>, Option<String>), String>,
    ) -> Result<Vec<T>, PortalFault> {
        let path = format!("{list}?limit={MINE_MAX}");
        let mut next = path.clone();
        let mut all = Vec::new();
        for _ in 0..MINE_PAGES_MAX {
            let call = own(asker, token, next.clone());
            let body = self.attempt(operation, &call, until, judge).await.map_err(of_read)?;
            let (items, cursor) = usable(read(&body))?;
            all.extend(items);
            match cursor.map(|cursor| format!("{path}&cursor={}", percent(&cursor))).filter(|after| *after != next) {
                Some(after) if all.len() < MINE_MAX => next = after,
                _ => break,
            }
        }
        all.truncate(MINE_MAX);
        Ok(all)
    }
}

/// A question of somebody who has signed in.
fn own(asker: Asker, token: &CitizenToken, path: String) -> PortalCall {
    PortalCall { token: Some(token.clone()), ..PortalCall::of(asker, Method::Get, path) }
}

fn at_a_kiosk(method: Method, key: Option<Uuid>, path: String) -> PortalCall {
    PortalCall { method, key, channel: Some(Channel::Kiosk), ..PortalCall::own(path) }
}

fn in_words(fault: PortalFault) -> SignInFault {
    match fault {
        PortalFault::NotFound => SignInFault::NotOffered,
        PortalFault::Away | PortalFault::Uncertain => SignInFault::Away,
        _ => SignInFault::Unusable,
    }
}

impl SignIns for PortalClient {
    fn begin<'a>(
        &'a self,
        office: Option<&'a str>,
        language: Language,
        key: Uuid,
        deadline: Duration,
    ) -> PortFuture<'a, Result<SignIn, SignInFault>> {
        Box::pin(async move {
            let mut body = json!({ "language": language.tag() });
            if let Some(office) = office {
                body["office_id"] = json!(office);
            }
            let call = at_a_kiosk(Method::Post(body), Some(key), "/v1/sign-ins".to_owned());
            let made = self.core.attempt("createSignIn", &call, Instant::now() + deadline, judge).await;
            made.and_then(|body| usable(wire::sign_ins::sign_in(&body))).map_err(in_words)
        })
    }

    fn look<'a>(&'a self, handle: &'a str, deadline: Duration) -> PortFuture<'a, Result<Standing, SignInFault>> {
        Box::pin(async move {
            let call = at_a_kiosk(Method::Get, None, format!("/v1/sign-ins/{}", percent(handle)));
            let read = self.core.attempt("getSignIn", &call, Instant::now() + deadline, judge).await;
            match read.map_err(of_read).and_then(|body| usable(wire::sign_ins::standing(&body))) {
                Err(PortalFault::NotFound) => Ok(Standing::Expired),
                read => read.map_err(in_words),
            }
        })
    }

    fn end<'a>(
        &'a self,
        handle: &'a str,
        _: Option<&'a CitizenToken>,
        key: Uuid,
        deadline: Duration,
    ) -> PortFuture<'a, Result<(), SignInFault>> {
        Box::pin(async move {
            let call = at_a_kiosk(Method::Delete, Some(key), format!("/v1/sign-ins/{}", percent(handle)));
            match self.core.attempt("deleteSignIn", &call, Instant::now() + deadline, judge).await {
                // what is not there any more has ended
                Ok(_) | Err(PortalFault::NotFound) => Ok(()),
                Err(fault) => Err(in_words(fault)),
            }
        })
    }
}
