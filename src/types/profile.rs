//! How a kiosk's screen is laid out: what a millimetre is in CSS pixels, so that what is to be touched is large
//! enough for a finger on every device.

/// A kind of screen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Profile {
    /// As an operator names it at pairing; also the class of the page.
    pub name: &'static str,
    /// CSS pixels in a millimetre of the glass.
    pub px_per_mm: f32,
    /// What it is, in Khmer and English.
    pub about: (&'static str, &'static str),
}

/// Taken where none is named.
pub const USUAL: &str = "kiosk-22";

const KIOSK_22: Profile = Profile {
    name: USUAL,
    px_per_mm: 4.0,
    about: ("អេក្រង់ 22\" 1920 × 1080 បញ្ឈរ ឬផ្តេក", "22\" screen, 1920 × 1080, upright or across"),
};

/// All there are.
pub const ALL: [Profile; 5] = [
    Profile {
        name: "tablet-8", px_per_mm: 7.4, about: ("ថេប្លេត 8\" 1280 × 800", "8\" tablet, 1280 × 800")
    },
    Profile {
        name: "tablet-10", px_per_mm: 5.9, about: ("ថេប្លេត 10\" 1280 × 800", "10\" tablet, 1280 × 800")
    },
    KIOSK_22,
    Profile {
        name: "kiosk-32", px_per_mm: 2.7, about: ("អេក្រង់ 32\" 1920 × 1080", "32\" screen, 1920 × 1080")
    },
    Profile {
        name: "kiosk-43", px_per_mm: 2.0, about: ("អេក្រង់ 43\" 1920 × 1080", "43\" screen, 1920 × 1080")
    },
];

/// The one that is taken where none is named.
pub fn usual() -> &'static Profile {
    &KIOSK_22
}

/// The profile with this name.
pub fn find(name: &str) -> Option<&'static Profile> {
    ALL.iter().find(|profile| profile.name == name)
}

/// The names there are.
pub fn names() -> Vec<&'static str> {
    ALL.iter().map(|profile| profile.name).collect()
}
