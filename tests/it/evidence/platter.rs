//! What a disk keeps when the power fails: all that was flushed, and of the rest any part: nothing, some writes, or sectors of
//! some. Names are kept when their folder was flushed; of the changes to them that were not, the first ones. It knows the data
//! folder of the program; it must not know a database.
//!
//! Not modelled: a drive that loses what it has flushed, and what is mapped into memory (the index of the WAL, which SQLite
//! makes anew).
use super::{points::Dice, trace::Step};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// Octets that a disk writes whole.
const SECTOR: usize = 512;

/// What is kept of what was not flushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    Nothing,
    SomeWrites,
    SomeSectors,
    Everything,
}

pub const KEPT: [Kept; 4] = [Kept::Nothing, Kept::SomeWrites, Kept::SomeSectors, Kept::Everything];

enum Change {
    Write { at: usize, octets: Vec<u8> },
    Cut(usize),
}

#[derive(Default)]
struct OneFile {
    flushed: Vec<u8>,
    pending: Vec<Change>,
    /// As the program sees it.
    len: usize,
}

enum Naming {
    Made(String, usize),
    Gone(String),
    Moved(String, String),
}

/// The disk under the data folder.
#[derive(Default)]
pub struct Platter {
    data: PathBuf,
    files: Vec<OneFile>,
    /// As the program sees them, and as they are kept.
    seen: BTreeMap<String, usize>,
    kept: BTreeMap<String, usize>,
    namings: Vec<Naming>,
    /// Whether the data folder's own name is kept.
    stands: bool,
}

/// Files and what is in them; `None` where the folder itself is gone.
pub type Image = Option<BTreeMap<String, Vec<u8>>>;

impl Platter {
    /// For the data folder at this place.
    pub fn under(data: &Path) -> Self {
        Platter { data: data.to_owned(), ..Platter::default() }
    }

    /// The name of a file in the data folder, whichever way the path is written.
    fn name(&self, path: &str) -> Option<String> {
        let path = Path::new(path);
        let folder = path.parent()?.file_name()?;
        let inside = folder == self.data.file_name()?;
        inside.then(|| path.file_name().map(|name| name.to_string_lossy().into_owned()))?
    }

    /// Whether a step changes what the disk may keep.
    pub fn concerns(&self, step: &Step) -> bool {
        match step {
            Step::Written { path, .. } | Step::Cut { path, .. } | Step::Flushed(path) => {
                self.name(path).is_some_and(|name| !name.ends_with("-shm"))
            }
            Step::Unlinked(path) | Step::Renamed { to: path, .. } => self.name(path).is_some(),
            _ => false,
        }
    }

    fn file(&mut self, path: &str) -> Option<&mut OneFile> {
        let at = *self.seen.get(&self.name(path)?)?;
        self.files.get_mut(at)
    }

    /// Lets it happen.
    pub fn take(&mut self, step: &Step) {
        match step {
            Step::Opened { path, cut } => self.opened(path, *cut),
            Step::Written { path, at, octets } => {
                if let Some(file) = self.file(path) {
                    let at = at.map_or(file.len, |at| at as usize);
                    file.len = file.len.max(at + octets.len());
                    file.pending.push(Change::Write { at, octets: octets.clone() });
                }
            }
            Step::Cut { path, len } => {
                if let Some(file) = self.file(path) {
                    file.len = *len as usize;
                    file.pending.push(Change::Cut(*len as usize));
                }
            }
            Step::Flushed(path) => self.flushed(path),
            Step::Unlinked(path) => {
                if let Some(name) = self.name(path)
                    && self.seen.remove(&name).is_some()
                {
                    self.namings.push(Naming::Gone(name));
                }
            }
            Step::Renamed { from, to } => {
                if let (Some(from), Some(to)) = (self.name(from), self.name(to))
                    && let Some(file) = self.seen.remove(&from)
                {
                    self.seen.insert(to.clone(), file);
                    self.namings.push(Naming::Moved(from, to));
                }
            }
            Step::Folder(_) | Step::Sent { .. } | Step::Received { .. } => {}
        }
    }

    fn opened(&mut self, path: &str, cut: bool) {
        let Some(name) = self.name(path) else { return };
        if !self.seen.contains_key(&name) {
            self.files.push(OneFile::default());
            self.seen.insert(name.clone(), self.files.len() - 1);
            self.namings.push(Naming::Made(name, self.files.len() - 1));
        } else if cut {
            self.take(&Step::Cut { path: path.to_owned(), len: 0 });
        }
    }

    fn flushed(&mut self, path: &str) {
        let path = Path::new(path);
        if path == self.data {
            for naming in std::mem::take(&mut self.namings) {
                named(&mut self.kept, &naming);
            }
        } else if Some(path) == self.data.parent() {
            self.stands = true;
        } else if let Some(file) = self.file(&path.to_string_lossy()) {
            for change in std::mem::take(&mut file.pending) {
                changed(&mut file.flushed, &change, |_| true);
            }
        }
    }

    /// What the disk has when the power fails now.
    pub fn image(&self, kept: Kept, dice: &mut Dice) -> Image {
        let whether = |dice: &mut Dice| match kept {
            Kept::Nothing => false,
            Kept::Everything => true,
            Kept::SomeWrites | Kept::SomeSectors => dice.below(2) == 0,
        };
        if !self.stands && !whether(dice) {
            return None;
        }
        let mut names = self.kept.clone();
        for naming in self.namings.iter() {
            if !whether(dice) {
                break;
            }
            named(&mut names, naming);
        }
        let mut image = BTreeMap::new();
        for (name, at) in names {
            let file = &self.files[at];
            let mut octets = file.flushed.clone();
            for change in &file.pending {
                match kept {
                    Kept::SomeSectors => changed(&mut octets, change, |_| dice.below(2) == 0),
                    _ if whether(dice) => changed(&mut octets, change, |_| true),
                    _ => {}
                }
            }
            image.insert(name, octets);
        }
        Some(image)
    }
}

fn named(names: &mut BTreeMap<String, usize>, naming: &Naming) {
    match naming {
        Naming::Made(name, file) => {
            names.insert(name.clone(), *file);
        }
        Naming::Gone(name) => {
            names.remove(name);
        }
        Naming::Moved(from, to) => {
            if let Some(file) = names.remove(from) {
                names.insert(to.clone(), file);
            }
        }
    }
}

/// Carries a change out, sector by sector of the file as `keeps` says.
fn changed(octets: &mut Vec<u8>, change: &Change, mut keeps: impl FnMut(usize) -> bool) {
    match change {
        Change::Cut(len) => {
            if keeps(0) {
                octets.resize(*len, 0);
            }
        }
        Change::Write { at, octets: new } => {
            let mut done = 0;
            while done < new.len() {
                let from = at + done;
                let part = (SECTOR - from % SECTOR).min(new.len() - done);
                if keeps(from / SECTOR) {
                    if octets.len() < from + part {
                        octets.resize(from + part, 0);
                    }
                    octets[from..from + part].copy_from_slice(&new[done..done + part]);
                }
                done += part;
            }
        }
    }
}

#[test]
fn what_was_flushed_is_kept_and_of_the_rest_any_part() {
    let mut disk = Platter::under(Path::new("/x/data"));
    let write =
        |at: u64, octet: u8| Step::Written { path: "/x/data/a".to_owned(), at: Some(at), octets: vec![octet; 1024] };
    let opened = |path: &str| Step::Opened { path: path.to_owned(), cut: false };
    let flushed = |path: &str| Step::Flushed(path.to_owned());
    let mut dice = Dice(1);
    disk.take(&opened("./data/a"));
    disk.take(&write(0, 1));
    assert_eq!(disk.image(Kept::Nothing, &mut dice), None, "the folder has no name yet");
    disk.take(&flushed("/x"));
    assert_eq!(disk.image(Kept::Nothing, &mut dice), Some(BTreeMap::new()), "nor has the file");
    disk.take(&flushed("/x/data"));
    assert_eq!(disk.image(Kept::Nothing, &mut dice).expect("stands")["a"], [0_u8; 0]);
    disk.take(&flushed("/x/data/a"));
    disk.take(&write(1024, 2));
    assert_eq!(disk.image(Kept::Nothing, &mut dice).expect("stands")["a"], [1; 1024]);
    assert_eq!(disk.image(Kept::Everything, &mut dice).expect("stands")["a"].len(), 2048);
    let torn = (0..100).any(|_| {
        let image = disk.image(Kept::SomeSectors, &mut dice).expect("stands");
        image["a"].len() == 2048 && image["a"][1024..1536] != image["a"][1536..]
    });
    assert!(torn, "a write is torn at times");
    disk.take(&Step::Renamed { from: "./data/a".to_owned(), to: "./data/b".to_owned() });
    assert!(disk.image(Kept::Nothing, &mut dice).expect("stands").contains_key("a"));
    assert!(disk.image(Kept::Everything, &mut dice).expect("stands").contains_key("b"));
}
