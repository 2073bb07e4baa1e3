//! What is said of a thing that the catalogues do not know beforehand: where an application stands, a time, a place.
use super::{Lang, Message};
use crate::{
    dialogue::{NextStep, PayWhere},
    render::words as shared,
    types::{civic::ApplicationStatus, gazetteer},
};
use jiff::civil::{DateTime, Time};

/// The word for a status, as every channel has it, and one sentence on what it means.
pub fn status(lang: Lang, status: ApplicationStatus) -> Message {
    use ApplicationStatus as S;
    let (km, en) = match status {
        S::Registered => ("ការិយាល័យបានទទួលពាក្យសុំរបស់លោកអ្នកហើយ។", "The office has received your application."),
        S::AwaitingPayment => ("សូមបង់តម្លៃសេវា ដើម្បីឱ្យការិយាល័យបន្តការងារ។", "Work goes on once the fee is paid."),
        S::Paid => ("ការិយាល័យបានទទួលប្រាក់រួច ហើយនឹងចាប់ផ្តើមពិនិត្យ។", "The fee is received; work will begin soon."),
        S::InReview => ("មន្ត្រីកំពុងពិនិត្យពាក្យសុំរបស់លោកអ្នក។", "Officers are working on your application."),
        S::Forwarded => ("ពាក្យសុំរបស់លោកអ្នកត្រូវបានបញ្ជូនទៅការិយាល័យមួយទៀត។", "Your application was sent to another office."),
        S::ReturnedForCorrection => {
            ("មានចំណុចដែលលោកអ្នកត្រូវកែ មុននឹងបន្តការងារ។", "Something must be corrected before work goes on.")
        }
        S::Approved => ("ពាក្យសុំត្រូវបានយល់ព្រម។ ឯកសារកំពុងរៀបចំ។", "Approved. Your document is being prepared."),
        S::ReadyForCollection => ("ឯកសាររបស់លោកអ្នករួចរាល់ហើយ សូមមកយក។", "Your document is ready for you."),
        S::Collected => ("ឯកសារត្រូវបានប្រគល់ជូនរួចហើយ។", "The document has been handed over."),
        S::Rejected => {
            ("ពាក្យសុំមិនត្រូវបានអនុញ្ញាតទេ។ សូមសួរមន្ត្រីអំពីមូលហេតុ។", "The application was not approved. An officer can tell you why.")
        }
        S::Cancelled => ("ពាក្យសុំនេះត្រូវបានលុបចោល។", "The application was cancelled."),
        S::Expired => ("ពាក្យសុំត្រូវបានបិទ ដោយសារហួសពេលកំណត់។", "It was closed because the time limit has passed."),
    };
    let text = match lang {
        Lang::Km => km,
        Lang::En => en,
    };
    let title = shared::status_word(status, lang.language());
    Message { title, text }
}

/// What to do when the office says nothing of it; `None` where there is nothing to do. Where a fee can be paid here and at
/// the cashier, one sentence says both.
pub fn next_step(lang: Lang, step: NextStep) -> Option<&'static str> {
    let (km, en) = match step {
        NextStep::Pay(PayWhere::KioskOrCashier) => {
            ("សូមបង់តម្លៃសេវានៅទីនេះតាមកម្មវិធីធនាគារ ឬនៅបេឡា។", "Pay the fee here with your bank's app, or at the cashier.")
        }
        NextStep::Pay(PayWhere::CashierOrKioskWithPin) => (
            "សូមបង់តម្លៃសេវានៅបេឡា ឬនៅទីនេះ ក្រោយបញ្ចូលលេខ PIN លើបង្កាន់ដៃ។",
            "Pay the fee at the cashier, or here once you have entered the PIN of your receipt.",
        ),
        NextStep::Pay(PayWhere::Cashier) => {
            ("សូមបង់តម្លៃសេវានៅបេឡា ហើយរក្សាបង្កាន់ដៃទុក។", "Pay the fee at the cashier and keep the receipt.")
        }
        NextStep::Correct => ("សូមមកការិយាល័យ ដើម្បីកែឯកសារ។", "Come to the office to correct your documents."),
        NextStep::Collect => ("សូមយកបង្កាន់ដៃមក ដើម្បីទទួលឯកសារ។", "Bring your receipt and collect the document."),
        NextStep::Ask => ("សូមសួរមន្ត្រីនៅការិយាល័យ។", "Ask an officer at the office."),
        NextStep::ApplyAnew => ("បើនៅត្រូវការ សូមដាក់ពាក្យថ្មី។", "Apply again if you still need it."),
        NextStep::Wait | NextStep::WaitForDocument | NextStep::Nothing => return None,
    };
    Some(match lang {
        Lang::Km => km,
        Lang::En => en,
    })
}

/// A point in time as people say it, to the minute.
pub fn date_time(lang: Lang, at: DateTime) -> String {
    let day = shared::date_long(at.date(), lang.language());
    match lang {
        Lang::Km => format!("{day} ម៉ោង {}", clock(lang, at.time())),
        Lang::En => format!("{day}, {}", clock(lang, at.time())),
    }
}

/// A time of day, `09:05`; in Khmer an afternoon is said as well, as many say two and do not know fourteen.
pub fn clock(lang: Lang, time: Time) -> String {
    let (hour, minute) = (time.hour(), time.minute());
    let whole = format!("{hour:02}:{minute:02}");
    match (lang, hour) {
        (Lang::Km, 13..) => shared::khmer_digits(&format!("{whole} ({}:{minute:02} រសៀល)", hour - 12)),
        _ => counted(lang, whole),
    }
}

/// The hours of a day: `ព្រឹក ៧:៣០–១១:៣០ · រសៀល ១៤:០០–១៧:៣០`, `7:30–11:30, 14:00–17:30`.
pub fn spans(lang: Lang, hours: &[(Time, Time)]) -> String {
    let span = |(open, close): &(Time, Time)| format!("{}–{}", shared::hour(*open), shared::hour(*close));
    let said = |hours: &(Time, Time)| match lang {
        Lang::Km if hours.1.hour() <= 12 => format!("ព្រឹក {}", span(hours)),
        Lang::Km if hours.0.hour() >= 12 => format!("រសៀល {}", span(hours)),
        _ => span(hours),
    };
    let all: Vec<String> = hours.iter().map(said).collect();
    counted(lang, all.join(if lang == Lang::Km { " · " } else { ", " }))
}

/// Counts and times of running text: Khmer digits on Khmer screens. Amounts, codes and telephone numbers stay as they are
/// printed and typed.
pub fn counted(lang: Lang, text: String) -> String {
    match lang {
        Lang::Km => shared::khmer_digits(&text),
        Lang::En => text,
    }
}

/// A division of the country by its code, with what it is; a code that is none says itself.
pub fn place_name(lang: Lang, code: &str) -> String {
    let Some(division) = gazetteer::by_code(code) else { return code.to_owned() };
    division.said(lang.language())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::datetime;

    #[test]
    fn dates_are_said_as_people_say_them() {
        let at = datetime(2026, 11, 23, 9, 5, 0, 0);
        assert_eq!(date_time(Lang::En, at), "Monday 23 November 2026, 09:05");
        assert_eq!(date_time(Lang::Km, at), "ថ្ងៃចន្ទ ទី២៣ ខែវិច្ឆិកា ឆ្នាំ២០២៦ ម៉ោង ០៩:០៥");
        let time = |hour, minute| Time::constant(hour, minute, 0, 0);
        assert_eq!(clock(Lang::Km, time(14, 5)), "១៤:០៥ (២:០៥ រសៀល)");
        assert_eq!(clock(Lang::Km, time(12, 0)), "១២:០០");
        let week = [(time(7, 30), time(11, 30)), (time(14, 0), time(17, 30))];
        assert_eq!(spans(Lang::Km, &week), "ព្រឹក ៧:៣០–១១:៣០ · រសៀល ១៤:០០–១៧:៣០");
        assert_eq!(spans(Lang::En, &week), "7:30–11:30, 14:00–17:30");
        assert_eq!(spans(Lang::Km, &[(time(8, 0), time(17, 0))]), "៨:០០–១៧:០០");
    }

    #[test]
    fn every_status_has_a_word_of_its_own_in_both_languages() {
        for lang in [Lang::Km, Lang::En] {
            let mut seen: Vec<_> = ApplicationStatus::ALL.map(|s| status(lang, s).title).into();
            seen.sort_unstable();
            seen.dedup();
            assert_eq!(seen.len(), ApplicationStatus::ALL.len());
        }
    }
}
