//! `chrak migrate --from … --to …`: a stopped office's data from SQLite to PostgreSQL, once.
use super::Fault;
use crate::{
    app::clock::SystemClock,
    ports::clock::Clock,
    store::{
        self, Keys, PgOptions, StoreOptions, lasting,
        moved::{self, MoveError, Sum},
    },
};
use std::path::{Path, PathBuf};

/// Moves everything, and gives the file another name, so that nobody serves on it by mistake.
///
/// # Errors
/// [`Fault::Usage`] for addresses that are none and a target that is not empty; [`Fault::Run`] when it cannot be done, or a server lives.
pub async fn run(from: &str, to: &str) -> Result<(), Fault> {
    let file = from.strip_prefix("sqlite:").filter(|path| !path.is_empty());
    let file = file.map(PathBuf::from).ok_or_else(|| {
        Fault::Usage(format!("--from {from}: is not sqlite:PATH, such as sqlite:/var/lib/chrak/chrak.db"))
    })?;
    if !to.starts_with("postgres://") && !to.starts_with("postgresql://") {
        return Err(Fault::Usage("--to: is not postgres://USER@HOST/DATABASE".to_owned()));
    }
    let key = file.parent().unwrap_or(Path::new(".")).join("chrak.key");
    let keys = Keys::load(&key).map_err(|fault| Fault::Run(fault.to_string()))?;
    prepare(&file, to, &keys).await?;
    let moved = moved::all(&file, to, keys, SystemClock.now()).await.map_err(|fault| match fault {
        MoveError::NotEmpty { .. } => Fault::Usage(format!("--to: {fault}")),
        fault => Fault::Run(fault.to_string()),
    })?;
    for (table, Sum { rows, sum }) in &moved {
        println!("{table}: {rows} rows, sum {sum:032x}");
    }
    let mut name = file.as_os_str().to_owned();
    name.push(".moved");
    let name = PathBuf::from(name);
    let renamed = std::fs::rename(&file, &name).and_then(|()| lasting::sync_name(&name));
    renamed.map_err(|fault| {
        Fault::Run(format!(
            "everything was moved, but {} could not be renamed: {fault}; do not serve on it",
            file.display()
        ))
    })?;
    println!("moved, and the same on both sides; {} is called {} now", file.display(), name.display());
    println!("set [database] url, keep {} in data_dir, then: chrak serve", key.display());
    Ok(())
}

/// Brings both to the tables of this version; nobody may work on either.
async fn prepare(file: &Path, to: &str, keys: &Keys) -> Result<(), Fault> {
    let failed = |fault: &dyn std::fmt::Display| Fault::Run(fault.to_string());
    let options = StoreOptions { make: false, ..StoreOptions::new(file, keys.clone()) };
    store::sqlite::open(options).await.map_err(|fault| failed(&fault))?.close().await;
    let options = PgOptions::new(to, keys.clone(), SystemClock.now());
    store::postgres::open(options).await.map_err(|fault| failed(&fault))?.close().await;
    Ok(())
}
