//! Mutation testing that fits into a tea break. `cargo mutants` finds the mutants; building the program once for each takes a
//! minute and more, so here those that a seed draws are woven into *one* build, each behind a switch that the environment throws.
//! Each test runs once with all switches off and says which mutants it reaches; then each mutant is judged by the tests
//! that reach it, the quickest first, until one fails.
//!
//! `tests/mutants/run [HOW MANY] [SEED] [FOLDER]`; the folder outlives the run, with the build and `report.txt` in it.
mod draw;
mod judge;
mod weave;

use std::{path::PathBuf, process::ExitCode};

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [list, project, folder, how_many, seed] = words.as_slice() else {
        eprintln!("mutants-at-once LIST.json PROJECT FOLDER HOW_MANY SEED (tests/mutants/run calls it)");
        return ExitCode::from(2);
    };
    let (Ok(how_many), Ok(seed)) = (how_many.parse(), seed.parse()) else {
        eprintln!("mutants-at-once: HOW_MANY and SEED are numbers");
        return ExitCode::from(2);
    };
    let (project, folder) = (PathBuf::from(project), PathBuf::from(folder));
    let all = draw::read(list.as_ref());
    let mut drawn = draw::draw(&all, how_many, seed);
    println!("{} mutants in all, {} drawn by seed {seed}", all.len(), drawn.len());
    let mut unviable = Vec::new();
    loop {
        weave::weave(&project, &folder, &drawn);
        let wrong = judge::build(&folder, &drawn);
        if wrong.is_empty() {
            break;
        }
        println!("{} do not compile", wrong.len());
        drawn.retain(|mutant| !wrong.contains(&mutant.id));
        unviable.extend(wrong);
    }
    let report = judge::judge(&folder, &drawn, unviable.len());
    print!("{report}");
    std::fs::write(folder.join("report.txt"), report).expect("the report is written");
    ExitCode::SUCCESS
}
