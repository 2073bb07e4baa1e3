//! Figures with their spread, and what was spent on them. Linux only: memory is read from /proc.
use std::{fs, path::Path, time::Duration};

/// What this process holds in memory, in MiB.
#[allow(dead_code, reason = "each bench takes what it needs")]
pub fn resident() -> f64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a line");
    line.trim().trim_end_matches(" kB").parse::<f64>().expect("a figure") / 1024.0
}

/// The value at or below which a share (0 to 1) of all lies; sorts them.
pub fn quantile(all: &mut [f64], share: f64) -> f64 {
    all.sort_by(f64::total_cmp);
    let at = ((all.len() as f64 * share).ceil() as usize).clamp(1, all.len().max(1)) - 1;
    all.get(at).copied().unwrap_or(f64::NAN)
}

/// `median | least | most`.
#[allow(dead_code, reason = "each bench takes what it needs")]
pub fn cells(all: &mut [f64], digits: usize) -> String {
    let [least, median, most] = [0.0, 0.5, 1.0].map(|share| quantile(all, share));
    format!("{median:.digits$} | {least:.digits$} | {most:.digits$}")
}

/// What the disk takes by itself: milliseconds of an fdatasync after 4 KiB were appended, median and p99 of 300.
#[allow(dead_code, reason = "each bench takes what it needs")]
pub fn bare_disk(folder: &Path) -> (f64, f64) {
    use std::io::Write;
    let path = folder.join("bare");
    let mut file = fs::File::create(&path).expect("a file");
    let mut all: Vec<f64> = (0..300)
        .map(|_| {
            file.write_all(&[7; 4096]).expect("written");
            let begun = std::time::Instant::now();
            file.sync_data().expect("synced");
            ms(begun.elapsed())
        })
        .collect();
    fs::remove_file(path).expect("it was there");
    (quantile(&mut all, 0.5), quantile(&mut all, 0.99))
}

/// In milliseconds.
pub fn ms(span: Duration) -> f64 {
    span.as_secs_f64() * 1e3
}
