//! Inputs between a file with one in hexadecimal digits on each line, which is kept, and a folder with a file for each,
//! which the fuzz engine wants: `corpus unpack FILE FOLDER`, `corpus pack FOLDER FILE`.
use std::{error::Error, fs, path::Path};

#[path = "targets/lines.rs"]
mod lines;

/// Inputs that are kept of a target at most: short ones and long ones alike.
const KEPT_MAX: usize = 200;
/// Octets of one at most; what breaks a promise is kept by hand, with a name, whatever its length.
const OCTETS_MAX: usize = 256;

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match &words[..] {
        [order, file, folder] if order == "unpack" => unpack(Path::new(file), Path::new(folder)),
        [order, folder, file] if order == "pack" => pack(Path::new(folder), Path::new(file)),
        _ => Err("corpus unpack FILE FOLDER, or corpus pack FOLDER FILE".into()),
    }
}

fn unpack(file: &Path, folder: &Path) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(folder)?;
    for (number, input) in lines::inputs(&fs::read_to_string(file).unwrap_or_default()).iter().enumerate() {
        fs::write(folder.join(format!("kept-{number}")), input)?;
    }
    Ok(())
}

/// What stands in the file with a name before it stays, whatever else is found.
fn pack(folder: &Path, file: &Path) -> Result<(), Box<dyn Error>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        found.push(fs::read(entry?.path())?);
    }
    found.sort_by_key(|input| (input.len(), input.clone()));
    found.dedup();
    found.retain(|input| input.len() <= OCTETS_MAX);
    let all = found.len();
    let found: Vec<Vec<u8>> = (0..all.min(KEPT_MAX)).map(|at| found[at * all / all.min(KEPT_MAX)].clone()).collect();
    let before = fs::read_to_string(file).unwrap_or_default();
    let named = before.lines().filter(|line| line.contains(' ') || line.starts_with('#')).map(str::to_owned);
    let lines: Vec<String> = named.chain(found.iter().map(|input| lines::hex(input))).collect();
    fs::write(file, lines.join("\n") + "\n")?;
    Ok(())
}
