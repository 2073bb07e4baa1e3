//! Every screen that can be reached from the first one, by walking: each key that a screen offers is pressed.
//! None is over its size, each has a way back and home, and none is a dead end. The map of them is docs/USSD.md.
use crate::support::{app::NO_LIMITS, desk::Desk, way::Over};
use chrak::{
    ports::ussd::{UssdSession, UssdStep},
    render::{ussd::Size, words},
    text::segment::Alphabet,
    types::{CauseId, Language, Msisdn, UnixMs},
};
use jiff::civil::Weekday;
use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    fmt::Write,
    fs,
    path::Path,
};

const NUMBER: &str = "85512345678";
/// What is typed where something is to be typed.
const TYPED: [&str; 4] = ["120500260481937", "120500260481938", "1002", "9876"];
const LINES_MAX: usize = 7;
/// How far the map in the document goes.
const STEPS_SHOWN: usize = 3;

/// A screen, how it was first reached, and where its keys lead.
struct Node {
    text: String,
    path: String,
    session: Option<UssdSession>,
    keys: Vec<(String, usize)>,
}

struct Walk {
    desk: Desk,
    language: Language,
    nodes: Vec<Node>,
    known: HashMap<String, usize>,
    version: i64,
}

/// What makes two screens one: days, hours, references and names of weekdays differ without end.
fn shape(text: &str, language: Language) -> String {
    let mut shape: String = text.chars().map(|c| if c.is_ascii_digit() { '#' } else { c }).collect();
    for day in [
        Weekday::Monday,
        Weekday::Tuesday,
        Weekday::Wednesday,
        Weekday::Thursday,
        Weekday::Friday,
        Weekday::Saturday,
        Weekday::Sunday,
    ] {
        shape = shape.replace(&format!("{} ##/##", words::weekday_short(day, language)), "DAY");
    }
    shape.replace("##:##", "HOUR").replace("#:##", "HOUR")
}

/// The keys that a screen names: those of its options and those at the bottom.
fn offered(text: &str) -> Vec<String> {
    let mut keys: Vec<String> = Vec::new();
    let mut add = |key: &str| {
        if !keys.iter().any(|known| known == key) {
            keys.push(key.to_owned());
        }
    };
    for line in text.lines() {
        let mut words = line.split(' ').peekable();
        let option = words.peek().is_some_and(|first| first.len() == 1 && first.chars().all(|c| c.is_ascii_digit()));
        if option && !bottom(line) {
            add(words.peek().expect("there is one"));
        }
    }
    let last = text.lines().last().unwrap_or_default();
    if bottom(last) {
        for key in last.split(' ').filter(|word| matches!(*word, "0" | "00" | "8" | "9")) {
            add(key);
        }
    }
    keys
}

fn bottom(line: &str) -> bool {
    line.split(' ').any(|word| word == "00")
}

impl Walk {
    async fn start(language: Language, size: Size, over: Over) -> Self {
        let mut desk = Desk::open_over(NO_LIMITS, language, over).await;
        desk.size = size;
        if language == Language::Km {
            // it asks for Khmer letters
            desk.dial(NUMBER, 9, &["9", "1"]).await.expect("a screen");
        }
        for session in 10..12 {
            // something to move and to cancel
            let mut shown = desk.dial(NUMBER, session, &["2", "1"]).await.expect("a screen");
            for _ in 0..8 {
                if !["8 SMS", "8 ផ្ញើ SMS", "8 text me"].iter().any(|key| shown.contains(key)) {
                    shown = desk.key(NUMBER, session, "1").await.expect("a screen");
                }
            }
            assert!(["8 SMS", "8 ផ្ញើ SMS", "8 text me"].iter().any(|key| shown.contains(key)), "{shown}");
        }
        Walk { desk, language, nodes: Vec::new(), known: HashMap::new(), version: 1_000 }
    }

    fn number() -> Msisdn {
        Msisdn::parse_e164(NUMBER).expect("a number")
    }

    async fn session(&self) -> Option<UssdSession> {
        self.desk.store.ussd("sandbox".into(), Self::number()).await.expect("readable").0
    }

    /// Puts the session back to where it was on a screen.
    async fn stand(&mut self, session: &UssdSession) {
        let current = self.session().await.map_or(0, |session| session.version);
        self.version = current + 1;
        let session = UssdSession { version: self.version, ..session.clone() };
        let step = UssdStep {
            family: "sandbox".into(),
            number: Self::number(),
            session,
            citizen: None,
            mts: Vec::new(),
            late: None,
            follow_up: None,
            cause: CauseId(uuid::Uuid::now_v7()),
        };
        self.desk.store.keep_ussd(step, UnixMs(0)).await.expect("kept");
    }

    fn check(&self, text: &str, path: &str, end: bool) {
        let alphabet = if self.language == Language::Km { Alphabet::Ucs2 } else { Alphabet::Gsm7 };
        let most = if self.language == Language::Km { self.desk.size.ucs2 } else { self.desk.size.gsm7 };
        let units = alphabet.measure(text);
        assert!(units <= most, "{path}: {units} of {most}:\n{text}");
        assert!(text.lines().count() <= LINES_MAX, "{path}: too many lines:\n{text}");
        assert!(!text.contains("http") && !text.contains("www"), "{path}: a link:\n{text}");
        assert!(self.language == Language::Km || text.is_ascii(), "{path}: not ASCII:\n{text}");
        let keys = offered(text);
        let root = keys.contains(&"5".to_owned()) && !bottom(text.lines().last().unwrap_or_default());
        let ways = keys.contains(&"0".to_owned()) && keys.contains(&"00".to_owned());
        assert!(end || root || ways, "{path}: no way back or home:\n{text}");
    }

    /// Notes a screen; the node, and whether it is new.
    async fn note(&mut self, shown: &str, path: &str) -> (usize, bool) {
        let (text, end) = match shown.strip_suffix("|END") {
            Some(text) => (text, true),
            None => (shown, false),
        };
        self.check(text, path, end);
        // the same list of offices is one to learn of or one to book at
        let section = path.split(' ').take(2).collect::<Vec<_>>().join(" ");
        let own = section.starts_with('2') && bottom(text.lines().last().unwrap_or_default());
        let shape = format!("{}|{}", if own { &section } else { "" }, shape(text, self.language));
        if let Some(known) = self.known.get(&shape) {
            return (*known, false);
        }
        let session = if end { None } else { self.session().await };
        self.known.insert(shape, self.nodes.len());
        self.nodes.push(Node { text: text.to_owned(), path: path.to_owned(), session, keys: Vec::new() });
        (self.nodes.len() - 1, true)
    }

    /// Presses every key of every screen, of so many screens at most.
    async fn walk(&mut self, most: usize) {
        let root = self.desk.dial(NUMBER, 1, &[]).await.expect("a screen");
        let (first, _) = self.note(&root, "").await;
        let mut todo = VecDeque::from([first]);
        while let Some(at) = todo.pop_front().filter(|_| self.nodes.len() < most) {
            let Some(session) = self.nodes[at].session.clone() else { continue };
            let mut keys = offered(&self.nodes[at].text);
            let asks = !keys.iter().any(|key| key == "1") || self.nodes[at].path.is_empty();
            if asks || self.nodes[at].path == "3" {
                keys.extend(TYPED.map(str::to_owned));
            }
            if self.nodes[at].path.split(" 77").next() == Some("9") {
                // each language has its own walk
                keys.retain(|key| key == "0" || key == "00");
            }
            keys.push("77".to_owned());
            for key in keys {
                self.stand(&session).await;
                let path = format!("{} {key}", self.nodes[at].path);
                let shown = self.desk.key(NUMBER, 1, &key).await.unwrap_or_else(|| panic!("{path}: no screen"));
                let (to, new) = self.note(&shown, path.trim()).await;
                self.nodes[at].keys.push((key, to));
                if new {
                    todo.push_back(to);
                }
            }
        }
    }

    /// Whether the first screen can be reached from everywhere by 0 alone, and by 00 at once.
    fn leads_home(&self) {
        for node in self.nodes.iter().filter(|node| node.session.is_some()) {
            let (mut at, mut steps) = (node, 0);
            while let Some((_, to)) = at.keys.iter().find(|(key, _)| key == "0") {
                at = &self.nodes[*to];
                steps += 1;
                assert!(steps < 40, "{}: 0 leads round in circles", node.path);
            }
            assert!(!at.keys.iter().any(|(key, _)| key == "00"), "{}: 0 ends at\n{}", node.path, at.text);
            if let Some((_, home)) = node.keys.iter().find(|(key, _)| key == "00") {
                assert_eq!(*home, 0, "{}: 00 leads elsewhere", node.path);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_screen_fits_and_leads_home() {
    let walks: Vec<_> = [(160, 70), (182, 80)]
        .into_iter()
        .flat_map(|(gsm7, ucs2)| Language::ALL.map(|language| (language, Size { gsm7, ucs2 })))
        .map(|(language, size)| tokio::spawn(walked(language, size)))
        .collect();
    let mut counts = BTreeMap::new();
    for walk in walks {
        let (language, most, screens) = walk.await.expect("a walk");
        counts.insert((language.tag(), most), screens);
    }
    println!("screens: {counts:?}");
}

async fn walked(language: Language, size: Size) -> (Language, usize, usize) {
    let mut walk = Walk::start(language, size, Over::Straight).await;
    walk.walk(usize::MAX).await;
    walk.leads_home();
    assert!(walk.nodes.len() > 400, "{}: only {} screens", language.tag(), walk.nodes.len());
    if (language, size.gsm7) == (Language::En, 160) {
        map(&walk);
    }
    walk.desk.close().await;
    (language, if language == Language::Km { size.ucs2 } else { size.gsm7 }, walk.nodes.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn screens_are_the_same_over_every_way_to_the_portal() {
    // those that are reached first; `CHRAK_ROAD` set: all
    let most = if std::env::var_os("CHRAK_ROAD").is_some() { usize::MAX } else { 120 };
    let walks = [Over::Straight, Over::Sandbox, Over::Python].map(|over| {
        tokio::spawn(async move {
            let mut walk = Walk::start(Language::En, Size { gsm7: 160, ucs2: 70 }, over).await;
            walk.walk(most).await;
            let (_, wrong) = walk.desk.way.judged();
            walk.desk.close().await;
            assert_eq!(wrong, Vec::<String>::new());
            walk.nodes.into_iter().map(|node| (node.path, node.text)).collect::<Vec<_>>()
        })
    });
    let mut all = Vec::new();
    for walk in walks {
        all.push(walk.await.expect("a walk"));
    }
    assert!(all[0].len() >= most.min(400), "{}", all[0].len());
    for other in &all[1..] {
        for (straight, came) in all[0].iter().zip(other) {
            assert_eq!(straight, came);
        }
        assert_eq!(other.len(), all[0].len());
    }
}

/// The map of the screens in English, written behind what a person wrote.
fn map(walk: &Walk) {
    const MARK: &str = "<!-- what follows is written by the tests -->";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/USSD.md");
    let now = fs::read_to_string(&path).unwrap_or_default();
    let head = now.split(MARK).next().unwrap_or_default();
    let mut text = format!("{head}{MARK}\n\n## Every screen\n\n");
    let _ = writeln!(
        text,
        "The walk finds {} screens of the try-out's data in English at 160 septets; screens that differ only in days, \
         hours or numbers are one. These are the ones up to {STEPS_SHOWN} keys away, without the answers to wrong keys, \
         each under the keys that lead to it.\n",
        walk.nodes.len()
    );
    let name = |at: usize| match walk.nodes[at].path.as_str() {
        "" => "`*1212#`".to_owned(),
        path => format!("`{path}`"),
    };
    let shown = |node: &Node| node.path.split(' ').count() <= STEPS_SHOWN && !node.path.contains("77");
    for (at, node) in walk.nodes.iter().enumerate().filter(|(_, node)| shown(node)) {
        let keys: Vec<String> = node
            .keys
            .iter()
            .filter(|(key, to)| !matches!(key.as_str(), "0" | "00" | "77") && *to != at)
            .map(|(key, to)| format!("{key} → {}", name(*to)))
            .collect();
        let _ = writeln!(text, "### {}\n\n```text\n{}\n```\n", name(at), node.text);
        if !keys.is_empty() {
            let _ = writeln!(text, "{}\n", keys.join(" · "));
        }
    }
    if std::env::var_os("CHRAK_BLESS").is_some() {
        fs::write(&path, text).expect("docs/USSD.md can be written");
    } else {
        assert!(now == text, "docs/USSD.md is not what the screens are; CHRAK_BLESS=1 cargo test --test it screens");
    }
}
