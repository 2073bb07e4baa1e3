//! Names that the configuration gives to things: short, cheap to clone, fit for logs and metric labels.
use std::sync::Arc;

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The name as configured.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(name: &str) -> Self {
                $name(name.into())
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name!(
    /// One telco we bind to: `[[smsc]].name`.
    SmscName
);
name!(
    /// SMSCs that redeliver to one another: `[[smsc]].family`, else the telco's name. MO dedupe and
    /// message ids are looked up within it.
    Family
);

/// The ways in which a citizen comes, as the portal's `Channel`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum Channel {
    /// A text message.
    Sms,
    /// A USSD session.
    Ussd,
    /// A touch-screen kiosk.
    Kiosk,
}

impl Channel {
    /// As it stands in `X-Channel` and in metric labels.
    pub fn as_str(self) -> &'static str {
        match self {
            Channel::Sms => "sms",
            Channel::Ussd => "ussd",
            Channel::Kiosk => "kiosk",
        }
    }
}
