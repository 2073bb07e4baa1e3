//! A visitor of a kiosk without a browser: fills the forms of its pages over HTTP, as a page without script does.
use super::program::client;

/// Hidden fields of a visit's form.
const FIELDS: [&str; 6] = ["digits", "at", "pin", "phone", "once", "held"];

pub struct Visitor {
    client: reqwest::Client,
    base: String,
    lang: &'static str,
    fields: Vec<(&'static str, String)>,
    /// The page that is shown.
    pub page: String,
}

impl Visitor {
    /// At the kiosk pages below `base`, which has no slash at its end.
    pub fn new(base: &str, lang: &'static str) -> Self {
        Visitor { client: client(), base: base.to_owned(), lang, fields: Vec::new(), page: String::new() }
    }

    /// Opens a page of the language, without anything typed.
    pub async fn go(&mut self, path: &str) {
        self.fields.clear();
        let address = format!("{}/kiosk/{}/{path}", self.base, self.lang);
        self.show(self.client.get(address)).await;
    }

    /// Types into a hidden field.
    pub fn set(&mut self, name: &str, value: &str) {
        let field = FIELDS.into_iter().find(|known| *known == name).expect("a field of the visit");
        self.fields.retain(|(known, _)| *known != field);
        self.fields.push((field, value.to_owned()));
    }

    /// Sends the form of the visit to `path` with a button's `key`.
    pub async fn press(&mut self, path: &str, key: &str) {
        let mut form = self.fields.clone();
        form.push(("key", key.to_owned()));
        let address = format!("{}/kiosk/{}/{path}", self.base, self.lang);
        self.show(self.client.post(address).form(&form)).await;
    }

    /// Sends a complaint.
    pub async fn complain(&mut self, text: &str) {
        let address = format!("{}/kiosk/{}/complain", self.base, self.lang);
        self.show(self.client.post(address).form(&[("text", text)])).await;
    }

    async fn show(&mut self, request: reqwest::RequestBuilder) {
        let answer = request.send().await.expect("an answer");
        let status = answer.status();
        self.page = answer.text().await.expect("a page");
        assert!(status.is_success(), "{status}: {}", self.words());
        self.fields = FIELDS.into_iter().filter_map(|name| Some((name, self.hidden(name)?))).collect();
    }

    fn hidden(&self, name: &str) -> Option<String> {
        let at = self.page.split_once(&format!("<input type=\"hidden\" name=\"{name}\" value=\""))?.1;
        Some(at.split_once('"')?.0.to_owned())
    }

    /// Whether something good was said in large letters.
    pub fn is_good(&self) -> bool {
        self.page.contains("class=\"verdict good\"")
    }

    /// The page without its marks, for a message.
    pub fn words(&self) -> String {
        let main = self.page.split_once("<main").map_or(self.page.as_str(), |(_, main)| main);
        let texts = main.split('>').map(|piece| piece.split('<').next().unwrap_or_default().trim());
        texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" / ")
    }
}
