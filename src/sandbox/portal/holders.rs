//! Who stands behind a citizen's token: one of three invented people. Tokens are made by the sign-ins of this portal; those of
//! others are judged by whoever made them (RFC 7662), where such a judge was named. It must not know what is asked.
use super::{callers, problem::Problem};
use crate::{ports::random, types::lock};
use axum::http::HeaderMap;
use serde::Deserialize;
use std::{
    collections::HashMap,
    sync::{Mutex, OnceLock},
    time::Duration,
};
use tokio::time::Instant;

/// How long a token lives.
pub const TOKEN_FOR: Duration = Duration::from_secs(10 * 60);
/// Tokens that are kept at a time; more makes the oldest end.
const TOKENS_MAX: usize = 1_000;
/// A judge has said what it thinks within this, and in so many octets.
const JUDGED_WITHIN: Duration = Duration::from_secs(3);
const JUDGEMENT_MAX: usize = 64 * 1024;

/// An invented citizen.
#[derive(Debug, PartialEq, Eq)]
pub struct Person {
    /// By which a judge may call them, as `sub` or `username`.
    pub id: &'static str,
    /// The name in Khmer.
    pub km: &'static str,
    /// The name in English.
    pub en: &'static str,
    /// The number on file with their applications, E.164.
    pub number: &'static str,
}

/// All of them.
pub static PEOPLE: [Person; 3] = [
    Person { id: "dara", km: "សុខ ដារ៉ា", en: "Sok Dara", number: "+85510000001" },
    Person { id: "sreymom", km: "ចាន់ ស្រីមុំ", en: "Chan Sreymom", number: "+85512345678" },
    Person { id: "vuthy", km: "គឹម វុទ្ធី", en: "Kim Vuthy", number: "+85597123456" },
];

/// Who judges tokens that this portal has not made.
#[derive(Clone, Debug)]
pub struct Introspect {
    /// Its introspection endpoint.
    pub url: String,
    /// As whom we ask.
    pub client: String,
    /// Our secret there.
    pub secret: String,
}

struct Judge {
    asks: Introspect,
    http: reqwest::Client,
}

#[derive(Deserialize)]
struct Judgement {
    active: bool,
    sub: Option<String>,
    username: Option<String>,
    phone_number: Option<String>,
}

/// The tokens that are good now.
#[derive(Default)]
pub struct Holders {
    tokens: Mutex<HashMap<String, (&'static Person, Instant)>>,
    judge: OnceLock<Judge>,
}

impl Holders {
    /// From now on these tokens are judged, too.
    ///
    /// # Errors
    /// When no client for it can be made, or there is one already.
    pub fn judge_by(&self, asks: Introspect) -> anyhow::Result<()> {
        let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        let http = client.timeout(JUDGED_WITHIN).build()?;
        self.judge.set(Judge { asks, http }).map_err(|_| anyhow::anyhow!("there is a judge of tokens already"))
    }

    /// A token for a person.
    pub fn make(&self, person: &'static Person) -> String {
        let octets = random::octets::<24>();
        let token = format!("st-{}", octets.iter().map(|octet| format!("{octet:02x}")).collect::<String>());
        let mut tokens = lock(&self.tokens);
        let now = Instant::now();
        tokens.retain(|_, (_, until)| *until > now);
        if tokens.len() >= TOKENS_MAX
            && let Some(oldest) = tokens.iter().min_by_key(|(_, (_, until))| *until).map(|(token, _)| token.clone())
        {
            tokens.remove(&oldest);
        }
        tokens.insert(token.clone(), (person, now + TOKEN_FOR));
        token
    }

    /// Ends a token.
    pub fn end(&self, token: &str) {
        lock(&self.tokens).remove(token);
    }

    /// Ends all of them.
    pub fn end_all(&self) {
        lock(&self.tokens).clear();
    }

    /// Who stands behind the token of a call; `None`: there is none.
    ///
    /// # Errors
    /// 403 for one that is good no more, or that nobody knows.
    pub async fn of(&self, headers: &HeaderMap) -> Result<Option<&'static Person>, Problem> {
        let Some(token) = callers::token(headers)? else { return Ok(None) };
        let known = lock(&self.tokens).get(token).copied();
        match (known, self.judge.get()) {
            (Some((person, until)), _) if until > Instant::now() => Ok(Some(person)),
            (None, Some(judge)) => judge.of(token).await.map(Some),
            _ => Err(Problem::sign_in_expired()),
        }
    }

    /// The same, where there must be one.
    ///
    /// # Errors
    /// 403 without a token, too.
    pub async fn required(&self, headers: &HeaderMap) -> Result<&'static Person, Problem> {
        self.of(headers).await?.ok_or_else(Problem::factor_required)
    }
}

impl Judge {
    async fn of(&self, token: &str) -> Result<&'static Person, Problem> {
        let Introspect { url, client, secret } = &self.asks;
        let form = [("token", token), ("token_type_hint", "access_token")];
        let asked = self.http.post(url).basic_auth(client, Some(secret)).form(&form).send().await;
        let mut answer = asked.map_err(|fault| away(&fault))?;
        if !answer.status().is_success() {
            tracing::error!(status = answer.status().as_u16(), "whoever judges tokens does not take our question");
            return Err(Problem::unavailable());
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|fault| away(&fault))? {
            body.extend_from_slice(&chunk);
            if body.len() > JUDGEMENT_MAX {
                return Err(Problem::unavailable());
            }
        }
        let judgement: Judgement = serde_json::from_slice(&body).map_err(|fault| {
            tracing::error!("a judgement of a token cannot be read: {:?}", fault.classify());
            Problem::unavailable()
        })?;
        let called = [&judgement.sub, &judgement.username, &judgement.phone_number];
        let is = |person: &&'static Person| {
            called.iter().any(|name| name.as_deref().is_some_and(|name| name == person.id || name == person.number))
        };
        PEOPLE.iter().find(is).filter(|_| judgement.active).ok_or_else(Problem::sign_in_expired)
    }
}

fn away(fault: &reqwest::Error) -> Problem {
    let why = if fault.is_timeout() { "no answer in time" } else { "no connection" };
    tracing::error!("whoever judges tokens is away: {why}");
    Problem::unavailable()
}
