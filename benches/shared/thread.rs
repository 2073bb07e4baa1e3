//! What criterion measures of a step that waits for nobody: the CPU time of its thread, so that what else the machine does costs it
//! no figure. Knows no bench. Not on Windows, whose threads have no such clock.
use criterion::{
    Criterion,
    measurement::{Measurement, ValueFormatter, WallTime},
};
use rustix::time::{ClockId, clock_gettime};
use std::time::Duration;

/// CPU time of the thread that measures, user and system, to the nanosecond (POSIX, CLOCK_THREAD_CPUTIME_ID). What other threads do
/// for it counts as nothing.
pub struct ThreadTime;

impl Measurement for ThreadTime {
    type Intermediate = Duration;
    type Value = Duration;

    fn start(&self) -> Duration {
        Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).expect("a thread's time begins at zero")
    }

    fn end(&self, begun: Duration) -> Duration {
        self.start() - begun
    }

    fn add(&self, one: &Duration, other: &Duration) -> Duration {
        *one + *other
    }

    fn zero(&self) -> Duration {
        Duration::ZERO
    }

    fn to_f64(&self, spent: &Duration) -> f64 {
        spent.as_nanos() as f64
    }

    // the same units as time on the wall
    fn formatter(&self) -> &dyn ValueFormatter {
        WallTime.formatter()
    }
}

/// Criterion with that clock, as the command line wants it: 3 s a step, no drawings.
pub fn criterion() -> Criterion<ThreadTime> {
    Criterion::default()
        .with_measurement(ThreadTime)
        .without_plots()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(3))
        .sample_size(50)
        .nresamples(10_000)
        .configure_from_args()
}
