//! What a kiosk's pages may ask of whoever lets people sign in, in virtual time.
use super::*;
use crate::{exchange::testing::Bench, ports::PortFuture};
use std::collections::VecDeque;

const DESK: &str = "k-1";

/// Lets everybody sign in who is told to.
#[derive(Default)]
struct Provider {
    /// What is answered, in turn; then nobody has said anything.
    says: Mutex<VecDeque<Result<Standing, SignInFault>>>,
    /// When it was asked how one stands.
    asked: Mutex<Vec<Instant>>,
    begun: Mutex<u32>,
    ended: Mutex<Vec<String>>,
    /// Seconds that a sign-in lives, and between two questions.
    lives: Mutex<(i64, u64)>,
    absent: Mutex<bool>,
}

impl Port for Provider {
    fn begin<'a>(
        &'a self,
        _: Option<&'a str>,
        _: Language,
        _: Uuid,
        _: Duration,
    ) -> PortFuture<'a, Result<SignIn, SignInFault>> {
        Box::pin(async move {
            if *lock(&self.absent) {
                return Err(SignInFault::NotOffered);
            }
            let mut begun = lock(&self.begun);
            *begun += 1;
            let (lives, every) = *lock(&self.lives);
            let shown = Shown { url: "https://id.example/x".to_owned(), check: "47".to_owned(), address: None };
            let expires_at = crate::exchange::testing::MORNING.plus_ms(lives * 1_000);
            Ok(SignIn {
                handle: Secret::new(format!("h{begun}")),
                shown,
                expires_at,
                every: Duration::from_secs(every),
            })
        })
    }

    fn look<'a>(&'a self, _: &'a str, _: Duration) -> PortFuture<'a, Result<Standing, SignInFault>> {
        lock(&self.asked).push(Instant::now());
        let said = lock(&self.says).pop_front().unwrap_or(Ok(Standing::Pending));
        Box::pin(async move { said })
    }

    fn end<'a>(
        &'a self,
        handle: &'a str,
        token: Option<&'a CitizenToken>,
        _: Uuid,
        _: Duration,
    ) -> PortFuture<'a, Result<(), SignInFault>> {
        lock(&self.ended).push(format!("{handle} {}", token.map_or("-", CitizenToken::expose)));
        Box::pin(async { Ok(()) })
    }
}

async fn desk() -> (SignIns, Arc<Provider>) {
    let provider = Arc::new(Provider { lives: Mutex::new((3_600, 5)), ..Provider::default() });
    let by =
        By { port: provider.clone(), mode: "test", valid: Duration::from_secs(180), deadline: Duration::from_secs(2) };
    (Bench::new().exchange.clone().signing_in(by).sign_ins, provider)
}

async fn begun(sign_ins: &SignIns) -> OpenSignIn {
    sign_ins.begin(DESK, Some("owso-1205"), Language::Km, None).await.expect("a sign-in")
}

fn done(ends: Option<UnixMs>) -> Result<Standing, SignInFault> {
    Ok(Standing::Done { token: CitizenToken::parse("t0k3n").expect("a token"), ends })
}

async fn pass(ms: u64) {
    tokio::time::sleep(Duration::from_millis(ms)).await;
}

#[tokio::test(start_paused = true)]
async fn the_provider_is_asked_no_more_often_than_it_wants_whatever_a_page_does() {
    let (sign_ins, provider) = desk().await;
    let open = begun(&sign_ins).await;
    lock(&provider.says).extend([Ok(Standing::Pending), Ok(Standing::SlowDown)]);
    // a page that asks ten times a second, and another one that is the same
    for _ in 0..600 {
        tokio::join!(sign_ins.look(DESK, &open), sign_ins.look(DESK, &open));
        pass(50).await;
    }
    let asked = lock(&provider.asked).clone();
    let pauses: Vec<u64> = asked.windows(2).map(|two| (two[1] - two[0]).as_millis() as u64).collect();
    assert!(pauses.len() >= 3 && pauses[0] >= 5_000, "{pauses:?}");
    assert!(pauses[1..].iter().all(|pause| *pause >= 10_000), "five seconds more after slow_down: {pauses:?}");
}

#[tokio::test(start_paused = true)]
async fn from_consent_to_the_answer_it_takes_no_longer_than_the_interval() {
    let (sign_ins, provider) = desk().await;
    let open = begun(&sign_ins).await;
    for _ in 0..5 {
        pass(5_000).await;
        assert_eq!(sign_ins.look(DESK, &open).await, Looked::Waits);
    }
    assert_eq!(lock(&provider.asked).len(), 5, "each question of a page that keeps the interval is asked");
    let agreed = Instant::now();
    lock(&provider.says).push_back(done(None));
    pass(5_000).await;
    let Looked::In(signed) = sign_ins.look(DESK, &open).await else { panic!("signed in") };
    assert!(agreed.elapsed() <= Duration::from_millis(5_300), "{:?}", agreed.elapsed());
    let now = sign_ins.core.needs.clock.now();
    assert_eq!(signed.until.since_ms(now), 300_000);
    assert_eq!(signed.token(now).expect("a token").expose(), "t0k3n");
    assert!(!format!("{signed:?} {open:?}").contains("t0k3n") && !format!("{open:?}").contains("h1"));
}

#[tokio::test(start_paused = true)]
async fn a_kiosk_has_one_open_sign_in_and_ten_in_ten_minutes() {
    let (sign_ins, provider) = desk().await;
    let first = begun(&sign_ins).await;
    let second = begun(&sign_ins).await;
    lock(&provider.says).push_back(done(None));
    pass(6_000).await;
    assert_eq!(sign_ins.look(DESK, &first).await, Looked::Expired, "another one stands in its place");
    assert!(matches!(sign_ins.look(DESK, &second).await, Looked::In(_)));
    for _ in 2..10 {
        begun(&sign_ins).await;
    }
    let more = sign_ins.begin(DESK, None, Language::Km, None).await;
    assert_eq!(more, Err(NotBegun::Limited));
    assert_eq!(*lock(&provider.begun), 10, "the provider is not asked");
    assert!(sign_ins.begin("k-2", None, Language::Km, None).await.is_ok(), "another kiosk has its own");
    pass(600_000).await;
    lock(&provider.lives).0 = 7_200;
    assert!(sign_ins.begin(DESK, None, Language::Km, None).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_sign_in_ends_by_itself_by_a_no_and_by_an_answer_of_no_use() {
    let (sign_ins, provider) = desk().await;
    for (says, looked) in [
        (Ok(Standing::Denied), Looked::Denied),
        (Ok(Standing::Expired), Looked::Expired),
        (Err(SignInFault::Unusable), Looked::Away),
    ] {
        let open = begun(&sign_ins).await;
        pass(6_000).await;
        lock(&provider.says).push_back(says);
        assert_eq!(sign_ins.look(DESK, &open).await, looked);
    }
    let open = begun(&sign_ins).await;
    // away for a while is nothing to a visitor
    lock(&provider.says).extend([Err(SignInFault::Away), Err(SignInFault::Away), done(None)]);
    for _ in 0..2 {
        pass(30_000).await;
        assert_eq!(sign_ins.look(DESK, &open).await, Looked::Waits);
    }
    pass(121_000).await;
    let asked = lock(&provider.asked).len();
    assert_eq!(sign_ins.look(DESK, &open).await, Looked::Expired, "three minutes are over");
    assert_eq!(lock(&provider.asked).len(), asked, "and nobody is asked about it");
}

#[tokio::test(start_paused = true)]
async fn after_a_restart_a_page_goes_on_with_what_it_carries() {
    let (sign_ins, provider) = desk().await;
    let open = begun(&sign_ins).await;
    lock(&sign_ins.core.open).clear();
    lock(&provider.says).push_back(done(None));
    assert!(matches!(sign_ins.look(DESK, &open).await, Looked::In(_)));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_waited_for_is_not_shown_and_what_is_not_there_is_not_offered() {
    let (sign_ins, provider) = desk().await;
    for (lives, every) in [(0, 5), (-60, 5), (9, 2), (20, 30)] {
        *lock(&provider.lives) = (lives, every);
        let begun = sign_ins.begin(DESK, None, Language::Km, None).await;
        assert_eq!(begun, Err(NotBegun::Away), "{lives} {every}");
    }
    assert!(sign_ins.is_offered());
    *lock(&provider.absent) = true;
    assert_eq!(sign_ins.begin(DESK, None, Language::Km, None).await, Err(NotBegun::NotOffered));
    assert!(!sign_ins.is_offered());
    pass(601_000).await;
    assert!(sign_ins.is_offered(), "it is looked for again");
}

#[tokio::test(start_paused = true)]
async fn signed_in_lasts_five_minutes_and_once_five_more_and_never_longer_than_the_token() {
    let (sign_ins, provider) = desk().await;
    let open = begun(&sign_ins).await;
    pass(6_000).await;
    let clock = Arc::clone(&sign_ins.core.needs.clock);
    lock(&provider.says).push_back(done(Some(clock.now().plus_ms(400_000))));
    let Looked::In(mut signed) = sign_ins.look(DESK, &open).await else { panic!("signed in") };
    assert_eq!(signed.until.since_ms(clock.now()), 300_000);
    pass(200_000).await;
    signed.prolong(clock.now());
    assert_eq!(signed.until.since_ms(clock.now()), 200_000, "the token ends then");
    pass(100_000).await;
    let until = signed.until;
    signed.prolong(clock.now());
    assert_eq!(signed.until, until, "once");
    pass(101_000).await;
    assert_eq!(signed.token(clock.now()), None);
    sign_ins.end(&signed);
    tokio::task::yield_now().await;
    assert_eq!(*lock(&provider.ended), ["h1 t0k3n"]);
}
