//! Events of a life that take several services in their order: what to do first, what that gives for the next step,
//! and where a law makes one wait, until when. It must not know what a service asks for: its sheet does.
use super::{
    KioskState,
    context::PageContext,
    errors,
    frame::{Back, Frame},
    respond::page,
    tiles::{Group, service_tile},
    words::Lang,
};
use crate::{
    render::words as shared,
    types::{
        civic::{Answer, Query, ServiceSearch},
        time::phnom_penh,
    },
    web::filters,
};
use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use jiff::{ToSpan, civil::Date};

/// A text in the languages of the screens.
struct Both {
    km: &'static str,
    en: &'static str,
}

impl Both {
    fn get(&self, lang: Lang) -> &'static str {
        match lang {
            Lang::Km => self.km,
            Lang::En => self.en,
        }
    }
}

/// One step.
struct GuideStep {
    title: Both,
    text: Both,
    /// Days that must pass before the next step.
    days: Option<i32>,
}

/// An event of a life.
pub(super) struct Guide {
    /// Part of its address.
    pub(super) id: &'static str,
    title: Both,
    lead: Both,
    steps: &'static [GuideStep],
    /// Codes of the services that it takes, in their order.
    services: &'static [&'static str],
}

const fn both(km: &'static str, en: &'static str) -> Both {
    Both { km, en }
}

const fn step(title: Both, text: Both) -> GuideStep {
    GuideStep { title, text, days: None }
}

/// The law's notice before a marriage, in days.
const NOTICE_DAYS: i32 = 10;

static GUIDES: [Guide; 4] = [
    Guide {
        id: "marriage",
        title: both("រៀបអាពាហ៍ពិពាហ៍", "Getting married"),
        lead: both(
            "ពីលិខិតបញ្ជាក់ភាពនៅលីវ រហូតដល់សំបុត្រអាពាហ៍ពិពាហ៍",
            "From the certificate of single status to the marriage certificate",
        ),
        steps: &[
            step(
                both("ប្រមូលឯកសារ", "Collect the papers"),
                both(
                    "សំបុត្រកំណើត លិខិតបញ្ជាក់ភាពនៅលីវ សៀវភៅស្នាក់នៅ និងអត្តសញ្ញាណប័ណ្ណ របស់អ្នកទាំងពីរ។",
                    "Birth certificate, certificate of single status, residence book and identity card, of both.",
                ),
            ),
            step(
                both("ដាក់ពាក្យនៅសាលាឃុំ សង្កាត់", "Apply at the commune hall"),
                both("អ្នកទាំងពីរទៅដាក់ពាក្យជាមួយគ្នា ហើយទទួលបង្កាន់ដៃ។", "Both go together, file the request and get a receipt."),
            ),
            GuideStep {
                title: both("ប្រកាស ១០ ថ្ងៃ", "Notice of 10 days"),
                text: both(
                    "ការប្រកាសត្រូវបិទនៅមុខផ្ទះ និងនៅសាលាឃុំ។ អ្នកណាមានហេតុជំទាស់ អាចប្រាប់ក្នុងរយៈពេលនេះ។",
                    "A notice is posted at the house and the commune hall. Whoever objects can say so in this time.",
                ),
                days: Some(NOTICE_DAYS),
            },
            step(
                both("រៀបពិធី ហើយចុះបញ្ជី", "Marry and register"),
                both(
                    "យកលិខិតអនុញ្ញាត សំបុត្រកំណើត អត្តសញ្ញាណប័ណ្ណ និងសៀវភៅគ្រួសារ មកចុះបញ្ជីនៅសាលាឃុំ។",
                    "Bring the permit, birth certificates, identity cards and family books to the commune hall.",
                ),
            ),
            step(
                both("ទទួលសំបុត្រអាពាហ៍ពិពាហ៍", "Collect the certificate"),
                both(
                    "យកបង្កាន់ដៃមក។ អាចពិនិត្យពាក្យសុំតាមសារ ឬនៅម៉ាស៊ីននេះ។",
                    "Bring the receipt. Check by text or at this kiosk whether it is ready.",
                ),
            ),
        ],
        services: &["2003", "2002", "2001", "2004"],
    },
    Guide {
        id: "birth",
        title: both("កូនទើបកើត", "A child is born"),
        lead: both("សំបុត្រកំណើត ហើយបន្ទាប់មកសៀវភៅគ្រួសារ", "The birth certificate, then the family book"),
        steps: &[
            step(
                both("លិខិតពីមន្ទីរពេទ្យ", "The hospital's notice"),
                both("សុំលិខិតជូនដំណឹងអំពីកំណើត មុនចេញពីមន្ទីរពេទ្យ។", "Ask for the notice of birth before you leave the hospital."),
            ),
            GuideStep {
                title: both("ចុះបញ្ជីក្នុងរយៈពេល ៣០ ថ្ងៃ", "Register within 30 days"),
                text: both(
                    "ទៅសាលាឃុំ សង្កាត់ ដែលឪពុកម្តាយរស់នៅ។ ឥតបង់ប្រាក់។",
                    "Go to the commune hall where the parents live. It is free.",
                ),
                days: Some(30),
            },
            step(
                both("បន្ថែមក្នុងសៀវភៅគ្រួសារ", "Add to the family book"),
                both(
                    "យកសំបុត្រកំណើត និងសៀវភៅគ្រួសារទៅសាលាឃុំ។",
                    "Take the birth certificate and the family book to the commune hall.",
                ),
            ),
        ],
        services: &["2001", "2002"],
    },
    Guide {
        id: "death",
        title: both("មានមរណភាពក្នុងគ្រួសារ", "A death in the family"),
        lead: both("សំបុត្រមរណភាព", "The death certificate"),
        steps: &[
            step(
                both("ជូនដំណឹង", "Report it"),
                both(
                    "ប្រាប់មេភូមិ ឬមន្ទីរពេទ្យ ហើយសុំលិខិតបញ្ជាក់។",
                    "Tell the village chief or the hospital and ask for their note.",
                ),
            ),
            step(
                both("ចុះបញ្ជីនៅសាលាឃុំ សង្កាត់", "Register at the commune hall"),
                both("យកលិខិតបញ្ជាក់ និងសៀវភៅគ្រួសារមក។", "Bring the note and the family book."),
            ),
            step(
                both("ទទួលសំបុត្រមរណភាព", "Collect the certificate"),
                both("ត្រូវការសម្រាប់មរតក ធនាគារ និងសោធន។", "It is needed for inheritance, bank and pension."),
            ),
        ],
        services: &["2005"],
    },
    Guide {
        id: "business",
        title: both("បើករបរតូច", "Opening a small business"),
        lead: both("អាជ្ញាបណ្ណពីការិយាល័យច្រកចេញចូលតែមួយ", "The licence from the One Window Service Office"),
        steps: &[
            step(
                both("មើលថាត្រូវអាជ្ញាបណ្ណអ្វី", "See which licence"),
                both(
                    "ផ្ទះជួល ហាងកាត់សក់ ភោជនីយដ្ឋាន មានអាជ្ញាបណ្ណរៀងៗខ្លួន។",
                    "Rooms to let, a barber shop, a restaurant: each has its own.",
                ),
            ),
            step(
                both("ប្រមូលឯកសារ ហើយកក់ពេល", "Collect papers and book"),
                both("ឯកសារ និងកម្រៃមាននៅក្នុងទំព័រសេវានីមួយៗ។", "Papers and fee stand on each service's page."),
            ),
            step(
                both("ដាក់ពាក្យ បង់កម្រៃ រក្សាបង្កាន់ដៃ", "Apply, pay, keep the receipt"),
                both(
                    "លេខកូដលើបង្កាន់ដៃប្រាប់ដំណើរការ តាមសារ ឬនៅម៉ាស៊ីននេះ។",
                    "The code on the receipt tells how it goes, by text or at this kiosk.",
                ),
            ),
        ],
        services: &["1002", "1003", "1007"],
    },
];

/// A step as it is shown.
struct Shown {
    title: &'static str,
    text: &'static str,
    /// Label and day of an end that is counted from today.
    until: Vec<(&'static str, String)>,
}

#[derive(Template)]
#[template(path = "guide.html")]
struct GuidePage {
    frame: Frame,
    title: &'static str,
    lead: &'static str,
    steps: Vec<Shown>,
    group: Group,
}

/// Name, address and lead of each guide.
pub(super) fn all(lang: Lang) -> Vec<(String, &'static str, &'static str)> {
    GUIDES.iter().map(|guide| (format!("guide/{}", guide.id), guide.title.get(lang), guide.lead.get(lang))).collect()
}

/// `GET /kiosk/{lang}/guide/{id}`
pub async fn guide(
    State(state): State<KioskState>,
    context: PageContext,
    Path((_, id)): Path<(String, String)>,
) -> Response {
    let Some(guide) = GUIDES.iter().find(|guide| guide.id == id) else { return errors::no_such_page().await };
    let lang = context.lang;
    let today = state.backend.now().civil(&phnom_penh()).date();
    let mut tiles = Vec::new();
    if let Answer::Services(Ok(found)) = state.backend.look_around(&Query::Services(ServiceSearch::default())).await {
        let known = |code: &&str| found.items.iter().find(|service| service.code == *code);
        tiles = guide.services.iter().filter_map(known).map(|service| service_tile(lang, service)).collect();
    }
    let steps = guide.steps.iter().map(|step| Shown {
        title: step.title.get(lang),
        text: step.text.get(lang),
        until: step.days.map(|days| ends(lang, guide.id, today, days)).unwrap_or_default(),
    });
    let template = GuidePage {
        frame: context.frame(guide.title.get(lang), format!("guide/{id}"), Back::In("services".into())),
        title: guide.title.get(lang),
        lead: guide.lead.get(lang),
        steps: steps.collect(),
        group: Group { title: Some(context.words.services_title), tiles },
    };
    page(StatusCode::OK, &template)
}

/// The end of a span that begins today, and for a notice the first day after it.
fn ends(lang: Lang, guide: &str, today: Date, days: i32) -> Vec<(&'static str, String)> {
    let visit_words = lang.visit();
    let day = |ahead: i32| {
        let date = today.checked_add(ahead.days()).unwrap_or(today);
        shared::date_long(date, lang.language())
    };
    if guide == "marriage" {
        vec![(visit_words.notice_from, day(days)), (visit_words.notice_until, day(days + 1))]
    } else {
        vec![(visit_words.within_until, day(days))]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn the_notice_is_counted_from_the_day_of_the_request() {
        let shown = ends(Lang::En, "marriage", date(2026, 11, 23), NOTICE_DAYS);
        assert_eq!(shown[0].1, "Thursday 3 December 2026");
        assert_eq!(shown[1].1, "Friday 4 December 2026");
    }
}
