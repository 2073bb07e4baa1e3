//! `chrak dead`: texts that were given up, from beside the server.
use super::{Fault, keys, moment, place};
use crate::{
    app::{clock::SystemClock, read_config},
    ports::{
        clock::Clock,
        dead::{DeadLetter, Requeued, Why},
    },
    store::dead,
    types::CauseId,
};
use serde_json::json;
use std::path::Path;

/// `chrak dead list`: one a line, the youngest first.
///
/// # Errors
/// When they cannot be read.
pub async fn list(config: &Path, as_json: bool) -> Result<(), Fault> {
    let config = read_config(config)?;
    let all = dead::list(place(&config), keys(&config)?).await?;
    if all.is_empty() && !as_json {
        println!("no dead letters");
    }
    for letter in &all {
        println!("{}", if as_json { in_json(letter) } else { shown(letter) });
    }
    Ok(())
}

fn in_json(letter: &DeadLetter) -> String {
    let DeadLetter { id, smsc, received_at, dead_at, why, attempts, number } = letter;
    json!({
        "id": id.0, "smsc": smsc, "received_at_ms": received_at.0, "dead_at_ms": dead_at.0, "why": words(*why),
        "attempts": attempts, "number": number,
    })
    .to_string()
}

fn shown(letter: &DeadLetter) -> String {
    let DeadLetter { id, smsc, received_at, why, attempts, number, .. } = letter;
    format!("{}  {smsc:<12} {}  {number}  {attempts} tries  {}", id.0, moment(received_at.0), words(*why))
}

fn words(why: Why) -> &'static str {
    match why {
        Why::EndedTheServer => "the server ended twice with it alone in hand",
        Why::TooManyTries => "it had its turn too often",
        Why::Refused => "the database refused its answer",
    }
}

/// `chrak dead requeue`: has one answered after all, or each of which that is of use.
///
/// # Errors
/// When it cannot be, and why.
pub async fn requeue(config: &Path, id: Option<&str>) -> Result<(), Fault> {
    let one = id.map(parsed).transpose()?;
    let config = read_config(config)?;
    let ids = match one {
        Some(id) => vec![id],
        None => dead::list(place(&config), keys(&config)?).await?.into_iter().map(|letter| letter.id).collect(),
    };
    let became = dead::requeue(place(&config), keys(&config)?, ids.clone(), SystemClock.now()).await?;
    for (id, became) in ids.iter().zip(&became) {
        let words = match became {
            Requeued::Waits => "waits; a running server answers it within 15 seconds",
            Requeued::Unknown => "is no dead letter; see: chrak dead list",
            Requeued::TooOld => "is older than a day: not answered any more; chrak dead drop ends it",
            Requeued::AskedAgain => "its number has texted again since: not answered any more; chrak dead drop ends it",
        };
        if one.is_some() && *became != Requeued::Waits {
            return Err(Fault::Run(format!("{} {words}", id.0)));
        }
        println!("{} {words}", id.0);
    }
    if ids.is_empty() {
        println!("no dead letters");
    }
    Ok(())
}

/// `chrak dead drop`: destroys what one said.
///
/// # Errors
/// When there is none.
pub async fn end(config: &Path, id: &str) -> Result<(), Fault> {
    let id = parsed(id)?;
    let config = read_config(config)?;
    if !dead::end(place(&config), keys(&config)?, id, SystemClock.now()).await? {
        return Err(Fault::Run(format!("{} is no dead letter; see: chrak dead list", id.0)));
    }
    println!("{} is destroyed", id.0);
    Ok(())
}

fn parsed(id: &str) -> Result<CauseId, Fault> {
    let shown: String = id.chars().take(40).collect();
    let wrong = |_| Fault::Usage(format!("{shown}: is no id of a dead letter; see: chrak dead list"));
    uuid::Uuid::try_parse(id).map(CauseId).map_err(wrong)
}
