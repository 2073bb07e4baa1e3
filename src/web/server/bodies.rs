//! What is counted while a request comes in and its answer goes out. It must not know what they say.
use super::{
    HttpLimits,
    pulse::{Pulse, Span},
};
use crate::types::lock;
use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use std::{
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard},
    task::{Context, Poll, ready},
};
use tokio::time::Instant;

enum Stage {
    /// Its body is coming.
    Coming { since: Instant, span: Span },
    /// All of it is here, or nobody wants more of it.
    Here(Instant),
}

/// How a request comes along.
pub struct Meter {
    stage: Mutex<Stage>,
    pulse: Arc<Pulse>,
}

impl Meter {
    fn stage(&self) -> MutexGuard<'_, Stage> {
        lock(&self.stage)
    }

    /// When it is looked at next.
    pub fn due(&self, limits: &HttpLimits) -> Instant {
        match &*self.stage() {
            Stage::Coming { since, span } => span.due(limits.body).min(*since + limits.body_whole),
            Stage::Here(since) => *since + limits.request,
        }
    }

    /// Whether it takes too long.
    pub fn late(&self, limits: &HttpLimits) -> bool {
        match &mut *self.stage() {
            Stage::Coming { since, span } => since.elapsed() >= limits.body_whole || span.late(limits.body),
            Stage::Here(since) => since.elapsed() >= limits.request,
        }
    }

    fn here(&self) {
        let mut stage = self.stage();
        if matches!(*stage, Stage::Coming { .. }) {
            *stage = Stage::Here(Instant::now());
            self.pulse.heard_out();
        }
    }
}

/// The body of a request, measured.
pub struct Coming {
    body: Body,
    meter: Arc<Meter>,
}

impl Coming {
    /// Measures a body from now on.
    pub fn new(body: Body, pulse: &Arc<Pulse>) -> (Self, Arc<Meter>) {
        let now = Instant::now();
        let stage = if body.is_end_stream() {
            pulse.asked();
            Stage::Here(now)
        } else {
            pulse.hears();
            Stage::Coming { since: now, span: Span::new() }
        };
        let meter = Arc::new(Meter { stage: Mutex::new(stage), pulse: Arc::clone(pulse) });
        (Coming { body, meter: Arc::clone(&meter) }, meter)
    }
}

impl HttpBody for Coming {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        let octets =
            frame.as_ref().and_then(|frame| frame.as_ref().ok()).and_then(Frame::data_ref).map_or(0, Bytes::len);
        if let Stage::Coming { span, .. } = &mut *self.meter.stage() {
            span.moved(octets);
            self.meter.pulse.heard(octets);
        }
        if frame.is_none() || self.body.is_end_stream() {
            self.meter.here();
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Coming {
    fn drop(&mut self) {
        self.meter.here();
    }
}

/// The body of an answer; when it was handed over whole, it is the client's turn again.
pub struct Going {
    body: Body,
    pulse: Arc<Pulse>,
}

impl Going {
    /// Around the body of an answer.
    pub fn new(body: Body, pulse: Arc<Pulse>) -> Self {
        Going { body, pulse }
    }
}

impl HttpBody for Going {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Going {
    fn drop(&mut self) {
        self.pulse.answered();
    }
}
