//! What went through in each of the last minutes, as bars.

/// Of one kind.
pub(super) struct Chart {
    pub(super) name: &'static str,
    pub(super) total: u64,
    pub(super) now: u64,
    pub(super) bars: Vec<Bar>,
}

/// A minute's bar, in a drawing of 150 by 40 units.
pub(super) struct Bar {
    pub(super) x: usize,
    pub(super) y: u64,
    pub(super) height: u64,
    pub(super) count: u64,
}

/// Of a chart's minutes, oldest first.
pub(super) fn chart(name: &'static str, minutes: &[u64]) -> Chart {
    let most = minutes.iter().copied().max().unwrap_or(0).max(1);
    let bars = minutes.iter().enumerate().map(|(index, &count)| {
        // A minute with anything in it shows, however busy another was.
        let height = if count == 0 { 0 } else { (count.saturating_mul(38) / most).max(2) };
        Bar { x: index * 10, y: 40 - height, height, count }
    });
    Chart { name, total: minutes.iter().sum(), now: minutes.last().copied().unwrap_or(0), bars: bars.collect() }
}
