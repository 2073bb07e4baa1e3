//! A walk through every page of the kiosk, as a visitor comes to it, by touch. What is looked at on each page is the
//! business of whoever sends it on its way.
use super::sign_ins::answer;
use crate::support::{
    browser::Browser,
    hall::{Hall, sample},
};

/// Looks at a page.
pub trait Look {
    async fn at(&mut self, browser: &Browser, page: &str);
}

/// A visitor.
pub struct Tour<'a, L> {
    pub browser: &'a Browser,
    pub hall: &'a Hall,
    pub lang: &'a str,
    /// Whose telephone it is.
    pub number: &'a str,
    pub look: L,
}

/// A code that nobody has, with a right check digit.
pub const NOBODY: &str = "120500260000016";

/// The button that sends the form.
pub const OK: &str = ".pad .ok";

impl<L: Look> Tour<'_, L> {
    async fn page(&mut self, name: &str) {
        self.look.at(self.browser, name).await;
    }

    async fn go(&mut self, path: &str, name: &str) {
        self.browser.go(&format!("/kiosk/{}/{path}", self.lang)).await;
        self.page(name).await;
    }

    async fn press(&mut self, css: &str, name: &str) {
        self.browser.press(css).await;
        self.page(name).await;
    }

    async fn enter(&mut self, digits: &str, name: &str) {
        self.browser.digits(digits).await;
        self.press(OK, name).await;
    }

    /// Every page but those of the device itself.
    pub async fn walk(&mut self) {
        self.browser.go("/kiosk").await;
        self.page("start").await;
        let home = format!(".lang[href=\"/kiosk/{}/home\"]", self.lang);
        self.press(&home, "home").await;
        for page in ["help", "look", "services", "feedback", "complain", "offline", "staff"] {
            self.go(page, page).await;
        }
        self.directory().await;
        self.words().await;
        self.status().await;
        self.pay().await;
        self.prove_number().await;
        self.book().await;
    }

    /// The pages of a device that is paired with an office: its digits, closed, a queue ticket.
    pub async fn device(&mut self, office: &str) {
        self.browser.go("/kiosk").await;
        self.page("pairing").await;
        self.hall.digits(self.browser).await;
        self.page("pairing-digits").await;
        self.hall.pair(self.browser, office).await;
        self.ticket().await;
        let id = self.hall.devices().await.pop().expect("a device").0;
        self.hall.tell(&id, "kind=closed").await;
        self.browser.until("the closed page", "location.assign('/kiosk'); return true").await;
        self.browser.see("[data-page=closed]").await;
        self.page("closed").await;
    }

    /// The pages of whoever signs in at the paired device of this browser.
    pub async fn sign_in(&mut self, who: &str) {
        self.go("home", "home-signing-in").await;
        self.press("button[formaction$=\"/mine\"]", "scan").await;
        answer(self.hall, None).await;
        self.browser.see(".verdict").await;
        self.page("scan-denied").await;
        self.press("[name=key][value=new]", "scan-again").await;
        let check = self.browser.js("return document.querySelector('.check b').textContent").await;
        answer(self.hall, Some((who, check.as_str().expect("digits")))).await;
        self.browser.see(".own .tile").await;
        self.page("own").await;
        self.press(".own .tile", "own-status").await;
        self.press(".foot>:first-child", "own-again").await;
        self.hall.portal().end_tokens();
        self.press(".own .actions .quiet", "own-ended").await;
    }

    async fn directory(&mut self) {
        self.go("services?q=%E1%9E%9F%E1%9F%86%E1%9E%94%E1%9E%BB%E1%9E%8F%E1%9F%92%E1%9E%9A", "search").await;
        self.go("services?q=qqqqqq", "search-none").await;
        self.go("services?q=motor%20licence", "search-meant").await;
        self.go("services?q=", "search-empty").await;
        for tab in ["ministry", "group", "all"] {
            self.go(&format!("services?tab={tab}"), &format!("services-{tab}")).await;
        }
        self.go("services?about=one-window", "services-topic").await;
        for whom in ["citizen", "business", "foreigner", "visitor"] {
            self.go(&format!("services?for={whom}"), &format!("services-{whom}")).await;
        }
        for page in ["kingdom", "holidays", "window", "page/ombudsman", "page/law-18", "page/app-bakong"] {
            self.go(page, &page.replace('/', "-")).await;
        }
        self.go("services?q=rent", "search-en").await;
        self.press(".tile[href*=\"/service/\"]", "service").await;
        for guide in ["birth", "school", "marriage", "house", "business", "death"] {
            self.go(&format!("guide/{guide}"), &format!("guide-{guide}")).await;
        }
        self.go("offices", "offices").await;
        let mut deep = 0;
        while self.browser.path().await.contains("/offices") {
            self.browser.press(".many .tile").await;
            deep += 1;
            let name = if self.browser.path().await.contains("/office/") {
                "office".into()
            } else {
                format!("offices-{deep}")
            };
            self.page(&name).await;
        }
    }

    async fn words(&mut self) {
        self.go("feedback", "feedback").await;
        self.press(".face[value=\"5\"]", "thanks").await;
        self.go("complain", "complain").await;
        self.press(".tile[value=s1]", "complain-words").await;
        self.press("[name=key][value=call]", "complain-call").await;
        self.browser.digits(self.number).await;
        self.press(OK, "complain-called").await;
        self.browser.tap("textarea").await;
        self.browser.see(".keys .cap").await;
        self.page("complain-keys").await;
        self.browser.tap(".keys div:nth-child(2) .cap:nth-child(3)").await;
        // the Enter key sends
        self.press(".keys .enter", "complained").await;
    }

    async fn status(&mut self) {
        self.go("check", "pad").await;
        self.enter("120500260481938", "mistyped").await;
        self.go("check", "pad").await;
        self.enter(NOBODY, "unknown").await;
        let returned = sample("047015");
        self.go("check", "pad").await;
        self.enter(&returned.code, "status").await;
        self.press("[name=key][value=pin]", "pin").await;
        self.enter(&returned.pin, "status-pin").await;
        self.press("[formaction$=\"/send\"]", "send").await;
        self.enter(self.number, "sent").await;
    }

    async fn pay(&mut self) {
        let due = sample(if self.lang == "km" { "050144" } else { "003342" });
        self.go("check", "pad").await;
        self.enter(&due.code, "status-due").await;
        if !self
            .browser
            .js("return !!document.querySelector('[formaction$=\"/pay\"]')")
            .await
            .as_bool()
            .unwrap_or_default()
        {
            self.press("[name=key][value=pin]", "pin").await;
            self.enter(&due.pin, "status-due-pin").await;
        }
        self.press("[formaction$=\"/pay\"]", "pay").await;
        self.hall.portal().decide_payments("paid").await.expect("decided");
        // the page asks by itself
        self.browser.see(".verdict.good").await;
        self.page("paid").await;
    }

    async fn prove_number(&mut self) {
        let mine = sample("048193");
        let number = mine.contact.replace("+855", "0");
        self.go("check", "pad").await;
        self.enter(&mine.code, "status-public").await;
        self.press("[formaction$=\"/number\"]", "number").await;
        let before = self.hall.texts(&number);
        self.enter(&number, "once").await;
        let code = self.hall.one_time_code(&number, before).await;
        self.enter(&code, "status-number").await;
    }

    async fn book(&mut self) {
        self.go("appointments", "appointments").await;
        self.press("[name=key][value=t1]", "book-1").await;
        for step in 2..9 {
            if self.shows(".tile[value=h1]").await {
                break;
            }
            self.press(".tile[value=n1]", &format!("book-{step}")).await;
        }
        self.press(".tile[value=h1]", "number-book").await;
        let before = self.hall.texts(self.number);
        self.enter(self.number, "once-book").await;
        let code = self.hall.one_time_code(self.number, before).await;
        self.enter(&code, "book-review").await;
        self.press(".review .go[value=n1]", "booked").await;
        assert!(self.shows(".verdict.good").await, "nothing was booked");
        self.press(".foot>:first-child", "appointments-again").await;
        self.press("[name=key][value=t2]", "mine").await;
        self.press("[name=key][value=t4]", "cancel").await;
        self.press(".review .go[value=mine]", "mine-kept").await;
    }

    async fn shows(&self, css: &str) -> bool {
        self.browser.js(&format!("return !!document.querySelector({css:?})")).await == true
    }

    async fn ticket(&mut self) {
        self.go("ticket", "ticket").await;
        self.press(".tile[value=here]", "check-in").await;
        self.go("ticket", "ticket").await;
        self.press(".tile[value^=s]", "ticket-taken").await;
        self.browser.see(".verdict.ticket").await;
    }
}
