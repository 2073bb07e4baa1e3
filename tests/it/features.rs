//! The dependencies of the program that ships, and of what builds it (macros write code that ships), have the features
//! that the tests see, or the difference stands here with its reason. A feature that only a dependency of tests switches
//! on made every number valid in tests and none in the product.
use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

/// Package, feature that only the test build has, and why nothing of the product depends on it.
const DIFFERENT: &[(&str, &str, &str)] = &[
    ("digest", "alloc", "results in a Vec, which nobody asks for"),
    ("digest", "oid", "a name of each algorithm for certificates, which nobody asks for"),
    ("either", "use_std", "the older name of std, which ships"),
    ("rand", "default", "its other parts are named one by one"),
    ("serde_json", "alloc", "its parts without std; the one with std ships"),
    ("serde_json", "indexmap", "what keeps the order below"),
    (
        "serde_json",
        "preserve_order",
        "objects keep the order of their members instead of sorting them; what a digest is made of is ordered by \
         api::messages itself, and nothing else depends on an order",
    ),
    ("syn", "visit-mut", "adds a trait for macros of the tests; what the others write stays the same"),
    ("tokio", "test-util", "a clock that a test can pause; it is the system's until one does, and only unit tests do"),
    ("tokio-stream", "sync", "streams over channels, which we do not use"),
    ("tokio-stream", "tokio-util", "comes with sync"),
    ("zerocopy", "derive", "adds macros, which criterion's numbers of 16 bits ask for; what is there stays the same"),
    ("zerocopy", "zerocopy-derive", "comes with derive"),
];

type Graph = BTreeMap<String, BTreeSet<BTreeSet<String>>>;

/// Packages with the features they are built with, as cargo resolves them for these kinds of edges.
fn resolved(edges: &str) -> Graph {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["tree", "--locked", "--offline", "--prefix", "none", "--format", "{p}|{f}", "--edges", edges])
        .output()
        .expect("cargo can be run");
    assert!(output.status.success(), "cargo tree: {}", String::from_utf8_lossy(&output.stderr));
    let mut graph = Graph::new();
    for line in String::from_utf8(output.stdout).expect("UTF-8").lines() {
        let line = line.trim_end_matches(" (*)");
        let (package, features) = line.split_once('|').unwrap_or_else(|| panic!("cargo tree wrote \"{line}\""));
        // name and version; a path stands behind them in our own
        let package = package.split(' ').take(2).collect::<Vec<_>>().join(" ");
        let features = features.split(',').filter(|feature| !feature.is_empty()).map(str::to_owned).collect();
        graph.entry(package).or_default().insert(features);
    }
    graph
}

/// `package feature` of each feature that a shipped package has in one build and not in the other.
fn differences(shipped: &Graph, tested: &Graph) -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    for (package, builds) in shipped {
        let name = package.split(' ').next().unwrap_or_default().to_owned();
        let Some(other) = tested.get(package) else {
            found.insert((name, "(the package itself)".to_owned()));
            continue;
        };
        for features in builds.symmetric_difference(other) {
            // against the nearest build that only the other side has; what both have differs from neither
            let (own, side) = if builds.contains(features) { (builds, other) } else { (other, builds) };
            let distance = |one: &&BTreeSet<String>| one.symmetric_difference(features).count();
            let nearest = side.difference(own).min_by_key(distance).or_else(|| side.iter().min_by_key(distance));
            let nearest = nearest.expect("a package has a build");
            found.extend(nearest.symmetric_difference(features).map(|feature| (name.clone(), feature.clone())));
        }
    }
    found
}

#[test]
fn what_ships_has_the_features_that_are_tested() {
    let shipped = resolved("normal,build");
    let tested = resolved("normal,build,dev");
    assert!(shipped.len() > 100 && tested.len() > shipped.len(), "{} and {}", shipped.len(), tested.len());
    let found = differences(&shipped, &tested);
    let known: BTreeSet<(String, String)> =
        DIFFERENT.iter().map(|(package, feature, _)| ((*package).to_owned(), (*feature).to_owned())).collect();
    let new: Vec<_> = found.difference(&known).collect();
    assert!(
        new.is_empty(),
        "these features of shipped dependencies differ between the program and its tests: {new:#?}\n\
         Give the program what it needs in [dependencies], or take it from [dev-dependencies]; where the difference \
         cannot matter, add (package, feature, reason) to DIFFERENT in tests/it/features.rs"
    );
    let gone: Vec<_> = known.difference(&found).collect();
    assert!(
        gone.is_empty(),
        "these differences are gone; take them out of DIFFERENT in tests/it/features.rs: {gone:#?}"
    );
}

#[test]
fn a_feature_that_only_the_tests_have_is_found() {
    let graph = |features: &[&str]| {
        let features = features.iter().map(|feature| (*feature).to_owned()).collect();
        Graph::from([("regex-syntax v0.8.12".to_owned(), BTreeSet::from([features]))])
    };
    // what happened: \\d could be built in tests only
    let found = differences(&graph(&["std"]), &graph(&["std", "unicode-perl"]));
    assert_eq!(found, BTreeSet::from([("regex-syntax".to_owned(), "unicode-perl".to_owned())]));
    assert!(differences(&graph(&["std"]), &graph(&["std"])).is_empty());
}
