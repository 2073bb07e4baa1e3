//! A code to be scanned, as a path that a page draws. It must not know what it says.

/// Light modules around the code (ISO/IEC 18004).
pub const QUIET: usize = 4;

/// A code to be scanned.
pub struct Qr {
    /// Modules on a side, with their light margin.
    pub side: usize,
    /// The dark ones.
    pub path: String,
}

impl Qr {
    /// Of a text; `None` for one that is too long to be scanned from a screen.
    pub fn of(text: &str) -> Option<Self> {
        /// Octets that a code of 50 mm still shows well.
        const MOST: usize = 600;
        if text.len() > MOST {
            return None;
        }
        let qr = qrcode::QrCode::with_error_correction_level(text.as_bytes(), qrcode::EcLevel::M).ok()?;
        let side = qr.width();
        Some(Qr { side: side + 2 * QUIET, path: path(&qr.to_colors(), side) })
    }
}

/// The dark modules, each run of a row as one rectangle.
pub fn path(colors: &[qrcode::Color], side: usize) -> String {
    let mut path = String::new();
    for (y, row) in colors.chunks(side).enumerate() {
        let mut x = 0;
        while x < side {
            let run = row[x..].iter().take_while(|color| **color == qrcode::Color::Dark).count();
            if run > 0 {
                path.push_str(&format!("M{} {}h{run}v1h-{run}z", x + QUIET, y + QUIET));
            }
            x += run.max(1);
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use qrcode::Color::{Dark, Light};

    #[test]
    fn dark_runs_become_rectangles() {
        assert_eq!(path(&[Dark, Dark, Light, Dark], 2), "M4 4h2v1h-2zM5 5h1v1h-1z");
    }

    #[test]
    fn what_is_drawn_grows_with_what_is_said_and_ends_where_it_cannot_be_scanned() {
        let side = |text: &str| Qr::of(text).map(|qr| qr.side);
        assert_eq!(side("40719359"), Some(21 + 2 * QUIET));
        assert!(side(&"a".repeat(300)) > side("40719359"));
        assert_eq!(side(&"a".repeat(601)), None);
    }
}
