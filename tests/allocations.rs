//! How often an answer asks for memory where it does no I/O: two steps of the conversation, its rendering, its segments, a seal.
//! Counted, never timed: a binary of its own, as it has an allocator of its own, which counts for each thread.
use chrak::{
    dialogue::{Ctx, Dialogue, Effect, Input, step},
    render::render_sms,
    smpp::concat::{Cut, encode},
    store::Keys,
    text::{links, segment, visible},
    types::{CodeRules, Language, UnixMs, civic::*, names::Channel, time::phnom_penh},
};
use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

/// 95 when this was written, always the same; half as much again is left.
const AT_MOST: u64 = 140;

struct Counting;

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

fn one_more() {
    COUNT.set(COUNT.get() + 1);
}

// SAFETY: everything is handed through to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        one_more();
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        unsafe { System.dealloc(place, layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        one_more();
        unsafe { System.realloc(place, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What the portal says of the code that it was asked about.
fn answer(query: &Query) -> Answer {
    let Query::Application { code, .. } = query else { panic!("not about an application") };
    let words = |km: &str, en: &str| Localized { km: km.to_owned(), en: en.to_owned(), km_latn: None };
    let office = OfficeRef {
        id: "owso-1205".to_owned(), name: words("ការិយាល័យ ដង្កោ", "OWSO Dangkao"), short: None
    };
    let application = Application {
        code: code.clone(),
        service: ServiceRef { id: None, name: None, sensitive: true },
        office,
        status: ApplicationStatus::from_wire("in_review"),
        status_at: Some(UnixMs(1_795_000_000_000)),
        registered_at: None,
        disclosure: Disclosure::Public,
        timeline: Vec::new(),
        fee: None,
        expected_by: None,
        ready: None,
        next_action: None,
        returned_documents: Vec::new(),
    };
    Answer::Application(Ok(ApplicationAnswer { application, as_of: None, office: None }))
}

/// From the text to its sealed segments; without what the portal's answer takes to be made.
fn answered(ctx: &Ctx<'_>, keys: &Keys) -> u64 {
    let begun = COUNT.get();
    let asked = step(&Dialogue::default(), Input::Text("120500260481937".to_owned()), ctx);
    let Some(Effect::Ask(query)) = asked.effects.first() else { panic!("the portal is asked") };
    let first = COUNT.get() - begun;
    let answer = answer(query);
    let begun = COUNT.get();
    let told = step(&asked.next, Input::Answer(answer), ctx);
    let view = told.effects.iter().find_map(|effect| if let Effect::Show(view) = effect { Some(view) } else { None });
    let text = render_sms(view.expect("the citizen is told"), told.language, ctx.zone).text;
    let seen = visible::shown(&text);
    let plan = segment::plan(&links::without_links(&seen)).segments.len();
    let encoded = encode(Cut::Udh8, segment::Alphabet::of(&text), &text, 7, 1, 1);
    assert!(plan == 1 && keys.seal(&[1; 16], "body", &encoded.body).is_ok(), "one segment, sealed");
    first + COUNT.get() - begun
}

#[test]
fn an_answer_asks_for_memory_no_more_often_than_is_stated() {
    let (codes, zone, keys) = (CodeRules::recommended(), phnom_penh(), Keys::from_secret(&[7; 32]));
    let ctx = Ctx {
        abilities: Abilities::ALL,
        channel: Channel::Sms,
        now: UnixMs(1_795_399_200_000),
        language: Some(Language::Km),
        default_language: Language::Km,
        codes: &codes,
        number_known: true,
        zone: &zone,
        dice: 4,
    };
    // tables that are built at their first use are not an answer's cost
    answered(&ctx, &keys);
    let counted = answered(&ctx, &keys);
    println!("{counted} allocations");
    assert!(counted > 0, "the allocator counts");
    assert!(counted <= AT_MOST, "an answer asks for memory {counted} times, {AT_MOST} at most");
}
