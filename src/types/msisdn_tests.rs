//! Numbers in every form in which they are written, against the data file of all prefixes.
use super::*;
use proptest::prelude::*;

#[derive(serde::Deserialize)]
struct Data {
    mobile_pattern: String,
    prefixes: Vec<Prefix>,
}

#[derive(serde::Deserialize)]
struct Prefix {
    prefix: String,
    nsn_lengths: Vec<usize>,
}

fn data() -> Data {
    serde_json::from_str(include_str!("../../tests/data/cambodia-msisdn.json")).expect("the data file is JSON")
}

/// A number of this prefix: its other digits count up.
fn national(prefix: &str, length: usize) -> String {
    prefix.chars().chain("1234567890".chars().cycle()).take(length).collect()
}

fn in_digits_from(zero: char, text: &str) -> String {
    let to = |c: char| c.to_digit(10).and_then(|digit| char::from_u32(u32::from(zero) + digit)).unwrap_or(c);
    text.chars().map(to).collect()
}

/// Every form of a national number that is written here.
fn forms(national: &str) -> Vec<String> {
    let (head, rest) = national.split_at(2);
    let (middle, tail) = rest.split_at(3);
    let mut forms: Vec<String> =
        ["0", "855", "+855", "00855"].iter().map(|beginning| format!("{beginning}{national}")).collect();
    for apart in [" ", ".", "-", "  ", "\u{A0}", "\u{202F}", "\u{2009}", "\u{2011}", "–", " - "] {
        forms.push(format!("0{head}{apart}{middle}{apart}{tail}"));
        forms.push(format!("+855{apart}{head}{apart}{middle}{apart}{tail}"));
        forms.push(format!("855{apart}{head}{apart}{middle}{apart}{tail}"));
        forms.push(format!("00{apart}855{apart}{head}{apart}{middle}{apart}{tail}"));
    }
    forms.push(format!("(0{head}) {middle} {tail}"));
    forms.push(format!("+855 (0){head} {middle} {tail}"));
    forms.push(format!("\u{202A}+855{national}\u{202C}"));
    forms.push(format!("\u{FF0B}855{national}"));
    for zero in ['០', '０', '๐', '٠'] {
        let other: Vec<String> = forms[..8].iter().map(|form| in_digits_from(zero, form)).collect();
        forms.extend(other);
    }
    forms
}

#[test]
fn every_prefix_of_the_data_file_is_mobile_at_its_lengths_and_at_no_other() {
    let data = data();
    assert!(data.prefixes.len() >= 40, "the file is whole");
    for Prefix { prefix, nsn_lengths } in &data.prefixes {
        for length in 6..=11 {
            let number = Msisdn::parse_e164(&format!("855{}", national(prefix, length))).expect("E.164");
            let wanted = nsn_lengths.contains(&length);
            assert_eq!(number.can_be_mobile(), wanted, "{prefix} with {length} digits");
        }
    }
}

#[test]
fn the_code_judges_as_the_pattern_of_the_data_file_does() {
    // the pattern as its publisher means it: ASCII digits
    let pattern = format!("^(?:{})$", data().mobile_pattern.replace("\\d", "[0-9]"));
    let pattern = regex::Regex::new(&pattern).expect("the pattern of the data file");
    for head in 0..10_000 {
        for length in 5..=10 {
            let national = format!("{head:04}{}", "5".repeat(length - 4));
            assert_eq!(is_mobile(&national), pattern.is_match(&national), "{national}");
        }
    }
}

#[test]
fn every_form_of_a_number_of_every_prefix_is_that_number() {
    for Prefix { prefix, nsn_lengths } in data().prefixes {
        for length in nsn_lengths {
            let national = national(&prefix, length);
            let wanted = format!("+855{national}");
            for form in forms(&national) {
                for read in [Msisdn::parse_written(&form), Msisdn::parse_cambodian(&form)] {
                    let number = read.unwrap_or_else(|| panic!("\"{form}\" is not read"));
                    assert!(
                        number.e164() == wanted && number.can_be_mobile(),
                        "\"{form}\" is read as {}",
                        number.e164()
                    );
                }
            }
            // without a beginning it is read where people here write, and nowhere else
            assert_eq!(Msisdn::parse_cambodian(&national).map(|number| number.e164()), Some(wanted), "{national}");
            assert_eq!(Msisdn::parse_written(&national), None, "{national}");
        }
    }
}

#[test]
fn numbers_of_other_countries_are_read_in_their_international_form() {
    for e164 in ["+66812345678", "+84912345678", "+8613812345678", "+12025550123", "+6591234567", "+33612345678"] {
        let digits = &e164[1..];
        let grouped = format!("{} {} {}", &e164[..3], &e164[3..6], &e164[6..]);
        for form in [e164, digits, &format!("00{digits}"), &grouped, &in_digits_from('០', &grouped)] {
            let number = Msisdn::parse_written(form).unwrap_or_else(|| panic!("\"{form}\" is not read"));
            assert!(number.e164() == e164 && number.can_be_mobile(), "\"{form}\"");
            assert_eq!(Msisdn::parse_cambodian(form), Some(number), "\"{form}\"");
        }
    }
    // nine digits need their plus sign: without it they are a number of this country
    assert_eq!(Msisdn::parse_cambodian("+298123456").map(|number| number.e164()).as_deref(), Some("+298123456"));
}

#[test]
fn a_telco_that_calls_a_national_number_international_does_not_move_it_to_another_country() {
    for (ton, source, wanted) in [
        (1, "85510000001", "+85510000001"),
        (1, "10000001", "+85510000001"),
        (2, "010000001", "+85510000001"),
        (0, "0085510000001", "+85510000001"),
        (1, "66812345678", "+66812345678"),
        (1, "298123456", "+298123456"),
        (2, "23001205", "+85523001205"),
    ] {
        let read = Msisdn::from_telco(ton, source).map(|number| number.e164());
        assert_eq!(read.as_deref(), Some(wanted), "TON {ton}, {source}");
    }
    assert_eq!(Msisdn::from_telco(1, "1212"), None);
}

#[test]
fn landlines_and_numbers_of_a_wrong_length_are_not_mobile() {
    for number in ["85523001205", "85500000001", "8551000000123", "8553112345", "855512345678"] {
        assert!(!Msisdn::parse_e164(number).is_some_and(|n| n.can_be_mobile()), "{number}");
    }
}

#[test]
fn words_and_short_codes_are_no_numbers() {
    let long = "1 ".repeat(40);
    for text in [
        "",
        " ",
        "1212",
        "SMART",
        "+",
        "0",
        "00",
        "+0123456789",
        "0123",
        "12345678901234567",
        "++85510000001",
        "855+10000001",
        "010000001x",
        "0 1 0",
        "tel:010000001",
        "00010000001",
        &long,
    ] {
        assert_eq!(Msisdn::parse_cambodian(text), None, "{text}");
        assert_eq!(Msisdn::parse_written(text), None, "{text}");
    }
}

#[test]
fn debug_and_display_tell_nobody_who_it_is() {
    let number = Msisdn::parse_e164("+85510234501").expect("a good number");
    assert_eq!(format!("{number} {number:?}"), "+855******01 +855******01");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_number_is_the_same_however_it_is_set_apart(
        at in 0..data().prefixes.len(),
        rest in "[0-9]{9}",
        beginning in prop::sample::select(vec!["0", "855", "+855", "00855"]),
        gaps in prop::collection::vec(prop::sample::select(vec!["", " ", "-", ".", "\u{2009}", "\u{200B}"]), 20),
        zero in prop::sample::select(vec!['0', '០', '０']),
    ) {
        let data = data();
        let length = data.prefixes[at].nsn_lengths[0];
        let national: String = data.prefixes[at].prefix.chars().chain(rest.chars()).take(length).collect();
        let form: String = in_digits_from(zero, &format!("{beginning}{national}"))
            .chars().zip(&gaps).map(|(c, gap)| format!("{c}{gap}")).collect();
        let read = Msisdn::parse_written(&form).map(|number| number.e164());
        prop_assert_eq!(read, Some(format!("+855{}", national)));
    }

    #[test]
    fn no_text_breaks_the_reader(text in "\\PC{0,80}") {
        if let Some(number) = Msisdn::parse_cambodian(&text) {
            prop_assert_eq!(Msisdn::parse_written(&number.e164()), Some(number));
        }
    }
}

#[test]
fn a_prefix_written_as_it_is_dialled_is_not_one_that_never_fits() {
    for (written, prefix) in [
        ("10", "10"),
        ("010", "10"),
        ("+85510", "10"),
        ("00855 10", "10"),
        ("០៩៧", "97"),
        ("0855", "855"),
        ("+855 85-5", "855"),
        ("1", "1"),
    ] {
        assert_eq!(Msisdn::parse_prefix(written).as_deref(), Some(prefix), "{written}");
    }
    for wrong in ["", "0", "855", "85510", "+855", "+8550", "+66", "00", "000", "x", "10*", "1234567890"] {
        assert_eq!(Msisdn::parse_prefix(wrong), None, "{wrong}");
    }
}
