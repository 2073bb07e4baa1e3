//! Signing in by a provider of OpenID: the device authorization grant (RFC 8628), found by discovery, and revocation at the end
//! (RFC 7009). The token that comes of it is opaque: the portal judges whose it is, and nothing in it is read. Three forms are
//! sent and four documents read, so there is no library between. It must not know a page, nor the portal.
mod address;
mod discovery;
mod http;
mod options;
mod wire;

#[cfg(test)]
mod tests;

pub use address::check_address;
pub use options::{LoginFault, LoginOptions};

use crate::{
    ports::{
        PortFuture,
        clock::Clock,
        sign_ins::{SignIn, SignInFault, SignIns, Standing},
    },
    types::{Language, civic::CitizenToken},
};
use discovery::Endpoints;
use http::{Http, Said};
use std::{sync::Arc, time::Duration};
use tokio::{sync::OnceCell, time::Instant};
use uuid::Uuid;

/// The grant's name (RFC 8628 §3.4).
const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// A provider of OpenID. Cheap to clone.
#[derive(Clone)]
pub struct Provider {
    core: Arc<Core>,
}

struct Core {
    options: LoginOptions,
    http: Http,
    clock: Arc<dyn Clock>,
    found: OnceCell<Endpoints>,
}

impl Provider {
    /// Makes the client; nothing is called yet.
    ///
    /// # Errors
    /// One line that says which setting cannot be used.
    pub fn new(options: LoginOptions, clock: Arc<dyn Clock>) -> Result<Self, LoginFault> {
        check_address(&options.issuer).map_err(|why| LoginFault::Configured(format!("issuer: {why}")))?;
        let http = Http::new(options.ca_file.as_deref()).map_err(LoginFault::Configured)?;
        Ok(Provider { core: Arc::new(Core { options, http, clock, found: OnceCell::new() }) })
    }

    /// Reads how the provider describes itself, once. What it says in the end.
    ///
    /// # Errors
    /// Why it cannot be used, now or ever.
    pub async fn discover(&self, within: Duration) -> Result<(), LoginFault> {
        self.endpoints(Instant::now() + within).await.map(drop)
    }

    async fn endpoints(&self, until: Instant) -> Result<&Endpoints, LoginFault> {
        let Core { options, http, found, .. } = &*self.core;
        found.get_or_try_init(|| discovery::read(http, options, until)).await
    }

    /// For a question: what cannot be used is told in the log.
    async fn known(&self, until: Instant) -> Result<&Endpoints, SignInFault> {
        self.endpoints(until).await.map_err(|fault| {
            tracing::error!("{fault}");
            match fault {
                LoginFault::Configured(_) => SignInFault::Unusable,
                LoginFault::Away(_) => SignInFault::Away,
            }
        })
    }

    /// Sends a form as the client that we are.
    async fn post(&self, to: &str, form: &mut Vec<(&str, String)>, until: Instant) -> Result<Said, SignInFault> {
        let Core { options, http, found, .. } = &*self.core;
        let in_body = found.get().is_none_or(|endpoints| endpoints.secret_in_body);
        let basic = match &options.client_secret {
            Some(secret) if !in_body => Some((options.client_id.as_str(), secret)),
            Some(secret) => {
                form.push(("client_secret", secret.expose().to_owned()));
                None
            }
            None => None,
        };
        if basic.is_none() {
            form.push(("client_id", options.client_id.clone()));
        }
        http.post(to, form, basic, until).await.map_err(|why| {
            tracing::warn!("the provider of sign-ins did not answer: {why}");
            SignInFault::Away
        })
    }
}

impl SignIns for Provider {
    fn begin<'a>(
        &'a self,
        _: Option<&'a str>,
        _: Language,
        _: Uuid,
        deadline: Duration,
    ) -> PortFuture<'a, Result<SignIn, SignInFault>> {
        Box::pin(async move {
            let until = Instant::now() + deadline;
            let endpoints = self.known(until).await?;
            let options = &self.core.options;
            let mut form = vec![("scope", options.scope.clone())];
            form.extend(options.resource.iter().map(|resource| ("resource", resource.clone())));
            let said = self.post(&endpoints.device, &mut form, until).await?;
            wire::sign_in(&said, self.core.clock.now()).map_err(told)
        })
    }

    fn look<'a>(&'a self, handle: &'a str, deadline: Duration) -> PortFuture<'a, Result<Standing, SignInFault>> {
        Box::pin(async move {
            let until = Instant::now() + deadline;
            let endpoints = self.known(until).await?;
            let mut form = vec![("grant_type", GRANT.to_owned()), ("device_code", handle.to_owned())];
            let said = self.post(&endpoints.token, &mut form, until).await?;
            wire::standing(&said, self.core.clock.now()).map_err(told)
        })
    }

    fn end<'a>(
        &'a self,
        _: &'a str,
        token: Option<&'a CitizenToken>,
        _: Uuid,
        deadline: Duration,
    ) -> PortFuture<'a, Result<(), SignInFault>> {
        Box::pin(async move {
            let until = Instant::now() + deadline;
            let endpoints = self.known(until).await?;
            // a device code that nobody used ends by itself; a provider without revocation lets tokens end by themselves
            let (Some(token), Some(to)) = (token, &endpoints.revocation) else { return Ok(()) };
            let mut form = vec![("token", token.expose().to_owned()), ("token_type_hint", "access_token".to_owned())];
            let said = self.post(to, &mut form, until).await?;
            if said.status == 200 { Ok(()) } else { Err(told(wire::refusal(&said))) }
        })
    }
}

/// What was answered is told in the log, in words that hold nothing of it.
fn told(why: wire::Wrong) -> SignInFault {
    match why {
        wire::Wrong::Away(status) => {
            tracing::warn!(status, "the provider of sign-ins cannot answer now");
            SignInFault::Away
        }
        wire::Wrong::Unusable(why) => {
            tracing::error!("an answer of the provider of sign-ins cannot be used: {why}");
            SignInFault::Unusable
        }
    }
}
