//! The console's words in its two languages.
use crate::{ports::status::BindState, types::Language};

/// A language of the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lang {
    /// Khmer.
    Km,
    /// English.
    En,
}

impl Lang {
    /// Its tag (BCP 47).
    pub fn tag(self) -> &'static str {
        match self {
            Lang::Km => "km",
            Lang::En => "en",
        }
    }

    /// The other one.
    pub fn other(self) -> Self {
        match self {
            Lang::Km => Lang::En,
            Lang::En => Lang::Km,
        }
    }

    /// What it calls itself.
    pub fn name(self) -> &'static str {
        match self {
            Lang::Km => "ភាសាខ្មែរ",
            Lang::En => "English",
        }
    }

    /// Its words.
    pub fn words(self) -> &'static Words {
        match self {
            Lang::Km => &KM,
            Lang::En => &EN,
        }
    }

    /// The same for names of offices.
    pub fn language(self) -> Language {
        match self {
            Lang::Km => Language::Km,
            Lang::En => Language::En,
        }
    }

    /// What a device says of its printer.
    pub fn printer(self, state: &str) -> &'static str {
        let (km, en) = match state {
            "ok" => ("ដំណើរការ", "Working"),
            "out" => ("អស់ក្រដាស", "Out of paper"),
            "error" => ("ខូច", "Broken"),
            _ => ("គ្មាន", "None"),
        };
        self.pick(km, en)
    }

    /// A state of a bind.
    pub fn bind_state(self, state: BindState) -> &'static str {
        let (km, en) = match state {
            BindState::Waiting => ("រង់ចាំភ្ជាប់ម្តងទៀត", "Waiting to reconnect"),
            BindState::Connecting => ("កំពុងភ្ជាប់", "Connecting"),
            BindState::Binding => ("កំពុងផ្ទៀងផ្ទាត់", "Binding"),
            BindState::Bound => ("បានភ្ជាប់", "Bound"),
            BindState::Unbinding => ("កំពុងផ្តាច់", "Unbinding"),
            BindState::Closed => ("បានបិទ", "Closed"),
            BindState::Elsewhere => ("បានភ្ជាប់ពីម៉ាស៊ីនផ្សេង", "Bound on another node"),
            BindState::ElsewhereDown => ("ម៉ាស៊ីនផ្សេងកំពុងភ្ជាប់", "Another node is connecting"),
        };
        self.pick(km, en)
    }

    /// How long something lasted: the two greatest units.
    pub fn duration(self, ms: i64) -> String {
        let seconds = ms.max(0) / 1000;
        let units = [
            (seconds / 86_400, self.pick("ថ្ងៃ", "d")),
            (seconds / 3_600 % 24, self.pick("ម៉ោង", "h")),
            (seconds / 60 % 60, self.pick("នាទី", "min")),
            (seconds % 60, self.pick("វិនាទី", "s")),
        ];
        let first = units.iter().position(|(count, _)| *count > 0).unwrap_or(3).min(2);
        let shown = units[first..].iter().take(2).filter(|(count, _)| *count > 0);
        let shown: Vec<String> = shown.map(|(count, unit)| format!("{count} {unit}")).collect();
        if shown.is_empty() { format!("0 {}", units[3].1) } else { shown.join(" ") }
    }

    /// Of what is said in both languages, this one's.
    pub(super) fn pick(self, km: &'static str, en: &'static str) -> &'static str {
        match self {
            Lang::Km => km,
            Lang::En => en,
        }
    }
}

/// Everything the console says.
pub struct Words {
    pub title: &'static str,
    pub well: &'static str,
    pub well_text: &'static str,
    pub attention: &'static str,
    pub no_binds_up: &'static str,
    pub some_binds_down: &'static str,
    pub no_telcos: &'static str,
    pub database_bad: &'static str,
    pub portal_bad: &'static str,
    pub draining: &'static str,
    pub binds: &'static str,
    pub telco: &'static str,
    pub bind: &'static str,
    pub state: &'static str,
    pub in_flight: &'static str,
    pub last_error: &'static str,
    pub receipts_decimal: &'static str,
    pub receipts_hex: &'static str,
    pub waiting: &'static str,
    pub inbox: &'static str,
    pub inbox_text: &'static str,
    pub outbox: &'static str,
    pub outbox_text: &'static str,
    pub unknown: &'static str,
    pub last_minutes: &'static str,
    pub mo_in: &'static str,
    pub answers: &'static str,
    pub mt_out: &'static str,
    pub this_minute: &'static str,
    pub total: &'static str,
    pub parts: &'static str,
    pub database: &'static str,
    pub portal: &'static str,
    pub good: &'static str,
    pub bad: &'static str,
    pub away: &'static str,
    pub version: &'static str,
    pub uptime: &'static str,
    pub as_of: &'static str,
    pub gone: &'static str,
    pub sign_in: &'static str,
    pub sign_out: &'static str,
    pub token: &'static str,
    pub token_hint: &'static str,
    pub wrong: &'static str,
    pub too_many: &'static str,
    pub loopback_only: &'static str,
    pub kiosks: &'static str,
    pub kiosk: &'static str,
    pub kiosk_office: &'static str,
    pub kiosk_screen: &'static str,
    pub kiosk_seen: &'static str,
    pub kiosk_page: &'static str,
    pub kiosk_line: &'static str,
    pub kiosk_printer: &'static str,
    pub kiosk_revoked: &'static str,
    pub kiosk_silent: &'static str,
    pub kiosk_closed: &'static str,
    pub kiosk_none: &'static str,
    pub kiosk_code: &'static str,
    pub kiosk_pair: &'static str,
    pub kiosk_do: &'static str,
    pub kiosk_reload: &'static str,
    pub kiosk_close: &'static str,
    pub kiosk_open: &'static str,
    pub kiosk_revoke: &'static str,
    pub kiosk_never: &'static str,
    pub kiosk_message: &'static str,
    pub kiosk_message_km: &'static str,
    pub kiosk_message_en: &'static str,
    pub kiosk_send: &'static str,
    pub kiosk_volume: &'static str,
    pub telcos_cut: &'static str,
    pub telcos_paused: &'static str,
    pub telco_paused: &'static str,
    pub telco_rebind: &'static str,
    pub telco_pause: &'static str,
    pub telco_resume: &'static str,
    pub telcos_drained: &'static str,
    pub telco_drained: &'static str,
    pub telco_drain: &'static str,
    pub kiosk_calls: &'static str,
    pub kiosk_coming: &'static str,
    pub kiosks_silent: &'static str,
    pub kiosks_out_of_paper: &'static str,
    pub kiosks_printer_broken: &'static str,
    pub kiosk_out_of_paper: &'static str,
    pub kiosk_printer_broken: &'static str,
    pub kiosk_office_hint: &'static str,
    pub pair_code: &'static str,
    pub pair_screen: &'static str,
    pub pair_no_office: &'static str,
    pub pair_which: &'static str,
    pub pair_away: &'static str,
    pub pair_none_shows: &'static str,
    pub pair_store: &'static str,
    pub tryout_kiosk: &'static str,
    pub tryout_phone: &'static str,
}

static KM: Words = Words {
    title: "ផ្ទាំងត្រួតពិនិត្យ",
    well: "ដំណើរការធម្មតា",
    well_text: "ការតភ្ជាប់ មូលដ្ឋានទិន្នន័យ ផតថល និងម៉ាស៊ីនសម្រាប់ប្រជាពលរដ្ឋ ដំណើរការល្អទាំងអស់។",
    attention: "ត្រូវពិនិត្យ",
    no_binds_up: "គ្មានការតភ្ជាប់ណាមួយទៅបណ្តាញទូរស័ព្ទទេ៖ សារមិនអាចចូល ឬចេញបាន។",
    some_binds_down: "ការតភ្ជាប់ខ្លះទៅបណ្តាញទូរស័ព្ទមិនដំណើរការ។",
    no_telcos: "មិនមានបណ្តាញទូរស័ព្ទក្នុងឯកសារកំណត់រចនាសម្ព័ន្ធទេ។",
    database_bad: "មូលដ្ឋានទិន្នន័យមិនអាចសរសេរបាន៖ សារត្រូវបានទុកនៅបណ្តាញទូរស័ព្ទ។",
    portal_bad: "ផតថលមិនឆ្លើយតប៖ ប្រជាពលរដ្ឋត្រូវបានសុំឱ្យព្យាយាមម្តងទៀត។",
    draining: "ម៉ាស៊ីនបម្រើកំពុងបញ្ឈប់ ដោយបញ្ចប់ការងារដែលនៅសល់។",
    binds: "ការតភ្ជាប់ទៅបណ្តាញទូរស័ព្ទ",
    telco: "បណ្តាញ",
    bind: "ការតភ្ជាប់",
    state: "ស្ថានភាព",
    in_flight: "រង់ចាំការឆ្លើយតប",
    receipts_decimal: "របាយការណ៍បញ្ជូនសរសេរលេខសារជាប្រព័ន្ធគោលដប់ ខុសពី submit_sm_resp៖ ត្រូវបានបម្លែងស្វ័យប្រវត្តិ",
    receipts_hex: "របាយការណ៍បញ្ជូនសរសេរលេខសារជាប្រព័ន្ធគោលដប់ប្រាំមួយ ខុសពី submit_sm_resp៖ ត្រូវបានបម្លែងស្វ័យប្រវត្តិ",
    last_error: "បញ្ហាចុងក្រោយ",
    waiting: "ការងារដែលនៅសល់",
    inbox: "សារចូល",
    inbox_text: "បានរក្សាទុក មិនទាន់ឆ្លើយ",
    outbox: "សារចេញ",
    outbox_text: "កំណាត់សាររង់ចាំផ្ញើ",
    unknown: "មិនដឹង",
    last_minutes: "១៥ នាទីចុងក្រោយ",
    mo_in: "សារចូល",
    answers: "សារដែលបានឆ្លើយ",
    mt_out: "កំណាត់សារដែលបានផ្ញើ",
    this_minute: "នាទីនេះ",
    total: "សរុប",
    parts: "ផ្នែកនៃប្រព័ន្ធ",
    database: "មូលដ្ឋានទិន្នន័យ",
    portal: "ផតថល",
    good: "ដំណើរការ",
    bad: "មិនអាចសរសេរ",
    away: "មិនឆ្លើយតប",
    version: "កំណែ",
    uptime: "ដំណើរការបាន",
    as_of: "គិតត្រឹមម៉ោង",
    gone: "ម៉ាស៊ីនបម្រើមិនឆ្លើយតប។ ព័ត៌មានខាងក្រោមចាស់ហើយ។",
    sign_in: "ចូលមើល",
    sign_out: "ចាកចេញ",
    token: "លេខសម្ងាត់ប្រតិបត្តិករ",
    token_hint: "លេខសម្ងាត់នេះនៅក្នុងឯកសារដែល [ops].token_file បញ្ជាក់។",
    wrong: "លេខសម្ងាត់មិនត្រឹមត្រូវ។",
    too_many: "មានការព្យាយាមខុសច្រើនដងពេក។ សូមរង់ចាំមួយនាទី។",
    loopback_only: "ផ្ទាំងនេះសម្រាប់តែម៉ាស៊ីននេះប៉ុណ្ណោះ។ សូមបើកតាម http://127.0.0.1 ឬកំណត់ [ops].token_file។",
    kiosks: "ម៉ាស៊ីនសម្រាប់ប្រជាពលរដ្ឋ",
    kiosk: "ម៉ាស៊ីន",
    kiosk_office: "ការិយាល័យ",
    kiosk_screen: "អេក្រង់",
    kiosk_seen: "ឮចុងក្រោយ",
    kiosk_page: "ទំព័រ",
    kiosk_line: "បណ្តាញ",
    kiosk_printer: "ម៉ាស៊ីនបោះពុម្ព",
    kiosk_revoked: "បានដកហូត",
    kiosk_silent: "ស្ងាត់",
    kiosk_closed: "បានបិទ",
    kiosk_none: "មិនទាន់មានម៉ាស៊ីនភ្ជាប់ទេ។ សូមបើក /kiosk លើម៉ាស៊ីន រួចបញ្ចូលលេខ ៨ ខ្ទង់ដែលវាបង្ហាញ។",
    kiosk_code: "លេខ ៨ ខ្ទង់",
    kiosk_pair: "ភ្ជាប់ម៉ាស៊ីន",
    kiosk_do: "បញ្ជា",
    kiosk_reload: "ផ្ទុកឡើងវិញ",
    kiosk_close: "បិទ",
    kiosk_open: "បើក",
    kiosk_revoke: "ដកហូត",
    kiosk_never: "មិនធ្លាប់",
    kiosk_message: "សារនៅទំព័រដំបូង",
    kiosk_message_km: "ជាភាសាខ្មែរ",
    kiosk_message_en: "ជាភាសាអង់គ្លេស",
    kiosk_send: "ផ្ញើ",
    kiosk_volume: "កម្រិតសំឡេង",
    telcos_cut: "បណ្តាញដែលគ្មានការតភ្ជាប់សោះ៖",
    telcos_paused: "បណ្តាញដែលបានផ្អាកការបញ្ជូនសារ៖",
    telco_paused: "បានផ្អាក៖ សារមិនចេញទេ តែសារចូលនៅតែទទួល",
    telco_rebind: "ភ្ជាប់ឡើងវិញ",
    telco_pause: "ផ្អាកការបញ្ជូនសារ",
    telco_resume: "បន្តដំណើរការ",
    telcos_drained: "បណ្តាញដែលបានផ្តាច់ដោយប្រតិបត្តិករ៖",
    telco_drained: "បានផ្តាច់៖ គ្មានសារចូល ឬចេញទេ រហូតដល់ចុច «បន្តដំណើរការ»",
    telco_drain: "បញ្ចប់សារដែលនៅសល់ រួចផ្តាច់",
    kiosk_calls: "មានគេហៅមន្ត្រីនៅ",
    kiosk_coming: "មានមន្ត្រីទៅហើយ",
    kiosks_silent: "ម៉ាស៊ីនដែលស្ងាត់៖",
    kiosks_out_of_paper: "ម៉ាស៊ីនដែលអស់ក្រដាស៖",
    kiosks_printer_broken: "ម៉ាស៊ីនដែលខូចម៉ាស៊ីនបោះពុម្ព៖",
    kiosk_out_of_paper: "អស់ក្រដាស",
    kiosk_printer_broken: "ម៉ាស៊ីនបោះពុម្ពខូច",
    kiosk_office_hint: "ឈ្មោះ ឬលេខសម្គាល់",
    pair_code: "សូមបញ្ចូលលេខ 8 ខ្ទង់ដែលម៉ាស៊ីនបង្ហាញ។",
    pair_screen: "មិនមានប្រភេទអេក្រង់នេះទេ។",
    pair_no_office: "ផតថលមិនស្គាល់ការិយាល័យនេះទេ។ សូមពិនិត្យឈ្មោះ។",
    pair_which: "មានការិយាល័យច្រើនដែលមានឈ្មោះនេះ។ សូមជ្រើសរើសមួយ៖",
    pair_away: "ផតថលមិនឆ្លើយតប៖ សូមបញ្ចូលលេខសម្គាល់ការិយាល័យ ដូចជា owso-1205។",
    pair_none_shows: "គ្មានម៉ាស៊ីនណាបង្ហាញលេខនេះទេ។ លេខមានសុពលភាព 10 នាទី ហើយការបញ្ចូលខុស 5 ដងបញ្ចប់លេខទាំងអស់។",
    pair_store: "មូលដ្ឋានទិន្នន័យមិនអាចសរសេរបានឥឡូវនេះ។ សូមព្យាយាមម្តងទៀត។",
    tryout_kiosk: "កញ្ចក់ប៉ះ",
    tryout_phone: "ទូរស័ព្ទសាកល្បង",
};

static EN: Words = Words {
    title: "Console",
    well: "All well",
    well_text: "Binds, database, portal and kiosks are all working.",
    attention: "Needs attention",
    no_binds_up: "No bind to any telco is up: no text comes in or goes out.",
    some_binds_down: "Some binds are down.",
    no_telcos: "The configuration names no telco.",
    database_bad: "The database takes no commits: messages stay with the telcos.",
    portal_bad: "The portal does not answer: citizens are asked to try again later.",
    draining: "The server is stopping and finishes what is in hand.",
    binds: "Binds",
    telco: "Telco",
    bind: "Bind",
    state: "State",
    in_flight: "In flight",
    receipts_decimal: "delivery receipts write message ids in decimal, unlike submit_sm_resp: they are converted",
    receipts_hex: "delivery receipts write message ids in hexadecimal, unlike submit_sm_resp: they are converted",
    last_error: "Last error",
    waiting: "Waiting",
    inbox: "Inbox",
    inbox_text: "messages stored, not answered yet",
    outbox: "Outbox",
    outbox_text: "segments to be sent",
    unknown: "not known",
    last_minutes: "Last 15 minutes",
    mo_in: "Messages in",
    answers: "Messages answered",
    mt_out: "Segments sent",
    this_minute: "this minute",
    total: "in all",
    parts: "Parts",
    database: "Database",
    portal: "Portal",
    good: "Working",
    bad: "Not writable",
    away: "Away",
    version: "Version",
    uptime: "Up for",
    as_of: "As of",
    gone: "The server does not answer. What stands below is old.",
    sign_in: "Sign in",
    sign_out: "Sign out",
    token: "Operator's token",
    token_hint: "It stands in the file that [ops].token_file names.",
    wrong: "That is not the token.",
    too_many: "Too many wrong tries. Please wait a minute.",
    loopback_only: "This console is for this machine only. Open it as http://127.0.0.1, or set [ops].token_file.",
    kiosks: "Kiosks",
    kiosk: "Kiosk",
    kiosk_office: "Office",
    kiosk_screen: "Screen",
    kiosk_seen: "Heard",
    kiosk_page: "Page",
    kiosk_line: "Line",
    kiosk_printer: "Printer",
    kiosk_revoked: "Revoked",
    kiosk_silent: "Silent",
    kiosk_closed: "Closed",
    kiosk_none: "No kiosk is paired yet. Open /kiosk on one and enter the 8 digits that it shows.",
    kiosk_code: "8 digits",
    kiosk_pair: "Pair a kiosk",
    kiosk_do: "Tell it",
    kiosk_reload: "Reload",
    kiosk_close: "Close",
    kiosk_open: "Open",
    kiosk_revoke: "Revoke",
    kiosk_never: "never",
    kiosk_message: "Message on its first page",
    kiosk_message_km: "In Khmer",
    kiosk_message_en: "In English",
    kiosk_send: "Send",
    kiosk_volume: "Volume",
    telcos_cut: "Telcos without any bind:",
    telcos_paused: "Telcos to which sending is paused:",
    telco_paused: "Paused: no text goes out, texts still come in",
    telco_rebind: "Bind anew",
    telco_pause: "Pause sending",
    telco_resume: "Resume",
    telcos_drained: "Telcos that an operator has drained:",
    telco_drained: "Drained: no text comes in or goes out until it is resumed",
    telco_drain: "Drain",
    kiosk_calls: "An officer is called to",
    kiosk_coming: "Somebody is on the way",
    kiosks_silent: "Silent kiosks:",
    kiosks_out_of_paper: "Kiosks out of paper:",
    kiosks_printer_broken: "Kiosks with a broken printer:",
    kiosk_out_of_paper: "Out of paper",
    kiosk_printer_broken: "Printer broken",
    kiosk_office_hint: "name or id",
    pair_code: "Please enter the 8 digits that the kiosk shows.",
    pair_screen: "There is no such kind of screen.",
    pair_no_office: "The portal knows no office of this name. Please check it.",
    pair_which: "Several offices have this name. Please choose one:",
    pair_away: "The portal does not answer: please enter the office's id, such as owso-1205.",
    pair_none_shows: "No kiosk shows these digits. They are valid for 10 minutes, and 5 wrong ones end all that are shown.",
    pair_store: "The database takes nothing now. Please try again.",
    tryout_kiosk: "Kiosk",
    tryout_phone: "Try-out phones",
};
