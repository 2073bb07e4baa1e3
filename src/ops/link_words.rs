//! The words of what is shown of telcos and their links, in the console's two languages.
use super::words::Lang;
use crate::{smpp::esme::Allowed, types::UnixMs};

impl Lang {
    /// The words of links.
    pub(super) fn link_words(self) -> &'static LinkWords {
        match self {
            Lang::Km => &KM,
            Lang::En => &EN,
        }
    }

    /// How fast a telco is spoken to.
    pub(super) fn allowed(self, allowed: Allowed) -> String {
        match (self, allowed) {
            (Lang::En, Allowed::Configured(None)) => "no limit is set".to_owned(),
            (Lang::Km, Allowed::Configured(None)) => "មិនបានកំណត់ល្បឿនទេ".to_owned(),
            (Lang::En, Allowed::Configured(Some(most))) => format!("at most {most:.0} a second, as configured"),
            (Lang::Km, Allowed::Configured(Some(most))) => {
                format!("យ៉ាងច្រើន {most:.0} ក្នុងមួយវិនាទី តាមការកំណត់")
            }
            (Lang::En, Allowed::HeldBack(rate)) => {
                format!("held back to {rate:.0} a second: the telco says that more is too fast")
            }
            (Lang::Km, Allowed::HeldBack(rate)) => {
                format!("បានបន្ថយមកត្រឹម {rate:.0} ក្នុងមួយវិនាទី៖ បណ្តាញប្រាប់ថាលឿនជាងនេះមិនទទួលទេ")
            }
            (Lang::En, Allowed::Nothing) => {
                "nothing goes: the telco takes nothing and is asked again after a pause".to_owned()
            }
            (Lang::Km, Allowed::Nothing) => "កំពុងរង់ចាំ៖ បណ្តាញមិនទទួលសារទេ ហើយនឹងត្រូវសាកសួរម្តងទៀតបន្តិចក្រោយ".to_owned(),
        }
    }

    /// How long ago something was.
    pub(super) fn ago(self, at: UnixMs, now: UnixMs) -> String {
        let duration = self.duration(now.since_ms(at));
        match self {
            Lang::Km => format!("{duration} មុន"),
            Lang::En => format!("{duration} ago"),
        }
    }

    /// When something is tried again.
    pub(super) fn again(self, at: UnixMs, now: UnixMs) -> String {
        let duration = self.duration(at.since_ms(now));
        match self {
            Lang::Km => format!("ព្យាយាមម្តងទៀតក្នុង {duration}"),
            Lang::En => format!("tried again in {duration}"),
        }
    }

    /// What a key of `[[smsc]]` is about.
    pub(super) fn setting(self, key: &str) -> &'static str {
        let (km, en) = match key {
            "address" => ("អាសយដ្ឋាន SMSC", "Address of the SMSC"),
            "tls" => ("ការតភ្ជាប់ដែលបានអ៊ិនគ្រីប", "Encrypted line"),
            "system_id" => ("ឈ្មោះគណនី", "Name of the account"),
            "system_type" => ("ប្រភេទប្រព័ន្ធ", "Type of system"),
            "interface_version" => ("កំណែ SMPP", "Version of SMPP"),
            "bind" => ("ប្រភេទការតភ្ជាប់", "Kind of bind"),
            "binds" => ("ចំនួនការតភ្ជាប់", "Binds of each kind"),
            "window" => ("សារច្រើនបំផុតដែលរង់ចាំការឆ្លើយតប", "Most in flight on a bind"),
            "max_tps" => ("ល្បឿនបញ្ជូនច្រើនបំផុត (0៖ គ្មានកំណត់)", "Most submit_sm a second (0: no limit)"),
            "enquire_link_s" => ("ស្ងាត់ប៉ុណ្ណាទើបសាកសួរ", "Silence before an enquire_link"),
            "response_timeout_s" => ("រង់ចាំការឆ្លើយតបយ៉ាងយូរ", "Longest wait for a resp"),
            "reconnect_max_s" => ("ចន្លោះយូរបំផុតមុនភ្ជាប់ម្តងទៀត", "Longest pause between two tries"),
            "short_codes" => ("លេខខ្លី", "Short codes"),
            "number_format" => ("របៀបសរសេរលេខទូរស័ព្ទ", "How numbers are written"),
            "source" => ("ប្រភេទលេខរបស់យើង", "Kind of our number"),
            "dest" => ("ប្រភេទលេខអតិថិជន", "Kind of a subscriber's number"),
            "default_alphabet" => ("តួអក្សរពេល data_coding ស្មើ 0", "What data_coding 0 means"),
            "packing" => ("ការវេចតួអក្សរ GSM 7-bit", "GSM 7-bit octets"),
            "validity" => ("របៀបប្រាប់ពេលផុតកំណត់", "How validity_period is written"),
            "receipts" => ("សុំរបាយការណ៍បញ្ជូន", "Delivery receipts are asked for"),
            "message_id" => ("របៀបប្រៀបធៀបលេខសារ", "How message ids are compared"),
            "ussd" => ("លេខ USSD", "USSD codes"),
            _ => ("", ""),
        };
        match self {
            Lang::Km => km,
            Lang::En => en,
        }
    }
}

/// What is said of links.
pub struct LinkWords {
    pub peer: &'static str,
    pub came: &'static str,
    pub went: &'static str,
    pub per_second: &'static str,
    pub trip: &'static str,
    pub trip_help: &'static str,
    pub rate: &'static str,
    pub refused: &'static str,
    pub times: &'static str,
    pub hour: &'static str,
    pub rates: &'static str,
    pub trips: &'static str,
    pub line_in: &'static str,
    pub line_out: &'static str,
    pub line_refused: &'static str,
    pub half: &'static str,
    pub most: &'static str,
    pub now: &'static str,
    pub minutes_ago: &'static str,
    pub no_figures: &'static str,
    pub as_table: &'static str,
    pub from: &'static str,
    pub console: &'static str,
    pub settings: &'static str,
    pub settings_text: &'static str,
    pub learned: &'static str,
    pub learned_none: &'static str,
    pub pdus: &'static str,
    pub no_pdus: &'static str,
    pub live: &'static str,
    pub live_text: &'static str,
    pub all: &'static str,
    pub command: &'static str,
    pub only_refused: &'static str,
    pub number: &'static str,
    pub number_help: &'static str,
    pub filter: &'static str,
    pub reload: &'static str,
    pub pause: &'static str,
    pub go_on: &'static str,
    pub clear: &'static str,
    pub connecting: &'static str,
    pub following: &'static str,
    pub paused: &'static str,
    pub waiting: &'static str,
    pub lost: &'static str,
    pub full: &'static str,
    pub missed: &'static str,
    pub sent: &'static str,
    pub received: &'static str,
    pub octet: &'static str,
    pub field: &'static str,
    pub value: &'static str,
    pub warning: &'static str,
    pub no_telco: &'static str,
}

static KM: LinkWords = LinkWords {
    peer: "អាសយដ្ឋាន",
    came: "ចូល",
    went: "ចេញ",
    per_second: "ក្នុង ១ វិនាទី",
    trip: "ពេលឆ្លើយតប",
    trip_help: "ពី submit_sm ដល់ការឆ្លើយតប៖ ពាក់កណ្តាល (p50) និង ៩៩% (p99) ក្នុងមួយនាទីចុងក្រោយ",
    rate: "ល្បឿនបញ្ជូន",
    refused: "បណ្តាញបានបដិសេធ",
    times: "ដង",
    hour: "មួយម៉ោងចុងក្រោយ",
    rates: "ចំនួនសារក្នុងមួយវិនាទី",
    trips: "ពេលឆ្លើយតបរបស់ submit_sm",
    line_in: "ចូល",
    line_out: "ចេញ",
    line_refused: "បានបដិសេធ",
    half: "ពាក់កណ្តាល (p50)",
    most: "៩៩% (p99)",
    now: "ឥឡូវ",
    minutes_ago: "នាទីមុន",
    no_figures: "មិនទាន់មានទិន្នន័យទេ។",
    as_table: "មើលជាតារាង",
    from: "ចាប់ពីម៉ោង",
    console: "ផ្ទាំងត្រួតពិនិត្យ",
    settings: "ការកំណត់",
    settings_text: "តាម [[smsc]] ក្នុងឯកសារកំណត់រចនាសម្ព័ន្ធ",
    learned: "អ្វីដែលបានដឹងពីបណ្តាញ",
    learned_none: "លេខសារក្នុងរបាយការណ៍បញ្ជូនសរសេរដូច submit_sm_resp ឬមិនទាន់មានរបាយការណ៍ទេ។",
    pdus: "PDU ចុងក្រោយ",
    no_pdus: "មិនមាន PDU ត្រូវនឹងលក្ខខណ្ឌនេះទេ។",
    live: "តាមដាន PDU ផ្ទាល់",
    live_text: "លេខទូរស័ព្ទ អត្ថបទ និងលេខសម្ងាត់ត្រូវបានបិទបាំង។ សូមបើកបន្ទាត់ណាមួយដើម្បីមើលការពន្យល់។",
    all: "ទាំងអស់",
    command: "ប្រភេទ PDU",
    only_refused: "តែ PDU ដែលមានបញ្ហា (command_status មិនស្មើ 0)",
    number: "លេខផ្តើមដោយ",
    number_help: "ខ្ទង់ដំបូង ដូចជា 85510",
    filter: "ចម្រោះ",
    reload: "មើលម្តងទៀត",
    pause: "ផ្អាក",
    go_on: "បន្ត",
    clear: "សម្អាត",
    connecting: "កំពុងភ្ជាប់…",
    following: "កំពុងតាមដាន",
    paused: "បានផ្អាក",
    waiting: "PDU កំពុងរង់ចាំបង្ហាញ",
    lost: "ដាច់ពីម៉ាស៊ីនបម្រើ។ កំពុងព្យាយាមភ្ជាប់ម្តងទៀត…",
    full: "មានអ្នកតាមដានច្រើនពេកក្នុងពេលតែមួយ។ សូមបិទទំព័រមួយ រួចព្យាយាមម្តងទៀត។",
    missed: "PDU រំលងហើយ ព្រោះមកលឿនពេក៖",
    sent: "ផ្ញើទៅបណ្តាញ",
    received: "ទទួលពីបណ្តាញ",
    octet: "ទីតាំង",
    field: "ឈ្មោះ",
    value: "តម្លៃ",
    warning: "មិនត្រូវតាមស្តង់ដារ៖",
    no_telco: "មិនមានបណ្តាញឈ្មោះនេះទេ។",
};

static EN: LinkWords = LinkWords {
    peer: "Address",
    came: "In",
    went: "Out",
    per_second: "a second",
    trip: "Round trip",
    trip_help: "from submit_sm to its resp: half of them (p50) and 99 of 100 (p99) in the last minute",
    rate: "Rate",
    refused: "Refused by the telco",
    times: "times",
    hour: "The last hour",
    rates: "Texts and segments a second",
    trips: "Round trip of submit_sm",
    line_in: "in",
    line_out: "out",
    line_refused: "refused",
    half: "half (p50)",
    most: "99 of 100 (p99)",
    now: "now",
    minutes_ago: "min ago",
    no_figures: "Nothing has been counted yet.",
    as_table: "As a table",
    from: "From",
    console: "Console",
    settings: "Settings",
    settings_text: "as [[smsc]] of the configuration has them",
    learned: "Learned of this telco",
    learned_none: "Receipts write message ids as submit_sm_resp does, or none has come yet.",
    pdus: "Last PDUs",
    no_pdus: "No PDU is like this.",
    live: "Live trace",
    live_text: "Numbers, texts and passwords are covered. Open a line to have it explained.",
    all: "all",
    command: "Kind of PDU",
    only_refused: "Only what went wrong (command_status is not 0)",
    number: "Number begins with",
    number_help: "first digits, such as 85510",
    filter: "Filter",
    reload: "Look again",
    pause: "Pause",
    go_on: "Go on",
    clear: "Clear",
    connecting: "Connecting…",
    following: "Following",
    paused: "Paused",
    waiting: "PDUs wait to be shown",
    lost: "The server does not answer. Trying again…",
    full: "Too many follow the trace at once. Please close a page and try again.",
    missed: "PDUs went by unseen because they came too fast:",
    sent: "to the telco",
    received: "from the telco",
    octet: "At",
    field: "Field",
    value: "Value",
    warning: "out of spec:",
    no_telco: "No telco has this name.",
};
