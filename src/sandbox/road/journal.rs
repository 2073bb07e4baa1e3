//! The message log: a JSON object a line. Without bodies it holds what a security server keeps then: the `X-Road-*` headers, of
//! whom to whom, and how it ended; no path, no other header, no body.
use crate::types::lock;
use anyhow::Context;
use axum::http::{HeaderMap, Method};
use serde_json::{Map, Value, json};
use std::{fs::File, io::Write, path::Path, sync::Mutex};

/// An open message log.
pub struct Journal {
    file: Mutex<File>,
    bodies: bool,
}

/// One call.
pub struct Entry<'a> {
    pub method: &'a Method,
    pub path: &'a str,
    pub headers: &'a HeaderMap,
    pub body: &'a [u8],
    /// Of the exchange between the servers.
    pub request_id: String,
    pub status: u16,
    /// The error's type, where it is one of X-Road.
    pub error: Option<String>,
    pub answer: &'a [u8],
}

impl Journal {
    /// # Errors
    /// When the file cannot be opened.
    pub fn open(path: &Path, bodies: bool) -> anyhow::Result<Self> {
        let file = File::options().create(true).append(true).open(path);
        let file = file.with_context(|| format!("--log {}", path.display()))?;
        Ok(Journal { file: Mutex::new(file), bodies })
    }

    /// Writes a line; a log that cannot be written is told of and stops nobody.
    pub fn write(&self, entry: &Entry<'_>) {
        let mut headers = Map::new();
        for (name, value) in entry.headers {
            if self.bodies || name.as_str().starts_with("x-road-") {
                headers.insert(name.as_str().to_owned(), Value::from(String::from_utf8_lossy(value.as_bytes())));
            }
        }
        let mut line = json!({
            "at": crate::sandbox::now().to_string(),
            "method": entry.method.as_str(),
            "headers": headers,
            "request_id": entry.request_id,
            "status": entry.status,
            "error": entry.error,
        });
        if self.bodies {
            line["path"] = entry.path.into();
            line["request"] = String::from_utf8_lossy(entry.body).into();
            line["answer"] = String::from_utf8_lossy(entry.answer).into();
        }
        if let Err(fault) = writeln!(lock(&self.file), "{line}") {
            tracing::error!(%fault, "the message log cannot be written");
        }
    }
}
