//! Making texts of other people fit: clean for the alphabet, short enough, cut where it does no harm.
//! Knows no template.
use crate::{
    text::{gsm7, khmer, segment::Alphabet, ucs2, visible},
    types::Language,
};

/// What one SMS holds: UCS-2 units for Khmer script, GSM-7 septets else.
pub(super) fn budget(language: Language) -> usize {
    match language {
        Language::Km => Alphabet::Ucs2.single(),
        Language::KmLatn | Language::En => Alphabet::Gsm7.single(),
    }
}

/// What a telco bills for a text.
pub(super) fn segments(text: &str) -> usize {
    crate::text::segment::plan(text).segments.len()
}

/// Length in the units of [`budget`]. Texts in Latin letters are clean, so a character is a septet.
pub(super) fn length(text: &str, language: Language) -> usize {
    match language {
        Language::Km => ucs2::units(text),
        Language::KmLatn | Language::En => text.chars().count(),
    }
}

/// Single spaces, nothing invisible, and for Latin letters only characters of one septet.
pub(super) fn clean(text: &str, language: Language) -> String {
    let mut out = String::with_capacity(text.len());
    for c in visible::shown(text).chars() {
        // what `shown` leaves of these is what keeps the groups of an amount in one line
        if c == '\u{A0}' && language == Language::Km {
            out.push(c);
            continue;
        }
        if c.is_whitespace() || c.is_control() {
            if !out.ends_with(' ') {
                out.push(' ');
            }
            continue;
        }
        match language {
            Language::Km => out.push(c),
            Language::KmLatn | Language::En => out.extend(septet(c)),
        }
    }
    out.trim().to_owned()
}

fn septet(c: char) -> Option<char> {
    match c {
        '[' | '{' => Some('('),
        ']' | '}' => Some(')'),
        '\\' | '|' => Some('/'),
        '~' | '\u{2010}'..='\u{2015}' | '\u{2212}' => Some('-'),
        '`' | '\u{2018}' | '\u{2019}' => Some('\''),
        '\u{201C}' | '\u{201D}' => Some('"'),
        '^' => None,
        c if gsm7::width(c) == Some(1) => Some(c),
        'á' | 'â' | 'ã' | 'ā' | 'ă' => Some('a'),
        'À' | 'Á' | 'Â' | 'Ã' | 'Ā' | 'Ă' => Some('A'),
        'ê' | 'ë' | 'ē' | 'ĕ' => Some('e'),
        'È' | 'Ê' | 'Ë' | 'Ē' | 'Ĕ' => Some('E'),
        'í' | 'î' | 'ï' | 'ī' | 'ĭ' => Some('i'),
        'Ì' | 'Í' | 'Î' | 'Ï' | 'Ī' | 'Ĭ' => Some('I'),
        'ó' | 'ô' | 'õ' | 'ō' | 'ŏ' | 'ơ' => Some('o'),
        'Ò' | 'Ó' | 'Ô' | 'Õ' | 'Ō' | 'Ŏ' | 'Ơ' => Some('O'),
        'ú' | 'û' | 'ū' | 'ŭ' | 'ư' => Some('u'),
        'Ù' | 'Ú' | 'Û' | 'Ū' | 'Ŭ' | 'Ư' => Some('U'),
        'ç' => Some('c'),
        _ => None,
    }
}

/// At most `max` units, cut after a word where at least half remains, else between clusters.
pub(super) fn shorten(text: &str, max: usize, language: Language) -> &str {
    if length(text, language) <= max {
        return text;
    }
    let (mut used, mut end) = (0, 0);
    for cluster in khmer::clusters(text) {
        let more = length(cluster, language);
        if used + more > max {
            break;
        }
        used += more;
        end += cluster.len();
    }
    let mut head = &text[..end];
    if !text[head.len()..].starts_with(' ')
        && let Some(space) = head.rfind(' ')
        && length(&head[..space], language) * 2 >= max
    {
        head = &head[..space];
    }
    head.trim_end_matches([' ', '-', ',', '.', '('])
}

pub(super) use crate::text::links::holds_link;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_letters_become_plain_ones() {
        assert_eq!(clean("  Khan\u{A0}Dângkaô – “1”🙂[x] ខ ", Language::En), "Khan Dangkao - \"1\"(x)");
        let accented = "áâãāăÁÀÂÃĀĂêëēĕÈÊËĒĔíîïīĭÌÍÎÏĪĬóôõōŏơÒÓÔÕŌŎƠúûūŭưÙÚÛŪŬƯç";
        let plain = "aaaaaAAAAAAeeeeEEEEEiiiiiIIIIIIooooooOOOOOOOuuuuuUUUUUUc";
        assert_eq!(clean(accented, Language::En), plain);
        assert_eq!(clean("ខណ្ឌ\u{200B}ដង្កោ\n1", Language::Km), "ខណ្ឌដង្កោ 1");
        assert_eq!(clean("20\u{A0}000\u{A0}រៀល ក\u{A0}ខ", Language::Km), "20\u{A0}000 រៀល ក ខ");
    }

    #[test]
    fn cuts_after_a_word_or_between_clusters() {
        assert_eq!(shorten("OWSO Khan Dangkao", 12, Language::En), "OWSO Khan");
        assert_eq!(shorten("Administration", 6, Language::En), "Admini");
        for max in 0..30 {
            let cut = shorten("ស្ត្រីភ្នំពេញក្រុងខណ្ឌដង្កោ", max, Language::Km);
            assert!(length(cut, Language::Km) <= max && !cut.ends_with('\u{17D2}'), "{cut}");
        }
        assert_eq!(shorten("ស្ត្រី", 5, Language::Km), "");
    }
}
