//! Registration codes: what one looks like is configuration (`[[code]]`), what is typed is forgiven here.
use super::{Pin, writing};
use regex::Regex;
use std::{fmt, sync::Arc};

/// A registration code in canonical form (upper-case letters and digits, no separators), its printed form
/// kept beside it. `Debug` and `Display` are masked; a code must be asked for.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RegistrationCode {
    canonical: String,
    printed: String,
    asked_at: AskedAt,
}

/// Where is asked about the codes of a pattern.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AskedAt {
    /// Name of the `[[source]]`; `None`: the portal.
    pub source: Option<Arc<str>>,
    /// Whether a PIN or a number earns more there.
    pub takes_factors: bool,
}

impl Default for AskedAt {
    fn default() -> Self {
        AskedAt { source: None, takes_factors: true }
    }
}

impl RegistrationCode {
    /// Where is asked about it.
    pub fn asked_at(&self) -> &AskedAt {
        &self.asked_at
    }

    /// As the portal takes it: `120500260481937`.
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// As the receipt shows it: `120500-26-048193-7`.
    pub fn printed(&self) -> &str {
        &self.printed
    }

    /// The PIN written beside this code: the one group of 4 to 6 digits that is no part of it.
    pub fn pin_beside(&self, text: &str) -> Option<Pin> {
        let folded: String = text.chars().filter_map(fold).collect();
        let groups: Vec<&str> = folded.split(|c: char| !c.is_ascii_digit()).filter(|group| !group.is_empty()).collect();
        let digits: String = self.canonical.chars().filter(char::is_ascii_digit).collect();
        let parts = (0..groups.len()).find_map(|from| {
            (from + 1..=groups.len()).find(|to| groups[from..*to].concat() == digits).map(|to| from..to)
        })?;
        let mut others = groups.iter().enumerate().filter(|(at, _)| !parts.contains(at)).map(|(_, group)| *group);
        match (others.next(), others.next()) {
            (Some(pin), None) => Pin::parse(pin),
            _ => None,
        }
    }
}

impl fmt::Display for RegistrationCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[code]")
    }
}

impl fmt::Debug for RegistrationCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[code]")
    }
}

/// How the last character of a code guards the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckDigit {
    /// Not at all.
    None,
    /// Luhn, ISO/IEC 7812-1 annex B.
    Luhn,
    /// Damm's quasigroup of order 10: every single wrong digit and every adjacent swap is found.
    Damm,
}

/// One kind of code, from `[[code]]`.
#[derive(Clone, Debug)]
pub struct CodePattern {
    name: String,
    whole: Regex,
    check: CheckDigit,
    groups: Vec<usize>,
    asked_at: AskedAt,
}

/// Why a `[[code]]` table cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct BadPattern(String);

impl CodePattern {
    /// `regex` is matched against the whole code without separators; `groups` are the lengths of the
    /// groups in print, and may be empty.
    pub fn new(name: &str, regex: &str, check: CheckDigit, groups: Vec<usize>) -> Result<Self, BadPattern> {
        let whole = regex::RegexBuilder::new(&format!("^(?:{regex})$"))
            .size_limit(1 << 20)
            .build()
            .map_err(|fault| BadPattern(format!("regex of code \"{name}\" cannot be read: {}", last_line(&fault))))?;
        Ok(CodePattern { name: name.to_owned(), whole, check, groups, asked_at: AskedAt::default() })
    }

    /// The recommended form: 15 digits, Damm, printed `120500-26-048193-7`.
    pub fn recommended() -> Self {
        let owso = CodePattern::new("owso", "[0-9]{15}", CheckDigit::Damm, vec![6, 2, 6, 1]);
        owso.expect("the recommended pattern of codes")
    }

    /// The same, asked about there.
    pub fn asked_at(self, asked_at: AskedAt) -> Self {
        CodePattern { asked_at, ..self }
    }

    /// The name given in the configuration.
    pub fn name(&self) -> &str {
        &self.name
    }

    fn check_holds(&self, canonical: &str) -> bool {
        match self.check {
            CheckDigit::None => true,
            CheckDigit::Damm => damm(canonical) == Some(0),
            CheckDigit::Luhn => luhn(canonical),
        }
    }

    fn print(&self, canonical: &str) -> String {
        let mut out = String::with_capacity(canonical.len() + self.groups.len());
        let mut rest = canonical;
        for &group in &self.groups {
            if group == 0 || group >= rest.len() {
                break;
            }
            let (head, tail) = rest.split_at(group);
            out.push_str(head);
            out.push('-');
            rest = tail;
        }
        out.push_str(rest);
        out
    }
}

/// The regex crate draws its errors over several lines and names the cause in the last one.
fn last_line(fault: &regex::Error) -> String {
    fault.to_string().lines().last().unwrap_or_default().to_owned()
}

/// What was found in something typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodeVerdict {
    /// A code whose check digit holds.
    Good(RegistrationCode),
    /// It has the shape of a code, and the check digit says that something was mistyped.
    Mistyped(RegistrationCode),
    /// Nothing that looks like a code.
    None,
}

/// All the kinds of code that are in use.
#[derive(Clone, Debug)]
pub struct CodeRules {
    patterns: Vec<CodePattern>,
}

/// Longest run of code characters looked at; the portal's codes have at most 24.
const CODE_CHARS_MAX: usize = 24;

impl CodeRules {
    /// At least one pattern, in the order of the configuration.
    pub fn new(patterns: Vec<CodePattern>) -> Self {
        CodeRules { patterns }
    }

    /// The recommended form: 15 digits, Damm, printed `120500-26-048193-7`.
    pub fn recommended() -> Self {
        CodeRules { patterns: vec![CodePattern::recommended()] }
    }

    /// Lengths of the groups in print, for a field to fill; empty when it has none, or when the patterns differ in them.
    pub fn groups(&self) -> Vec<usize> {
        match self.patterns.split_first() {
            Some((first, rest)) if rest.iter().all(|other| other.groups == first.groups) => first.groups.clone(),
            _ => Vec::new(),
        }
    }

    /// Reads one whole code, with or without separators and in any digits. Longest use: a kiosk's field.
    pub fn read(&self, typed: &str) -> CodeVerdict {
        let folded: String = typed.chars().filter_map(fold).filter(|c| !is_separator(*c)).collect();
        self.judge(&folded)
    }

    /// Finds the code in a free text: a good one wherever it stands, else one that is merely mistyped.
    pub fn find(&self, text: &str) -> CodeVerdict {
        let folded: Vec<char> = text.chars().filter_map(fold).collect();
        let mut mistyped = CodeVerdict::None;
        let mut start = 0;
        while start < folded.len() {
            let end = run_end(&folded, start);
            match self.find_in_run(&folded[start..end]) {
                CodeVerdict::None => {}
                good @ CodeVerdict::Good(_) => return good,
                near @ CodeVerdict::Mistyped(_) => {
                    if mistyped == CodeVerdict::None {
                        mistyped = near;
                    }
                }
            }
            start = end.max(start + 1);
        }
        mistyped
    }

    /// A run is words joined by separators; a code is any whole number of neighbouring words of it, with
    /// letters at its edges cut off when they are not part of a code (`STATUS123…`).
    fn find_in_run(&self, run: &[char]) -> CodeVerdict {
        let words = words_of(run);
        let mut mistyped = CodeVerdict::None;
        for from in 0..words.len() {
            let mut joined = String::new();
            let mut best = CodeVerdict::None;
            for word in &words[from..] {
                joined.push_str(word);
                if joined.len() > CODE_CHARS_MAX {
                    break;
                }
                match self.judge(&joined) {
                    good @ CodeVerdict::Good(_) => return good,
                    near @ CodeVerdict::Mistyped(_) => best = near,
                    CodeVerdict::None => {}
                }
            }
            if mistyped == CodeVerdict::None {
                mistyped = best;
            }
        }
        mistyped
    }

    fn judge(&self, folded: &str) -> CodeVerdict {
        if folded.is_empty() || folded.len() > CODE_CHARS_MAX {
            return CodeVerdict::None;
        }
        let mut mistyped = CodeVerdict::None;
        for pattern in &self.patterns {
            for candidate in [folded.to_owned(), as_digits(folded)] {
                if !pattern.whole.is_match(&candidate) {
                    continue;
                }
                let code = RegistrationCode {
                    printed: pattern.print(&candidate),
                    canonical: candidate,
                    asked_at: pattern.asked_at.clone(),
                };
                if pattern.check_holds(&code.canonical) {
                    return CodeVerdict::Good(code);
                }
                if mistyped == CodeVerdict::None {
                    mistyped = CodeVerdict::Mistyped(code);
                }
            }
        }
        mistyped
    }
}

/// Upper-case ASCII for everything that means a code character or a separator; `None` for what is invisible.
fn fold(c: char) -> Option<char> {
    if writing::is_invisible(c) {
        return None;
    }
    if let Some(digit) = writing::digit(c) {
        return Some(char::from(b'0' + digit));
    }
    Some(match c {
        _ if writing::is_blank(c) => ' ',
        _ if writing::is_dash(c) => '-',
        '\u{00B7}' | '\u{2022}' | '\u{2024}' | '\u{2027}' | '\u{30FB}' => '.',
        '\u{2044}' | '\u{2215}' => '/',
        other => writing::half_width(other).to_ascii_uppercase(),
    })
}

fn is_separator(c: char) -> bool {
    matches!(c, ' ' | '-' | '.' | '/' | '_')
}

fn run_end(text: &[char], start: usize) -> usize {
    let length = text[start..].iter().take_while(|c| c.is_ascii_alphanumeric() || is_separator(**c)).count();
    start + length
}

/// Words of letters or digits. A letter that people type for a digit (`O`, `I`, `L`) belongs to the digits
/// it touches; other letters make a word of their own, and also the word as it was written.
fn words_of(run: &[char]) -> Vec<String> {
    let mut words = Vec::new();
    for piece in run.split(|c| is_separator(*c)).filter(|piece| !piece.is_empty()) {
        let digits = piece.iter().filter(|c| c.is_ascii_digit()).count();
        let looks_numeric = |c: &char| c.is_ascii_digit() || (digits > 0 && matches!(c, 'O' | 'I' | 'L'));
        if piece.iter().all(looks_numeric) {
            words.push(piece.iter().collect());
            continue;
        }
        let mut rest = piece;
        while let Some(first) = rest.first() {
            let numeric = first.is_ascii_digit();
            let length =
                rest.iter().take_while(|c| if numeric { looks_numeric(c) } else { !c.is_ascii_digit() }).count();
            words.push(rest[..length].iter().collect());
            rest = &rest[length..];
        }
    }
    words
}

fn as_digits(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        })
        .collect()
}

const DAMM: [[u8; 10]; 10] = [
    [0, 3, 1, 7, 5, 9, 8, 6, 4, 2],
    [7, 0, 9, 2, 1, 5, 4, 8, 6, 3],
    [4, 2, 0, 6, 8, 7, 1, 3, 5, 9],
    [1, 7, 5, 0, 9, 8, 3, 4, 2, 6],
    [6, 1, 2, 3, 0, 4, 5, 9, 7, 8],
    [3, 6, 7, 4, 2, 0, 9, 5, 8, 1],
    [5, 8, 6, 9, 7, 2, 0, 1, 3, 4],
    [8, 9, 4, 5, 3, 6, 2, 0, 1, 7],
    [9, 4, 3, 8, 6, 1, 7, 2, 0, 5],
    [2, 5, 8, 1, 4, 3, 6, 7, 9, 0],
];

/// Damm's interim digit over all digits: 0 when the last one is the right check digit; `None` when there is
/// something else than digits.
pub fn damm(digits: &str) -> Option<u8> {
    digits.bytes().try_fold(0u8, |interim, byte| {
        let digit = byte.is_ascii_digit().then(|| byte - b'0')?;
        Some(DAMM[usize::from(interim)][usize::from(digit)])
    })
}

fn luhn(digits: &str) -> bool {
    let mut sum = 0u32;
    for (index, byte) in digits.bytes().rev().enumerate() {
        if !byte.is_ascii_digit() {
            return false;
        }
        let digit = u32::from(byte - b'0');
        sum += match (index % 2 == 1, digit) {
            (false, digit) => digit,
            (true, digit) if digit > 4 => digit * 2 - 9,
            (true, digit) => digit * 2,
        };
    }
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Option<String> {
        match CodeRules::recommended().find(text) {
            CodeVerdict::Good(code) => Some(code.printed().to_owned()),
            _ => None,
        }
    }

    #[test]
    fn a_code_is_found_however_it_is_written() {
        for text in [
            "120500260481937",
            "120500-26-048193-7",
            "120500 26 048193 7",
            "STATUS 120500-26-048193-7",
            "status120500260481937",
            "១២០៥០០-២៦-០៤៨១៩៣-៧",
            "ស្ថានភាព១២០៥០០២៦០៤៨១៩៣៧",
            "12O5OO260481937",
            "1205\u{200B}00260481937",
            "１２０５００２６０４８１９３７",
            "my code is 120500.26.048193.7 thank you",
            "S 120500/26/048193/7.",
            "2 120500260481937",
        ] {
            assert_eq!(found(text).as_deref(), Some("120500-26-048193-7"), "{text}");
        }
    }

    /// A code in which every separator is `between`.
    fn joined(between: &str) -> String {
        format!("ស្ថានភាព 120500{between}26{between}048193{between}7")
    }

    #[test]
    fn a_code_whose_groups_stand_apart_by_any_blank_or_dash_is_not_lost() {
        let blanks = ('\0'..=char::MAX).filter(|c| c.is_whitespace());
        let dashes = [
            '\u{2010}', '\u{2011}', '\u{2012}', '\u{2013}', '\u{2014}', '\u{2015}', '\u{2212}', '－', '﹣', 'ー', '〜',
        ];
        let unseen =
            ['\u{200B}', '\u{200C}', '\u{200D}', '\u{2060}', '\u{2066}', '\u{2069}', '\u{FEFF}', '\u{AD}', '\u{FE0F}'];
        let mut tried = 0;
        for between in blanks.chain(dashes).chain(unseen).chain(['\u{2800}', '\u{3164}', '·', '／', '．']) {
            tried += 1;
            for text in
                [joined(&between.to_string()), joined(&format!(" {between} ")), joined(&format!("{between}\u{202F}"))]
            {
                assert_eq!(found(&text).as_deref(), Some("120500-26-048193-7"), "{between:?}");
            }
        }
        assert!(tried >= 25 + 11 + 9 + 5);
    }

    #[test]
    fn a_code_in_the_digits_of_any_script_is_not_lost() {
        for zero in ['០', '\u{17F0}', '０', '๐', '໐', '٠', '۰', '၀', '०', '𝟎'] {
            let typed: String = "120500260481937"
                .bytes()
                .filter_map(|digit| char::from_u32(u32::from(zero) + u32::from(digit - b'0')))
                .collect();
            assert_eq!(found(&typed).as_deref(), Some("120500-26-048193-7"), "{typed}");
        }
    }

    #[test]
    fn what_stands_between_the_groups_is_no_wildcard() {
        for between in [",", ";", "a", "ក", "=", "#", "!", "0"] {
            assert_eq!(found(&joined(between)), None, "{between}");
        }
        // the groups of two codes, neither whole
        assert_eq!(found("120500\u{202F}26 and 048193\u{202F}7"), None);
    }

    #[test]
    fn one_wrong_digit_is_called_mistyped() {
        let rules = CodeRules::recommended();
        assert!(matches!(rules.find("120500-26-048193-8"), CodeVerdict::Mistyped(_)));
        assert!(matches!(rules.find("120500-26-041893-7"), CodeVerdict::Mistyped(_)));
        assert_eq!(rules.find("12050026048193"), CodeVerdict::None);
        assert_eq!(rules.find("hello"), CodeVerdict::None);
        assert_eq!(rules.find(""), CodeVerdict::None);
    }

    #[test]
    fn damm_finds_every_single_error_and_adjacent_swap() {
        let good = "120500260481937";
        assert_eq!(damm(good), Some(0));
        for position in 0..good.len() {
            for digit in b'0'..=b'9' {
                let mut typed = good.as_bytes().to_vec();
                typed[position] = digit;
                let typed = String::from_utf8(typed).expect("digits");
                assert_eq!(damm(&typed) == Some(0), typed == good, "{typed}");
            }
            if position + 1 < good.len() {
                let mut typed = good.as_bytes().to_vec();
                typed.swap(position, position + 1);
                let typed = String::from_utf8(typed).expect("digits");
                assert_eq!(damm(&typed) == Some(0), typed == good, "{typed}");
            }
        }
    }

    #[test]
    fn luhn_is_known() {
        assert!(luhn("79927398713") && !luhn("79927398710"));
    }

    #[test]
    fn a_code_does_not_show_itself() {
        let CodeVerdict::Good(code) = CodeRules::recommended().read("120500260481937") else { panic!("good code") };
        assert_eq!(format!("{code:?} {code}"), "[code] [code]");
    }
}
