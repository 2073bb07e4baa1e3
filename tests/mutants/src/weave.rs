//! Weaves mutants into a copy of the sources, each behind `crate::mutant(ID)`. What is copied is what git knows of, so that a
//! build of the copy is a build of the project.
use crate::draw::{Mutant, Place, Span};
use std::{collections::BTreeMap, fs, path::Path, process::Command};
use syn::{spanned::Spanned, visit::Visit};

/// Asked at each switch: whether this mutant is the one that lives, and on the way who was asked for.
const SWITCH: &str = r#"
/// Whether the mutant of this number lives; what is asked for is noted in the file that `CHRAK_REACHED` names.
#[allow(missing_docs, clippy::all)]
pub fn mutant(id: usize) -> bool {
    use std::{io::Write, sync::{Mutex, OnceLock, atomic::{AtomicBool, Ordering}}};
    static LIVES: OnceLock<Option<usize>> = OnceLock::new();
    static NOTE: OnceLock<Option<Mutex<std::fs::File>>> = OnceLock::new();
    static ASKED: [AtomicBool; 65_536] = [const { AtomicBool::new(false) }; 65_536];
    if !ASKED[id].swap(true, Ordering::Relaxed) {
        let note = NOTE.get_or_init(|| {
            let path = std::env::var_os("CHRAK_REACHED")?;
            Some(Mutex::new(std::fs::OpenOptions::new().create(true).append(true).open(path).ok()?))
        });
        if let Some(note) = note {
            let _ = writeln!(note.lock().unwrap(), "{id}");
        }
    }
    *LIVES.get_or_init(|| std::env::var("CHRAK_MUTANT").ok()?.parse().ok()) == Some(id)
}
"#;

/// Makes `folder/tree` the project with these mutants in it. Files that are as they were are not written again, so that a second
/// build is a short one.
pub fn weave(project: &Path, folder: &Path, drawn: &[Mutant]) {
    let tree = folder.join("tree");
    let listed = Command::new("git").args(["ls-files", "-z"]).current_dir(project).output().expect("git lists files");
    let listed = String::from_utf8(listed.stdout).expect("names in UTF-8");
    for name in listed.split('\0').filter(|name| !name.is_empty()) {
        let Ok(mut octets) = fs::read(project.join(name)) else { continue };
        let here: Vec<&Mutant> = drawn.iter().filter(|mutant| mutant.file == name).collect();
        if !here.is_empty() {
            octets = woven(&String::from_utf8(octets).expect("sources in UTF-8"), &here).into_bytes();
        }
        if name == "src/lib.rs" {
            octets.extend_from_slice(SWITCH.as_bytes());
        }
        let path = tree.join(name);
        if fs::read(&path).ok().as_deref() != Some(&octets) {
            fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
            fs::write(&path, octets).expect("a file of the tree");
        }
    }
}

/// Where in the text a place is, in octets.
struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn of(text: &'a str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Lines { text, starts }
    }

    fn at(&self, place: Place) -> usize {
        let start = self.starts[place.line - 1];
        let line = &self.text[start..];
        start + line.char_indices().nth(place.column - 1).map_or(line.len(), |(at, _)| at)
    }

    fn range(&self, span: Span) -> (usize, usize) {
        (self.at(span.start), self.at(span.end))
    }
}

fn span_of(of: &impl Spanned) -> Span {
    let (start, end) = (of.span().start(), of.span().end());
    // proc_macro2 counts columns from 0
    Span {
        start: Place { line: start.line, column: start.column + 1 },
        end: Place { line: end.line, column: end.column + 1 },
    }
}

/// Finds the smallest expression around what is replaced, or the arm that is.
struct Around {
    wanted: Span,
    expression: Option<Span>,
    arm: Option<(Span, Option<Span>, Span)>,
}

fn holds(outer: Span, inner: Span) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

impl<'ast> Visit<'ast> for Around {
    fn visit_expr(&mut self, expression: &'ast syn::Expr) {
        let span = span_of(expression);
        if holds(span, self.wanted) {
            self.expression = Some(span);
            syn::visit::visit_expr(self, expression);
        }
    }

    fn visit_arm(&mut self, arm: &'ast syn::Arm) {
        if holds(span_of(arm), self.wanted) {
            let guard = arm.guard.as_ref().map(|(_, guard)| span_of(guard));
            self.arm = Some((span_of(&arm.pat), guard, span_of(arm)));
            syn::visit::visit_arm(self, arm);
        }
    }
}

/// What is put into the text: before and after a range, the outer ones further out.
type Insertions = BTreeMap<usize, Vec<(bool, usize, String)>>;

fn wrap(insertions: &mut Insertions, (from, to): (usize, usize), before: String, after: String) {
    insertions.entry(from).or_default().push((true, to - from, before));
    insertions.entry(to).or_default().push((false, to - from, after));
}

fn woven(text: &str, mutants: &[&Mutant]) -> String {
    let lines = Lines::of(text);
    let file = syn::parse_file(text).expect("the source compiles");
    let mut insertions = Insertions::new();
    for mutant in mutants {
        let (from, to) = lines.range(mutant.span);
        let switch = format!("crate::mutant({})", mutant.id);
        if mutant.genre == "FnValue" {
            let value = &mutant.replacement;
            // the span is that of the body: with its braces, or of what is between them
            let at = if text[from..].starts_with('{') { from + 1 } else { from };
            let early = format!(" if {switch} {{ return {value}; }} ");
            insertions.entry(at).or_default().push((true, usize::MAX, early));
            continue;
        }
        let mut around = Around { wanted: mutant.span, expression: None, arm: None };
        around.visit_file(&file);
        match (mutant.genre.as_str(), around.arm, around.expression) {
            ("MatchArm", Some((pattern, None, _)), _) => {
                let (_, end) = lines.range(pattern);
                insertions.entry(end).or_default().push((false, usize::MAX, format!(" if !{switch} ")));
            }
            ("MatchArm" | "MatchArmGuard", Some((_, Some(guard), _)), _) => {
                let range = lines.range(guard);
                let before = match mutant.replacement.as_str() {
                    "true" => format!("({switch} || ("),
                    _ => format!("(!{switch} && ("),
                };
                wrap(&mut insertions, range, before, "))".to_owned());
            }
            (_, _, Some(expression)) => {
                let range = lines.range(expression);
                let other = format!("{}{}{}", &text[range.0..from], mutant.replacement, &text[to..range.1]);
                let before = format!("(if {switch} {{ {other} }} else {{ ");
                wrap(&mut insertions, range, before, " })".to_owned());
            }
            _ => eprintln!("{}: not woven", mutant.name),
        }
    }
    laid(text, insertions)
}

fn laid(text: &str, insertions: Insertions) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let mut done = 0;
    for (at, mut pieces) in insertions {
        out.push_str(&text[done..at]);
        done = at;
        // what ends here closes before anything begins; inner ends first, outer begins first
        pieces.sort_by_key(|(begins, length, _)| (*begins, if *begins { usize::MAX - length } else { *length }));
        pieces.iter().for_each(|(_, _, piece)| out.push_str(piece));
    }
    out.push_str(&text[done..]);
    out
}
