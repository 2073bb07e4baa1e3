//! Every text message and USSD screen: one function per text with a template per language, so that a language that is missing
//! is an error of the compiler. The words stand in `sms-templates/`. Knows no view and no length.
use crate::types::Language;
use askama::Template;
use std::marker::PhantomData;

/// `name(fields) "km" "km-Latn" "en"`: a function that fills the template of a language.
macro_rules! texts {
    ($($name:ident($($field:ident: $kind:ty),*) $km:tt $km_latn:tt $en:tt;)*) => { $(
        #[allow(clippy::extra_unused_lifetimes, reason = "a text without fields needs none")]
        #[allow(clippy::too_many_arguments, reason = "a template has as many fields as its text has facts")]
        pub(super) fn $name<'a>(language: Language, $($field: $kind),*) -> String {
            texts!(@one Km $km, $($field: $kind),*);
            texts!(@one KmLatn $km_latn, $($field: $kind),*);
            texts!(@one En $en, $($field: $kind),*);
            match language {
                Language::Km => filled(Km { $($field,)* lifetime: PhantomData }),
                Language::KmLatn => filled(KmLatn { $($field,)* lifetime: PhantomData }),
                Language::En => filled(En { $($field,)* lifetime: PhantomData }),
            }
        }
    )* };
    (@one $type:ident $path:tt, $($field:ident: $kind:ty),*) => {
        #[derive(Template)]
        #[template(path = $path, escape = "none", config = "sms-templates/askama.toml")]
        struct $type<'a> { $($field: $kind,)* lifetime: PhantomData<&'a ()> }
    };
}

texts! {
    menu()
        "km/menu.sms" "km-Latn/menu.sms" "en/menu.sms";
    help()
        "km/help.sms" "km-Latn/help.sms" "en/help.sms";
    add_pin(code: &'a str)
        "km/add_pin.sms" "km-Latn/add_pin.sms" "en/add_pin.sms";
    pin_locked(code: &'a str)
        "km/pin_locked.sms" "km-Latn/pin_locked.sms" "en/pin_locked.sms";
    choose_language()
        "km/choose_language.sms" "km-Latn/choose_language.sms" "en/choose_language.sms";
    choose_task(again: &'a str, lines: &'a str)
        "km/choose_task.sms" "km-Latn/choose_task.sms" "en/choose_task.sms";
    choose_office(again: &'a str, lines: &'a str, more: bool)
        "km/choose_office.sms" "km-Latn/choose_office.sms" "en/choose_office.sms";
    choose_service(again: &'a str, lines: &'a str, more: bool)
        "km/choose_service.sms" "km-Latn/choose_service.sms" "en/choose_service.sms";
    choose_day(again: &'a str, office: &'a str, lines: &'a str, more: bool)
        "km/choose_day.sms" "km-Latn/choose_day.sms" "en/choose_day.sms";
    choose_hour(again: &'a str, day: &'a str, lines: &'a str, more: bool)
        "km/choose_hour.sms" "km-Latn/choose_hour.sms" "en/choose_hour.sms";
    choose_appointment(again: &'a str, lines: &'a str, more: bool)
        "km/choose_appointment.sms" "km-Latn/choose_appointment.sms" "en/choose_appointment.sms";
    choose_any_service(again: &'a str, head: &'a str, lines: &'a str, more: bool)
        "km/choose_any_service.sms" "km-Latn/choose_any_service.sms" "en/choose_any_service.sms";
    choose_any_office(again: &'a str, lines: &'a str, more: bool)
        "km/choose_any_office.sms" "km-Latn/choose_any_office.sms" "en/choose_any_office.sms";
    ask_service()
        "km/ask_service.sms" "km-Latn/ask_service.sms" "en/ask_service.sms";
    ask_office()
        "km/ask_office.sms" "km-Latn/ask_office.sms" "en/ask_office.sms";
    no_such_service()
        "km/no_such_service.sms" "km-Latn/no_such_service.sms" "en/no_such_service.sms";
    no_such_office()
        "km/no_such_office.sms" "km-Latn/no_such_office.sms" "en/no_such_office.sms";
    service(code: &'a str, name: &'a str, fee: &'a str, days: &'a str, documents: &'a str, hint: bool)
        "km/service.sms" "km-Latn/service.sms" "en/service.sms";
    office(name: &'a str, address: &'a str, phone: &'a str, hours: &'a str, today: &'a str, closed: &'a str, queue: &'a str)
        "km/office.sms" "km-Latn/office.sms" "en/office.sms";
    confirm_booking(again: bool, office: &'a str, day: &'a str, hour: &'a str, service: &'a str, digits: &'a str, held: bool)
        "km/confirm_booking.sms" "km-Latn/confirm_booking.sms" "en/confirm_booking.sms";
    confirm_move(again: bool, reference: &'a str, day: &'a str, hour: &'a str, digits: &'a str, held: bool)
        "km/confirm_move.sms" "km-Latn/confirm_move.sms" "en/confirm_move.sms";
    confirm_cancel(again: bool, reference: &'a str, day: &'a str, hour: &'a str, digits: &'a str)
        "km/confirm_cancel.sms" "km-Latn/confirm_cancel.sms" "en/confirm_cancel.sms";
    booked(reference: &'a str, office: &'a str, day: &'a str, hour: &'a str, pin: &'a str)
        "km/booked.sms" "km-Latn/booked.sms" "en/booked.sms";
    waiting(reference: &'a str, office: &'a str, day: &'a str, hour: &'a str)
        "km/waiting.sms" "km-Latn/waiting.sms" "en/waiting.sms";
    moved(reference: &'a str, office: &'a str, day: &'a str, hour: &'a str)
        "km/moved.sms" "km-Latn/moved.sms" "en/moved.sms";
    cancelled(reference: &'a str, day: &'a str, hour: &'a str)
        "km/cancelled.sms" "km-Latn/cancelled.sms" "en/cancelled.sms";
    unchanged(reference: &'a str, day: &'a str, hour: &'a str)
        "km/unchanged.sms" "km-Latn/unchanged.sms" "en/unchanged.sms";
    uncertain()
        "km/uncertain.sms" "km-Latn/uncertain.sms" "en/uncertain.sms";
    not_done()
        "km/not_done.sms" "km-Latn/not_done.sms" "en/not_done.sms";
    appointments(lines: &'a str)
        "km/appointments.sms" "km-Latn/appointments.sms" "en/appointments.sms";
    no_appointments()
        "km/no_appointments.sms" "km-Latn/no_appointments.sms" "en/no_appointments.sms";
    nothing_free(office: &'a str)
        "km/nothing_free.sms" "km-Latn/nothing_free.sms" "en/nothing_free.sms";
    cannot_change()
        "km/cannot_change.sms" "km-Latn/cannot_change.sms" "en/cannot_change.sms";
    ask_rating()
        "km/ask_rating.sms" "km-Latn/ask_rating.sms" "en/ask_rating.sms";
    thanks()
        "km/thanks.sms" "km-Latn/thanks.sms" "en/thanks.sms";
    welcome()
        "km/welcome.sms" "km-Latn/welcome.sms" "en/welcome.sms";
    rating_kept()
        "km/rating_kept.sms" "km-Latn/rating_kept.sms" "en/rating_kept.sms";
    complaint_kept(told: bool)
        "km/complaint_kept.sms" "km-Latn/complaint_kept.sms" "en/complaint_kept.sms";
    ask_complaint()
        "km/ask_complaint.sms" "km-Latn/ask_complaint.sms" "en/ask_complaint.sms";
    complaint_filed(reference: &'a str)
        "km/complaint_filed.sms" "km-Latn/complaint_filed.sms" "en/complaint_filed.sms";
    complaint(reference: &'a str, status: &'a str, date: &'a str, answer: &'a str)
        "km/complaint.sms" "km-Latn/complaint.sms" "en/complaint.sms";
    no_such_complaint()
        "km/no_such_complaint.sms" "km-Latn/no_such_complaint.sms" "en/no_such_complaint.sms";
    not_offered(office: &'a str, phone: &'a str)
        "km/not_offered.sms" "km-Latn/not_offered.sms" "en/not_offered.sms";
    agency_ready(code: &'a str, office: &'a str)
        "km/agency_ready.sms" "km-Latn/agency_ready.sms" "en/agency_ready.sms";
    agency_missing(code: &'a str, office: &'a str)
        "km/agency_missing.sms" "km-Latn/agency_missing.sms" "en/agency_missing.sms";
    agency_fee(code: &'a str, amount: &'a str, office: &'a str)
        "km/agency_fee.sms" "km-Latn/agency_fee.sms" "en/agency_fee.sms";
    agency_come(office: &'a str, day: &'a str, time: &'a str)
        "km/agency_come.sms" "km-Latn/agency_come.sms" "en/agency_come.sms";
    agency_code(code: &'a str)
        "km/agency_code.sms" "km-Latn/agency_code.sms" "en/agency_code.sms";
    kiosk_code(code: &'a str)
        "km/kiosk_code.sms" "km-Latn/kiosk_code.sms" "en/kiosk_code.sms";
    kiosk_ticket(number: &'a str, office: &'a str, day: &'a str, hour: &'a str, people: u32)
        "km/kiosk_ticket.sms" "km-Latn/kiosk_ticket.sms" "en/kiosk_ticket.sms";
    kiosk_paid(code: &'a str, amount: &'a str, bill: &'a str, day: &'a str, hour: &'a str)
        "km/kiosk_paid.sms" "km-Latn/kiosk_paid.sms" "en/kiosk_paid.sms";
    kiosk_note()
        "km/kiosk_note.sms" "km-Latn/kiosk_note.sms" "en/kiosk_note.sms";
    push_status(code: &'a str, status: &'a str, office: &'a str, next: &'a str)
        "km/push_status.sms" "km-Latn/push_status.sms" "en/push_status.sms";
    push_paid(code: &'a str, amount: &'a str, bill: &'a str)
        "km/push_paid.sms" "km-Latn/push_paid.sms" "en/push_paid.sms";
    push_reminder(reference: &'a str, office: &'a str, day: &'a str, hour: &'a str)
        "km/push_reminder.sms" "km-Latn/push_reminder.sms" "en/push_reminder.sms";
    status(code: &'a str, status: &'a str, office: &'a str, date: &'a str, kept: bool, next: &'a str, hint: bool)
        "km/status.sms" "km-Latn/status.sms" "en/status.sms";
    mistyped(code: &'a str)
        "km/mistyped.sms" "km-Latn/mistyped.sms" "en/mistyped.sms";
    unknown(code: &'a str)
        "km/unknown.sms" "km-Latn/unknown.sms" "en/unknown.sms";
    unknown_pin(code: &'a str)
        "km/unknown_pin.sms" "km-Latn/unknown_pin.sms" "en/unknown_pin.sms";
    enter_code()
        "km/enter_code.sms" "km-Latn/enter_code.sms" "en/enter_code.sms";
    away(code: &'a str)
        "km/away.sms" "km-Latn/away.sms" "en/away.sms";
    language_set()
        "km/language_set.sms" "km-Latn/language_set.sms" "en/language_set.sms";
    stopped()
        "km/stopped.sms" "km-Latn/stopped.sms" "en/stopped.sms";
    started()
        "km/started.sms" "km-Latn/started.sms" "en/started.sms";
    slow_down()
        "km/slow_down.sms" "km-Latn/slow_down.sms" "en/slow_down.sms";
    ask_again()
        "km/ask_again.sms" "km-Latn/ask_again.sms" "en/ask_again.sms";
    apology()
        "km/apology.sms" "km-Latn/apology.sms" "en/apology.sms";
    ussd_menu(title: &'a str)
        "km/ussd/menu.ussd" "km-Latn/ussd/menu.ussd" "en/ussd/menu.ussd";
    ussd_enter_code()
        "km/ussd/enter_code.ussd" "km-Latn/ussd/enter_code.ussd" "en/ussd/enter_code.ussd";
    ussd_mistyped(code: &'a str)
        "km/ussd/mistyped.ussd" "km-Latn/ussd/mistyped.ussd" "en/ussd/mistyped.ussd";
    ussd_unknown(code: &'a str)
        "km/ussd/unknown.ussd" "km-Latn/ussd/unknown.ussd" "en/ussd/unknown.ussd";
    ussd_unknown_pin(code: &'a str)
        "km/ussd/unknown_pin.ussd" "km-Latn/ussd/unknown_pin.ussd" "en/ussd/unknown_pin.ussd";
    ussd_add_pin(code: &'a str)
        "km/ussd/add_pin.ussd" "km-Latn/ussd/add_pin.ussd" "en/ussd/add_pin.ussd";
    ussd_pin_locked(code: &'a str)
        "km/ussd/pin_locked.ussd" "km-Latn/ussd/pin_locked.ussd" "en/ussd/pin_locked.ussd";
    ussd_away(code: &'a str)
        "km/ussd/away.ussd" "km-Latn/ussd/away.ussd" "en/ussd/away.ussd";
    ussd_late()
        "km/ussd/late.ussd" "km-Latn/ussd/late.ussd" "en/ussd/late.ussd";
    ussd_choose_language()
        "km/ussd/choose_language.ussd" "km-Latn/ussd/choose_language.ussd" "en/ussd/choose_language.ussd";
    ussd_stopped()
        "km/ussd/stopped.ussd" "km-Latn/ussd/stopped.ussd" "en/ussd/stopped.ussd";
    ussd_started()
        "km/ussd/started.ussd" "km-Latn/ussd/started.ussd" "en/ussd/started.ussd";
    ussd_slow_down()
        "km/ussd/slow_down.ussd" "km-Latn/ussd/slow_down.ussd" "en/ussd/slow_down.ussd";
    ussd_ask_again()
        "km/ussd/ask_again.ussd" "km-Latn/ussd/ask_again.ussd" "en/ussd/ask_again.ussd";
    ussd_ask_service()
        "km/ussd/ask_service.ussd" "km-Latn/ussd/ask_service.ussd" "en/ussd/ask_service.ussd";
    ussd_ask_office()
        "km/ussd/ask_office.ussd" "km-Latn/ussd/ask_office.ussd" "en/ussd/ask_office.ussd";
    ussd_no_such_service()
        "km/ussd/no_such_service.ussd" "km-Latn/ussd/no_such_service.ussd" "en/ussd/no_such_service.ussd";
    ussd_no_such_office()
        "km/ussd/no_such_office.ussd" "km-Latn/ussd/no_such_office.ussd" "en/ussd/no_such_office.ussd";
    ussd_confirm_booking(office: &'a str, day: &'a str, hour: &'a str, service: &'a str, held: bool)
        "km/ussd/confirm_booking.ussd" "km-Latn/ussd/confirm_booking.ussd" "en/ussd/confirm_booking.ussd";
    ussd_confirm_move(reference: &'a str, day: &'a str, hour: &'a str, yes: &'a str, held: bool)
        "km/ussd/confirm_move.ussd" "km-Latn/ussd/confirm_move.ussd" "en/ussd/confirm_move.ussd";
    ussd_confirm_cancel(reference: &'a str, day: &'a str, hour: &'a str, yes: &'a str)
        "km/ussd/confirm_cancel.ussd" "km-Latn/ussd/confirm_cancel.ussd" "en/ussd/confirm_cancel.ussd";
    ussd_booked(reference: &'a str, office: &'a str, day: &'a str, hour: &'a str, pin: &'a str)
        "km/ussd/booked.ussd" "km-Latn/ussd/booked.ussd" "en/ussd/booked.ussd";
    ussd_waiting(reference: &'a str, office: &'a str, day: &'a str, hour: &'a str)
        "km/ussd/waiting.ussd" "km-Latn/ussd/waiting.ussd" "en/ussd/waiting.ussd";
    ussd_moved(reference: &'a str, office: &'a str, day: &'a str, hour: &'a str)
        "km/ussd/moved.ussd" "km-Latn/ussd/moved.ussd" "en/ussd/moved.ussd";
    ussd_cancelled(reference: &'a str, day: &'a str, hour: &'a str)
        "km/ussd/cancelled.ussd" "km-Latn/ussd/cancelled.ussd" "en/ussd/cancelled.ussd";
    ussd_unchanged(reference: &'a str, day: &'a str, hour: &'a str)
        "km/ussd/unchanged.ussd" "km-Latn/ussd/unchanged.ussd" "en/ussd/unchanged.ussd";
    ussd_uncertain()
        "km/ussd/uncertain.ussd" "km-Latn/ussd/uncertain.ussd" "en/ussd/uncertain.ussd";
    ussd_not_done()
        "km/ussd/not_done.ussd" "km-Latn/ussd/not_done.ussd" "en/ussd/not_done.ussd";
    ussd_no_appointments()
        "km/ussd/no_appointments.ussd" "km-Latn/ussd/no_appointments.ussd" "en/ussd/no_appointments.ussd";
    ussd_nothing_free(office: &'a str)
        "km/ussd/nothing_free.ussd" "km-Latn/ussd/nothing_free.ussd" "en/ussd/nothing_free.ussd";
    ussd_cannot_change()
        "km/ussd/cannot_change.ussd" "km-Latn/ussd/cannot_change.ussd" "en/ussd/cannot_change.ussd";
    ussd_ask_rating()
        "km/ussd/ask_rating.ussd" "km-Latn/ussd/ask_rating.ussd" "en/ussd/ask_rating.ussd";
    ussd_thanks()
        "km/ussd/thanks.ussd" "km-Latn/ussd/thanks.ussd" "en/ussd/thanks.ussd";
    ussd_welcome()
        "km/ussd/welcome.ussd" "km-Latn/ussd/welcome.ussd" "en/ussd/welcome.ussd";
    ussd_rating_kept()
        "km/ussd/rating_kept.ussd" "km-Latn/ussd/rating_kept.ussd" "en/ussd/rating_kept.ussd";
    ussd_complaint_kept(told: bool)
        "km/ussd/complaint_kept.ussd" "km-Latn/ussd/complaint_kept.ussd" "en/ussd/complaint_kept.ussd";
    ussd_ask_complaint()
        "km/ussd/ask_complaint.ussd" "km-Latn/ussd/ask_complaint.ussd" "en/ussd/ask_complaint.ussd";
    ussd_complaint_filed(reference: &'a str)
        "km/ussd/complaint_filed.ussd" "km-Latn/ussd/complaint_filed.ussd" "en/ussd/complaint_filed.ussd";
    ussd_no_such_complaint()
        "km/ussd/no_such_complaint.ussd" "km-Latn/ussd/no_such_complaint.ussd" "en/ussd/no_such_complaint.ussd";
    ussd_not_offered(office: &'a str, phone: &'a str)
        "km/ussd/not_offered.ussd" "km-Latn/ussd/not_offered.ussd" "en/ussd/not_offered.ussd";
    ussd_help()
        "km/ussd/help.ussd" "km-Latn/ussd/help.ussd" "en/ussd/help.ussd";
    ussd_language_set()
        "km/ussd/language_set.ussd" "km-Latn/ussd/language_set.ussd" "en/ussd/language_set.ussd";
    ussd_apology()
        "km/ussd/apology.ussd" "km-Latn/ussd/apology.ussd" "en/ussd/apology.ussd";
}

fn filled(template: impl Template) -> String {
    template.render().expect("a template without filters writes to a String, which cannot fail")
}
