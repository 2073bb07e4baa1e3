//! What people say for what a directory says. Word for word, whole words only: nothing is guessed here.

/// What is said, and what it is called in a directory. Words that stand in several lines are read by the first.
const SAID: [(&str, &str); 32] = [
    ("idcard", "identity card"),
    ("id card", "identity card"),
    ("id cards", "identity card"),
    ("national id", "identity card"),
    ("khmer id", "identity card"),
    ("motor licence", "driving licence"),
    ("motor license", "driving licence"),
    ("motorbike", "driving"),
    ("motorcycle", "driving"),
    ("driver", "driving"),
    ("drivers", "driving"),
    ("driver's", "driving"),
    ("license", "licence"),
    ("licenses", "licence"),
    ("licences", "licence"),
    ("birth paper", "birth certificate"),
    ("birth papers", "birth certificate"),
    ("death paper", "death certificate"),
    ("marriage paper", "marriage certificate"),
    ("wedding paper", "marriage certificate"),
    ("wedding", "marriage"),
    ("born", "birth"),
    ("diploma", "degree"),
    ("guest house", "guesthouse"),
    ("hair salon", "barber"),
    ("electricity", "power"),
    ("land title", "land"),
    ("police record", "criminal record"),
    ("សំបុត្របើកបរ", "ប័ណ្ណបើកបរ"),
    ("បណ្ណបើកបរ", "ប័ណ្ណបើកបរ"),
    ("ប៉ាស្ព័រ", "លិខិតឆ្លងដែន"),
    ("អត្តសញ្ញាណបណ្ណ", "អត្តសញ្ញាណប័ណ្ណ"),
];

/// The same in the words of a directory; `None`: it is said so already, or nobody knows.
pub(super) fn meant(words: &str) -> Option<String> {
    let said: Vec<String> = words.split_whitespace().map(str::to_lowercase).collect();
    let mut meant: Vec<String> = Vec::new();
    let mut at = 0;
    while at < said.len() {
        let known = SAID.iter().find(|(as_said, _)| {
            let parts: Vec<&str> = as_said.split(' ').collect();
            said[at..].len() >= parts.len() && parts.iter().zip(&said[at..]).all(|(part, word)| part == word)
        });
        match known {
            Some((as_said, as_called)) => {
                meant.push((*as_called).to_owned());
                at += as_said.split(' ').count();
            }
            None => {
                meant.push(said[at].clone());
                at += 1;
            }
        }
    }
    Some(meant.join(" ")).filter(|meant| *meant != said.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_say_is_read_as_a_directory_says_it_and_nothing_else_is_touched() {
        for (said, called) in [
            ("idcard", Some("identity card")),
            ("new ID card", Some("new identity card")),
            ("motor licence", Some("driving licence")),
            ("Driver License", Some("driving licence")),
            ("birth paper", Some("birth certificate")),
            ("ប៉ាស្ព័រ", Some("លិខិតឆ្លងដែន")),
            ("passport", None),
            ("paper", None),
            ("identity", None),
            ("card", None),
            ("motor", None),
            ("លិខិតឆ្លងដែន", None),
            ("", None),
        ] {
            assert_eq!(meant(said).as_deref(), called, "{said}");
        }
    }
}
