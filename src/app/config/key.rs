//! What is said of a key of the file: its kind, default, bounds and sentence, once. The reader, the refusal of unknown
//! keys, the environment, the example and the table in docs/CONFIGURATION.md are made of this. It must not know which keys
//! there are: those are in `file`.
use super::ConfigFault;
use serde::Serialize;
use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf};

/// A key of a table.
#[derive(Clone, Debug)]
pub struct Key {
    /// As it is written.
    pub name: &'static str,
    /// What may stand there.
    pub kind: Kind,
    /// What holds where it does not stand.
    pub default: Absent,
    /// The numbers that are taken.
    pub bounds: Option<Bounds>,
    /// What it does, in a few words; another line where it needs more.
    pub word: &'static str,
}

/// What may stand behind a key.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A text.
    Text,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A whole number.
    Number,
    /// `true` or `false`.
    Flag,
    /// A list of texts or numbers.
    List,
    /// A table whose keys the operator chooses.
    Free,
    /// A table with these keys.
    Table(fn() -> Vec<Key>),
    /// A list of such tables.
    Tables(fn() -> Vec<Key>),
}

/// What holds where a key does not stand.
#[derive(Clone, Debug)]
pub enum Absent {
    /// This value, as TOML.
    Value(String),
    /// Nothing, or what its sentence says; as an example this, as TOML.
    SuchAs(&'static str),
    /// As `SuchAs`, and the example shows it for use.
    Shown(&'static str),
    /// It must stand there; as an example this, as TOML.
    Required(&'static str),
}

/// The numbers that are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    from: u64,
    to: u64,
    or_zero: bool,
}

/// From the one number to the other.
pub const fn within(from: u64, to: u64) -> Bounds {
    Bounds { from, to, or_zero: false }
}

impl Bounds {
    /// These, or 0.
    pub const fn or_zero(self) -> Bounds {
        Bounds { or_zero: true, ..self }
    }

    fn hold(self, value: u64) -> bool {
        (self.from..=self.to).contains(&value) || self.or_zero && value == 0
    }
}

impl std::fmt::Display for Bounds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} to {}{}", self.from, self.to, if self.or_zero { ", or 0" } else { "" })
    }
}

/// What may stand behind a key, as the type that reads it.
pub trait Value {
    /// What it is called.
    const KIND: Kind;

    /// Whether what was read is within the bounds, its own and those of the keys in it; `at` names it in the fault.
    ///
    /// # Errors
    /// The first that is not.
    fn bounded(&self, _at: &str, _bounds: Option<Bounds>) -> Result<(), ConfigFault> {
        Ok(())
    }
}

macro_rules! values {
    ($($type:ty => $kind:ident),* $(,)?) => {$(
        impl Value for $type {
            const KIND: Kind = Kind::$kind;
        }
    )*};
}

values! {
    String => Text, PathBuf => Text, bool => Flag, toml::Value => Text,
    BTreeMap<String, String> => Free,
}

macro_rules! numbers {
    ($($type:ty),*) => {$(
        impl Value for $type {
            const KIND: Kind = Kind::Number;

            fn bounded(&self, at: &str, bounds: Option<Bounds>) -> Result<(), ConfigFault> {
                let value = u64::try_from(*self).unwrap_or(u64::MAX);
                match bounds.filter(|bounds| !bounds.hold(value)) {
                    None => Ok(()),
                    Some(Bounds { from, to, .. }) => {
                        Err(ConfigFault::new(format!("{at}: {value} is not between {from} and {to}")))
                    }
                }
            }
        }
    )*};
}

numbers!(u8, u32, usize);

impl<T: Value> Value for Option<T> {
    const KIND: Kind = T::KIND;

    fn bounded(&self, at: &str, bounds: Option<Bounds>) -> Result<(), ConfigFault> {
        self.as_ref().map_or(Ok(()), |value| value.bounded(at, bounds))
    }
}

impl<T: Value> Value for Vec<T> {
    const KIND: Kind = match T::KIND {
        Kind::Table(keys) => Kind::Tables(keys),
        _ => Kind::List,
    };

    fn bounded(&self, at: &str, bounds: Option<Bounds>) -> Result<(), ConfigFault> {
        self.iter().enumerate().try_for_each(|(index, item)| item.bounded(&format!("{at}[{index}]"), bounds))
    }
}

/// The keys of the table at `path`, where a list's number is left out (`smsc.tls`), below the table with `keys`; `None` where
/// any key may stand, or no table does.
pub fn keys_at(keys: Vec<Key>, path: &[&str]) -> Option<Vec<Key>> {
    let Some((first, rest)) = path.split_first() else { return Some(keys) };
    match keys.iter().find(|key| key.name == *first)?.kind {
        Kind::Table(inner) | Kind::Tables(inner) => keys_at(inner(), rest),
        _ => None,
    }
}

/// A default as it is written in the file.
///
/// # Panics
/// When TOML cannot write it, which the first test would find.
pub fn written(value: &impl Serialize) -> String {
    toml::Value::try_from(value).expect("defaults can be written as TOML").to_string()
}

/// Where to listen.
///
/// # Errors
/// When it is no address with a port.
pub fn listen(key: &str, text: &str) -> Result<SocketAddr, ConfigFault> {
    text.parse().map_err(|_| ConfigFault::new(format!("{key}: \"{text}\" is not ADDRESS:PORT, such as 127.0.0.1:8080")))
}

/// The tables of the file: for each key its type, default, bounds and sentence.
///
/// `key: Type = default;` has a default; `key: Type, such_as "…";`, `shown` and `required` are `None` where they do not stand.
macro_rules! tables {
    ($($(#[$doc:meta])* $name:ident {
        $($key:ident : $type:ty
            $(= $default:expr)? $(, such_as $example:literal)? $(, shown $shown:literal)? $(, required $sample:literal)?
            $(, in $bounds:expr)?
            ; $word:literal)*
    })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, serde::Deserialize, serde::Serialize)]
        #[serde(default)]
        pub struct $name {
            $(#[doc = $word] pub $key: tables!(@type $type $(= $default)?),)*
        }

        impl Default for $name {
            fn default() -> Self {
                $name { $($key: tables!(@value $($default)?),)* }
            }
        }

        impl $name {
            /// Its keys, in the order in which the example shows them.
            pub fn keys() -> Vec<$crate::app::config::key::Key> {
                vec![$($crate::app::config::key::Key {
                    name: stringify!($key),
                    kind: <$type as $crate::app::config::key::Value>::KIND,
                    default: tables!(@absent $(= $default)? $(such_as $example)? $(shown $shown)? $(required $sample)?),
                    bounds: tables!(@bounds $($bounds)?),
                    word: $word,
                }),*]
            }
        }

        impl $crate::app::config::key::Value for $name {
            const KIND: $crate::app::config::key::Kind = $crate::app::config::key::Kind::Table($name::keys);

            fn bounded(
                &self,
                at: &str,
                _: Option<$crate::app::config::key::Bounds>,
            ) -> Result<(), $crate::app::config::ConfigFault> {
                let dot = if at.is_empty() { "" } else { "." };
                $($crate::app::config::key::Value::bounded(
                    &self.$key,
                    &format!("{at}{dot}{}", stringify!($key)),
                    tables!(@bounds $($bounds)?),
                )?;)*
                Ok(())
            }
        }
    )*};
    (@type $type:ty = $default:expr) => { $type };
    (@type $type:ty) => { Option<$type> };
    (@value $default:expr) => { $default.into() };
    (@value) => { None };
    (@absent = $default:expr) => { $crate::app::config::key::Absent::Value($crate::app::config::key::written(&$default)) };
    (@absent such_as $example:literal) => { $crate::app::config::key::Absent::SuchAs($example) };
    (@absent shown $shown:literal) => { $crate::app::config::key::Absent::Shown($shown) };
    (@absent required $sample:literal) => { $crate::app::config::key::Absent::Required($sample) };
    (@bounds $bounds:expr) => { Some($bounds) };
    (@bounds) => { None };
}
pub(super) use tables;
