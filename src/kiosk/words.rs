//! Every text of the kiosk in its two languages. A text that is missing in one of them does not compile. It
//! must not know markup or pages.
use crate::render::words as shared;
use crate::types::{Language, civic::ApplicationStatus};
use jiff::civil::DateTime;
use std::borrow::Cow;

/// The languages of the screens; romanised Khmer is for telephones only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lang {
    /// Khmer.
    Km,
    /// English.
    En,
}

impl Lang {
    /// Path segment and `lang` attribute.
    pub fn tag(self) -> &'static str {
        match self {
            Lang::Km => "km",
            Lang::En => "en",
        }
    }

    /// Reads [`Lang::tag`].
    pub fn from_tag(tag: &str) -> Option<Self> {
        match tag {
            "km" => Some(Lang::Km),
            "en" => Some(Lang::En),
            _ => None,
        }
    }

    /// The language of the toggle.
    pub fn other(self) -> Self {
        match self {
            Lang::Km => Lang::En,
            Lang::En => Lang::Km,
        }
    }

    /// The same in the words of a conversation.
    pub fn language(self) -> Language {
        match self {
            Lang::Km => Language::Km,
            Lang::En => Language::En,
        }
    }

    /// The catalogue.
    pub fn words(self) -> &'static Words {
        match self {
            Lang::Km => &KM,
            Lang::En => &EN,
        }
    }
}

/// A headline and what follows from it.
#[derive(Debug)]
pub struct Message {
    /// What is so.
    pub title: &'static str,
    /// What it means, what to do.
    pub text: &'static str,
}

/// A headline and what follows from it, for what is not known beforehand.
#[derive(Clone, Debug)]
pub struct Notice {
    /// What is so.
    pub title: &'static str,
    /// What it means, what to do.
    pub text: Cow<'static, str>,
}

impl From<&'static Message> for Notice {
    fn from(message: &'static Message) -> Self {
        Notice { title: message.title, text: Cow::Borrowed(message.text) }
    }
}

/// The catalogue of one language, in the order in which a visitor meets it.
#[derive(Debug)]
#[allow(missing_docs, reason = "the names say which text it is, the texts below show it")]
pub struct Words {
    pub name: &'static str,
    pub product: &'static str,
    pub tagline: &'static str,
    pub welcome: &'static str,
    pub choose_language: &'static str,
    pub back: &'static str,
    pub home: &'static str,
    pub help: &'static str,
    pub start_over: &'static str,
    pub home_title: &'static str,
    pub check: Message,
    pub help_card: Message,
    pub code_title: &'static str,
    pub code_hint: fn(usize) -> String,
    pub code_hint_free: &'static str,
    pub entered: &'static str,
    pub digit: &'static str,
    pub delete: &'static str,
    pub clear: &'static str,
    pub ok: &'static str,
    pub mistyped: Message,
    pub incomplete: &'static str,
    pub incomplete_text: fn(usize, usize) -> String,
    pub not_a_code: Message,
    pub correcting: fn(usize) -> String,
    pub unknown: Message,
    pub unknown_steps: [&'static str; 2],
    pub correct_code: &'static str,
    pub busy: Message,
    pub busy_steps: [&'static str; 2],
    pub again: &'static str,
    pub paused: Message,
    pub kept: &'static str,
    pub kept_text: &'static str,
    pub status: &'static str,
    pub code: &'static str,
    pub service: &'static str,
    pub office: &'static str,
    pub since: &'static str,
    pub expected: &'static str,
    pub collect_at: &'static str,
    pub collect_until: &'static str,
    pub fee: &'static str,
    pub fee_paid: &'static str,
    pub fee_due: &'static str,
    pub bill: &'static str,
    pub next: &'static str,
    pub nothing_to_do: &'static str,
    pub returned: &'static str,
    pub timeline: &'static str,
    pub finish: &'static str,
    pub help_title: &'static str,
    pub help_steps: [Message; 3],
    pub carry_on: &'static str,
    pub no_page: Message,
    pub wrong_way: Message,
    pub too_large: Message,
    pub unreadable: Message,
    pub visit_over: Message,
    pub foreign: Message,
    pub elsewhere: Message,
    pub services_card: Message,
    pub offices_card: Message,
    pub feedback_card: Message,
    pub services_title: &'static str,
    pub search: &'static str,
    pub search_hint: &'static str,
    pub for_whom: &'static str,
    pub by_ministry: &'static str,
    pub by_topic: &'static str,
    pub popular: &'static str,
    pub nothing_found: Message,
    pub directory_away: Message,
    pub service_code: &'static str,
    pub fees: &'static str,
    pub no_fee_published: &'static str,
    pub days_needed: &'static str,
    pub documents: &'static str,
    pub steps: &'static str,
    pub legal_basis: &'static str,
    pub where_offered: &'static str,
    pub copies: fn(u32) -> String,
    pub original: &'static str,
    pub offices_title: &'static str,
    pub in_place: &'static str,
    pub here: &'static str,
    pub hours: &'static str,
    pub today: &'static str,
    pub closed: &'static str,
    pub closed_days: &'static str,
    pub phone: &'static str,
    pub waiting_now: &'static str,
    pub feedback_title: &'static str,
    pub grades: [&'static str; 5],
    pub thanks: Message,
    pub not_taken: Message,
    pub pin_title: &'static str,
    pub pin_hint: &'static str,
    pub pin_more: &'static str,
    pub unknown_pin: Message,
    pub pin_locked: Message,
}

/// Khmer.
pub static KM: Words = Words {
    name: "ខ្មែរ",
    product: "ច្រក",
    tagline: "សេវាសាធារណៈសម្រាប់ប្រជាពលរដ្ឋ",
    welcome: "សូមស្វាគមន៍",
    choose_language: "សូមជ្រើសរើសភាសា",
    back: "ថយក្រោយ",
    home: "ទំព័រដើម",
    help: "ជំនួយ",
    start_over: "ចាប់ផ្តើមឡើងវិញ",
    home_title: "តើលោកអ្នកចង់ធ្វើអ្វី?",
    check: Message {
        title: "ពិនិត្យពាក្យសុំរបស់ខ្ញុំ", text: "មើលថាពាក្យសុំដល់ដំណាក់កាលណា ដោយប្រើលេខកូដលើបង្កាន់ដៃ"
    },
    help_card: Message {
        title: "របៀបប្រើប្រាស់", text: "រកលេខកូដនៅឯណា និងសួររកជំនួយពីមន្ត្រី"
    },
    code_title: "សូមបញ្ចូលលេខកូដចុះបញ្ជី",
    code_hint: |digits| format!("លេខ {digits} ខ្ទង់ នៅលើបង្កាន់ដៃទទួលពាក្យ"),
    code_hint_free: "លេខនៅលើបង្កាន់ដៃទទួលពាក្យ",
    entered: "លេខដែលបានបញ្ចូល",
    digit: "ខ្ទង់ទី",
    delete: "លុប",
    clear: "លុបទាំងអស់",
    ok: "ពិនិត្យ",
    mistyped: Message {
        title: "មានលេខមួយខ្ទង់ហាក់ដូចជាខុស", text: "សូមផ្ទៀងជាមួយបង្កាន់ដៃ រួចចុចលើលេខដែលខុស ដើម្បីកែ។"
    },
    incomplete: "លេខកូដមិនទាន់គ្រប់ខ្ទង់ទេ",
    incomplete_text: |all, typed| format!("លេខកូដមាន {all} ខ្ទង់ លោកអ្នកបានបញ្ចូល {typed} ខ្ទង់។"),
    not_a_code: Message {
        title: "នេះមិនមែនជាលេខកូដចុះបញ្ជីទេ", text: "សូមផ្ទៀងជាមួយលេខនៅលើបង្កាន់ដៃ រួចបញ្ចូលម្តងទៀត។"
    },
    correcting: |digit| format!("កំពុងកែខ្ទង់ទី {digit} — សូមចុចលេខដែលត្រឹមត្រូវ"),
    unknown: Message {
        title: "រកមិនឃើញពាក្យសុំដែលមានលេខកូដនេះទេ", text: "លេខកូដអាចត្រូវបានបញ្ចូលខុស ឬពាក្យសុំមិនទាន់បានចុះក្នុងប្រព័ន្ធ។"
    },
    unknown_steps: ["សូមផ្ទៀងលេខម្តងទៀត ជាមួយបង្កាន់ដៃទទួលពាក្យ", "បើនៅតែរកមិនឃើញ សូមយកបង្កាន់ដៃទៅសួរមន្ត្រីនៅបញ្ជរ"],
    correct_code: "ពិនិត្យលេខឡើងវិញ",
    busy: Message {
        title: "សូមអភ័យទោស ពេលនេះមិនទាន់ពិនិត្យបានទេ", text: "ប្រព័ន្ធមិនទាន់ឆ្លើយតប។ ពាក្យសុំរបស់លោកអ្នកនៅដដែល មិនបាត់បង់អ្វីឡើយ។"
    },
    busy_steps: ["សូមព្យាយាមម្តងទៀត ក្នុងពេលបន្តិចទៀត", "ឬសូមយកបង្កាន់ដៃទៅសួរមន្ត្រីនៅបញ្ជរ"],
    again: "ព្យាយាមម្តងទៀត",
    paused: Message {
        title: "សូមរង់ចាំបន្តិច", text: "មានការបញ្ចូលលេខកូដមិនត្រឹមត្រូវច្រើនដងពេក។ សូមព្យាយាមម្តងទៀតបន្តិចក្រោយ ឬសួរមន្ត្រីនៅបញ្ជរ។"
    },
    kept: "ព័ត៌មានគិតត្រឹម",
    kept_text: "ពេលនេះប្រព័ន្ធមិនឆ្លើយតប ស្ថានភាពអាចបានផ្លាស់ប្តូរហើយ។",
    status: "ស្ថានភាព",
    code: "លេខកូដចុះបញ្ជី",
    service: "សេវា",
    office: "ការិយាល័យ",
    since: "តាំងពី",
    expected: "គ្រោងរួចរាល់ត្រឹម",
    collect_at: "កន្លែងមកយក",
    collect_until: "មកយកត្រឹម",
    fee: "កម្រៃសេវា",
    fee_paid: "បានបង់រួច",
    fee_due: "មិនទាន់បង់",
    bill: "លេខវិក្កយបត្រ",
    next: "អ្វីដែលលោកអ្នកត្រូវធ្វើ",
    nothing_to_do: "ពេលនេះលោកអ្នកមិនចាំបាច់ធ្វើអ្វីទេ។",
    returned: "ឯកសារដែលត្រូវកែ",
    timeline: "ដំណើរការកន្លងមក",
    finish: "បញ្ចប់",
    help_title: "យើងអាចជួយលោកអ្នក",
    help_steps: [
        Message {
            title: "លេខកូដនៅលើបង្កាន់ដៃ", text: "សូមរកលេខវែង ដូចជា 120500-26-048193-7 នៅផ្នែកខាងលើនៃបង្កាន់ដៃទទួលពាក្យ។"
        },
        Message {
            title: "ចុចលេខម្តងមួយ", text: "បើចុចខុស សូមចុច «លុប» ឬចុចលើលេខដែលខុស រួចចុចលេខត្រឹមត្រូវ។"
        },
        Message {
            title: "សួរមន្ត្រីនៅបញ្ជរ", text: "មន្ត្រីនឹងជួយលោកអ្នកដោយឥតគិតថ្លៃ។ សូមយកបង្កាន់ដៃទៅជាមួយ។"
        },
    ],
    carry_on: "បន្តទៀត",
    no_page: Message {
        title: "រកមិនឃើញទំព័រនេះទេ", text: "សូមចាប់ផ្តើមឡើងវិញ។"
    },
    wrong_way: Message {
        title: "ទំព័រនេះមិនអាចបើកតាមរបៀបនេះទេ", text: "សូមចាប់ផ្តើមឡើងវិញ។"
    },
    too_large: Message {
        title: "អ្វីដែលបានបញ្ចូលវែងពេក", text: "សូមចាប់ផ្តើមឡើងវិញ។"
    },
    unreadable: Message {
        title: "មិនអាចអានអ្វីដែលបានបញ្ចូលទេ", text: "សូមចាប់ផ្តើមឡើងវិញ។"
    },
    visit_over: Message {
        title: "ការប្រើប្រាស់លើកនេះបានចប់ហើយ", text: "អ្វីដែលបានបញ្ចូលត្រូវបានលុប។ សូមចាប់ផ្តើមឡើងវិញ។"
    },
    foreign: Message {
        title: "សំណើនេះមិនមែនមកពីទំព័ររបស់យើងទេ", text: "សូមចាប់ផ្តើមឡើងវិញ។"
    },
    elsewhere: Message {
        title: "ម៉ាស៊ីនបម្រើនេះមិនឆ្លើយតាមអាសយដ្ឋាននេះទេ",
        text: "សូមជូនដំណឹងដល់បុគ្គលិក។ អ្នកគ្រប់គ្រងអាចបន្ថែមឈ្មោះនេះក្នុង [http] hosts។",
    },
    services_card: Message {
        title: "សេវា និងកម្រៃ", text: "ឯកសារដែលត្រូវយកមក តម្លៃ និងរយៈពេល"
    },
    offices_card: Message {
        title: "ការិយាល័យ", text: "ទីតាំង ម៉ោងធ្វើការ និងលេខទូរស័ព្ទ"
    },
    feedback_card: Message {
        title: "ផ្តល់មតិ", text: "ប្រាប់យើងថា សេវាយ៉ាងដូចម្តេច"
    },
    services_title: "សេវាសាធារណៈ",
    search: "ស្វែងរក",
    search_hint: "វាយឈ្មោះសេវា ឬលេខ ៤ ខ្ទង់",
    for_whom: "សម្រាប់អ្នកណា",
    by_ministry: "តាមក្រសួង",
    by_topic: "តាមប្រធានបទ",
    popular: "សេវាដែលគេប្រើញឹកញាប់",
    nothing_found: Message {
        title: "រកមិនឃើញទេ", text: "សូមសាកល្បងពាក្យផ្សេង ឬសួរមន្ត្រីនៅបញ្ជរ។"
    },
    directory_away: Message {
        title: "ពេលនេះមិនទាន់អាចបង្ហាញបានទេ",
        text: "ប្រព័ន្ធមិនទាន់ឆ្លើយតប។ សូមព្យាយាមម្តងទៀតបន្តិចក្រោយ ឬសួរមន្ត្រីនៅបញ្ជរ។",
    },
    service_code: "លេខសេវា",
    fees: "កម្រៃសេវា",
    no_fee_published: "សូមសួរមន្ត្រីនៅបញ្ជរ",
    days_needed: "រយៈពេល",
    documents: "ឯកសារដែលត្រូវយកមក",
    steps: "ជំហានដែលត្រូវធ្វើ",
    legal_basis: "មូលដ្ឋានច្បាប់",
    where_offered: "កន្លែងផ្តល់សេវា",
    copies: |copies| format!("ច្បាប់ចម្លង {}", shared::khmer_digits(&copies.to_string())),
    original: "ច្បាប់ដើម",
    offices_title: "ការិយាល័យ",
    in_place: "ជ្រើសរើសទីតាំង",
    here: "ការិយាល័យនៅទីនេះ",
    hours: "ម៉ោងធ្វើការ",
    today: "ថ្ងៃនេះ",
    closed: "បិទ",
    closed_days: "ថ្ងៃឈប់សម្រាក",
    phone: "ទូរស័ព្ទ",
    waiting_now: "អ្នករង់ចាំពេលនេះ",
    feedback_title: "តើសេវានៅទីនេះយ៉ាងដូចម្តេច?",
    grades: ["អន់ណាស់", "អន់", "មធ្យម", "ល្អ", "ល្អណាស់"],
    thanks: Message {
        title: "សូមអរគុណ", text: "មតិរបស់លោកអ្នកជួយឱ្យសេវាកាន់តែប្រសើរ។"
    },
    not_taken: Message {
        title: "មតិមិនទាន់បានបញ្ជូនទេ", text: "សូមព្យាយាមម្តងទៀតបន្តិចក្រោយ។"
    },
    pin_title: "សូមបញ្ចូលលេខ PIN",
    pin_hint: "លេខ PIN ក៏មាននៅលើបង្កាន់ដៃដែរ",
    pin_more: "មើលលម្អិតដោយលេខ PIN",
    pin_locked: Message {
        title: "លេខ PIN ជាប់សោសម្រាប់ថ្ងៃនេះ",
        text: "មានការបញ្ចូល PIN ខុសច្រើនដងពេក។ សូមប្រើលេខទូរសព្ទដែលបានចុះបញ្ជី ឬសួរមន្ត្រីនៅបញ្ជរ។",
    },
    unknown_pin: Message {
        title: "លេខកូដ ឬលេខ PIN មិនត្រឹមត្រូវទេ ឬ PIN ជាប់សោ",
        text: "សូមផ្ទៀងជាមួយបង្កាន់ដៃ រួចព្យាយាមម្តងទៀត ឬសួរមន្ត្រីនៅបញ្ជរ។",
    },
};

/// English.
pub static EN: Words = Words {
    name: "English",
    product: "Chrak",
    tagline: "Public services for everyone",
    welcome: "Welcome",
    choose_language: "Please choose your language",
    back: "Back",
    home: "Home",
    help: "Help",
    start_over: "Start again",
    home_title: "What would you like to do?",
    check: Message { title: "Check my application", text: "See how far it has come, with the code on your receipt" },
    help_card: Message { title: "How this works", text: "Where to find the code, and who can help you" },
    code_title: "Enter your registration code",
    code_hint: |digits| format!("{digits} digits, printed on your application receipt"),
    code_hint_free: "It is printed on your application receipt",
    entered: "Digits entered",
    digit: "Digit",
    delete: "Delete",
    clear: "Clear all",
    ok: "Check",
    mistyped: Message {
        title: "One digit looks wrong",
        text: "Please compare with your receipt, then tap the wrong digit to correct it.",
    },
    incomplete: "The code is not complete yet",
    incomplete_text: |all, typed| format!("It has {all} digits; you have entered {typed}."),
    not_a_code: Message {
        title: "This is not a registration code",
        text: "Please compare with the number on your receipt and enter it again.",
    },
    correcting: |digit| format!("Correcting digit {digit}: press the right one"),
    unknown: Message {
        title: "We found no application with this code",
        text: "A digit may be wrong, or the application is not in the system yet.",
    },
    unknown_steps: [
        "Compare the code with your application receipt once more",
        "If it is still not found, take your receipt to an officer at the counter",
    ],
    correct_code: "Look at the code again",
    busy: Message {
        title: "Sorry, we cannot check just now",
        text: "The system is not answering. Your application is safe; nothing is lost.",
    },
    busy_steps: ["Please try again in a little while", "Or take your receipt to an officer at the counter"],
    again: "Try again",
    paused: Message {
        title: "Please wait a little",
        text: "Too many codes that do not exist were entered here. Please try again in a little while, or ask an officer at the counter.",
    },
    kept: "As known on",
    kept_text: "The system is not answering now; this may have changed since.",
    status: "Status",
    code: "Registration code",
    service: "Service",
    office: "Office",
    since: "Since",
    expected: "Expected by",
    collect_at: "Collect at",
    collect_until: "Collect by",
    fee: "Fee",
    fee_paid: "paid",
    fee_due: "not paid yet",
    bill: "Bill number",
    next: "What to do now",
    nothing_to_do: "There is nothing you need to do now.",
    returned: "Documents to correct",
    timeline: "Steps so far",
    finish: "Finish",
    help_title: "We are here to help",
    help_steps: [
        Message {
            title: "The code is on your receipt",
            text: "Look for a long number such as 120500-26-048193-7 near the top of your application receipt.",
        },
        Message {
            title: "Press one digit at a time",
            text: "If one is wrong, press “Delete”, or tap the wrong digit and press the right one.",
        },
        Message {
            title: "Ask an officer at the counter",
            text: "They will help you, free of charge. Please take your receipt with you.",
        },
    ],
    carry_on: "Carry on",
    no_page: Message { title: "There is no such page", text: "Please start again." },
    wrong_way: Message { title: "This page cannot be opened that way", text: "Please start again." },
    too_large: Message { title: "That was too long", text: "Please start again." },
    unreadable: Message { title: "That could not be read", text: "Please start again." },
    visit_over: Message { title: "This visit is over", text: "What was entered is wiped. Please start again." },
    foreign: Message { title: "That request did not come from our pages", text: "Please start again." },
    elsewhere: Message {
        title: "This server does not answer to that name",
        text: "Please tell the staff. Whoever runs the server can add the name to [http] hosts.",
    },
    services_card: Message { title: "Services and fees", text: "What to bring, what it costs and how long it takes" },
    offices_card: Message { title: "Offices", text: "Where they are, when they are open, how to call them" },
    feedback_card: Message { title: "Tell us how it was", text: "One touch is enough" },
    services_title: "Public services",
    search: "Search",
    search_hint: "Name of the service, or its four digits",
    for_whom: "For whom",
    by_ministry: "By ministry",
    by_topic: "By topic",
    popular: "Often asked for",
    nothing_found: Message {
        title: "Nothing was found",
        text: "Please try other words, or ask an officer at the counter.",
    },
    directory_away: Message {
        title: "This cannot be shown just now",
        text: "The system is not answering. Please try again in a little while, or ask an officer at the counter.",
    },
    service_code: "Service number",
    fees: "Fee",
    no_fee_published: "Please ask an officer at the counter",
    days_needed: "How long it takes",
    documents: "What to bring",
    steps: "How it goes",
    legal_basis: "Legal basis",
    where_offered: "Where it is offered",
    copies: |copies| if copies == 1 { "1 copy".to_owned() } else { format!("{copies} copies") },
    original: "original",
    offices_title: "Offices",
    in_place: "Choose a place",
    here: "Offices here",
    hours: "Opening hours",
    today: "Today",
    closed: "closed",
    closed_days: "Closed days",
    phone: "Telephone",
    waiting_now: "Waiting now",
    feedback_title: "How was the service here?",
    grades: ["Very bad", "Bad", "Fair", "Good", "Very good"],
    thanks: Message { title: "Thank you", text: "What you tell us makes the service better." },
    not_taken: Message { title: "Your answer was not passed on yet", text: "Please try again in a little while." },
    pin_title: "Enter the PIN",
    pin_hint: "It is printed on your receipt, too",
    pin_more: "More with the PIN",
    pin_locked: Message {
        title: "PINs are locked for today",
        text: "Too many PINs of this code were wrong. Use the registered telephone number, or ask an officer at the counter.",
    },
    unknown_pin: Message {
        title: "The code or the PIN is not right, or the PIN is locked",
        text: "Please compare with your receipt and try again, or ask an officer at the counter.",
    },
};

/// The word for a status, as every channel has it, and one sentence on what it means.
pub fn status(lang: Lang, status: ApplicationStatus) -> Message {
    use ApplicationStatus as S;
    let (km, en) = match status {
        S::Registered => ("ការិយាល័យបានទទួលពាក្យសុំរបស់លោកអ្នកហើយ។", "The office has received your application."),
        S::AwaitingPayment => ("សូមបង់កម្រៃសេវា ដើម្បីឱ្យការិយាល័យបន្តការងារ។", "Work goes on once the fee is paid."),
        S::Paid => ("ការិយាល័យបានទទួលប្រាក់ហើយ ហើយនឹងចាប់ផ្តើមពិនិត្យ។", "The fee is received; work will begin soon."),
        S::InReview => ("មន្ត្រីកំពុងពិនិត្យពាក្យសុំរបស់លោកអ្នក។", "Officers are working on your application."),
        S::Forwarded => ("ពាក្យសុំរបស់លោកអ្នកត្រូវបានបញ្ជូនទៅការិយាល័យមួយទៀត។", "Your application was sent to another office."),
        S::ReturnedForCorrection => {
            ("មានចំណុចដែលលោកអ្នកត្រូវកែ មុននឹងបន្តការងារ។", "Something must be corrected before work goes on.")
        }
        S::Approved => ("ពាក្យសុំត្រូវបានអនុម័ត។ ឯកសារកំពុងរៀបចំ។", "It is decided; your document is being made."),
        S::ReadyForCollection => ("ឯកសាររបស់លោកអ្នករួចរាល់ហើយ សូមមកយក។", "Your document is ready for you."),
        S::Collected => ("ឯកសារត្រូវបានប្រគល់ជូនរួចហើយ។", "The document has been handed over."),
        S::Rejected => {
            ("ពាក្យសុំមិនត្រូវបានអនុញ្ញាតទេ។ សូមសួរមន្ត្រីអំពីមូលហេតុ។", "The request was not granted. An officer can tell you why.")
        }
        S::Cancelled => ("ពាក្យសុំត្រូវបានដកវិញ។", "The application was withdrawn."),
        S::Expired => ("ពាក្យសុំត្រូវបានបិទ ដោយសារហួសពេលកំណត់។", "It was closed because nothing happened in time."),
    };
    let text = match lang {
        Lang::Km => km,
        Lang::En => en,
    };
    let title = shared::status_word(status, lang.language());
    Message { title, text }
}

/// What to do when the office says nothing of it; `None` where there is nothing to do.
pub fn next_step(lang: Lang, status: ApplicationStatus) -> Option<&'static str> {
    use ApplicationStatus as S;
    let (km, en) = match status {
        S::AwaitingPayment => {
            ("សូមបង់កម្រៃសេវានៅបេឡា ហើយរក្សាបង្កាន់ដៃទុក។", "Pay the fee at the cashier and keep the receipt.")
        }
        S::ReturnedForCorrection => ("សូមមកការិយាល័យ ដើម្បីកែឯកសារ។", "Come to the office to correct your documents."),
        S::ReadyForCollection => ("សូមយកបង្កាន់ដៃមក ដើម្បីទទួលឯកសារ។", "Bring your receipt and collect the document."),
        S::Rejected => ("សូមសួរមន្ត្រីនៅការិយាល័យ។", "Ask an officer at the office."),
        S::Expired => ("បើនៅត្រូវការ សូមដាក់ពាក្យថ្មី។", "Apply again if you still need it."),
        S::Registered | S::Paid | S::InReview | S::Forwarded | S::Approved | S::Collected | S::Cancelled => {
            return None;
        }
    };
    Some(match lang {
        Lang::Km => km,
        Lang::En => en,
    })
}

/// A point in time as people say it, to the minute.
pub fn date_time(lang: Lang, at: DateTime) -> String {
    let day = shared::date_long(at.date(), lang.language());
    let clock = format!("{:02}:{:02}", at.hour(), at.minute());
    match lang {
        Lang::Km => format!("{day} ម៉ោង {}", shared::khmer_digits(&clock)),
        Lang::En => format!("{day}, {clock}"),
    }
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
