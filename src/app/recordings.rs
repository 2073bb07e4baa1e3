//! `chrak kiosk audio --check FOLDER`: whether what a speaker recorded can be used: every clip under its name, none too long, too
//! soft or too loud, so that no page startles who listens. It must not know what is said.
use super::Fault;
use crate::kiosk::Clip;
use ebur128::{EbuR128, Mode};
use std::{collections::BTreeSet, path::Path};

/// Loudness of a clip, LUFS (ITU-R BS.1770): of speech that a loudspeaker tells a hall.
const LOUDNESS: f64 = -18.0;
/// How far a clip may be from it; a listener begins to notice about there.
const LOUDNESS_OFF: f64 = 2.0;
/// Highest sample, dBFS: what is coded afterwards may overshoot by a little.
const PEAK_MAX: f64 = -1.0;
/// Quiet before the first word and after the last, seconds.
const QUIET_MAX: f64 = 0.7;
/// A sample below it is quiet, as a share of full scale: -46 dBFS, over the noise of a room.
const QUIET: f32 = 0.005;
/// Letters that nobody says in a second, and that everybody does.
const LETTERS_A_SECOND: (f64, f64) = (30.0, 4.0);
/// Seconds that a clip may have beyond that, for breaths.
const BREATHS: f64 = 2.0;
/// Least samples a second that speech is recorded with.
const RATE_MIN: u32 = 16_000;

/// What was found of a clip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The file, below the folder.
    pub file: String,
    /// Its length and loudness, or what is wrong.
    pub what: String,
    /// Whether it can be used.
    pub good: bool,
}

/// Looks at each clip that a folder should have, `km/home.wav`, and at what else stands in it.
///
/// # Errors
/// When the folder cannot be read.
pub fn check(folder: &Path, clips: &[Clip]) -> Result<Vec<Finding>, Fault> {
    let mut found = files(folder).map_err(|fault| Fault::Usage(format!("{}: {fault}", folder.display())))?;
    let mut findings = Vec::new();
    for clip in clips {
        let file = recording(clip);
        let judged = match found.remove(&file) {
            false => Err("missing".to_owned()),
            true => read(&folder.join(&file)).and_then(|sound| judge(&sound, clip.text.chars().count())),
        };
        let (good, what) = (judged.is_ok(), judged.unwrap_or_else(|what| what));
        findings.push(Finding { file, what, good });
    }
    let stray = found.into_iter().map(|file| Finding {
        file,
        what: "no clip has this name; `chrak kiosk audio` lists them".to_owned(),
        good: false,
    });
    findings.extend(stray);
    Ok(findings)
}

/// What a speaker calls the recording of a clip: its name below `audio`, before it is coded.
fn recording(clip: &Clip) -> String {
    clip.file.trim_start_matches("audio/").replace(".ogg", ".wav")
}

/// The files of the folders of a folder, and its own.
fn files(folder: &Path) -> std::io::Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(folder)? {
        let (entry, name) = entry.map(|entry| (entry.path(), entry.file_name().to_string_lossy().into_owned()))?;
        if !entry.is_dir() {
            found.insert(name);
            continue;
        }
        for inner in std::fs::read_dir(&entry)? {
            found.insert(format!("{name}/{}", inner?.file_name().to_string_lossy()));
        }
    }
    Ok(found)
}

/// One channel of samples, full scale is 1.
struct Sound {
    rate: u32,
    samples: Vec<f32>,
}

fn read(path: &Path) -> Result<Sound, String> {
    let reader = hound::WavReader::open(path).map_err(|fault| format!("no WAV that can be read: {fault}"))?;
    let spec = reader.spec();
    if spec.channels != 1 {
        return Err(format!("has {} channels: record in mono", spec.channels));
    }
    if spec.sample_rate < RATE_MIN {
        return Err(format!("{} samples a second: record with {RATE_MIN} or more", spec.sample_rate));
    }
    let samples = match spec.sample_format {
        hound::SampleFormat::Float => reader.into_samples::<f32>().collect::<Result<Vec<_>, _>>(),
        hound::SampleFormat::Int => {
            let full = (1_i64 << (spec.bits_per_sample - 1)) as f32;
            reader.into_samples::<i32>().map(|sample| sample.map(|value| value as f32 / full)).collect()
        }
    };
    let samples = samples.map_err(|fault| format!("cut off or damaged: {fault}"))?;
    Ok(Sound { rate: spec.sample_rate, samples })
}

/// Length and loudness of what can be used; else everything that is wrong with it.
fn judge(sound: &Sound, letters: usize) -> Result<String, String> {
    let seconds = |samples: usize| samples as f64 / f64::from(sound.rate);
    let loud = |sample: &f32| sample.abs() > QUIET;
    let Some(first) = sound.samples.iter().position(loud) else { return Err("holds only silence".to_owned()) };
    let after = sound.samples.iter().rev().position(loud).unwrap_or_default();
    let length = seconds(sound.samples.len());
    let (least, most) = (letters as f64 / LETTERS_A_SECOND.0, BREATHS + letters as f64 / LETTERS_A_SECOND.1);
    let (loudness, peak) = loudness(sound).ok_or_else(|| "its loudness cannot be measured: is it sound?".to_owned())?;
    let mut wrong = Vec::new();
    if length < least {
        wrong.push(format!("{length:.1} s for {letters} letters: is all of it said?"));
    }
    if length > most {
        wrong.push(format!("{length:.1} s for {letters} letters: nobody waits that long"));
    }
    if seconds(first) > QUIET_MAX {
        wrong.push(format!("{:.1} s of silence before the first word: cut it", seconds(first)));
    }
    if seconds(after) > QUIET_MAX {
        wrong.push(format!("{:.1} s of silence after the last word: cut it", seconds(after)));
    }
    if (loudness - LOUDNESS).abs() > LOUDNESS_OFF {
        let way = if loudness < LOUDNESS { "soft" } else { "loud" };
        wrong.push(format!("too {way}: {loudness:.1} LUFS, make it {LOUDNESS:.0}"));
    }
    if peak > PEAK_MAX {
        wrong.push(format!("its highest sample is {peak:.1} dBFS: leave {:.0} dB", -PEAK_MAX));
    }
    match wrong.is_empty() {
        true => Ok(format!("{length:.1} s, {loudness:.1} LUFS")),
        false => Err(wrong.join("; ")),
    }
}

/// Loudness over all of it (LUFS) and its highest sample (dBFS).
fn loudness(sound: &Sound) -> Option<(f64, f64)> {
    let mut meter = EbuR128::new(1, sound.rate, Mode::I | Mode::SAMPLE_PEAK).ok()?;
    meter.add_frames_f32(&sound.samples).ok()?;
    let loudness = meter.loudness_global().ok().filter(|value| value.is_finite())?;
    Some((loudness, 20.0 * meter.sample_peak(0).ok()?.log10()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: u32 = 48_000;

    fn clip(id: &str, text: &str) -> Clip {
        Clip { file: format!("audio/km/{id}.ogg"), text: text.to_owned(), recorded: false }
    }

    /// A tone of 997 Hz so high, between two silences, in seconds. A sine of 0 dBFS has -3.01 LUFS (BS.1770-4, annex 1).
    fn tone(dbfs: f64, silence: (f64, f64), length: f64) -> Vec<f32> {
        let height = 10_f64.powf(dbfs / 20.0);
        let count = |seconds: f64| (seconds * f64::from(RATE)) as usize;
        let wave = |at: usize| (height * (std::f64::consts::TAU * 997.0 * at as f64 / f64::from(RATE)).sin()) as f32;
        let quiet = |seconds| std::iter::repeat_n(0.0, count(seconds));
        quiet(silence.0).chain((0..count(length)).map(wave)).chain(quiet(silence.1)).collect()
    }

    fn said(samples: Vec<f32>) -> Result<String, String> {
        judge(&Sound { rate: RATE, samples }, 40)
    }

    #[test]
    fn a_clip_is_judged_by_its_length_loudness_and_silences() {
        assert_eq!(said(tone(-15.0, (0.0, 0.0), 4.0)).as_deref(), Ok("4.0 s, -18.0 LUFS"));
        for (samples, why) in [
            (tone(-25.0, (0.0, 0.0), 4.0), "too soft: -28.0 LUFS, make it -18"),
            (tone(-9.0, (0.0, 0.0), 4.0), "too loud: -12.0 LUFS"),
            (tone(-15.0, (0.9, 0.0), 4.0), "0.9 s of silence before the first word"),
            (tone(-15.0, (0.0, 1.2), 4.0), "1.2 s of silence after the last word"),
            (tone(-15.0, (0.0, 0.0), 1.0), "1.0 s for 40 letters: is all of it said?"),
            (tone(-15.0, (0.0, 0.0), 13.0), "13.0 s for 40 letters: nobody waits"),
            (tone(0.0, (0.0, 0.0), 4.0), "dBFS: leave 1 dB"),
            (vec![0.0; 96_000], "holds only silence"),
        ] {
            let told = said(samples).expect_err(why);
            assert!(told.contains(why), "{told}");
        }
    }

    #[test]
    fn a_folder_is_looked_at_clip_by_clip() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("km")).expect("a folder");
        let wav = |name: &str, channels, samples: &[f32]| {
            let spec = hound::WavSpec {
                channels,
                sample_rate: RATE,
                bits_per_sample: 16,
                sample_format: hound::SampleFormat::Int,
            };
            let mut writer = hound::WavWriter::create(folder.path().join(name), spec).expect("a file");
            for sample in samples {
                writer.write_sample((sample * 32_767.0) as i16).expect("written");
            }
            writer.finalize().expect("written");
        };
        wav("km/home.wav", 1, &tone(-15.0, (0.1, 0.1), 4.0));
        wav("km/code.wav", 2, &tone(-15.0, (0.1, 0.1), 4.0));
        wav("km/hom.wav", 1, &[]);
        std::fs::write(folder.path().join("km/help.wav"), "RIFF").expect("written");
        let text = "x".repeat(40);
        let clips = ["home", "code", "help", "pin"].map(|id| clip(id, &text));
        let findings = check(folder.path(), &clips).expect("it can be read");
        let told: Vec<_> = findings.iter().map(|one| (one.file.as_str(), one.good)).collect();
        assert_eq!(
            told,
            [
                ("km/home.wav", true),
                ("km/code.wav", false),
                ("km/help.wav", false),
                ("km/pin.wav", false),
                ("km/hom.wav", false)
            ]
        );
        assert!(findings[1].what.contains("record in mono"), "{}", findings[1].what);
        assert!(findings[2].what.contains("no WAV that can be read"), "{}", findings[2].what);
        assert_eq!(findings[3].what, "missing");
        assert!(findings[4].what.contains("no clip has this name"), "{}", findings[4].what);
        assert!(matches!(check(&folder.path().join("nowhere"), &clips), Err(Fault::Usage(_))));
    }
}
