//! The national portal's directory as the server reads it: what people say is found, what nobody means is not, and the whole
//! country is read.
use chrak::{
    portal::{PortalClient, PortalOptions},
    ports::portal::{Asker, Portal as PortalPort},
    sandbox::portal::{Extent, Portal, PortalConfig},
    types::{
        civic::{Answer, Audience, Found, OfficeSearch, Query, ServiceSearch},
        gazetteer::{self, Level},
        names::Channel,
    },
};
use std::{sync::Arc, time::Duration};

async fn portal(extent: Extent) -> (Portal, PortalClient) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let listen = ([127, 0, 0, 1], 0).into();
    let config = PortalConfig { listen, token: Some("t".into()), delay: Duration::ZERO, db: None, stands_at: None };
    let portal = Portal::start_with(config, extent).await.expect("the sandbox portal starts");
    let options =
        PortalOptions { url: format!("http://{}", portal.addr()), token: "t".into(), ca_file: None, road: None };
    let clock = Arc::new(chrak::app::clock::SystemClock);
    let client = PortalClient::new(options, Arc::default(), clock).expect("a client");
    (portal, client)
}

async fn ask(client: &PortalClient, query: Query) -> Answer {
    let asker = Asker { channel: Channel::Kiosk, number: None, deadline: Duration::from_secs(30), key: None };
    client.ask(&query, asker).await
}

async fn find(client: &PortalClient, words: &str) -> Found {
    match ask(client, Query::Find { words: words.to_owned() }).await {
        Answer::Found(Ok(found)) => found,
        other => panic!("{words}: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn services_are_found_by_what_people_say_and_by_nothing_else() {
    let (portal, client) = portal(Extent::Samples).await;
    for (said, wanted, slipped) in [
        ("passport", "passport", false),
        ("Passport", "passport", false),
        ("pasport", "passport", true),
        ("លិខិតឆ្លងដែន", "passport", false),
        ("ប៉ាស្ព័រ", "passport", true),
        ("idcard", "identity-card", true),
        ("ID card", "identity-card", false),
        ("identity card", "identity-card", false),
        ("អត្តសញ្ញាណប័ណ្ណ", "identity-card", false),
        ("motor licence", "driving-licence", true),
        ("driver license", "driving-licence", true),
        ("birth paper", "birth-certificate", true),
        ("សំបុត្រកំណើត", "birth-certificate", false),
        ("3008", "passport", false),
    ] {
        let found = find(&client, said).await;
        let ids: Vec<&str> = found.services.iter().map(|service| service.id.as_str()).collect();
        assert!(ids.contains(&wanted), "{said}: {ids:?}");
        assert_eq!(found.meant.is_some(), slipped, "{said}: {:?}", found.meant);
    }
    for nonsense in ["qqqqqq", "card", "x", "motorway bridge", "ចចចចចច"] {
        let found = find(&client, nonsense).await;
        assert!(!found.services.iter().any(|service| service.id == "passport"), "{nonsense}");
        assert!(found.meant.is_none(), "{nonsense}: {:?}", found.meant);
    }
    let office = find(&client, "Dangkao").await;
    assert!(office.offices.iter().any(|hit| hit.office.id == "owso-1205"));
    let law = find(&client, "sub-decree").await;
    assert!(law.pages.len() >= 2, "{:?}", law.pages);
    portal.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wanted_most_comes_first_for_each_of_those_who_come() {
    let (portal, client) = portal(Extent::Samples).await;
    for (audience, first) in [
        (Audience::Citizen, "birth-certificate"),
        (Audience::Business, "rental-room-licence"),
        (Audience::Foreigner, "work-permit"),
        (Audience::Visitor, "visa-extension"),
    ] {
        let search = ServiceSearch { audience: Some(audience), ..ServiceSearch::default() };
        let Answer::Services(Ok(found)) = ask(&client, Query::Services(search)).await else { panic!("{audience:?}") };
        assert_eq!(found.items[0].id, first, "{audience:?}");
        assert!(found.items.iter().all(|service| service.audiences.contains(&audience)));
    }
    portal.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_country_is_read_and_each_province_has_its_three_levels() {
    let (portal, client) = portal(Extent::Country).await;
    let provinces: Vec<&str> =
        gazetteer::all().iter().filter(|one| one.level == Level::Province).map(|one| one.code).collect();
    assert_eq!(provinces.len(), 25);
    for province in provinces {
        let search = OfficeSearch { within: Some(province.to_owned()), ..OfficeSearch::default() };
        let Answer::Offices(Ok(found)) = ask(&client, Query::Offices(search)).await else { panic!("{province}") };
        for digits in [2, 4, 6] {
            let of_level = found.items.iter().filter(|hit| hit.office.division.len() == digits);
            assert!(of_level.count() > 0, "{province}: no office of {digits} digits");
        }
    }
    portal.stop().await;
}
