//! Texts of the device itself: pairing, closed, how pages look, staff, silence and a lost line. In two languages.
use super::words::{Lang, Message};

/// The catalogue of one language.
#[derive(Debug)]
#[allow(missing_docs, reason = "the names say which text it is, the texts below show it")]
pub struct DeviceWords {
    pub pair: Message,
    pub pair_first: Message,
    pub pair_again: Message,
    pub closed: Message,
    pub hours_today: &'static str,
    pub closed_today: &'static str,
    pub look: &'static str,
    pub text_size: &'static str,
    pub sizes: [&'static str; 3],
    pub loudness: &'static str,
    pub volumes: [&'static str; 3],
    pub contrast: &'static str,
    pub low: &'static str,
    pub more_time: &'static str,
    pub sound: &'static str,
    pub on: &'static str,
    pub off: &'static str,
    pub still_there: Message,
    pub stay: &'static str,
    pub leave: &'static str,
    pub offline: Message,
    pub offline_book: Message,
    pub hide: &'static str,
    pub show: &'static str,
    pub speak: &'static str,
    pub staff: &'static str,
    pub staff_pin: &'static str,
    pub staff_wrong: Message,
    pub device: &'static str,
    pub version: &'static str,
    pub profile: &'static str,
    pub close_kiosk: &'static str,
    pub open_kiosk: &'static str,
    pub test_print: &'static str,
    pub reload: &'static str,
}

impl Lang {
    /// Texts of the device.
    pub fn device(self) -> &'static DeviceWords {
        match self {
            Lang::Km => &KM,
            Lang::En => &EN,
        }
    }
}

const fn message(title: &'static str, text: &'static str) -> Message {
    Message { title, text }
}

static KM: DeviceWords = DeviceWords {
    pair: message("ភ្ជាប់ម៉ាស៊ីននេះ", "សូមប្រាប់លេខនេះទៅប្រតិបត្តិករ ដើម្បីភ្ជាប់ម៉ាស៊ីនជាមួយការិយាល័យ។ លេខប្រើបាន ១០ នាទី។"),
    pair_first: message("ម៉ាស៊ីននេះមិនទាន់ភ្ជាប់ទេ", "សម្រាប់អ្នកដំឡើង៖ សូមចុចប៊ូតុងខាងក្រោម ដើម្បីទទួលលេខភ្ជាប់។"),
    pair_again: message("មិនទាន់អាចភ្ជាប់បានទេ", "សូមរង់ចាំបន្តិច រួចចុចម្តងទៀត។"),
    closed: message("ឥឡូវនេះបិទ", "សូមអភ័យទោស។ សូមអញ្ជើញមកក្នុងម៉ោងធ្វើការ។"),
    hours_today: "ម៉ោងធ្វើការថ្ងៃនេះ",
    closed_today: "ថ្ងៃនេះការិយាល័យបិទ",
    look: "ការបង្ហាញ",
    text_size: "ទំហំអក្សរ",
    sizes: ["ធម្មតា", "ធំ", "ធំណាស់"],
    loudness: "កម្រិតសំឡេង",
    volumes: ["តិច", "ធម្មតា", "ខ្លាំង"],
    contrast: "ពណ៌ច្បាស់",
    low: "ប៊ូតុងនៅខាងក្រោម",
    more_time: "ពេលវេលាបន្ថែម",
    sound: "សំឡេងណែនាំ",
    on: "បើក",
    off: "បិទ",
    still_there: message("តើលោកអ្នកនៅទីនេះទេ?", "បើគ្មានការចុចទេ អ្វីដែលបានបញ្ចូលនឹងត្រូវលុប។"),
    stay: "បន្តទៀត",
    leave: "បញ្ចប់",
    offline: message("បណ្តាញដាច់", "ព័ត៌មានសេវា និងការិយាល័យនៅមើលបាន។ ការពិនិត្យពាក្យសុំ និងការណាត់ ត្រូវរង់ចាំបណ្តាញ។"),
    offline_book: message("ពេលនេះមិនអាចពិនិត្យ ឬកក់បានទេ", "បណ្តាញដាច់។ សូមទូរស័ព្ទ ឬសួរមន្ត្រីនៅបញ្ជរ។"),
    hide: "បិទបាំង",
    show: "បង្ហាញវិញ",
    speak: "ស្តាប់",
    staff: "សម្រាប់មន្ត្រី",
    staff_pin: "លេខសម្ងាត់មន្ត្រី",
    staff_wrong: message("លេខសម្ងាត់មិនត្រឹមត្រូវ", "សូមព្យាយាមម្តងទៀត។"),
    device: "ម៉ាស៊ីន",
    version: "កំណែ",
    profile: "ប្រភេទអេក្រង់",
    close_kiosk: "បិទម៉ាស៊ីននេះ",
    open_kiosk: "បើកម៉ាស៊ីននេះ",
    test_print: "សាកបោះពុម្ព",
    reload: "ផ្ទុកទំព័រឡើងវិញ",
};

static EN: DeviceWords = DeviceWords {
    pair: message(
        "Pair this kiosk",
        "Give these digits to an operator, who joins the kiosk to its office. They last 10 minutes.",
    ),
    pair_first: message("This kiosk is not paired yet", "For the installer: touch the button below to get its digits."),
    pair_again: message("It cannot be paired now", "Please wait a moment and touch the button again."),
    closed: message("Closed now", "Sorry. Please come back in office hours."),
    hours_today: "Hours today",
    closed_today: "The office is closed today",
    look: "Display",
    text_size: "Text size",
    sizes: ["Usual", "Large", "Very large"],
    loudness: "Volume",
    volumes: ["Low", "Usual", "High"],
    contrast: "High contrast",
    low: "Buttons at the bottom",
    more_time: "More time",
    sound: "Spoken guidance",
    on: "On",
    off: "Off",
    still_there: message("Are you still there?", "Without a touch, all that was entered is wiped."),
    stay: "Go on",
    leave: "Finish",
    offline: message(
        "The line is down",
        "Services and offices can still be read. Checking and booking wait for the line.",
    ),
    offline_book: message(
        "Checking and booking are not possible now",
        "The line is down. Please call, or ask an officer.",
    ),
    hide: "Hide",
    show: "Show again",
    speak: "Listen",
    staff: "For staff",
    staff_pin: "Staff PIN",
    staff_wrong: message("That is not the PIN", "Please try again."),
    device: "Device",
    version: "Version",
    profile: "Screen",
    close_kiosk: "Close this kiosk",
    open_kiosk: "Open this kiosk",
    test_print: "Test print",
    reload: "Load the page again",
};
