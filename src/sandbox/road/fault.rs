//! What goes wrong on request: `--fault TYPE=PERCENT`.
use crate::sandbox::telco::fault::Dice;
use anyhow::anyhow;

/// The answer of a call that was carried out never comes.
pub const LOSE_ANSWER: &str = "lose-answer";

/// The faults to play, and the throws for them.
#[derive(Debug, Default)]
pub struct Faults {
    all: Vec<(String, u8, Dice)>,
}

impl Faults {
    /// # Errors
    /// Which of them is none.
    pub fn parse(flags: &[String]) -> anyhow::Result<Self> {
        let mut all = Vec::new();
        for flag in flags {
            let wrong = || {
                anyhow!(
                    "--fault {flag}: takes TYPE=PERCENT, such as Server.ServerProxy.NetworkError=5 or {LOSE_ANSWER}=5"
                )
            };
            let (kind, percent) = flag.split_once('=').ok_or_else(wrong)?;
            let percent: u8 = percent.parse().map_err(|_| wrong())?;
            let is_type = ["Client.", "Server.ClientProxy.", "Server.ServerProxy."]
                .iter()
                .any(|proxy| kind.strip_prefix(proxy).is_some_and(|rest| rest.split('.').all(is_name)));
            if percent > 100 || !(is_type || kind == LOSE_ANSWER) {
                return Err(wrong());
            }
            // each throws its own dice: those of all would else fall alike
            let mut dice = Dice::default();
            for _ in 0..97 * all.len() {
                dice.hit(50);
            }
            all.push((kind.to_owned(), percent, dice));
        }
        Ok(Faults { all })
    }

    /// The fault of this call, if it is to have one.
    pub fn hit(&mut self) -> Option<String> {
        let hits = self.all.iter_mut().map(|(kind, percent, dice)| dice.hit(*percent).then(|| kind.clone()));
        // each is thrown for, so that one does not change how often the next comes
        hits.collect::<Vec<_>>().into_iter().flatten().next()
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_uppercase()) && text.bytes().all(|octet| octet.is_ascii_alphanumeric())
}

/// Whether a call that ends in this error was certainly not carried out.
pub fn is_certain(kind: &str) -> bool {
    let sure = [
        "InvalidClientIdentifier",
        "UnknownMember",
        "SslAuthenticationFailed",
        "InvalidSecurityServer",
        "OutdatedGlobalConf",
        "GlobalConfOutdated",
        "MalformedGlobalConf",
        "AccessDenied",
        "UnknownService",
        "ServiceMissingUrl",
        "ServiceDisabled",
        "MaintenanceMode",
    ];
    kind.starts_with("Client.") || kind.rsplit('.').next().is_some_and(|last| sure.contains(&last))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(flag: &str) -> anyhow::Result<Faults> {
        Faults::parse(&[flag.to_owned()])
    }

    #[test]
    fn faults_are_types_with_a_percentage() {
        for good in [
            "Server.ServerProxy.NetworkError=5",
            "Client.BadRequest=100",
            "lose-answer=0",
            "Server.ServerProxy.ServiceFailed.HttpError=1",
        ] {
            assert!(parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "x=5",
            "Client.BadRequest",
            "Client.BadRequest=101",
            "Client.=5",
            "Server.Other.X=5",
            "Client.bad=5",
            "Client.A\r\nB=5",
        ] {
            let fault = parse(bad).expect_err(bad).to_string();
            assert!(fault.starts_with(&format!("--fault {bad}: ")), "{fault}");
        }
        let mut all = parse("Client.BadRequest=100").expect("good");
        assert_eq!(all.hit().as_deref(), Some("Client.BadRequest"));
        let mut some = parse("lose-answer=20").expect("good");
        let hits = (0..10_000).filter(|_| some.hit().is_some()).count();
        assert!((1_800..2_200).contains(&hits), "{hits}");
        let both = ["Client.BadRequest=20".to_owned(), "lose-answer=20".to_owned()];
        let mut both = Faults::parse(&both).expect("good");
        let hits: Vec<String> = (0..10_000).filter_map(|_| both.hit()).collect();
        let lost = hits.iter().filter(|kind| *kind == LOSE_ANSWER).count();
        assert!((1_400..1_800).contains(&lost), "a fifth of four fifths: {lost}");
    }
}
