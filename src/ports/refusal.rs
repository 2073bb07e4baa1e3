//! Why Chrak does not send a text.

/// Why a message was refused by Chrak. Kept and told as [`Refusal::stored`] writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the codes of the API's document")]
pub enum Refusal {
    BadNumber,
    CountryNotAllowed,
    Unroutable,
    LinkNotAllowed,
    FreeTextNotAllowed,
    UnknownTemplate,
    BadValues,
    BadCode,
    BadOffice,
    BadAmount,
    BadDay,
    BadTime,
    TooLong,
    BadSendAt,
    OptedOut,
    ReferenceMismatch,
}

impl Refusal {
    /// For the value of a template that is not of its kind.
    pub fn of_value(name: &str) -> Self {
        match name {
            "code" => Self::BadCode,
            "office" => Self::BadOffice,
            "amount" => Self::BadAmount,
            "day" => Self::BadDay,
            "time" => Self::BadTime,
            _ => Self::BadValues,
        }
    }

    /// The value of the template that is at fault, where it is one.
    pub fn value(self) -> Option<&'static str> {
        match self {
            Self::BadCode => Some("code"),
            Self::BadOffice => Some("office"),
            Self::BadAmount => Some("amount"),
            Self::BadDay => Some("day"),
            Self::BadTime => Some("time"),
            _ => None,
        }
    }

    /// Its code.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadNumber => "bad_number",
            Self::CountryNotAllowed => "country_not_allowed",
            Self::Unroutable => "unroutable",
            Self::LinkNotAllowed => "link_not_allowed",
            Self::FreeTextNotAllowed => "free_text_not_allowed",
            Self::UnknownTemplate => "unknown_template",
            Self::BadValues | Self::BadCode | Self::BadOffice | Self::BadAmount | Self::BadDay | Self::BadTime => {
                "bad_values"
            }
            Self::TooLong => "too_long",
            Self::BadSendAt => "bad_send_at",
            Self::OptedOut => "opted_out",
            Self::ReferenceMismatch => "reference_mismatch",
        }
    }

    /// As it is stored: which value it was is kept too.
    pub fn stored(self) -> String {
        match serde_json::to_value(self) {
            Ok(serde_json::Value::String(word)) => word,
            _ => self.as_str().to_owned(),
        }
    }

    /// Reads what [`Refusal::stored`] wrote.
    pub fn from_stored(code: &str) -> Option<Self> {
        serde_json::from_value(serde_json::Value::String(code.to_owned())).ok()
    }
}
