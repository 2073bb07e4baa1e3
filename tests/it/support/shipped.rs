//! Which file is driven: the one that ships, never the one that cargo builds beside tests and benches, which has features
//! that only their dependencies switch on. Benches take this file in too: what is measured is what ships.
use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
};

/// How to come by it. `cargo bench` and `cargo test --release` put their own build where `cargo build --release` puts
/// its, so the file is set apart.
const BUILD: &str = "run tests/run NAME, or: cargo build --release --locked && cp target/release/chrak /tmp/chrak-shipped && \
    export CHRAK_BIN=/tmp/chrak-shipped (with CARGO_TARGET_DIR the first stands there), then cargo test or cargo bench";

/// The file that ships, from `CHRAK_BIN`; why there is none.
pub fn shipped(named: Option<OsString>) -> Result<PathBuf, String> {
    let named = named.ok_or_else(|| format!("CHRAK_BIN does not say which program is driven; {BUILD}"))?;
    let file =
        PathBuf::from(&named).canonicalize().map_err(|fault| format!("CHRAK_BIN {named:?}: {fault}; {BUILD}"))?;
    let beside = Path::new(env!("CARGO_BIN_EXE_chrak")).canonicalize();
    if beside.is_ok_and(|beside| beside == file) {
        return Err(format!(
            "CHRAK_BIN {named:?} was built with the features of the tests; it is not what ships; {BUILD}"
        ));
    }
    Ok(file)
}

/// A command of the file that ships.
pub fn command() -> Command {
    Command::new(shipped(std::env::var_os("CHRAK_BIN")).unwrap_or_else(|why| panic!("{why}")))
}
