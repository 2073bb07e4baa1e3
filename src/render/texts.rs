//! Every text message, one type per text with a variant per language: a language that is missing is an
//! error of the compiler. The words stand in `sms-templates/`. Knows no view and no length.
use crate::types::Language;
use askama::Template;

/// Where an application stands; what is empty is left out.
#[derive(Template)]
pub(super) enum Status<'a> {
    #[template(path = "km/status.sms", escape = "none", config = "sms-templates/askama.toml")]
    Km { code: &'a str, status: &'a str, office: &'a str, date: &'a str, kept: bool, next: &'a str, hint: bool },
    #[template(path = "km-Latn/status.sms", escape = "none", config = "sms-templates/askama.toml")]
    KmLatn { code: &'a str, status: &'a str, office: &'a str, date: &'a str, kept: bool, next: &'a str, hint: bool },
    #[template(path = "en/status.sms", escape = "none", config = "sms-templates/askama.toml")]
    En { code: &'a str, status: &'a str, office: &'a str, date: &'a str, kept: bool, next: &'a str, hint: bool },
}

impl<'a> Status<'a> {
    pub(super) fn text(language: Language, p: &Parts<'a>) -> String {
        let Parts { code, status, office, date, kept, next, hint } = *p;
        filled(match language {
            Language::Km => Self::Km { code, status, office, date, kept, next, hint },
            Language::KmLatn => Self::KmLatn { code, status, office, date, kept, next, hint },
            Language::En => Self::En { code, status, office, date, kept, next, hint },
        })
    }
}

/// One character of the code is wrong.
#[derive(Template)]
pub(super) enum Mistyped<'a> {
    #[template(path = "km/mistyped.sms", escape = "none", config = "sms-templates/askama.toml")]
    Km { code: &'a str },
    #[template(path = "km-Latn/mistyped.sms", escape = "none", config = "sms-templates/askama.toml")]
    KmLatn { code: &'a str },
    #[template(path = "en/mistyped.sms", escape = "none", config = "sms-templates/askama.toml")]
    En { code: &'a str },
}

impl<'a> Mistyped<'a> {
    pub(super) fn text(language: Language, code: &'a str) -> String {
        filled(match language {
            Language::Km => Self::Km { code },
            Language::KmLatn => Self::KmLatn { code },
            Language::En => Self::En { code },
        })
    }
}

/// Nothing is known of the code.
#[derive(Template)]
pub(super) enum Unknown<'a> {
    #[template(path = "km/unknown.sms", escape = "none", config = "sms-templates/askama.toml")]
    Km { code: &'a str },
    #[template(path = "km-Latn/unknown.sms", escape = "none", config = "sms-templates/askama.toml")]
    KmLatn { code: &'a str },
    #[template(path = "en/unknown.sms", escape = "none", config = "sms-templates/askama.toml")]
    En { code: &'a str },
}

impl<'a> Unknown<'a> {
    pub(super) fn text(language: Language, code: &'a str) -> String {
        filled(match language {
            Language::Km => Self::Km { code },
            Language::KmLatn => Self::KmLatn { code },
            Language::En => Self::En { code },
        })
    }
}

/// Code or PIN is not right.
#[derive(Template)]
pub(super) enum UnknownPin<'a> {
    #[template(path = "km/unknown_pin.sms", escape = "none", config = "sms-templates/askama.toml")]
    Km { code: &'a str },
    #[template(path = "km-Latn/unknown_pin.sms", escape = "none", config = "sms-templates/askama.toml")]
    KmLatn { code: &'a str },
    #[template(path = "en/unknown_pin.sms", escape = "none", config = "sms-templates/askama.toml")]
    En { code: &'a str },
}

impl<'a> UnknownPin<'a> {
    pub(super) fn text(language: Language, code: &'a str) -> String {
        filled(match language {
            Language::Km => Self::Km { code },
            Language::KmLatn => Self::KmLatn { code },
            Language::En => Self::En { code },
        })
    }
}

/// Give the code.
#[derive(Template)]
pub(super) enum EnterCode {
    #[template(path = "km/enter_code.sms", escape = "none", config = "sms-templates/askama.toml")]
    Km,
    #[template(path = "km-Latn/enter_code.sms", escape = "none", config = "sms-templates/askama.toml")]
    KmLatn,
    #[template(path = "en/enter_code.sms", escape = "none", config = "sms-templates/askama.toml")]
    En,
}

impl EnterCode {
    pub(super) fn text(language: Language) -> String {
        filled(match language {
            Language::Km => Self::Km,
            Language::KmLatn => Self::KmLatn,
            Language::En => Self::En,
        })
    }
}

/// All that can be done.
#[derive(Template)]
pub(super) enum Help {
    #[template(path = "km/help.sms", escape = "none", config = "sms-templates/askama.toml")]
    Km,
    #[template(path = "km-Latn/help.sms", escape = "none", config = "sms-templates/askama.toml")]
    KmLatn,
    #[template(path = "en/help.sms", escape = "none", config = "sms-templates/askama.toml")]
    En,
}

impl Help {
    pub(super) fn text(language: Language) -> String {
        filled(match language {
            Language::Km => Self::Km,
            Language::KmLatn => Self::KmLatn,
            Language::En => Self::En,
        })
    }
}

/// What can be done, in short.
#[derive(Template)]
pub(super) enum Menu {
    #[template(path = "km/menu.sms", escape = "none", config = "sms-templates/askama.toml")]
    Km,
    #[template(path = "km-Latn/menu.sms", escape = "none", config = "sms-templates/askama.toml")]
    KmLatn,
    #[template(path = "en/menu.sms", escape = "none", config = "sms-templates/askama.toml")]
    En,
}

impl Menu {
    pub(super) fn text(language: Language) -> String {
        filled(match language {
            Language::Km => Self::Km,
            Language::KmLatn => Self::KmLatn,
            Language::En => Self::En,
        })
    }
}

/// The portal is away; `code` may be empty.
#[derive(Template)]
pub(super) enum Away<'a> {
    #[template(path = "km/away.sms", escape = "none", config = "sms-templates/askama.toml")]
    Km { code: &'a str },
    #[template(path = "km-Latn/away.sms", escape = "none", config = "sms-templates/askama.toml")]
    KmLatn { code: &'a str },
    #[template(path = "en/away.sms", escape = "none", config = "sms-templates/askama.toml")]
    En { code: &'a str },
}

impl<'a> Away<'a> {
    pub(super) fn text(language: Language, code: &'a str) -> String {
        filled(match language {
            Language::Km => Self::Km { code },
            Language::KmLatn => Self::KmLatn { code },
            Language::En => Self::En { code },
        })
    }
}

/// The language was changed.
#[derive(Template)]
pub(super) enum LanguageSet {
    #[template(path = "km/language_set.sms", escape = "none", config = "sms-templates/askama.toml")]
    Km,
    #[template(path = "km-Latn/language_set.sms", escape = "none", config = "sms-templates/askama.toml")]
    KmLatn,
    #[template(path = "en/language_set.sms", escape = "none", config = "sms-templates/askama.toml")]
    En,
}

impl LanguageSet {
    pub(super) fn text(language: Language) -> String {
        filled(match language {
            Language::Km => Self::Km,
            Language::KmLatn => Self::KmLatn,
            Language::En => Self::En,
        })
    }
}

/// No more notices.
#[derive(Template)]
pub(super) enum Stopped {
    #[template(path = "km/stopped.sms", escape = "none", config = "sms-templates/askama.toml")]
    Km,
    #[template(path = "km-Latn/stopped.sms", escape = "none", config = "sms-templates/askama.toml")]
    KmLatn,
    #[template(path = "en/stopped.sms", escape = "none", config = "sms-templates/askama.toml")]
    En,
}

impl Stopped {
    pub(super) fn text(language: Language) -> String {
        filled(match language {
            Language::Km => Self::Km,
            Language::KmLatn => Self::KmLatn,
            Language::En => Self::En,
        })
    }
}

/// Notices again.
#[derive(Template)]
pub(super) enum Started {
    #[template(path = "km/started.sms", escape = "none", config = "sms-templates/askama.toml")]
    Km,
    #[template(path = "km-Latn/started.sms", escape = "none", config = "sms-templates/askama.toml")]
    KmLatn,
    #[template(path = "en/started.sms", escape = "none", config = "sms-templates/askama.toml")]
    En,
}

impl Started {
    pub(super) fn text(language: Language) -> String {
        filled(match language {
            Language::Km => Self::Km,
            Language::KmLatn => Self::KmLatn,
            Language::En => Self::En,
        })
    }
}

/// Too many questions.
#[derive(Template)]
pub(super) enum SlowDown {
    #[template(path = "km/slow_down.sms", escape = "none", config = "sms-templates/askama.toml")]
    Km,
    #[template(path = "km-Latn/slow_down.sms", escape = "none", config = "sms-templates/askama.toml")]
    KmLatn,
    #[template(path = "en/slow_down.sms", escape = "none", config = "sms-templates/askama.toml")]
    En,
}

impl SlowDown {
    pub(super) fn text(language: Language) -> String {
        filled(match language {
            Language::Km => Self::Km,
            Language::KmLatn => Self::KmLatn,
            Language::En => Self::En,
        })
    }
}

/// Too late to answer.
#[derive(Template)]
pub(super) enum AskAgain {
    #[template(path = "km/ask_again.sms", escape = "none", config = "sms-templates/askama.toml")]
    Km,
    #[template(path = "km-Latn/ask_again.sms", escape = "none", config = "sms-templates/askama.toml")]
    KmLatn,
    #[template(path = "en/ask_again.sms", escape = "none", config = "sms-templates/askama.toml")]
    En,
}

impl AskAgain {
    pub(super) fn text(language: Language) -> String {
        filled(match language {
            Language::Km => Self::Km,
            Language::KmLatn => Self::KmLatn,
            Language::En => Self::En,
        })
    }
}

/// Given up.
#[derive(Template)]
pub(super) enum Apology {
    #[template(path = "km/apology.sms", escape = "none", config = "sms-templates/askama.toml")]
    Km,
    #[template(path = "km-Latn/apology.sms", escape = "none", config = "sms-templates/askama.toml")]
    KmLatn,
    #[template(path = "en/apology.sms", escape = "none", config = "sms-templates/askama.toml")]
    En,
}

impl Apology {
    pub(super) fn text(language: Language) -> String {
        filled(match language {
            Language::Km => Self::Km,
            Language::KmLatn => Self::KmLatn,
            Language::En => Self::En,
        })
    }
}

/// What a status answer is put together from; empty strings are left out.
#[derive(Clone, Copy)]
pub(super) struct Parts<'a> {
    pub(super) code: &'a str,
    pub(super) status: &'a str,
    pub(super) office: &'a str,
    pub(super) date: &'a str,
    /// The date is that of a kept answer.
    pub(super) kept: bool,
    pub(super) next: &'a str,
    /// Whether to say how to change the language.
    pub(super) hint: bool,
}

fn filled(template: impl Template) -> String {
    template.render().expect("a template without filters writes to a String, which cannot fail")
}
