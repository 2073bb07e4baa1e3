//! `chrak key rotate`: another key for what is sealed from now on, while the server runs.
use super::{Fault, keys, place};
use crate::{
    app::{clock::SystemClock, read_config},
    ports::clock::Clock,
    store::{
        Keys,
        rotation::{self, Sealed},
    },
};
use std::path::Path;

/// Adds a generation to the key file, and has the database ask for it.
///
/// # Errors
/// When the file or the database does not take it.
pub async fn rotate(config: &Path) -> Result<(), Fault> {
    let config = read_config(config)?;
    let path = config.data_dir.join("chrak.key");
    // whether it is this database's is known before anything is written
    rotation::sealed(place(&config), keys(&config)?).await?;
    let generation = Keys::rotate(&path).map_err(|fault| Fault::Run(fault.to_string()))?;
    rotation::mark(place(&config), keys(&config)?, SystemClock.now()).await?;
    println!("{}: generation {generation}; what is sealed from now on will need it", path.display());
    println!(
        "1. copy the file to where its backup is, and to each other node of this database: an older copy opens nothing new"
    );
    println!(
        "2. tell the running server: kill -HUP, or the console; its log says that it seals with generation {generation}"
    );
    Ok(())
}

/// For `chrak check`: how the key file stands.
pub(in crate::app) async fn status(config: &crate::app::config::Config) -> Result<String, Fault> {
    let keys = keys(config)?;
    let generations = keys.generations();
    let Sealed { all, older } = rotation::sealed(place(config), keys).await?;
    Ok(format!(
        "{}: {generations} generations, new rows are sealed with the last; {older} of {all} sealed values are of an older one",
        config.data_dir.join("chrak.key").display()
    ))
}
