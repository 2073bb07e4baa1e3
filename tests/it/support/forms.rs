//! The kiosk's forms without a browser: sent as its pages would send them.
use super::{hall::Hall, program};

/// A page, and what its hidden fields hold.
pub struct Visit {
    client: reqwest::Client,
    http: String,
    /// Of a paired device, as its cookie is sent.
    cookie: String,
    /// The language of the pages.
    pub lang: &'static str,
    /// The page.
    pub text: String,
}

impl Visit {
    /// At a kiosk that needs no pairing.
    pub fn new(hall: &Hall) -> Self {
        Self::at(hall, "")
    }

    /// At the device with this cookie.
    pub fn at(hall: &Hall, cookie: &str) -> Self {
        let (client, http) = (program::client(), hall.http.clone());
        Visit { client, http, cookie: cookie.to_owned(), lang: "en", text: String::new() }
    }

    /// Opens a page of the language, without anything typed.
    pub async fn open(&mut self, path: &str) -> &str {
        let get = self.client.get(format!("{}/kiosk/{}/{path}", self.http, self.lang)).header("cookie", &self.cookie);
        let answer = get.send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "{path}");
        self.text = answer.text().await.expect("a page");
        &self.text
    }

    /// What a hidden field of the page holds.
    pub fn field(&self, name: &str) -> String {
        let start = format!("name=\"{name}\" value=\"");
        let rest = self.text.split(&start).nth(1).unwrap_or_default();
        rest.split('"').next().unwrap_or_default().to_owned()
    }

    /// Presses `key` on `page` with these fields changed.
    pub async fn press(&mut self, page: &str, key: &str, changed: &[(&str, &str)]) -> &str {
        let status = self.try_press(page, key, changed).await;
        assert_eq!(status, 200, "{page} {key}");
        &self.text
    }

    /// As `press`; the status of whatever comes.
    pub async fn try_press(&mut self, page: &str, key: &str, changed: &[(&str, &str)]) -> u16 {
        let mut fields: Vec<(String, String)> = ["digits", "at", "pin", "phone", "once", "held"]
            .map(|name| (name.to_owned(), self.field(name)))
            .into_iter()
            .filter(|(name, _)| changed.iter().all(|(other, _)| other != name))
            .collect();
        fields.extend(changed.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        fields.push(("key".to_owned(), key.to_owned()));
        let post = self.client.post(format!("{}/kiosk/{}/{page}", self.http, self.lang)).form(&fields);
        let answer = post.header("cookie", &self.cookie).send().await.expect("an answer");
        let status = answer.status().as_u16();
        self.text = answer.text().await.expect("a page");
        status
    }

    /// Asks for a one-time code to a number; the page that comes.
    pub async fn ask_code(&mut self, number: &str) -> &str {
        self.press("number", "begin", &[]).await;
        self.press("number", "go", &[("phone", number)]).await
    }
}
