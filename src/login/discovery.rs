//! How a provider describes itself (OpenID Connect Discovery 1.0; RFC 8414), and what of it is of no use to us. It must not know
//! a sign-in.
use super::{
    address::check_address,
    http::{Http, Said},
    options::{LoginFault, LoginOptions},
};
use serde::Deserialize;
use tokio::time::Instant;

/// Where things are at the provider.
pub struct Endpoints {
    /// Where a sign-in is begun (RFC 8628 §3.1).
    pub device: String,
    /// Where it is asked about.
    pub token: String,
    /// Where a token is ended (RFC 7009); `None`: nowhere.
    pub revocation: Option<String>,
    /// The secret goes in the form, as the provider takes it nowhere else.
    pub secret_in_body: bool,
}

#[derive(Deserialize)]
struct Document {
    issuer: Option<String>,
    device_authorization_endpoint: Option<String>,
    token_endpoint: Option<String>,
    revocation_endpoint: Option<String>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

/// Reads it.
///
/// # Errors
/// Why it cannot be used.
pub async fn read(http: &Http, options: &LoginOptions, until: Instant) -> Result<Endpoints, LoginFault> {
    let url = format!("{}/.well-known/openid-configuration", options.issuer.trim_end_matches('/'));
    let said = http.get(&url, until).await.map_err(LoginFault::Away)?;
    judged(&said, options)
}

fn judged(said: &Said, options: &LoginOptions) -> Result<Endpoints, LoginFault> {
    let wrong = |why: String| Err(LoginFault::Configured(format!("issuer: {why}")));
    match said.status {
        200 => {}
        429 | 500.. => return Err(LoginFault::Away(format!("it answered {}", said.status))),
        status => {
            return wrong(format!(
                "{status} came instead of .well-known/openid-configuration: there is no provider of OpenID"
            ));
        }
    }
    let Ok(document) = serde_json::from_slice::<Document>(&said.body) else {
        return wrong("what it describes itself by is not a document of OpenID Connect Discovery".to_owned());
    };
    let configured = &options.issuer;
    match &document.issuer {
        Some(issuer) if issuer == configured => {}
        Some(issuer) => {
            let shown: String = issuer.chars().filter(|c| c.is_ascii_graphic()).take(200).collect();
            return wrong(format!(
                "the provider calls itself \"{shown}\", which must equal \"{configured}\" to the last slash"
            ));
        }
        None => return wrong("the provider does not say what it is called (issuer)".to_owned()),
    }
    let Some(device) = document.device_authorization_endpoint else {
        return wrong(
            "the provider has no device_authorization_endpoint: it cannot sign anybody in at a kiosk (RFC 8628)"
                .to_owned(),
        );
    };
    let Some(token) = document.token_endpoint else {
        return wrong("the provider has no token_endpoint".to_owned());
    };
    let revocation = document.revocation_endpoint;
    for (name, url) in [
        ("device_authorization_endpoint", Some(&device)),
        ("token_endpoint", Some(&token)),
        ("revocation_endpoint", revocation.as_ref()),
    ] {
        if let Some(why) = url.and_then(|url| check_address(url).err()) {
            return wrong(format!("the provider's {name} cannot be used: {why}"));
        }
    }
    let methods = document.token_endpoint_auth_methods_supported.unwrap_or_default();
    let takes = |method: &str| methods.iter().any(|one| one == method);
    let secret_in_body = takes("client_secret_post") && !takes("client_secret_basic");
    Ok(Endpoints { device, token, revocation, secret_in_body })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn options(issuer: &str) -> LoginOptions {
        LoginOptions {
            issuer: issuer.to_owned(),
            client_id: "chrak".to_owned(),
            client_secret: None,
            scope: "openid".to_owned(),
            resource: None,
            ca_file: None,
        }
    }

    fn judge(status: u16, body: &str) -> Result<Endpoints, String> {
        judged(&Said { status, body: body.as_bytes().to_vec() }, &options("https://id.example"))
            .map_err(|fault| fault.to_string())
    }

    fn document(change: impl Fn(&mut Value)) -> String {
        let mut document = json!({
            "issuer": "https://id.example",
            "device_authorization_endpoint": "https://id.example/device",
            "token_endpoint": "https://id.example/token",
        });
        change(&mut document);
        document.to_string()
    }

    #[test]
    fn what_is_wrong_with_a_provider_is_one_line_that_names_the_key() {
        for (status, body, told) in [
            (
                200,
                document(|it| it["issuer"] = json!("https://id.example/")),
                "\"https://id.example/\", which must equal \"https://id.example\"",
            ),
            (200, document(|it| it["issuer"] = json!(null)), "does not say what it is called"),
            (200, document(|it| it["device_authorization_endpoint"] = json!(null)), "no device_authorization_endpoint"),
            (200, document(|it| it["token_endpoint"] = json!(null)), "no token_endpoint"),
            (
                200,
                document(|it| it["token_endpoint"] = json!("http://id.example/token")),
                "token_endpoint cannot be used: http:// is for",
            ),
            (
                200,
                document(|it| it["device_authorization_endpoint"] = json!("https://id.example/a\r\nb")),
                "cannot be used: is no address",
            ),
            (
                200,
                document(|it| it["revocation_endpoint"] = json!("file:///etc/passwd")),
                "revocation_endpoint cannot be used",
            ),
            (200, "<html>".to_owned(), "is not a document of OpenID Connect Discovery"),
            (404, String::new(), "404 came instead of"),
        ] {
            let fault = judge(status, &body).err().expect(told);
            assert!(fault.starts_with("kiosk.login.issuer: ") && fault.contains(told), "{fault}");
            assert!(!fault.contains('\n'), "{fault}");
        }
        assert!(matches!(
            judged(&Said { status: 503, body: Vec::new() }, &options("https://id.example")),
            Err(LoginFault::Away(_))
        ));
        let good = judge(200, &document(|_| {})).expect("a provider");
        assert!(good.revocation.is_none() && !good.secret_in_body);
    }
}
