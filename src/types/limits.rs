//! Every bound of the server and why it is what it is. Operators' limits (`[limits]`) are configuration and
//! only pass through here.
use std::time::Duration;

/// Largest PDU taken, in octets: a message_payload may hold 64 KiB less one, plus the other fields.
pub const PDU_OCTETS_MAX: usize = 64 * 1024 + 1024;
/// Octets to one telco that wait to be written before nothing more is read from it: every request costs a resp, and
/// 60,000 resps are more than a telco that reads ever leaves.
pub const UNWRITTEN_OCTETS_MAX: usize = 1024 * 1024;
/// A telco to which octets waited for so long, and that took none of them, reads nothing any more: as long as any other
/// answer of it is waited for.
pub const WRITE_STALLED: Duration = Duration::from_secs(10);
/// A connection to a telco of which the system hears nothing for so long, though it writes or asks, is dead, however seldom
/// enquire_link asks: with the time in which that is noticed it is less than 40 s.
pub const LINE_DEAD: Duration = Duration::from_secs(30);
/// Largest outbind taken, in octets: a header and two names of a bind, which telcos make longer than the standard has them.
pub const OUTBIND_OCTETS_MAX: usize = 256;
/// Connections of an SMSC at its outbind listener at a time, bound or not yet: an SMSC outbinds once, or once a node.
pub const OUTBINDS_MAX: usize = 4;
/// A connection at an outbind listener gives its place free so long after its end at the earliest: who guesses passwords, or
/// fills the log, does it [`OUTBINDS_MAX`] times in this time.
pub const OUTBIND_REST: Duration = Duration::from_secs(1);
/// MOs accepted and not yet finished, over all telcos: 5,000 turns of 2 KiB are 10 MiB. More is answered
/// ESME_RTHROTTLED, so that the SMSC keeps them.
pub const MO_IN_HAND_MAX: usize = 5_000;
/// Turns that run at once: each holds a portal question, and the portal's connections are bounded too.
pub const TURNS_MAX: usize = 512;
/// Operations that one commit carries: the cost of a commit is spread, and no caller waits for more rows
/// than this.
pub const COMMIT_OPS_MAX: usize = 256;
/// A commit that takes longer than this makes new MOs answered ESME_RSYSERR, long before an SMSC's timer.
pub const COMMIT_SLOW: Duration = Duration::from_secs(2);
/// A call of the store that has not come back after this long counts as failed since it began: as long as SQLite waits for a
/// lock, and half of [`STORE_LOST`].
pub const STORE_STALLED: Duration = Duration::from_secs(5);
/// A store that has not committed for this long makes the binds leave, so that SMSCs keep their messages.
pub const STORE_LOST: Duration = Duration::from_secs(10);
/// Longest text of a citizen that is read, in characters: ten segments of GSM-7.
pub const TEXT_CHARS_MAX: usize = 1_530;
/// Parts of one text that are read: ten of GSM-7 are [`TEXT_CHARS_MAX`]; what follows is acknowledged and left out.
pub const PARTS_MAX: u8 = 10;
/// How long the parts of a text are waited for, from its first: an SMSC tries a part again after seconds to a few minutes,
/// and whoever wrote wants an answer to what came. Kannel and Jasmin wait five minutes and more.
pub const PARTS_WAIT: Duration = Duration::from_secs(10 * 60);
/// Unfinished texts of one number: a telephone sends one after the other. With a further one the oldest is answered on
/// what came of it.
pub const TEXTS_OPEN_MAX: usize = 4;
/// Parts that wait over all numbers: two days' long texts of a busy short code in ten minutes. Over it the oldest text is
/// answered on what came of it; at twice as many a part is answered ESME_RTHROTTLED.
pub const PARTS_MAX_ALL: u64 = 20_000;
/// Their octets, as far as one can hold a message_payload of 64 KiB.
pub const PART_OCTETS_MAX_ALL: u64 = 8 * 1024 * 1024;
/// Most segments of one answer.
pub const SEGMENTS_MAX: usize = 6;
/// An MO that could not be answered for this long is answered with a request to ask again.
pub const ANSWER_TTL: Duration = Duration::from_secs(30 * 60);
/// How long a status answer is of use to the citizen; given to the SMSC as validity_period.
pub const ANSWER_VALIDITY: Duration = Duration::from_secs(60 * 60);
/// Segments that a bind is handed beyond its window, so that a place in the window is filled as soon as it is free and
/// not after two commits; an uncertain end makes so many more wait for [`AMBIGUOUS_HOLD`], though none can come twice.
pub const SUBMIT_AHEAD: usize = 64;
/// Tries of one segment, counted when it is handed to a bind.
pub const SUBMIT_TRIES_MAX: u32 = 5;
/// After this many turns that failed (not by ending the process) an MO is given up with an apology.
pub const TURN_TRIES_MAX: u32 = 5;
/// After this many ends of the process with one MO alone in hand that MO is given up.
pub const DEATHS_ALONE_MAX: u32 = 2;
/// How long an uncertain segment waits after the telco is bound again before it is sent again: a receipt
/// may still settle it.
pub const AMBIGUOUS_HOLD: Duration = Duration::from_secs(15);
/// How long the resemblance of two MOs (same sender, same text) can mean a redelivery.
pub const DEDUPE_WEAK: Duration = Duration::from_secs(24 * 3600);
/// In an open conversation an equal text is an answer of its own, unless it comes this soon over another
/// session: an SMSC sends again at once when it is bound again, a person needs time to read.
pub const DEDUPE_IN_DIALOGUE: Duration = Duration::from_secs(30);
/// How long an id given by the telco names one MO.
pub const DEDUPE_STRONG: Duration = Duration::from_secs(72 * 3600);
/// A telco that is taken out of the configuration has ended what it has in hand, and unbound, within this; else it is cut off.
pub const RETIRE_WITHIN: Duration = Duration::from_secs(30);
/// A program that orders the configuration to be read again is told within this what came of it.
pub const RELOAD_WITHIN: Duration = Duration::from_secs(45);
/// SIGTERM to exit.
pub const DRAIN: Duration = Duration::from_secs(25);
/// Digits below which a source is a short code, not a person.
pub const SOURCE_DIGITS_MIN: usize = 7;

/// How long the console and `/metrics` wait for the depths of inbox and outbox: a look must not hang on a
/// database that does.
pub const DEPTH_WITHIN: Duration = Duration::from_secs(2);
/// How long the references and Idempotency-Keys of agencies are remembered.
pub const CALLS_REMEMBERED: Duration = Duration::from_secs(72 * 3600);
/// How long the id of a portal's event is remembered: the portal tries again for three days and keeps events
/// for seven.
pub const EVENTS_REMEMBERED: Duration = Duration::from_secs(14 * 24 * 3600);
/// How long a row of the audit log is kept where nothing else is said: a dispute about a year's booking can be settled.
pub const AUDIT_KEPT: Duration = Duration::from_secs(365 * 24 * 3600);
/// Unasked texts that are worked on at a time.
pub const PUSHES_AT_ONCE: usize = 200;
/// How far ahead an agency may ask for a message to be sent.
pub const SEND_AHEAD_MAX: Duration = Duration::from_secs(7 * 24 * 3600);
/// Messages in one call of an agency.
pub const MESSAGES_A_CALL_MAX: usize = 1_000;
/// Largest body of an agency's call.
pub const CALL_OCTETS_MAX: usize = 2 * 1024 * 1024;
/// Largest body of a webhook.
pub const WEBHOOK_OCTETS_MAX: usize = 64 * 1024;
/// How long a rating or complaint waits for the portal, and how long it is remembered that it was passed on. Longer than
/// any outage that nobody mends.
pub const FEEDBACK_WAITS_MAX: Duration = Duration::from_secs(14 * 24 * 3600);
/// Ratings and complaints that wait for the portal at a time: what a hundred kiosks hear on a busy day, 100 MiB at most.
pub const FEEDBACK_WAITING_MAX: u64 = 50_000;
/// How long a USSD session is kept without an input; gateways end theirs after two or three minutes.
pub const USSD_OPEN: Duration = Duration::from_secs(180);
/// How soon an equal USSD input can be the one before, sent again.
pub const USSD_AGAIN: Duration = Duration::from_secs(30);
/// Inputs of one number that wait for their turn; a session has one open screen, so more is a gateway's storm.
pub const USSD_WAITING_MAX: usize = 8;
/// USSD inputs in hand over all telcos; more is answered ESME_RTHROTTLED.
pub const USSD_IN_HAND_MAX: usize = 2_000;

/// Longest text of the portal that is kept, in characters: the contract allows 300, and a name of a megabyte is cut there.
pub const PORTAL_TEXT_CHARS_MAX: usize = 300;
/// Longest id, reference or bill number of the portal, in characters: what is longer is not one, and its entry is left out.
pub const PORTAL_ID_CHARS_MAX: usize = 64;
/// Entries taken of a list inside an answer of the portal.
pub const PORTAL_LIST_MAX: usize = 100;
/// Entries taken of one page of the portal's directory or events: 100 are asked for.
pub const PORTAL_PAGE_MAX: usize = 1_000;
/// Pages of the portal that are kept, each of 64 KiB at most: a window's news and laws are some dozens.
pub const PORTAL_PAGES_MAX: usize = 200;
/// Largest page of the portal that is read, as JSON in octets: a page that is longer is a book.
pub const PORTAL_PAGE_OCTETS_MAX: usize = 64 * 1024;
/// Sections of a page, and paragraphs or lines of one.
pub const PORTAL_SECTIONS_MAX: usize = 40;
/// Longest paragraph of a page, in characters: the contract allows 2,000 where a text is a paragraph.
pub const PORTAL_PARAGRAPH_CHARS_MAX: usize = 2_000;
/// Longest address that a page points to, in octets: what a code of 50 mm still shows well to an old telephone.
pub const PORTAL_URL_OCTETS_MAX: usize = 200;
/// Services that one list names before it asks what they are about: what one key each can choose.
pub const SERVICES_LISTED_MAX: usize = 8;
/// Services or offices in all: there are 1,887 places in the gazetteer, and some have several offices.
pub const DIRECTORY_MAX: usize = 10_000;
/// How far ahead of our clock a time of the portal is believed where only the past makes sense; what is later is "now".
pub const PORTAL_CLOCK_AHEAD_MAX: Duration = Duration::from_secs(5 * 60);
/// Octets of what names or proves a sign-in (an id, a device code, a token), which travels in a page and in one header.
pub const SIGN_IN_OCTETS_MAX: usize = 4_096;
/// Sign-ins that a kiosk begins in one of its spans: one a minute, as fast as people step up.
pub const KIOSK_SIGN_INS_MAX: u32 = 10;
/// Whoever lets people sign in is asked about one no more often than this, whatever it allows.
pub const SIGN_IN_POLL_LEAST: Duration = Duration::from_secs(2);
/// Who wants to be asked less often than this cannot be waited for in front of a screen.
pub const SIGN_IN_POLL_MOST: Duration = Duration::from_secs(30);
/// How long somebody stays signed in at a kiosk, and once more so long when it is asked for.
pub const SIGNED_IN_FOR: Duration = Duration::from_secs(5 * 60);
/// Silence after which a page with what is one's own asks whether somebody is there, and how long it waits.
pub const SIGNED_IN_IDLE_S: (u32, u32) = (30, 15);
/// Applications of one's own that are listed; as many appointments.
pub const MINE_MAX: usize = 50;
/// Calls that one list of them takes at most: a portal may give fewer than were asked for.
pub const MINE_PAGES_MAX: usize = 5;
/// How long a payment's code may be shown at most: the portal's end of it may be hours off.
pub const PAYMENT_SHOWN_MAX: Duration = Duration::from_secs(60 * 60);
/// How long a notice is tried at most, whatever its event says.
pub const NOTICE_USE_MAX: Duration = Duration::from_secs(14 * 24 * 3600);
/// Notices of the portal to one number in a day. An application has a handful of steps; more is a portal gone wrong.
pub const NOTICES_A_DAY_MAX: u32 = 20;
/// Pages of events read in one go; then the next waits for its time, so that a portal without end takes no more than its share.
pub const EVENT_PAGES_AT_ONCE: u32 = 20;
/// Wrong PINs of one code in a day, whoever types them and wherever: a portal locks after five, so what we refuse
/// ourselves is what would lock it there, and 10,000 PINs last 2,000 days.
pub const PINS_WRONG_MAX: u32 = 5;
/// Of those by telephones, whose numbers can be forged: so nobody far away keeps a PIN from being taken at a kiosk.
pub const PINS_WRONG_FAR_MAX: u32 = 3;
/// Look-ups of a number in a day that are still made when its failures have reached their limit; a wrong one gets no
/// answer. So the right code of somebody whose number is forged gets through, and one telephone tries no more than
/// these and `per_day`.
pub const LOOK_UPS_BEYOND_MAX: u32 = 20;
/// Codes that are remembered of a number because it has shown them: a household's, or a helper's.
pub const CODES_SHOWN_MAX: usize = 4;
/// Wrong answers of a number in a day to a question that wants two digits back. Of 90, so that who forges the number
/// has one chance in 18 a day.
pub const DIGITS_WRONG_MAX: u32 = 5;
/// Complaints of a number in a day.
pub const COMPLAINTS_A_DAY: u32 = 5;
/// What is counted at a kiosk is counted in windows of ten minutes.
pub const KIOSK_SPAN: Duration = Duration::from_secs(10 * 60);
/// Wrong codes of one visit at a kiosk: so many in so long. Three mistakes are an honest day; who goes on waits two minutes,
/// then ten, then an hour, and all that time others have the kiosk's own window of ten.
pub const VISIT_GUESSES: [(Duration, u32); 3] =
    [(Duration::from_secs(2 * 60), 3), (Duration::from_secs(10 * 60), 5), (Duration::from_secs(3_600), 8)];
/// Wrong PINs of one code at kiosks in [`PINS_NEAR_SPAN`], before those of the day are spent.
pub const PINS_WRONG_NEAR_MAX: u32 = 3;
/// How long whoever typed them waits.
pub const PINS_NEAR_SPAN: Duration = Duration::from_secs(5 * 60);
/// Numbers of the queue that a kiosk draws in one: one in twenty seconds, as fast as people step up.
pub const KIOSK_TICKETS_MAX: u32 = 30;
/// Bookings by visitors who proved no number: one in a minute, as fast as its questions can be answered.
pub const KIOSK_BOOKINGS_MAX: u32 = 10;
/// Places kept for them: three for each booking, as many as are looked at.
pub const KIOSK_HOLDS_MAX: u32 = 30;
/// Complaints: one takes two minutes to write.
pub const KIOSK_COMPLAINTS_MAX: u32 = 5;
/// Ratings: as queue numbers.
pub const KIOSK_RATINGS_MAX: u32 = 30;
/// Payments begun: paying takes half a minute.
pub const KIOSK_PAYMENTS_MAX: u32 = 20;
/// How often a node keeps the leases of its binds, which end 15 s after that by the database's clock.
pub const LEASE_RENEWED: Duration = Duration::from_secs(5);
/// A bind is used no longer than this after its lease was kept last. Its connection is closed then, so that 5 s are between its end here
/// and its beginning elsewhere.
pub const LEASE_USED: Duration = Duration::from_secs(10);
/// How often a node looks whether binds are free, or wanted by another: with what a lease lasts, a dead node's are taken over within 17 s.
pub const LEASES_LOOKED_AT: Duration = Duration::from_secs(1);
/// What giving leases back may take at the end of the server; they end by themselves.
pub const LEASES_GIVEN_BACK: Duration = Duration::from_secs(1);
