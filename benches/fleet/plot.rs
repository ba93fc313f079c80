//! The load over time as a picture.

use std::fmt::Write;

use super::load::{Load, WINDOW};

/// One start of the fleet.
pub(crate) struct Panel<'a> {
    pub(crate) title: String,
    /// What the quota grants per window, on average.
    pub(crate) granted: f64,
    pub(crate) load: &'a Load,
}

const WIDTH: f64 = 860.0;
const HEIGHT: f64 = 275.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 52.0;
const BOTTOM: f64 = 44.0;

const ANSWERED: &str = "#2a9d5c";
const REFUSED: &str = "#e07a5f";
const INK: &str = "#333333";
const GRID: &str = "#dddddd";
const DASHED: &str = " stroke-dasharray=\"5 4\"";

/// One panel below the other, all on the same scale of time.
pub(crate) fn svg(panels: &[Panel<'_>]) -> String {
    let height = HEIGHT * panels.len() as f64;
    let windows = panels.iter().map(|panel| panel.load.bars.len()).max().unwrap_or(1);
    let seconds = (windows as f64 * WINDOW.as_secs_f64()).ceil();
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" font-size=\"12\" \
         fill=\"{INK}\">\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
    );
    for (i, panel) in panels.iter().enumerate() {
        let _ = writeln!(out, "<g transform=\"translate(0 {})\">", HEIGHT * i as f64);
        draw(&mut out, panel, seconds);
        out.push_str("</g>\n");
    }
    out.push_str("</svg>\n");
    out
}

fn draw(out: &mut String, panel: &Panel<'_>, seconds: f64) {
    // The first requests of all come at once, and would press everything else to the floor: those bars are cut.
    let step = step(panel.load.peak_of_retries() as f64 * 1.3 / 4.0);
    let most = step * 4.0;
    let floor = HEIGHT - BOTTOM;
    let y = |count: f64| floor - count.min(most) / most * (floor - TOP);
    let x = |second: f64| LEFT + second / seconds * (WIDTH - LEFT - RIGHT);

    text(out, LEFT, 18.0, "start", &format!("<tspan font-weight=\"bold\">{}</tspan>: requests per 0.1 s", panel.title));
    for (left, colour, words) in [(WIDTH - 500.0, ANSWERED, "answered (200)"), (WIDTH - 385.0, REFUSED, "refused (429)")] {
        rect(out, (left, 27.0, 10.0, 10.0), colour);
        text(out, left + 15.0, 36.0, "start", words);
    }
    line(out, (WIDTH - 275.0, 32.0), (WIDTH - 249.0, 32.0), INK, DASHED);
    text(out, WIDTH - 243.0, 36.0, "start", &format!("granted by the quota: {:.0} on average", panel.granted));
    for i in 0..=4 {
        let count = step * f64::from(i);
        line(out, (LEFT, y(count)), (WIDTH - RIGHT, y(count)), GRID, "");
        text(out, LEFT - 6.0, y(count) + 4.0, "end", &format!("{count:.0}"));
    }
    let every = if seconds > 30.0 { 5 } else { 2 };
    for second in (0..=seconds as u32).step_by(every) {
        text(out, x(f64::from(second)), floor + 16.0, "middle", &format!("{second} s"));
    }
    let width = x(WINDOW.as_secs_f64()) - x(0.0) - 0.4;
    for (i, bar) in panel.load.bars.iter().enumerate() {
        let left = x(i as f64 * WINDOW.as_secs_f64());
        let (answered, all) = (bar.answered as f64, (bar.answered + bar.refused) as f64);
        if all > 0.0 {
            rect(out, (left, y(all), width, y(answered) - y(all)), REFUSED);
            rect(out, (left, y(answered), width, floor - y(answered)), ANSWERED);
        }
    }
    line(out, (LEFT, y(panel.granted)), (WIDTH - RIGHT, y(panel.granted)), INK, DASHED);
    let Load { nodes, .. } = panel.load;
    text(out, LEFT, 36.0, "start", &format!("cut: the first requests of all {nodes}, up to {}", panel.load.peak()));
}

/// The next step of a scale: 1, 2 or 5 with zeros.
fn step(least: f64) -> f64 {
    let unit = 10_f64.powf(least.max(1.0).log10().floor());
    [1.0, 2.0, 5.0, 10.0].map(|factor| factor * unit).into_iter().find(|step| *step >= least).unwrap_or(unit)
}

fn text(out: &mut String, x: f64, y: f64, anchor: &str, words: &str) {
    let _ = writeln!(out, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{words}</text>");
}

fn rect(out: &mut String, (x, y, width, height): (f64, f64, f64, f64), colour: &str) {
    if height > 0.0 {
        let _ = writeln!(out, "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" fill=\"{colour}\"/>");
    }
}

fn line(out: &mut String, from: (f64, f64), to: (f64, f64), colour: &str, style: &str) {
    let ((x1, y1), (x2, y2)) = (from, to);
    let _ = writeln!(out, "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" stroke=\"{colour}\"{style}/>");
}
