//! Every text of every channel on one page, with its three languages side by side and what it costs, so that an
//! officer can review them all; and the table of what each may cost at worst. `CHRAK_BLESS=1` writes both.
use chrak::{
    dialogue::{
        StatusFacts, View,
        view::{Again, Asking, OfficeFacts, Opt, ServiceFacts},
    },
    render::{
        agency,
        kiosk::{self, Keepsake, Outcome, QueueNumber, Receipt},
        render_sms, render_ussd,
        ussd::{self, Size},
    },
    text::{
        links,
        segment::{self, Alphabet},
        visible,
    },
    types::{
        CodeRules, CodeVerdict, Language, Pin, RegistrationCode, Riel, UnixMs, civic::*, code::CheckDigit,
        code::CodePattern, time::phnom_penh,
    },
};
use jiff::civil::{Date, Time, Weekday, date, time};
use std::{collections::BTreeMap, fmt::Write, fs, path::Path, sync::Arc};

/// Data as they usually are, or as long as the contract allows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Data {
    Usual,
    Longest,
}

const NOW: UnixMs = UnixMs(1_795_417_500_000);

fn code(data: Data) -> RegistrationCode {
    let rules = match data {
        Data::Usual => CodeRules::recommended(),
        Data::Longest => {
            let pattern = CodePattern::new("long", "[0-9]{24}", CheckDigit::None, vec![6, 6, 6, 6]);
            CodeRules::new(vec![pattern.expect("a pattern")])
        }
    };
    let typed = if data == Data::Usual { "120500260481937".to_owned() } else { "8".repeat(24) };
    match rules.read(&typed) {
        CodeVerdict::Good(code) => code,
        other => panic!("{other:?}"),
    }
}

fn say(data: Data, km: &str, en: &str, latin: &str, most: usize) -> Localized {
    match data {
        Data::Usual => Localized { km: km.into(), en: en.into(), km_latn: Some(latin.into()) },
        Data::Longest => {
            let fill = |text: &str| text.chars().cycle().take(most).collect::<String>();
            Localized {
                km: fill("ស្ត្រីភ្នំពេញ ខណ្ឌដង្កោ "), en: fill("Windows and Women "), km_latn: Some(fill("Chrak muoy "))
            }
        }
    }
}

fn office(data: Data) -> OfficeRef {
    OfficeRef {
        id: "owso-1205".into(),
        name: say(data, "ការិយាល័យច្រកចេញចូលតែមួយ ខណ្ឌដង្កោ", "OWSO Khan Dangkao", "OWSO Khan Dangkao", 300),
        short: (data == Data::Usual).then(|| say(data, "ច្រកតែមួយ ដង្កោ", "OWSO Dangkao", "Chrak Dangkao", 20)),
    }
}

fn status(status: ApplicationStatus, data: Data) -> View {
    let ready = status == ApplicationStatus::ReadyForCollection;
    let returned = status == ApplicationStatus::ReturnedForCorrection;
    let photo = ReturnedDocument {
        name: say(data, "រូបថត 4x6", "Photograph 4x6", "Rup thot 4x6", 300), reason: None
    };
    let amount = if data == Data::Usual { 20_000 } else { 1_000_000_000 };
    let bill = if data == Data::Usual { "B26120500048193".to_owned() } else { "9".repeat(20) };
    View::Status(Box::new(StatusFacts {
        code: code(data),
        status,
        status_at: Some(NOW),
        registered_at: None,
        office: office(data),
        expected_by: Some(date(2026, 11, 30)),
        ready: ready.then(|| Ready { office: office(data), until: Some(date(2027, 2, 15)) }),
        next_action: None,
        service: None,
        fee: Some(ApplicationFee { amount: Riel(amount), paid: false, bill_number: Some(bill) }),
        timeline: Vec::new(),
        returned_documents: if returned { vec![photo] } else { Vec::new() },
        disclosure: Disclosure::Verified,
        as_of: None,
        hours_today: ready.then(hours),
    }))
}

/// As a system tells it that knows when an application was registered, and nothing else of its times.
fn registered(data: Data) -> View {
    let View::Status(facts) = status(ApplicationStatus::InReview, data) else { panic!("a status") };
    View::Status(Box::new(StatusFacts { status_at: None, registered_at: Some(NOW), expected_by: None, ..*facts }))
}

fn hours() -> Vec<(Time, Time)> {
    vec![(time(7, 30, 0, 0), time(11, 30, 0, 0)), (time(14, 0, 0, 0), time(17, 30, 0, 0))]
}

fn service_name(data: Data) -> Localized {
    say(data, "អាជ្ញាបណ្ណផ្ទះជួល", "Rental-room house licence", "Achnhaban phteah chuol", 300)
}

fn appointment(data: Data) -> Appointment {
    Appointment {
        reference: if data == Data::Usual { "40719359".into() } else { "9".repeat(12) },
        status: AppointmentStatus::Booked,
        office: office(data),
        service: ServiceRef { id: Some("1002".into()), name: Some(service_name(data)), sensitive: false },
        start: NOW,
        pin: Pin::parse("730152"),
    }
}

fn service(data: Data) -> View {
    let many = if data == Data::Usual { 2 } else { 40 };
    let document = RequiredDocument {
        name: say(data, "អត្តសញ្ញាណប័ណ្ណ", "Khmer identity card", "Atta sanhnhean ban", 300),
        copies: 2,
        original: true,
    };
    let fee = Fee { kind: FeeKind::Maximum, amount: Riel(20_000), per: FeeUnit::Room, note: None };
    let service = Service {
        id: "rental-room-licence".into(),
        code: "1002".into(),
        name: service_name(data),
        purpose: service_name(data),
        fees: vec![fee; if data == Data::Usual { 1 } else { 20 }],
        max_working_days: Some(28),
        documents: vec![document; many],
        sensitive: false,
        bookable: true,
        popular: true,
        audiences: vec![Audience::Citizen],
        ministry: "moi".into(),
        topics: Vec::new(),
        steps: Vec::new(),
        legal_basis: Vec::new(),
        groups: Vec::new(),
        popular_for: Vec::new(),
        sample: false,
    };
    View::Service(Box::new(ServiceFacts { service: Arc::new(service), as_of: None }))
}

fn whole_office(data: Data) -> View {
    let week = [Weekday::Monday, Weekday::Tuesday, Weekday::Wednesday, Weekday::Thursday, Weekday::Friday];
    let hours = hours().into_iter().map(|(open, close)| OpeningHours { days: week.to_vec(), open, close }).collect();
    let reason = say(data, "បុណ្យអុំទូក", "Water Festival", "Bon om touk", 300);
    let office = Office {
        id: "owso-1205".into(),
        name: office(data).name,
        short: office(data).short,
        division: "1205".into(),
        address: say(data, "សាលាខណ្ឌដង្កោ រាជធានីភ្នំពេញ", "Khan Dangkao Hall, Phnom Penh", "Sala Khan Dangkao", 300),
        phones: vec!["+85523001205".into()],
        hours,
        closures: vec![Closure { date: date(2026, 11, 24), reason }],
        services: Vec::new(),
        queue_length: Some(12),
        sample: false,
    };
    View::Office(Box::new(OfficeFacts { office: Arc::new(office), today: date(2026, 11, 23) }))
}

fn list(asking: Asking, data: Data) -> View {
    let day = |ahead: i8| date(2026, 11, 23 + ahead);
    let option = |at: i8| match asking {
        Asking::Task => Opt::TASKS[at as usize].clone(),
        Asking::Office => Opt::Office { office: office(data), place: None },
        Asking::AnyOffice => Opt::Office { office: office(data), place: Some("210807".into()) },
        Asking::Service | Asking::AnyService => {
            Opt::Service { id: "1".into(), code: "1002".into(), name: service_name(data) }
        }
        Asking::Day => Opt::Day(day(at)),
        Asking::Hour => Opt::Hour { slot: "s".into(), start: NOW.plus_ms(i64::from(at) * 1_800_000) },
        Asking::Appointment => Opt::Appointment(appointment(data)),
        Asking::ServicesBy => Opt::WAYS[at as usize].clone(),
        Asking::Audience => Opt::Audience(Audience::ALL[at as usize]),
        Asking::Topic => Opt::Topic { id: "commerce".into(), name: Some(service_name(data)) },
        Asking::Ministry => Opt::Ministry { id: "moi".into(), name: service_name(data) },
        Asking::Place => Opt::Place(["12", "1205", "120501"][at as usize % 3].to_owned()),
    };
    let count = match (data, asking) {
        (Data::Usual, Asking::Appointment) => 2,
        (_, Asking::ServicesBy) => Opt::WAYS.len() as i8,
        _ => asking.page() as i8,
    };
    View::Choose {
        asking,
        options: (0..count).map(option).collect(),
        more: asking != Asking::Task,
        office: Some(office(data)),
        day: Some(day(1)),
        again: (data == Data::Longest).then_some(Again::NotOffered),
    }
}

/// Every text, by the name under which it stands in the documents.
fn texts(data: Data) -> Vec<(String, View)> {
    let mut all: Vec<(String, View)> = Vec::new();
    for state in ApplicationStatus::ALL {
        all.push((format!("status: {}", state.as_str()), status(state, data)));
    }
    let mut add = |name: &str, view: View| all.push((name.to_owned(), view));
    add("status: registered on", registered(data));
    add("menu", View::Menu);
    add("help", View::Help);
    add("enter a code", View::EnterCode);
    add("mistyped", View::Mistyped { code: code(data) });
    add("unknown", View::Unknown { code: code(data), pin_given: false });
    add("unknown, with a PIN", View::Unknown { code: code(data), pin_given: true });
    add("add your PIN", View::AddPin { code: code(data) });
    add("PINs are locked", View::PinLocked { code: code(data) });
    add("portal away", View::PortalAway { code: Some(code(data)) });
    add("choose a language", View::ChooseLanguage);
    add("stopped", View::Stopped);
    add("started", View::Started);
    add("slow down", View::SlowDown);
    add("ask again", View::AskAgain);
    add("apology", View::Apology);
    add("appointments: what", list(Asking::Task, data));
    add("appointments: office", list(Asking::Office, data));
    add("appointments: service", list(Asking::Service, data));
    add("appointments: day", list(Asking::Day, data));
    add("appointments: hour", list(Asking::Hour, data));
    add("appointments: which", list(Asking::Appointment, data));
    let (one, start, again) = (appointment(data), NOW.plus_ms(86_400_000), data == Data::Longest);
    let service = Some(service_name(data));
    for (name, held) in [("book?", true), ("book, not held?", false)] {
        let (office, service) = (office(data), service.clone());
        add(name, View::ConfirmBooking { office, service, start: NOW, held, digits: Some(47), again });
    }
    for (name, held) in [("move?", true), ("move, not held?", false)] {
        add(name, View::ConfirmMove { appointment: one.clone(), start, held, digits: Some(47), again });
    }
    add("cancel?", View::ConfirmCancel { appointment: one.clone(), digits: Some(47), again });
    add("booked", View::Booked(one.clone()));
    add("asked for", View::Booked(Appointment { status: AppointmentStatus::Pending, ..one.clone() }));
    add("moved", View::Moved(one.clone()));
    add("cancelled", View::Cancelled(one.clone()));
    add("the same time", View::Unchanged(one.clone()));
    add("uncertain", View::Uncertain);
    add("not done", View::NotDone);
    add("list", View::Appointments(vec![one; if again { 3 } else { 1 }]));
    add("no appointments", View::NoAppointments);
    add("nothing free", View::NothingFree { office: office(data) });
    add("cannot be changed", View::CannotChange);
    add("which service?", View::AskService);
    add("services", list(Asking::AnyService, data));
    add("service", self::service(data));
    add("no such service", View::NoSuchService);
    add("services: how", list(Asking::ServicesBy, data));
    add("services: for whom", list(Asking::Audience, data));
    add("services: ministry", list(Asking::Ministry, data));
    add("services: about what", list(Asking::Topic, data));
    add("offices: place", list(Asking::Place, data));
    add("which office?", View::AskOffice);
    add("offices", list(Asking::AnyOffice, data));
    add("office", whole_office(data));
    add("no such office", View::NoSuchOffice);
    all.extend(said_to_us(data));
    all
}

/// What is answered to ratings and complaints.
fn said_to_us(data: Data) -> Vec<(String, View)> {
    let mut all: Vec<(String, View)> = Vec::new();
    let mut add = |name: &str, view: View| all.push((name.to_owned(), view));
    add("rate", View::AskRating);
    add("thanks", View::Thanks);
    add("welcome", View::Welcome);
    add("complain", View::AskComplaint);
    add("rating kept", View::RatingKept);
    add("complaint kept", View::ComplaintKept { told: true });
    add("complaint kept, no text", View::ComplaintKept { told: false });
    add("complaint filed", View::ComplaintFiled { reference: "5520718064".into() });
    let answer = say(data, "សូមមកការិយាល័យ។", "Please come to the office.", "Som mok kariyalay.", 300);
    let complaint = Complaint {
        reference: "5520718064".into(),
        status: ComplaintStatus::Closed,
        status_at: NOW,
        answer: Some(answer),
    };
    add("complaint", View::Complaint(Box::new(complaint)));
    add("no such complaint", View::NoSuchComplaint);
    let phone = if data == Data::Usual { "+85523001205".to_owned() } else { "9".repeat(30) };
    add("not offered", View::NotOffered { call: Some((office(data), phone)) });
    add("not offered, no office", View::NotOffered { call: None });
    all
}

/// What is sent without having been asked for.
fn unasked(data: Data) -> Vec<(String, View)> {
    let printed = code(data).printed().to_owned();
    let notice = |notice: Notice| View::Notice { notice, code: printed.clone() };
    let fee = ApplicationFee { amount: Riel(1_000_000_000), paid: false, bill_number: Some("9".repeat(20)) };
    let code = "c".to_owned();
    let mut all: Vec<(String, View)> = ApplicationStatus::ALL
        .into_iter()
        .filter(|status| !matches!(status, ApplicationStatus::ReadyForCollection | ApplicationStatus::Paid))
        .map(|status| {
            let expected_by = Some(date(2026, 11, 30));
            let (code, office, fee) = (code.clone(), office(data), Some(fee.clone()));
            let changed = Notice::Status { code, status, office, fee, expected_by };
            (format!("notice: {}", status.as_str()), notice(changed))
        })
        .collect();
    let until: Option<Date> = Some(date(2027, 2, 15));
    all.push(("notice: ready".into(), notice(Notice::Ready { code: code.clone(), office: office(data), until })));
    let bill_number = if data == Data::Usual { "B26120500048193".to_owned() } else { "9".repeat(20) };
    let paid = Notice::Paid { code, amount: Riel(1_000_000_000), bill_number };
    all.push(("notice: paid".into(), notice(paid)));
    let reference = appointment(data).reference;
    let reminder = Notice::Reminder { reference, office: office(data), start: NOW };
    all.push(("notice: reminder".into(), notice(reminder)));
    all
}

fn templates() -> Vec<(String, [String; 3])> {
    let value = |name: &str| {
        let value = match name {
            "amount" => "20 000",
            "office" => "OWSO Dangkao",
            "day" => "24/11",
            "time" => "8:00",
            _ => "120500-26-048193-7",
        };
        (name.to_owned(), value.to_owned())
    };
    let known = agency::Known { codes: &CodeRules::recommended(), office: None };
    agency::all()
        .map(|(name, values)| {
            let mut values: BTreeMap<String, String> = values.iter().map(|name| value(name)).collect();
            if name == "one-time-code" {
                values.insert("code".to_owned(), "482193".to_owned());
            }
            let write = |language| agency::filled(name, &values, language, &known).expect("its own values");
            (format!("template: {name}"), Language::ALL.map(write))
        })
        .collect()
}

/// What a visitor of a kiosk has texted to a telephone, with what a stranger can do.
fn from_kiosks(data: Data) -> Vec<(String, [String; 3])> {
    let code = Language::ALL.map(|language| kiosk::one_time_code("482193", language));
    let statuses = texts(data).into_iter().filter(|(name, _)| name.starts_with("status"));
    let sent = statuses.map(|(name, view)| {
        (format!("to a phone: {name}"), Language::ALL.map(|language| kiosk::asked_for(&view, language, &phnom_penh())))
    });
    let ticket = Outcome::Ticket(QueueNumber { number: "A027".into(), office: office(data), people: 12, at: NOW });
    let usual = data == Data::Usual;
    let receipt = Receipt {
        amount: Riel(if usual { 160_000 } else { 1_000_000_000 }),
        bill: if usual { "B26120500048193".to_owned() } else { "9".repeat(20) },
        code: self::code(data).printed().to_owned(),
        payee: Some(if usual { "OWSO DANGKAO".to_owned() } else { "W".repeat(25) }),
        at: NOW,
    };
    let outcomes = [ticket, Outcome::Paid(receipt), Outcome::View(View::Booked(appointment(data)))];
    let keepsakes = ["queue number", "paid", "booked"].into_iter().zip(outcomes);
    let kept = keepsakes.map(|(name, outcome)| {
        let place = match whole_office(data) {
            View::Office(facts) if matches!(outcome, Outcome::View(_)) => Some((Arc::clone(&facts.office), NOW)),
            _ => None,
        };
        let bring = if place.is_some() { vec![service_name(data); 2] } else { Vec::new() };
        let keepsake = Keepsake { outcome, place, bring };
        let write = |language| kiosk::kept(&keepsake, true, language, &phnom_penh());
        (format!("carried home: {name}"), Language::ALL.map(write))
    });
    std::iter::once(("kiosk: one-time code".to_owned(), code)).chain(sent).chain(kept).collect()
}

fn cost(text: &str) -> (usize, usize, &'static str) {
    let plan = segment::plan(text);
    let alphabet = if plan.alphabet == Alphabet::Gsm7 { "GSM-7" } else { "UCS-2" };
    (plan.units, plan.segments.len(), alphabet)
}

fn written(view: &View, language: Language) -> String {
    render_sms(view, language, &phnom_penh()).text
}

fn check(path: &str, content: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("CHRAK_BLESS").is_some() {
        fs::write(path, content).expect("written");
    } else {
        let there = fs::read_to_string(&path).unwrap_or_default();
        assert!(there == content, "{} is old; CHRAK_BLESS=1 cargo test --test it texts", path.display());
    }
}

#[test]
fn every_text_stands_on_one_page() {
    let mut page = String::from(
        "# Every text, in three languages\n\nMade by a test from the templates in `sms-templates/`, with data as they \
         usually are. The figure in brackets is what a text costs: segments and units (GSM-7 septets or UCS-2 code \
         units). A reviewer changes the template, not this page.\n",
    );
    let mut put = |name: &str, texts: [String; 3]| {
        let _ = write!(page, "\n### {name}\n\n");
        for (language, text) in Language::ALL.into_iter().zip(texts) {
            let (units, segments, _) = cost(&text);
            let shown = text.replace('\n', "<br>");
            let _ = writeln!(page, "- **{}** ({segments} / {units}): {shown}", language.tag());
        }
    };
    for (name, view) in texts(Data::Usual).into_iter().chain(unasked(Data::Usual)) {
        put(&name, Language::ALL.map(|language| written(&view, language)));
    }
    put("language set", Language::ALL.map(|language| written(&View::LanguageSet(language), language)));
    for (name, texts) in templates().into_iter().chain(from_kiosks(Data::Usual)) {
        put(&name, texts);
    }
    page.push_str(
        "\n# Every USSD screen\n\nAt 160 septets and 70 UCS-2 units; a screen that follows by 9 stands after a rule. In \
         brackets: screens, and units of each.\n",
    );
    let late = ("late".to_owned(), Language::ALL.map(|language| vec![ussd::late(language)]));
    let sent = ("sent as a text".to_owned(), Language::ALL.map(|language| ussd::sent(language, SIZE).pages));
    let views = texts(Data::Usual).into_iter();
    let screens = views.map(|(name, view)| (name, Language::ALL.map(|language| screens(&view, language, SIZE))));
    for (name, all) in screens.chain([late, sent]) {
        let _ = write!(page, "\n### USSD: {name}\n\n");
        for (language, pages) in Language::ALL.into_iter().zip(all) {
            let units: Vec<String> = pages.iter().map(|page| units(page, language).to_string()).collect();
            let shown = pages.join("<br>―<br>").replace('\n', "<br>");
            let _ = writeln!(page, "- **{}** ({} / {}): {shown}", language.tag(), pages.len(), units.join(", "));
        }
    }
    check("docs/TEXTS.md", &page);
}

const SIZE: Size = Size { gsm7: 160, ucs2: 70 };

fn screens(view: &View, language: Language, size: Size) -> Vec<String> {
    render_ussd(view, None, language, &phnom_penh(), size).pages
}

fn units(screen: &str, language: Language) -> usize {
    let alphabet = if language == Language::Km { Alphabet::Ucs2 } else { Alphabet::Gsm7 };
    alphabet.measure(screen)
}

#[test]
fn no_screen_is_too_large_with_any_data_at_any_size() {
    for data in [Data::Usual, Data::Longest] {
        for (name, view) in texts(data).into_iter().chain(unasked(data)) {
            for (gsm7, ucs2) in [(100, 60), (160, 70), (182, 80)] {
                for language in Language::ALL {
                    let most = if language == Language::Km { ucs2 } else { gsm7 };
                    for screen in screens(&view, language, Size { gsm7, ucs2 }) {
                        let units = units(&screen, language);
                        assert!(
                            units <= most && !screen.is_empty(),
                            "{name} {}: {units} of {most}: {screen}",
                            language.tag()
                        );
                        assert!(screen.lines().count() <= ussd::LINES_MAX, "{name} {}: {screen}", language.tag());
                    }
                }
            }
        }
    }
}

#[test]
fn nothing_of_ours_is_taken_for_a_link_or_changed_on_its_way_out() {
    for data in [Data::Usual, Data::Longest] {
        for (name, view) in texts(data).into_iter().chain(unasked(data)) {
            for language in Language::ALL {
                let mut all = screens(&view, language, Size { gsm7: 160, ucs2: 70 });
                all.push(written(&view, language));
                for text in all {
                    assert!(!links::holds_link(&text), "{name} {}: {text}", language.tag());
                    assert_eq!(visible::shown(&text), text, "{name} {}", language.tag());
                }
            }
        }
    }
    for (name, written) in templates() {
        for text in written {
            assert!(!links::holds_link(&text), "{name}: {text}");
        }
    }
}

#[test]
fn no_text_costs_more_than_it_may() {
    let mut page = String::from(
        "# What each text costs at worst\n\nMade by a test with the longest data that the portal's contract allows. \
         Units are GSM-7 septets (160 in one segment, 153 in each of several) or UCS-2 code units (70 and 67). Status \
         answers take one segment, what is sent unasked at most two, from a kiosk to a phone at most two (a \
         one-time code one, what is carried home three), the ombudsman's own words six, everything else at most three.\n\n\
         | text | km | km-Latn | en |\n|---|---|---|---|\n",
    );
    let all = texts(Data::Longest).into_iter().chain(unasked(Data::Longest));
    let all = all.map(|(name, view)| (name, Language::ALL.map(|language| written(&view, language))));
    for (name, texts) in all.chain(from_kiosks(Data::Longest)) {
        let most = match name.as_str() {
            name if name.starts_with("status") || name.starts_with("kiosk") => 1,
            name if name.starts_with("notice") || name.starts_with("to a phone") => 2,
            "complaint" => 6,
            _ => 3,
        };
        let mut cells = Vec::new();
        for (language, text) in Language::ALL.into_iter().zip(texts) {
            let (units, segments, alphabet) = cost(&text);
            assert!(segments <= most, "{name} {}: {segments} segments: {text}", language.tag());
            assert_eq!(alphabet == "UCS-2", language == Language::Km, "{name} {}: {text}", language.tag());
            cells.push(format!("{segments} ({units})"));
        }
        let _ = writeln!(page, "| {name} | {} |", cells.join(" | "));
    }
    check("docs/COST.md", &page);
}
