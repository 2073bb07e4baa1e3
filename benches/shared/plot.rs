//! Curves as SVG: panels side by side over one logarithmic axis, each from zero to its own highest value.
use std::fmt::Write as _;

const WIDE: f64 = 240.0;
const HIGH: f64 = 150.0;

/// `under`: what the horizontal axis counts. A panel is its title and its points.
pub fn panels(under: &str, panels: &[(&str, Vec<(f64, f64)>)]) -> String {
    let width = panels.len() as f64 * (WIDE + 70.0) + 10.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} 250\" width=\"{width}\" height=\"250\" \
         font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
    );
    for (nth, (title, points)) in panels.iter().enumerate() {
        panel(&mut svg, 55.0 + nth as f64 * (WIDE + 70.0), title, points);
    }
    let _ = writeln!(svg, "<text x=\"{}\" y=\"240\" text-anchor=\"middle\">{under}</text>\n</svg>", width / 2.0);
    svg
}

fn panel(svg: &mut String, left: f64, title: &str, points: &[(f64, f64)]) {
    let top = points.iter().map(|point| point.1).fold(0.0, f64::max) * 1.1;
    let decades = points
        .iter()
        .map(|point| point.0.log10())
        .fold((f64::MAX, f64::MIN), |(least, most), at| (least.min(at), most.max(at)));
    let x = |rows: f64| left + (rows.log10() - decades.0) / (decades.1 - decades.0).max(1.0) * WIDE;
    let y = |value: f64| 40.0 + HIGH - value / top.max(f64::MIN_POSITIVE) * HIGH;
    let (bottom, right) = (40.0 + HIGH, left + WIDE);
    let _ = writeln!(svg, "<text x=\"{left}\" y=\"24\" font-weight=\"bold\">{title}</text>");
    for share in [0.0, 0.5, 1.0] {
        let (value, at) = (top * share, y(top * share));
        let _ = writeln!(
            svg,
            "<path d=\"M{left} {at:.1}H{right}\" stroke=\"#ccc\"/><text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{value:.0}</text>",
            left - 6.0,
            at + 4.0
        );
    }
    let line: Vec<String> = points.iter().map(|(rows, value)| format!("{:.1} {:.1}", x(*rows), y(*value))).collect();
    let _ = writeln!(svg, "<path d=\"M{}\" fill=\"none\" stroke=\"#0b57a4\" stroke-width=\"2\"/>", line.join("L"));
    for (rows, value) in points {
        let at = x(*rows);
        let _ = writeln!(
            svg,
            "<circle cx=\"{at:.1}\" cy=\"{:.1}\" r=\"3.5\" fill=\"#0b57a4\"/><text x=\"{at:.1}\" y=\"{:.1}\" \
             text-anchor=\"middle\">{value:.0}</text><text x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\">10<tspan dy=\"-5\" \
             font-size=\"9\">{:.0}</tspan></text>",
            y(*value),
            y(*value) - 8.0,
            bottom + 18.0,
            rows.log10()
        );
    }
}
