//! What every store must do, as cases over the ports, and what the SQLite store does besides. Knows no
//! table: a case sees a store as the exchange does.
use chrak::{
    ports::{
        Store, StoreFault,
        citizens::{CitizenRecord, NumberWindow, NumberWindows},
        inbox::*,
        outbox::*,
    },
    smpp::message_id::Rule,
    store,
    types::{
        CauseId, Language, Msisdn, MtId, SessionId, UnixMs,
        names::{Family, SmscName},
    },
};
use std::{future::Future, pin::Pin, sync::Arc};
use uuid::Uuid;

const NOW: UnixMs = UnixMs(1_800_000_000_000);
const HOUR: i64 = 3_600_000;
const NUMBER: &str = "85510234501";
const TEXT: &str = "canary text 500260481937";

mod feedback;
mod kiosks;
mod messages;
mod mos;
mod of_nodes;
mod of_postgres;
mod only_sqlite;
mod parts;
mod pushes;
mod segments;
mod ussd;

use feedback::*;
use kiosks::*;
use messages::*;
use mos::*;
use of_postgres::{Pooled, Postgres};
use only_sqlite::Sqlite;
use parts::*;
use pushes::*;
use segments::*;
use ussd::*;

/// A place where stores of one database are opened, one after the other.
pub trait Factory: Send + Sync {
    fn open(&self) -> Pin<Box<dyn Future<Output = Box<dyn Store>> + Send + '_>>;
}

/// Runs each case on a fresh database of each kind. A further store is one more line before the semicolon.
macro_rules! contract {
    (@one $module:ident $place:ident ($($case:ident),*)) => {
        mod $module {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    super::$case(&super::$place::new()).await;
                }
            )*
        }
    };
    (@each [$($module:ident => $place:ident),+] $cases:tt) => {
        $(contract!(@one $module $place $cases);)+
    };
    ($($module:ident => $place:ident),+; $($case:ident),* $(,)?) => {
        contract!(@each [$($module => $place),+] ($($case),*));
    };
}

contract!(
    sqlite => Sqlite,
    postgres => Postgres;
    weak_keys,
    weak_keys_once_the_resp_was_read,
    what_was_given_back_is_no_new_question_in_an_open_conversation,
    strong_keys,
    segment_keys_follow_the_resp,
    weak_keys_of_silent_and_insisted_mos,
    claim_release_finish,
    a_turn_ends_in_one_commit,
    recovery_after_a_clean_end,
    recovery_after_an_unclean_end,
    segments_flow,
    parts_keep_their_order,
    segments_of_a_number_keep_their_order,
    half_a_text_holds_up_no_other,
    due_longest_goes_first,
    the_more_urgent_goes_first_and_nothing_waits_for_ever,
    an_answer_waits_behind_no_bulk_of_its_own_number,
    uncertain_segments_are_decided,
    outcomes_by_another_session_change_nothing,
    receipts_before_and_after_the_resp,
    ids_that_are_written_differently_find_each_other,
    what_receipts_have_proven_survives_a_restart,
    a_receipt_goes_to_no_wrong_segment,
    queued_segments_expire,
    a_sweep_destroys_what_is_old,
    records_come_back_as_written,
    one_bad_operation_harms_no_other,
    what_breaks_a_rule_is_no_rival,
    operations_on_one_row_keep_their_order,
    waiting_mos_come_in_pages,
    a_session_is_kept_step_by_step,
    a_step_is_one_commit,
    sessions_that_are_over_are_swept,
    a_device_is_paired_by_what_it_shows,
    a_token_from_before_the_pairing_is_of_no_use_after_it,
    the_oldest_of_an_address_makes_room_and_other_addresses_keep_their_digits,
    pairing_codes_end,
    texts_asked_for_at_once_cannot_pass_a_bound_together,
    orders_come_until_they_are_done,
    counts_fill_their_windows_together,
    an_event_is_taken_once,
    a_push_put_off_comes_again_and_ends_once,
    what_is_due_longest_comes_first_and_no_more_than_wanted,
    work_for_one_goes_before_work_for_many,
    events_at_once_under_one_name_are_one,
    an_end_that_comes_too_late_writes_nothing,
    work_and_the_place_in_the_events_survive_a_restart,
    feedback_is_kept_once_and_no_more_than_there_is_room_for,
    feedback_that_is_put_off_comes_again_and_ends_once,
    who_is_told_that_feedback_was_passed_on_is_told_by_its_end,
    kept_feedback_survives_a_restart_and_is_forgotten_after_its_end,
    parts_of_a_text_are_kept_until_it_is_joined,
    parts_survive_a_restart_and_are_waited_for_from_the_first_on,
    a_part_of_a_text_that_has_ended_follows_its_resp,
    senders_and_references_do_not_mix,
    a_number_has_few_open_texts_and_a_text_few_parts,
    a_call_that_comes_again_sends_nothing_twice,
    equal_calls_at_once_are_one,
    a_reference_names_one_message,
    a_quota_counts_what_is_sent_and_nothing_else,
    calls_at_once_cannot_pass_a_quota_together,
    a_message_is_told_to_its_agency_and_survives_a_restart,
    a_message_goes_through_its_states,
);

// what touches every kind of statement, with sessions of the server that change hands
contract!(
    pooled => Pooled;
    weak_keys,
    a_turn_ends_in_one_commit,
    recovery_after_an_unclean_end,
    one_bad_operation_harms_no_other,
    receipts_before_and_after_the_resp,
    parts_of_a_text_are_kept_until_it_is_joined,
    calls_at_once_cannot_pass_a_quota_together,
);

fn number() -> Msisdn {
    Msisdn::parse_e164(NUMBER).expect("a number")
}

fn session() -> SessionId {
    SessionId(Uuid::now_v7())
}

fn digest(text: &str) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(ring::digest::digest(&ring::digest::SHA256, text.as_bytes()).as_ref());
    out
}

fn mo(text: &str, session: SessionId) -> NewMo {
    NewMo {
        id: CauseId(Uuid::now_v7()),
        smsc: SmscName::from("smart"),
        family: Family::from("smart"),
        session,
        source: Source::Person(number()),
        destination: "1212".into(),
        text: text.into(),
        raw: text.as_bytes().to_vec(),
        data_coding: 0,
        esm_class: 0,
        dedupe: DedupeKey { kind: DedupeKind::Weak, digest: digest(text) },
        insist: false,
        given_back: Vec::new(),
        intake: Intake::Claimed,
        received_at: NOW,
    }
}

fn mt(kind: MtKind, part: u8, parts: u8, reserved: Option<SessionId>) -> NewMt {
    NewMt {
        id: MtId(Uuid::now_v7()),
        kind,
        class: Class::Answer,
        part,
        parts,
        smsc: SmscName::from("smart"),
        family: Family::from("smart"),
        source: "1212".into(),
        destination: number(),
        body: format!("canary body {part}").into_bytes(),
        data_coding: 8,
        udhi: parts > 1,
        reference: 0xBEEF,
        not_after: NOW.plus_ms(HOUR),
        reserved,
    }
}

/// The same segment to somebody else.
fn to(number: &str, mt: NewMt) -> NewMt {
    NewMt { destination: Msisdn::parse_e164(number).expect("a number"), ..mt }
}

fn finish(mo: CauseId, mts: Vec<NewMt>) -> Finish {
    Finish { mo, end: MoEnd::Answered, citizen: None, mts, follow_up: None }
}

fn settled(mt: MtId, session: SessionId, outcome: Outcome) -> Settlement {
    Settlement { mt, session, outcome }
}

fn sent(id: &str) -> Outcome {
    Outcome::Sent { message_id: Some(id.into()) }
}

fn is_new(accepted: &Accepted) -> bool {
    matches!(accepted, Accepted::New { .. })
}

async fn begun(factory: &dyn Factory) -> Box<dyn Store> {
    let store = factory.open().await;
    store.begin(NOW).await.expect("begun");
    store
}

/// Stores an MO and ends its turn with these segments; returns its id.
async fn answered(store: &dyn Store, text: &str, mts: Vec<NewMt>) -> CauseId {
    let mo = mo(text, session());
    let id = mo.id;
    assert!(is_new(&store.accept(mo).await.expect("stored")));
    store.finish(finish(id, mts), NOW).await.expect("finished");
    id
}

async fn due(store: &dyn Store, now: UnixMs) -> Vec<DueMt> {
    store.due(SmscName::from("smart"), now, 100).await.expect("read")
}

fn ids(due: &[DueMt]) -> Vec<MtId> {
    due.iter().map(|mt| mt.id).collect()
}
