//! A telephone at a sandbox telco: it dials and waits for screens.
use chrak::sandbox::telco::{Event, Telco};
use std::time::Duration;
use tokio::sync::broadcast;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    pub text: String,
    pub end: bool,
    pub units: usize,
}

pub struct Handset {
    telco: Telco,
    pub number: String,
    events: broadcast::Receiver<Event>,
}

impl Handset {
    pub fn new(telco: &Telco, number: &str) -> Self {
        Handset { telco: telco.clone(), number: number.to_owned(), events: telco.events() }
    }

    /// Waits for the next screen; an error is why the session is over.
    pub async fn screen(&mut self) -> Result<Shown, String> {
        let next = async {
            loop {
                match self.events.recv().await.expect("the telco runs") {
                    Event::Screen { number, text, end, units, .. } if number == self.number => {
                        return Ok(Shown { text, end, units });
                    }
                    Event::Ended { number, why, .. } if number == self.number => return Err(why.to_owned()),
                    _ => {}
                }
            }
        };
        let within = tokio::time::timeout(Duration::from_secs(15), next).await;
        within.unwrap_or_else(|_| panic!("no screen for {}: {:#?}", self.number, self.telco.snapshot()))
    }

    pub async fn dial(&mut self, code: &str) -> Shown {
        // what happened before belongs to another session
        self.events = self.telco.events();
        self.telco.dial(&self.number, code).expect("the telco takes it");
        self.screen().await.expect("a screen")
    }

    pub async fn answer(&mut self, text: &str) -> Shown {
        self.telco.answer_screen(&self.number, text).expect("a session is open");
        self.screen().await.expect("a screen")
    }
}
