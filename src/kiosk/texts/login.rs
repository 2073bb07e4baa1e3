//! What is said where somebody signs in by the telephone, and of what is one's own. It must not know how one signs in.
use super::{Lang, Message, catalogue::message};

/// Texts of signing in.
#[derive(Debug)]
#[allow(missing_docs, reason = "the names say which text it is, the statics show it")]
pub struct LoginWords {
    pub tile: Message,
    pub scan_title: &'static str,
    pub steps: [&'static str; 3],
    pub check: &'static str,
    pub check_note: &'static str,
    /// Before the address, for who has no camera.
    pub or_type: &'static str,
    pub waiting: &'static str,
    pub look: &'static str,
    pub no_phone: &'static str,
    pub new_code: &'static str,
    pub denied: Message,
    pub expired: Message,
    pub away: Message,
    pub limited: Message,
    pub not_offered: Message,
    pub ended: Message,
    pub list_away: Message,
    pub nothing: Message,
    /// Before and after the minutes and seconds that are left.
    pub left: (&'static str, &'static str),
    pub more: &'static str,
}

static KM: LoginWords = LoginWords {
    tile: message("ពាក្យស្នើសុំរបស់ខ្ញុំ", "មើលទាំងអស់ដោយស្កេនតាមទូរស័ព្ទ មិនបាច់វាយលេខកូដ"),
    scan_title: "ស្កេនដើម្បីមើលពាក្យស្នើសុំរបស់លោកអ្នក",
    steps: ["បើកកាមេរ៉ា ឬកម្មវិធីអត្តសញ្ញាណក្នុងទូរស័ព្ទ", "ស្កេនរូបនេះ", "ផ្ទៀងលេខនេះជាមួយទូរស័ព្ទ រួចយល់ព្រម"],
    check: "លេខផ្ទៀងផ្ទាត់",
    check_note: "បើទូរស័ព្ទបង្ហាញលេខផ្សេង សូមកុំយល់ព្រម។",
    or_type: "បើគ្មានកាមេរ៉ា សូមបើកអាសយដ្ឋាននេះ រួចវាយលេខខាងលើ",
    waiting: "កំពុងរង់ចាំការយល់ព្រមពីទូរស័ព្ទ…",
    look: "ខ្ញុំបានយល់ព្រមហើយ",
    no_phone: "គ្មានទូរស័ព្ទ សូមវាយលេខកូដ",
    new_code: "យករូប QR ថ្មី",
    denied: message("ទូរស័ព្ទមិនបានយល់ព្រមទេ", "គ្មានអ្វីត្រូវបានបង្ហាញទេ។ បើលោកអ្នកចង់មើល សូមស្កេនរូបថ្មី។"),
    expired: message("រូប QR នេះផុតកំណត់ហើយ", "សូមយករូបថ្មី រួចស្កេនម្តងទៀត។"),
    away: message("ពេលនេះមិនទាន់អាចស្កេនមើលបានទេ", "សូមព្យាយាមម្តងទៀតបន្តិចក្រោយ ឬប្រើលេខកូដលើបង្កាន់ដៃ។"),
    limited: message("សូមរង់ចាំបន្តិច", "មានការស្កេននៅទីនេះច្រើនដងហើយ។ សូមរង់ចាំពីរបីនាទី ឬប្រើលេខកូដលើបង្កាន់ដៃ។"),
    not_offered: message("នៅទីនេះមិនទាន់អាចស្កេនមើលបានទេ", "សូមប្រើលេខកូដលើបង្កាន់ដៃ ឬសួរមន្ត្រីនៅបញ្ជរ។"),
    ended: message("ការមើលលើកនេះបានចប់ហើយ", "ព័ត៌មានរបស់លោកអ្នកលែងមាននៅលើអេក្រង់នេះទៀតហើយ។"),
    list_away: message("ពេលនេះមិនទាន់អាចបង្ហាញបានទេ", "ប្រព័ន្ធមិនទាន់ឆ្លើយតប។ សូមព្យាយាមម្តងទៀតបន្តិចក្រោយ ឬសួរមន្ត្រីនៅបញ្ជរ។"),
    nothing: message("មិនមានពាក្យស្នើសុំទេ", "រកមិនឃើញពាក្យស្នើសុំក្នុងឈ្មោះលោកអ្នកទេ។ បើមានបង្កាន់ដៃ សូមប្រើលេខកូដលើវា។"),
    left: ("ទំព័រនេះនឹងបិទក្នុងរយៈពេល ", " នាទី"),
    more: "បន្ថែម ៥ នាទី",
};

static EN: LoginWords = LoginWords {
    tile: message("My applications", "See all of them with your phone, without typing a code"),
    scan_title: "Scan to see your applications",
    steps: [
        "Open the camera or your identity app on your phone",
        "Scan this code",
        "Compare the digits with your phone, then agree",
    ],
    check: "Digits to compare",
    check_note: "If your phone shows others, do not agree.",
    or_type: "Without a camera, open this address and type what stands above",
    waiting: "Waiting for your phone…",
    look: "I have agreed",
    no_phone: "Without a phone: type the code",
    new_code: "Get a new code",
    denied: message("The phone did not agree", "Nothing was shown. If you want to see them, scan a new code."),
    expired: message("This code has expired", "Please get a new code and scan it."),
    away: message("Scanning is not possible now", "Try again in a little while, or use the code on your receipt."),
    limited: message(
        "Please wait a little",
        "This was scanned many times here. Wait a few minutes, or use the code on your receipt.",
    ),
    not_offered: message(
        "Scanning is not possible here",
        "Use the code on your receipt, or ask an officer at the counter.",
    ),
    ended: message("You are signed out", "Nothing of yours is left on this screen."),
    list_away: message(
        "They cannot be shown just now",
        "The system is not answering. Try again in a little while, or ask an officer at the counter.",
    ),
    nothing: message("No applications", "We found none in your name. If you have a receipt, use the code on it."),
    left: ("This page closes in ", ""),
    more: "5 more minutes",
};

impl Lang {
    /// Texts of signing in.
    pub fn login(self) -> &'static LoginWords {
        match self {
            Lang::Km => &KM,
            Lang::En => &EN,
        }
    }
}
