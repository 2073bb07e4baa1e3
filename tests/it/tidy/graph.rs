//! Who imports whom, read from the source: modules of one room, and rooms. Code of tests does not count.
use super::{files, root};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

/// Arrows between nodes that are called so.
pub type Graph = BTreeMap<String, BTreeSet<String>>;

/// Modules of `src` by their path (`exchange::gate::budget`), with their code.
pub struct Source {
    modules: BTreeMap<String, String>,
    /// What a module passes on by `pub use`: its name to where that stands.
    passed_on: BTreeMap<(String, String), String>,
}

impl Source {
    /// All of `src`, without its tests.
    pub fn read() -> Self {
        let src = root().join("src");
        let is_test = |path: &Path| {
            path.components().any(|part| {
                let name = part.as_os_str().to_string_lossy();
                name == "tests" || name == "tests.rs" || name.ends_with("_tests.rs")
            })
        };
        let files = files(&src, ".rs");
        let inside = files.iter().map(|path| path.strip_prefix(&src).expect("a file of src"));
        let modules: BTreeMap<String, String> = inside
            .filter(|path| !is_test(path))
            .map(|path| (module_of(path), code(&std::fs::read_to_string(src.join(path)).expect("source"))))
            .collect();
        let mut source = Source { modules, passed_on: BTreeMap::new() };
        for (module, code) in &source.modules {
            for (public, path) in uses(code) {
                let (Some(name), true) = (path.last().cloned(), public) else { continue };
                if let Some(target) = source.resolve(module, &path).filter(|target| target != module) {
                    source.passed_on.insert((module.clone(), name), target);
                }
            }
        }
        source
    }

    /// Arrows between the modules of a room. A room's file that declares its modules and passes on what is in them imports
    /// nothing by that; what it uses itself, it imports.
    pub fn inside(&self, room: &str) -> Graph {
        let of_room = |module: &String| module == room || module.starts_with(&format!("{room}::"));
        let mut graph = Graph::new();
        for module in self.modules.keys().filter(|module| of_room(module)) {
            let arrows = self.arrows(module).into_iter().filter(|other| of_room(other) && other != module).collect();
            graph.insert(module.clone(), arrows);
        }
        graph
    }

    /// Arrows between rooms.
    pub fn between(&self) -> Graph {
        let room = |module: &str| module.split("::").next().unwrap_or_default().to_owned();
        let mut graph = Graph::new();
        for module in self.modules.keys().filter(|module| !matches!(module.as_str(), "lib" | "main")) {
            let own = room(module);
            let others = self.arrows(module).into_iter().map(|other| room(&other)).filter(|other| *other != own);
            graph.entry(own.clone()).or_default().extend(others);
        }
        graph
    }

    fn arrows(&self, module: &str) -> BTreeSet<String> {
        let code = &self.modules[module];
        let imported = uses(code).into_iter().filter(|(public, _)| !public).map(|(_, path)| path);
        imported.chain(self.named(module, code)).filter_map(|path| self.resolve(module, &path)).collect()
    }

    /// Paths in the code itself that begin at the crate, at a parent or at a child.
    fn named(&self, module: &str, code: &str) -> Vec<Vec<String>> {
        let children: BTreeSet<&str> = self
            .modules
            .keys()
            .filter_map(|other| other.strip_prefix(&format!("{module}::")))
            .filter(|rest| !rest.contains("::"))
            .collect();
        let mut paths = Vec::new();
        for statement in code.split(';').filter(|statement| !is_use(statement)) {
            for (at, _) in statement.match_indices("::") {
                let before = statement[..at].trim_end();
                let head = word_at_end(before);
                let ahead = &before[..before.len() - head.len()];
                // who may see something is no import of theirs
                let first = !ahead.ends_with("::") && !ahead.ends_with("(in ");
                if first && (["crate", "super", "self"].contains(&head) || children.contains(head)) {
                    let rest = words(&statement[at..]);
                    paths.push(std::iter::once(head.to_owned()).chain(rest).collect());
                }
            }
        }
        paths
    }

    /// The module that a path leads to, passed on or not; `None` out of the crate.
    fn resolve(&self, from: &str, path: &[String]) -> Option<String> {
        let mut steps = path.iter().map(String::as_str).peekable();
        let mut at = from.to_owned();
        match steps.peek().copied()? {
            "crate" => at = String::new(),
            "self" | "super" => {}
            child if self.modules.contains_key(&format!("{from}::{child}")) => {}
            _ => return None,
        }
        while let Some(step) = steps.next_if(|step| matches!(*step, "crate" | "self" | "super")) {
            if step == "super" {
                at = at.rsplit_once("::")?.0.to_owned();
            }
        }
        for step in steps {
            let below = if at.is_empty() { step.to_owned() } else { format!("{at}::{step}") };
            if self.modules.contains_key(&below) {
                at = below;
            } else if let Some(target) = self.passed_on.get(&(at.clone(), step.to_owned())) {
                at = target.clone();
            } else {
                break;
            }
        }
        (!at.is_empty()).then_some(at)
    }
}

/// Sets of more than one node of which each leads to each other.
pub fn rings(graph: &Graph) -> Vec<BTreeSet<String>> {
    let reach = |from: &String| {
        let (mut seen, mut next) = (BTreeSet::new(), vec![from]);
        while let Some(node) = next.pop() {
            next.extend(graph.get(node).into_iter().flatten().filter(|other| seen.insert((*other).clone())));
        }
        seen
    };
    let reached: BTreeMap<&String, BTreeSet<String>> = graph.keys().map(|node| (node, reach(node))).collect();
    let mut rings: Vec<BTreeSet<String>> = Vec::new();
    for (node, others) in reached.iter().filter(|(node, others)| others.contains(**node)) {
        let ring: BTreeSet<String> = others
            .iter()
            .filter(|other| reached.get(other).is_some_and(|back| back.contains(*node)))
            .cloned()
            .collect();
        if !rings.contains(&ring) {
            rings.push(ring);
        }
    }
    rings
}

fn module_of(path: &Path) -> String {
    let name = path.with_extension("").to_string_lossy().replace('/', "::");
    name.strip_suffix("::mod").map(str::to_owned).unwrap_or(name)
}

/// The code without comments, texts and tests.
fn code(source: &str) -> String {
    let mut kept = String::new();
    let mut lines = source.lines();
    while let Some(line) = lines.next() {
        if line.trim() == "#[cfg(test)]" {
            // a declaration ends with its line; a module of tests is the last thing of a file
            match lines.find(|line| !line.trim_start().starts_with("#[")) {
                Some(item) if item.trim_end().ends_with(';') => continue,
                _ => break,
            }
        }
        let code = line.split("//").next().unwrap_or_default();
        // texts hold no path; what stands between quotes is left out
        kept.extend(code.split('"').step_by(2));
        kept.push('\n');
    }
    kept
}

fn is_use(statement: &str) -> bool {
    let head = statement.rsplit(['}', ']']).next().unwrap_or_default().trim_start();
    let whole = statement.trim_start();
    [head, whole].iter().any(|text| use_tree(text).is_some())
}

/// What a `use` takes, and whether it passes it on.
fn use_tree(text: &str) -> Option<(bool, &str)> {
    match text.strip_prefix("pub").filter(|rest| rest.starts_with([' ', '('])) {
        None => text.strip_prefix("use ").map(|tree| (false, tree)),
        Some(rest) => {
            let rest = rest.strip_prefix('(').and_then(|scope| scope.split_once(')')).map_or(rest, |(_, rest)| rest);
            rest.trim_start().strip_prefix("use ").map(|tree| (true, tree))
        }
    }
}

/// All paths that are imported, and whether they are passed on.
fn uses(code: &str) -> Vec<(bool, Vec<String>)> {
    let mut found = Vec::new();
    for statement in code.split(';') {
        let start = statement.lines().position(|line| use_tree(line.trim_start()).is_some());
        let Some(start) = start else { continue };
        let text = statement.lines().skip(start).collect::<Vec<_>>().join(" ");
        if let Some((public, tree)) = use_tree(text.trim_start()) {
            let mut paths = Vec::new();
            expand(tree.trim(), &[], &mut paths);
            found.extend(paths.into_iter().map(|path| (public, path)));
        }
    }
    found
}

/// `a::{b, c::{d, e}}` as its single paths.
fn expand(tree: &str, before: &[String], paths: &mut Vec<Vec<String>>) {
    let Some((head, group)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap_or_default();
        let steps = path
            .split("::")
            .map(str::trim)
            .filter(|step| !step.is_empty() && !matches!(*step, "self" | "*") || *step == "self" && before.is_empty());
        paths.push(before.iter().cloned().chain(steps.map(str::to_owned)).collect());
        return;
    };
    let steps = head.split("::").map(str::trim).filter(|step| !step.is_empty()).map(str::to_owned);
    let before: Vec<String> = before.iter().cloned().chain(steps).collect();
    let group = group.rsplit_once('}').map_or(group, |(inner, _)| inner);
    let (mut depth, mut from) = (0_usize, 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                expand(group[from..at].trim(), &before, paths);
                from = at + 1;
            }
            _ => {}
        }
    }
    if !group[from..].trim().is_empty() {
        expand(group[from..].trim(), &before, paths);
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn word_at_end(text: &str) -> &str {
    &text[text.rfind(|c| !is_word(c)).map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8))..]
}

/// `::a::b(…` as `a`, `b`.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = text;
    while let Some(after) = rest.strip_prefix("::") {
        let end = after.find(|c| !is_word(c)).unwrap_or(after.len());
        if end == 0 {
            break;
        }
        words.push(after[..end].to_owned());
        rest = &after[end..];
    }
    words
}
