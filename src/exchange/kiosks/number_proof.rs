//! Whether the number that a visitor typed is theirs: a one-time code is texted to it. It must not know a page.
use super::{Asker, Kiosks, TextRefusal};
use crate::{
    exchange::conversation::counts::hex,
    ports::random,
    render::kiosk,
    types::{Language, Msisdn},
};
use std::time::Duration;

/// How long a one-time code can be entered, and how often one may be tried.
const CODE_FOR: Duration = Duration::from_secs(10 * 60);
const CODE_TRIES: u32 = 5;

/// What came of a typed one-time code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeTried {
    /// The number is the visitor's.
    Right,
    /// It is another one.
    Wrong,
    /// It was tried too often, or its time is over.
    Over,
}

impl Kiosks {
    /// Texts a one-time code to the number that was typed. What names the code in [`Kiosks::try_code`].
    ///
    /// # Errors
    /// When none is sent.
    pub async fn send_code(
        &self,
        asker: Asker<'_>,
        typed: &str,
        language: Language,
    ) -> Result<(Msisdn, String), TextRefusal> {
        let number = self.phones.reachable(typed)?;
        let name = hex(&random::octets::<16>());
        let language = self.phones.readable(number, language).await;
        let text = kiosk::one_time_code(&self.code_of(&name, number), language);
        self.phones.send_code(asker, format!("code-{name}"), number, text, CODE_FOR).await?;
        Ok((number, name))
    }

    /// Judges a typed one-time code; each try counts.
    pub async fn try_code(&self, name: &str, number: Msisdn, typed: &str) -> CodeTried {
        let tries = format!("code-tries:{name}");
        if !self.needs.counts.tally(tries, CODE_FOR, CODE_TRIES).await.unwrap_or(false) {
            return CodeTried::Over;
        }
        let (given, wanted) = (self.needs.store.digest(typed), self.needs.store.digest(&self.code_of(name, number)));
        if given == wanted { CodeTried::Right } else { CodeTried::Wrong }
    }

    /// The code of a name and number: nobody without the key file can tell it.
    fn code_of(&self, name: &str, number: Msisdn) -> String {
        let digest = self.needs.store.digest(&format!("one-time code {name} {}", number.digits()));
        let value = u64::from_le_bytes(digest[..8].try_into().expect("eight octets"));
        format!("{:06}", value % 1_000_000)
    }
}
