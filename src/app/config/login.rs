//! `[kiosk.login]`: who lets visitors sign in at a kiosk by their telephone.
use super::{ConfigFault, file, secret, words::LoginMode};
use crate::login::{LoginOptions, check_address};
use std::{path::Path, time::Duration};

/// What comes of the table.
#[derive(Clone, Debug)]
pub struct LoginSettings {
    /// Who.
    pub by: LoginBy,
    /// How long a sign-in is shown.
    pub valid: Duration,
}

/// Who lets visitors sign in.
#[derive(Clone, Debug)]
pub enum LoginBy {
    /// Nobody.
    Nobody,
    /// The portal.
    Portal,
    /// A provider of OpenID.
    Oidc(LoginOptions),
}

/// Of a table that may be missing; `paired`: kiosks must be.
pub fn settle(
    table: Option<file::Login>,
    paired: bool,
    folder: &Path,
    warnings: &mut Vec<String>,
) -> Result<LoginSettings, ConfigFault> {
    let table = table.unwrap_or_default();
    let valid = Duration::from_secs(table.valid_s.into());
    if table.mode != LoginMode::Off && !paired {
        warnings.push("kiosk.login.mode: has no effect outside of the try-out, as only paired kiosks sign anybody in and kiosk.pairing is \"off\"".to_owned());
    }
    let by = match table.mode {
        LoginMode::Off => LoginBy::Nobody,
        LoginMode::Portal => LoginBy::Portal,
        LoginMode::Oidc => return Ok(LoginSettings { by: LoginBy::Oidc(oidc(table, folder, warnings)?), valid }),
    };
    let named = [
        ("issuer", table.issuer.is_some()),
        ("client_id", table.client_id.is_some()),
        ("client_secret_file", table.client_secret_file.is_some()),
        ("resource", table.resource.is_some()),
        ("ca_file", table.ca_file.is_some()),
    ];
    for (key, _) in named.iter().filter(|(_, given)| *given) {
        warnings.push(format!("kiosk.login.{key}: has no effect, as only mode = \"oidc\" uses it"));
    }
    Ok(LoginSettings { by, valid })
}

/// Whether a place of this kind can say whose a sign-in is; a registration system of GovStack knows nobody.
pub fn fits(login: &LoginSettings, govstack: bool) -> Result<(), ConfigFault> {
    if govstack && !matches!(login.by, LoginBy::Nobody) {
        let why = "a registration system of GovStack knows nobody who signs in; set it to \"off\"";
        return Err(ConfigFault::new(format!("kiosk.login.mode: {why}")));
    }
    Ok(())
}

fn oidc(table: file::Login, folder: &Path, warnings: &mut Vec<String>) -> Result<LoginOptions, ConfigFault> {
    let missing = |key: &str, what: &str| {
        ConfigFault::new(format!("kiosk.login.{key} is missing: mode = \"oidc\" needs to know {what}"))
    };
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    let issuer = given(table.issuer).ok_or_else(|| missing("issuer", "the provider"))?;
    check_address(&issuer).map_err(|why| ConfigFault::new(format!("kiosk.login.issuer: {why}")))?;
    if issuer.starts_with("http://") {
        warnings.push("kiosk.login.issuer: tokens of citizens go in the clear; use https://".to_owned());
    }
    let client_id = given(table.client_id).ok_or_else(|| missing("client_id", "as whom it asks"))?;
    let visible = |text: &str| text.len() <= 255 && text.bytes().all(|octet| (b' '..=b'~').contains(&octet));
    let scope = table.scope.trim().to_owned();
    for (key, text) in [("client_id", &client_id), ("scope", &scope)] {
        if !visible(text) || text.is_empty() {
            return Err(ConfigFault::new(format!("kiosk.login.{key}: must be 1 to 255 visible ASCII characters")));
        }
    }
    let resource = given(table.resource);
    if let Some(why) = resource.as_ref().filter(|text| !visible(text) || !text.contains(':')) {
        return Err(ConfigFault::new(format!("kiosk.login.resource: \"{why}\" is no address of a resource")));
    }
    let key = "kiosk.login.client_secret";
    let client_secret = secret::read(key, None, table.client_secret_file, folder, warnings)?;
    Ok(LoginOptions {
        issuer,
        client_id,
        client_secret,
        scope,
        resource,
        ca_file: table.ca_file.map(|path| folder.join(path)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::config::{Config, check, parse};
    use std::path::Path;

    const REST: &str = "[portal]\nurl = \"https://portal.example\"\ntoken = \"t\"\n[[smsc]]\nname = \"smart\"\n\
        address = \"127.0.0.1:2775\"\nsystem_id = \"chrak\"\npassword = \"p\"\n";

    fn settle(login: &str) -> Result<Config, String> {
        let text = format!("[kiosk.login]\n{login}\n{REST}");
        let file = parse(&text, "chrak.toml", std::iter::empty()).map_err(|fault| fault.to_string())?;
        check(file, Path::new("/etc/chrak")).map_err(|fault| fault.to_string())
    }

    #[test]
    fn nobody_signs_in_where_the_place_knows_nobody() {
        let settings = |by| LoginSettings { by, valid: Duration::from_secs(180) };
        let fault = fits(&settings(LoginBy::Portal), true).expect_err("refused").to_string();
        assert!(fault.starts_with("kiosk.login.mode: ") && !fault.contains('\n'), "{fault}");
        assert!(fits(&settings(LoginBy::Nobody), true).is_ok() && fits(&settings(LoginBy::Portal), false).is_ok());
    }

    #[test]
    fn what_is_wrong_is_one_line_that_names_the_key() {
        let issuer = "mode = \"oidc\"\nissuer = \"https://id.example\"";
        for (login, told) in [
            ("mode = \"saml\"".to_owned(), "kiosk.login.mode: \"saml\" is none of off, portal, oidc"),
            ("mode = \"oidc\"".to_owned(), "kiosk.login.issuer is missing"),
            ("mode = \"oidc\"\nissuer = \"\"".to_owned(), "kiosk.login.issuer is missing"),
            (issuer.to_owned(), "kiosk.login.client_id is missing"),
            (
                "mode = \"oidc\"\nissuer = \"id.example\"\nclient_id = \"c\"".to_owned(),
                "kiosk.login.issuer: is no address",
            ),
            (
                "mode = \"oidc\"\nissuer = \"http://id.example\"\nclient_id = \"c\"".to_owned(),
                "kiosk.login.issuer: http:// is for a provider at",
            ),
            (format!("{issuer}\nclient_id = \"ក\""), "kiosk.login.client_id: must be"),
            (format!("{issuer}\nclient_id = \"c\"\nscope = \"\""), "kiosk.login.scope: must be"),
            (format!("{issuer}\nclient_id = \"c\"\nresource = \"portal\""), "kiosk.login.resource: \"portal\" is no"),
            (
                format!("{issuer}\nclient_id = \"c\"\nclient_secret_file = \"none\""),
                "kiosk.login.client_secret_file: /etc/chrak/none cannot be read",
            ),
            ("mode = \"portal\"\nvalid_s = 0".to_owned(), "kiosk.login.valid_s: 0 is not between"),
        ] {
            let fault = settle(&login).expect_err(told);
            assert!(fault.contains(told) && !fault.contains('\n'), "{fault}");
        }
    }

    #[test]
    fn what_has_no_effect_is_told() {
        let config = settle("mode = \"portal\"\nissuer = \"https://id.example\"").expect("a good file");
        assert!(config.warnings.iter().any(|told| told.starts_with("kiosk.login.issuer: has no effect")));
        let config =
            settle("mode = \"oidc\"\nissuer = \"http://127.0.0.1:3000\"\nclient_id = \"c\"").expect("a good file");
        assert!(config.warnings.iter().any(|told| told.contains("in the clear")));
    }
}
