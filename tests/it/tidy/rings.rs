//! No ring inside a room: files that import each other in a circle are one file in several, and nothing in them can be
//! tested, moved or read alone. And the picture of the rooms, drawn from their imports.
use super::{
    FLOORS,
    graph::{Source, rings},
    root,
};
use std::{collections::BTreeSet, fmt::Write};

/// Rings that still stand, each as small as it is, and what they wait for.
const OPEN: &[(&[&str], &str)] = &[(
    &[
        "dialogue",
        "dialogue::feedback",
        "dialogue::flow",
        "dialogue::flow::back",
        "dialogue::language",
        "dialogue::status",
    ],
    "what a conversation is and how it goes on stand in one file; they part when a task is added",
)];

#[test]
fn nobody_imports_in_a_circle_inside_a_room() {
    let source = Source::read();
    let (mut found, mut arrows_of_rings) = (Vec::<BTreeSet<String>>::new(), String::new());
    for (room, floor) in FLOORS.iter().rev() {
        let graph = source.inside(room);
        let arrows: usize = graph.values().map(BTreeSet::len).sum();
        println!("{floor}  {room:<10} {:>3} modules, {arrows:>3} arrows", graph.len());
        for ring in rings(&graph) {
            for (module, others) in graph.iter().filter(|(module, _)| ring.contains(*module)) {
                let round: Vec<&String> = others.intersection(&ring).collect();
                let _ = writeln!(arrows_of_rings, "  {module} -> {round:?}");
            }
            arrows_of_rings.push('\n');
            found.push(ring);
        }
    }
    let open: Vec<BTreeSet<String>> =
        OPEN.iter().map(|(ring, _)| ring.iter().map(|module| (*module).to_owned()).collect()).collect();
    let new: Vec<_> = found.iter().filter(|ring| !open.contains(ring)).collect();
    let gone: Vec<_> = open.iter().filter(|ring| !found.contains(ring)).collect();
    assert!(new.is_empty(), "rings that were not there, or have changed: {new:#?}\nall of them:\n{arrows_of_rings}");
    assert!(gone.is_empty(), "these rings are open: take them from the list: {gone:#?}");
}

/// The rooms by floor as a picture, with an arrow for each that imports another and no path over a third that says the same.
fn picture() -> String {
    let graph = Source::read().between();
    let mut drawn = "```mermaid\nflowchart TD\n".to_owned();
    let floors: BTreeSet<u8> = FLOORS.iter().map(|(_, floor)| *floor).collect();
    for floor in floors.into_iter().rev() {
        let _ = writeln!(drawn, "  subgraph floor{floor} [\"{floor}\"]");
        for (room, _) in FLOORS.iter().filter(|(_, own)| *own == floor) {
            let _ = writeln!(drawn, "    {room}");
        }
        drawn.push_str("  end\n");
    }
    for (room, others) in &graph {
        let by_others: BTreeSet<&String> =
            others.iter().filter_map(|other| graph.get(other)).flatten().filter(|third| *third != room).collect();
        for other in others.iter().filter(|other| !by_others.contains(other)) {
            let _ = writeln!(drawn, "  {room} --> {other}");
        }
    }
    drawn + "```\n"
}

#[test]
fn the_picture_of_the_rooms_is_what_they_import() {
    let path = root().join("docs/ARCHITECTURE.md");
    let page = std::fs::read_to_string(&path).expect("ARCHITECTURE.md");
    let (before, rest) = page.split_once("```mermaid\n").expect("a picture");
    let (_, after) = rest.split_once("```\n").expect("its end");
    let wanted = format!("{before}{}{after}", picture());
    if page != wanted {
        if std::env::var_os("CHRAK_BLESS").is_some() {
            return std::fs::write(&path, wanted).expect("written");
        }
        panic!("docs/ARCHITECTURE.md shows another house; CHRAK_BLESS=1 draws it anew:\n{}", picture());
    }
}
