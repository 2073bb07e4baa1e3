//! Builds the woven tree, learns which test reaches which mutant, and judges each mutant by them.
use crate::draw::Mutant;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

/// A test that takes longer with every switch off is left out.
const LONGEST: Duration = Duration::from_secs(180);
/// Tests that judge a mutant at most, the quickest first.
const JUDGES_MAX: usize = 60;
/// Tests and mutants at work at once.
const AT_ONCE: usize = 3;

/// Compiles library and tests; the numbers of the mutants that do not compile.
pub fn build(folder: &Path, drawn: &[Mutant]) -> BTreeSet<usize> {
    let tree = folder.join("tree");
    let out = Command::new("cargo")
        .args(["check", "--lib", "--locked", "--message-format=json"])
        .env("CARGO_TARGET_DIR", folder.join("target"))
        .current_dir(&tree)
        .stderr(Stdio::inherit())
        .output()
        .expect("cargo runs");
    let mut wrong = BTreeSet::new();
    let messages = String::from_utf8_lossy(&out.stdout);
    let errors = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    for error in errors.filter(|one| one["message"]["level"] == "error") {
        let spans = error["message"]["spans"].as_array().cloned().unwrap_or_default();
        let before = wrong.len();
        for span in &spans {
            wrong.extend(blamed(&tree, span, drawn));
        }
        if wrong.len() == before && !spans.is_empty() {
            eprintln!("{}", error["message"]["rendered"].as_str().unwrap_or_default());
        }
    }
    assert!(out.status.success() || !wrong.is_empty(), "the tree does not compile, and no mutant is to blame");
    wrong
}

/// The mutants whose switch stands on the lines of a message, or the nearest one before them.
fn blamed(tree: &Path, span: &Value, drawn: &[Mutant]) -> Vec<usize> {
    let (Some(file), Some(from), Some(to)) =
        (span["file_name"].as_str(), span["line_start"].as_u64(), span["line_end"].as_u64())
    else {
        return Vec::new();
    };
    let Ok(text) = fs::read_to_string(tree.join(file)) else { return Vec::new() };
    let lines: Vec<&str> = text.lines().collect();
    let of = |line: &str| -> Vec<usize> {
        let after = line.split("crate::mutant(").skip(1);
        after.filter_map(|rest| rest.split(')').next()?.parse().ok()).collect()
    };
    let here = |id: &usize| drawn.iter().any(|mutant| mutant.id == *id);
    let within = lines.iter().skip(from as usize - 1).take((to - from + 1) as usize);
    let found: Vec<usize> = within.flat_map(|line| of(line)).filter(here).collect();
    if !found.is_empty() {
        return found;
    }
    let before = lines.iter().take(from as usize).rev().take(80).map(|line| of(line));
    before.into_iter().find(|found| !found.is_empty()).unwrap_or_default()
}

/// A test, and what is known of it.
struct Test {
    binary: PathBuf,
    name: String,
    took: Duration,
    reaches: BTreeSet<usize>,
}

/// The binaries of the tests.
fn binaries(folder: &Path) -> Vec<PathBuf> {
    let out = Command::new("cargo")
        .args(["test", "--no-run", "--lib", "--test", "it", "--locked", "--message-format=json"])
        .env("CARGO_TARGET_DIR", folder.join("target"))
        .current_dir(folder.join("tree"))
        .stderr(Stdio::inherit())
        .output()
        .expect("cargo runs");
    assert!(out.status.success(), "the tests of the woven tree do not compile");
    let messages = String::from_utf8_lossy(&out.stdout);
    let made = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    made.filter_map(|one| one["executable"].as_str().map(PathBuf::from)).collect()
}

/// Runs a test; whether it passed in time.
fn passes(tree: &Path, test: (&Path, &str), set: &[(&str, &str)], patience: Duration) -> bool {
    let mut command = Command::new(test.0);
    command.args(["--exact", test.1, "--test-threads=1"]).current_dir(tree).envs(set.iter().copied());
    command.env_remove("CHRAK_BIN").stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().expect("a test starts");
    let end = Instant::now() + patience;
    loop {
        if let Some(status) = child.try_wait().expect("a test is waited for") {
            return status.success();
        }
        if Instant::now() > end {
            let _ = child.kill();
            let _ = child.wait();
            return false;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Does something for each, a few at once.
fn each<T: Sync>(all: &[T], work: impl Fn(usize, &T) + Sync) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some((at, one)) =
                    Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|at| Some((at, all.get(at)?)))
                {
                    work(at, one);
                }
            });
        }
    });
}

/// The tests that pass by themselves, with what each reaches.
fn learn(folder: &Path) -> (Vec<Test>, usize) {
    let tree = folder.join("tree");
    let mut names = Vec::new();
    for binary in binaries(folder) {
        let out = Command::new(&binary).arg("--list").current_dir(&tree).output().expect("tests are listed");
        let listed = String::from_utf8_lossy(&out.stdout).into_owned();
        names.extend(
            listed.lines().filter_map(|line| line.strip_suffix(": test")).map(|name| (binary.clone(), name.to_owned())),
        );
    }
    let tests = Mutex::new(Vec::new());
    each(&names, |at, (binary, name)| {
        let note = folder.join(format!("reached-{at}"));
        let _ = fs::remove_file(&note);
        let begun = Instant::now();
        let noted = note.to_string_lossy().into_owned();
        if passes(&tree, (binary, name), &[("CHRAK_REACHED", &noted)], LONGEST) {
            let reached = fs::read_to_string(&note).unwrap_or_default();
            let reaches = reached.lines().filter_map(|line| line.parse().ok()).collect();
            let test = Test { binary: binary.clone(), name: name.clone(), took: begun.elapsed(), reaches };
            tests.lock().expect("no panic").push(test);
        }
        let _ = fs::remove_file(&note);
    });
    let mut tests = tests.into_inner().expect("no panic");
    tests.sort_by_key(|test| test.took);
    let left_out = names.len() - tests.len();
    (tests, left_out)
}

/// Judges each mutant and writes what came of it.
pub fn judge(folder: &Path, drawn: &[Mutant], unviable: usize) -> String {
    let tree = folder.join("tree");
    let (tests, left_out) = learn(folder);
    println!(
        "{} tests judge; {left_out} are left out: they need the program, a browser, or the sources as they were",
        tests.len()
    );
    let caught: Mutex<BTreeMap<usize, String>> = Mutex::default();
    let missed: Mutex<BTreeMap<usize, String>> = Mutex::default();
    each(drawn, |_, mutant| {
        let id = mutant.id.to_string();
        let judges: Vec<&Test> = tests.iter().filter(|test| test.reaches.contains(&mutant.id)).collect();
        let fails = judges.iter().take(JUDGES_MAX).find(|test| {
            let patience = test.took * 4 + Duration::from_secs(10);
            !passes(&tree, (&test.binary, &test.name), &[("CHRAK_MUTANT", &id)], patience)
        });
        match fails {
            Some(test) => caught.lock().expect("no panic").insert(mutant.id, test.name.clone()),
            None => {
                let line = format!("{} ({} tests reach it)", mutant.name, judges.len());
                println!("MISSED {line}");
                missed.lock().expect("no panic").insert(mutant.id, line)
            }
        };
    });
    let (caught, missed) = (caught.into_inner().expect("no panic"), missed.into_inner().expect("no panic"));
    let mut report = String::new();
    let judged = caught.len() + missed.len();
    let share = 100.0 * caught.len() as f64 / judged.max(1) as f64;
    let _ = writeln!(report, "{} of {judged} caught ({share:.1} %), {unviable} do not compile", caught.len());
    for line in missed.values() {
        let _ = writeln!(report, "MISSED {line}");
    }
    report
}
