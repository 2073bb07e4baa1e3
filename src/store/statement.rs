//! Statements with the names of states in place of their numbers, written out by the compiler: a name that nothing has
//! does not build. Knows codes; must not know tables.
use super::codes::NAMES;

/// A statement in which `{MtState::Sent}` stands for its number and `state {MtState::OPEN}` for the comparison with a set.
macro_rules! sql {
    ($text:expr) => {{
        const TEXT: &str = $text;
        const OCTETS: [u8; $crate::store::statement::length(TEXT)] = $crate::store::statement::written(TEXT);
        const WRITTEN: &str = match ::core::str::from_utf8(&OCTETS) {
            Ok(text) => text,
            Err(_) => panic!("a statement is no text"),
        };
        WRITTEN
    }};
}
pub(super) use sql;

/// Octets of a statement that is written out.
pub(super) const fn length(text: &str) -> usize {
    let text = text.as_bytes();
    let (mut at, mut length) = (0, 0);
    while at < text.len() {
        if text[at] == b'{' {
            let end = end_of_name(text, at);
            length += of_name(text, at + 1, end).len();
            at = end + 1;
        } else {
            length += 1;
            at += 1;
        }
    }
    length
}

/// The statement, written out; `N` is its [`length`].
pub(super) const fn written<const N: usize>(text: &str) -> [u8; N] {
    let text = text.as_bytes();
    let (mut at, mut end, mut out) = (0, 0, [0; N]);
    while at < text.len() {
        if text[at] == b'{' {
            let close = end_of_name(text, at);
            let number = of_name(text, at + 1, close);
            let mut digit = 0;
            while digit < number.len() {
                out[end] = number[digit];
                (digit, end) = (digit + 1, end + 1);
            }
            at = close + 1;
        } else {
            out[end] = text[at];
            (at, end) = (at + 1, end + 1);
        }
    }
    out
}

const fn end_of_name(text: &[u8], from: usize) -> usize {
    let mut at = from;
    while at < text.len() {
        if text[at] == b'}' {
            return at;
        }
        at += 1;
    }
    panic!("a name in a statement has no end")
}

/// What is written for the name from `start` to before `end`.
const fn of_name(text: &[u8], start: usize, end: usize) -> &'static [u8] {
    let mut table = 0;
    while table < NAMES.len() {
        let mut line = 0;
        while line < NAMES[table].len() {
            let (name, written) = NAMES[table][line];
            if is_name(text, start, end, name.as_bytes()) {
                return written.as_bytes();
            }
            line += 1;
        }
        table += 1;
    }
    panic!("a statement names a state that there is not")
}

const fn is_name(text: &[u8], start: usize, end: usize, name: &[u8]) -> bool {
    if end - start != name.len() {
        return false;
    }
    let mut at = 0;
    while at < name.len() {
        if text[start + at] != name[at] {
            return false;
        }
        at += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_become_numbers_and_the_rest_stays() {
        let plain = sql!("SELECT count(*) FROM inbox");
        assert_eq!(plain, "SELECT count(*) FROM inbox");
        let named =
            sql!("WHERE o.state {MtState::OPEN} AND o.state = {MtState::Queued} AND p.state {MtState::TAKEN} — ខ");
        assert_eq!(named, "WHERE o.state < 3 AND o.state = 0 AND p.state IN (3, 4, 7) — ខ");
        assert_eq!(sql!("{RespState::Read}{MoState::Silent}"), "26");
    }

    #[test]
    #[should_panic(expected = "names a state that there is not")]
    fn a_name_that_nothing_has_is_no_statement() {
        super::length("state = {MtState::Sending}");
    }

    #[test]
    #[should_panic(expected = "has no end")]
    fn a_name_without_an_end_is_no_statement() {
        super::length("state = {MtState::Sent");
    }
}
