//! A list of services that is too long for a telephone is narrowed first by what they are about; a service that was chosen
//! before is not asked for again.
use super::*;
use crate::types::civic::Topic;

fn about(id: &str, topics: &[&str]) -> Arc<Service> {
    let topics = topics.iter().map(|topic| (*topic).to_owned()).collect();
    Arc::new(Service { topics, ..Service::clone(&service(id)) })
}

fn nine(last: &[&str]) -> Listing<Service> {
    let mut all: Vec<_> = (0..8).map(|n| about(&n.to_string(), if n % 2 == 0 { &["a"] } else { &["b"] })).collect();
    all.push(about("9", last));
    listing(all)
}

fn topics(ids: &[&str]) -> Answer {
    let topic = |id: &&str| Arc::new(Topic { id: (*id).to_owned(), name: name(id) });
    Answer::Topics(Ok(listing(ids.iter().map(topic).collect())))
}

fn waiting(task: Task, channel: Channel) -> Flow {
    Flow { caps: caps(channel), ..flow(task, At::Awaiting(Awaited::Services)) }
}

#[test]
fn more_services_than_one_list_names_are_asked_for_by_what_they_are_about() {
    for (task, channel, narrowed) in [
        (Task::Info, Channel::Ussd, true),
        (Task::Book, Channel::Ussd, true),
        (Task::Book, Channel::Sms, true),
        (Task::Book, Channel::Kiosk, false),
    ] {
        let found = Answer::Services(Ok(nine(&["a"])));
        let turn = with_ctx(channel, |ctx| waiting(task, channel).answered(&Dialogue::default(), found, ctx));
        if !narrowed {
            assert!(list(&turn).1 > 1, "a kiosk shows them");
            continue;
        }
        assert_eq!(asked(&turn), &Query::Topics);
        let turn = with_ctx(channel, |ctx| of(turn).answered(&Dialogue::default(), topics(&["a", "b", "other"]), ctx));
        assert_eq!(list(&turn), (Asking::Topic, 2, false), "only what they are about");
        let turn = with_ctx(channel, |ctx| of(turn).read(&Dialogue::default(), "2", ctx));
        let Query::Services(search) = asked(&turn) else { panic!("{turn:?}") };
        assert_eq!(search.topic.as_deref(), Some("b"));
        // what is narrowed is listed, however long
        let found = Answer::Services(Ok(nine(&["b"])));
        let turn = with_ctx(channel, |ctx| of(turn).answered(&Dialogue::default(), found, ctx));
        assert!(matches!(list(&turn).0, Asking::Service | Asking::AnyService));
        // and back leads to what they are about
        let turn = with_ctx(channel, |ctx| of(turn).back(&Dialogue::default(), ctx));
        let Query::Services(search) = asked(&turn) else { panic!("{turn:?}") };
        assert_eq!(search.topic, None);
    }
}

#[test]
fn what_one_list_names_is_not_narrowed() {
    let eight = listing((0..8).map(|n| about(&n.to_string(), &[["a", "b"][n % 2]])).collect());
    let turn = answered(waiting(Task::Book, Channel::Ussd), Answer::Services(Ok(eight)));
    assert_eq!(list(&turn), (Asking::Service, 8, false));
    let alike = listing((0..9).map(|n| about(&n.to_string(), &["a"])).collect());
    let turn = answered(waiting(Task::Book, Channel::Ussd), Answer::Services(Ok(alike)));
    assert_eq!(list(&turn), (Asking::Service, 8, true), "they are about one thing: nothing would be narrower");
}

#[test]
fn no_service_is_lost_between_topics() {
    // one is about nothing that has a name
    let turn = answered(waiting(Task::Book, Channel::Ussd), Answer::Services(Ok(nine(&[]))));
    let turn = answered(of(turn), topics(&["a", "b"]));
    let View::Choose { options, .. } = told(&turn) else { panic!("{turn:?}") };
    assert_eq!(options[2], Opt::Topic { id: String::new(), name: None });
    // the portal names one of two: all are listed
    let turn = answered(waiting(Task::Book, Channel::Ussd), Answer::Services(Ok(nine(&["a"]))));
    let turn = answered(of(turn), topics(&["a"]));
    assert!(matches!(asked(&turn), Query::Services(search) if search.topic.is_none()));
    let turn = answered(of(turn), Answer::Services(Ok(nine(&["a"]))));
    assert_eq!(list(&turn), (Asking::Service, 8, true));
}

#[test]
fn a_service_that_was_chosen_before_is_not_asked_for() {
    let spoken = language::Spoken { language: Language::En, remember: None, told: false };
    let wanted = || Some(("s".to_owned(), name("s")));
    let begin = |office, service| {
        with_ctx(Channel::Kiosk, |ctx| begin_with(&Dialogue::default(), Task::Book, None, office, service, spoken, ctx))
    };
    let turn = begin(Some(office("o")), wanted());
    assert!(
        matches!(asked(&turn), Query::Slots { office, service, .. } if office == "o" && service == "s"),
        "{turn:?}"
    );
    let turn = begin(None, wanted());
    let Query::Offices(search) = asked(&turn) else { panic!("{turn:?}") };
    assert_eq!((search.service.as_deref(), search.within.as_deref()), (Some("s"), Some("")));
    let turn = begin(Some(office("o")), None);
    assert!(matches!(asked(&turn), Query::Services(search) if search.office.as_deref() == Some("o")));
}
