//! What is part of the program and can still fail to be built: tables, patterns, embedded files, process-wide parts. It is
//! built before anything else, so that a broken one ends the start with its name instead of becoming a "no", an empty
//! list or a white page later.
use super::{Fault, telemetry};
use crate::{api, kiosk, sandbox, smpp::dialect::Dialect, types, web};

type Check = fn() -> Result<(), String>;

/// What is built, and how. It takes a few milliseconds in all; what takes longer is only looked for.
const PARTS: [(&str, Check); 9] = [
    ("TLS provider", tls),
    ("level of the log", telemetry::check),
    ("divisions of the country", types::gazetteer::check),
    ("recommended registration code", code),
    ("USSD dialects", dialects),
    ("files of the pages", web::assets::check),
    ("guides of the kiosk", kiosk::check_guides),
    ("document of the machine API", api::check),
    ("sandbox portal's directory", sandbox::portal::check),
];

/// Builds everything; every command begins with it.
///
/// # Errors
/// The first part that cannot be built, by its name.
pub fn run() -> Result<(), Fault> {
    all(&PARTS)
}

fn all(parts: &[(&str, Check)]) -> Result<(), Fault> {
    for (name, check) in parts {
        check()
            .map_err(|why| Fault::Run(format!("this program is broken: {name}: {why}; build or download it again")))?;
    }
    Ok(())
}

/// The one TLS provider of the process; a second call is refused and changes nothing.
fn tls() -> Result<(), String> {
    let refused = rustls::crypto::ring::default_provider().install_default().is_err();
    let there = rustls::crypto::CryptoProvider::get_default().is_some();
    if there { Ok(()) } else { Err(format!("none is installed (refused: {refused})")) }
}

/// The recommended code, and what operators write: `\d` needs a feature of the regex crate.
fn code() -> Result<(), String> {
    use types::{CodePattern, CodeRules, CodeVerdict, code::CheckDigit};
    for pattern in ["[0-9]{15}", "\\d{15}", "(?i)[a-z]{2}\\d{6}"] {
        CodePattern::new("recommended", pattern, CheckDigit::Damm, Vec::new()).map_err(|fault| fault.to_string())?;
    }
    match CodeRules::recommended().read("120500-26-048193-7") {
        CodeVerdict::Good(_) => Ok(()),
        CodeVerdict::Mistyped(_) | CodeVerdict::None => Err("it does not know its own example".to_owned()),
    }
}

fn dialects() -> Result<(), String> {
    let missing =
        ["spec", "tata", "mica", "sixdee", "msisdn"].into_iter().find(|name| Dialect::built_in(name).is_none());
    missing.map_or(Ok(()), |name| Err(format!("\"{name}\" is missing")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_this_program_can_be_built() {
        if let Err(fault) = run() {
            panic!("{fault}");
        }
    }

    #[test]
    fn a_part_that_cannot_be_built_ends_the_start_with_its_name() {
        let broken: (&str, Check) = ("telephone numbers", || Err("the pattern needs unicode-perl".to_owned()));
        let fault = all(&[PARTS[0], broken]).expect_err("it is broken");
        let said = fault.to_string();
        assert!(said.contains("telephone numbers") && said.contains("unicode-perl"), "{said}");
        assert_eq!(fault.exit_code(), 1);
    }
}
