//! Names that outlast a power cut. A file that was flushed is of no use when its name, or that of a folder above it, is gone:
//! those lie in the folder, which is flushed by itself (fsync(2), "Notes"). It must not know what is in a file.
use std::{
    fs::{DirBuilder, File},
    io,
    os::unix::fs::DirBuilderExt,
    path::Path,
};

/// Flushes the folder in which a file or a folder has its name.
///
/// # Errors
/// What the system says.
pub fn sync_name(path: &Path) -> io::Result<()> {
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(dir)?.sync_all()
}

/// Makes a folder that only its owner may enter, and those above it that are not there, and sees that their names last. That
/// of one that is there already is flushed too: the start that made it may have been cut short.
///
/// # Errors
/// When it cannot be made, or its name cannot be flushed. A file system that flushes no folders, or a folder above that
/// cannot be read, is told in the log.
pub fn folder(path: &Path) -> io::Result<()> {
    let made = path.ancestors().skip(1).take_while(|dir| !dir.as_os_str().is_empty() && !dir.is_dir());
    let made: Vec<&Path> = std::iter::once(path).chain(made).collect();
    DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    for dir in made {
        match sync_name(dir) {
            Err(error) if is_not_ours_to_flush(&error) => {
                tracing::warn!(folder = %dir.display(), %error, "this folder's name may be lost in a power cut");
            }
            flushed => flushed?,
        }
    }
    Ok(())
}

fn is_not_ours_to_flush(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_folder_is_made_with_those_above_it_for_its_owner_alone_and_may_be_there() {
        let place = tempfile::tempdir().expect("a folder");
        let path = place.path().join("var/lib/chrak");
        for _ in 0..2 {
            folder(&path).expect("made");
            assert_eq!(path.metadata().expect("there").permissions().mode() & 0o777, 0o700);
        }
        std::fs::write(place.path().join("file"), "x").expect("written");
        assert!(folder(&place.path().join("file/under")).is_err(), "no folder can be there");
        assert!(sync_name(&place.path().join("nowhere/file")).is_err());
    }
}
