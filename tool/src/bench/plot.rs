//! One plot in logarithmic axes, as inline SVG: colours and fonts are the page's.
use std::fmt::Write;

/// What a plot shows.
pub struct Plot<'a> {
    /// Unique on the page.
    pub id: String,
    /// Said by screen readers.
    pub title: String,
    /// What stands beside the axes.
    pub x: &'a str,
    pub y: &'a str,
    pub lines: Vec<Line>,
    pub ceilings: Vec<Ceiling>,
    /// How numbers of the axes are written.
    pub x_name: fn(f64) -> String,
    pub y_name: fn(f64) -> String,
}

/// The measurements of one side.
pub struct Line {
    /// Its place in the legend.
    pub style: Style,
    pub name: String,
    pub points: Vec<Dot>,
}

/// Colour by backend, dashes where copies are included.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Style {
    pub colour: usize,
    pub dashed: bool,
}

pub struct Dot {
    pub x: f64,
    pub y: f64,
    /// Quartiles.
    pub low: f64,
    pub high: f64,
}

/// A level that can't be passed.
pub struct Ceiling {
    pub name: String,
    pub colour: usize,
    pub y: f64,
}

const WIDTH: f64 = 480.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 26.0;
const BOTTOM: f64 = 44.0;

/// Colours that the page's style names.
pub const COLOURS: usize = 6;

/// A logarithmic axis between two positions.
struct Axis {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

impl Axis {
    /// Room for all values, and some air.
    fn over(values: impl Iterator<Item = f64>, air: f64, from: f64, to: f64) -> Axis {
        let (low, high) =
            values.fold((f64::INFINITY, 0.0f64), |(low, high), value| (low.min(value), high.max(value)));
        Axis { low: low / air, high: high * air, from, to }
    }

    fn at(&self, value: f64) -> f64 {
        self.from + (value / self.low).ln() / (self.high / self.low).ln() * (self.to - self.from)
    }

    fn inside(&self, ticks: Vec<f64>) -> Vec<f64> {
        ticks.into_iter().filter(|tick| (self.low..=self.high).contains(tick)).collect()
    }

    /// Powers of ten, with their doubles and halves where there is room.
    fn decades(&self) -> Vec<f64> {
        let exponents = self.low.log10().floor() as i32..=self.high.log10().ceil() as i32;
        let with = |steps: &'static [f64]| {
            let ticks = exponents.clone().flat_map(|e| steps.iter().map(move |step| step * 10f64.powi(e)));
            self.inside(ticks.collect())
        };
        let fine = with(&[1.0, 2.0, 5.0]);
        thinned(if fine.len() <= 6 { fine } else { with(&[1.0]) })
    }

    /// Powers of two, as sizes mostly are; every second, every fourth… where they are many.
    fn powers(&self) -> Vec<f64> {
        let all = |step: usize| self.inside((0..=40).step_by(step).map(|e| 2f64.powi(e)).collect());
        [1, 2, 4].into_iter().map(all).find(|ticks| ticks.len() <= 6).unwrap_or_else(|| thinned(all(4)))
    }
}

fn thinned(ticks: Vec<f64>) -> Vec<f64> {
    let step = ticks.len().div_ceil(6).max(1);
    ticks.into_iter().step_by(step).collect()
}

impl Plot<'_> {
    /// The plot; nothing where there is no point.
    pub fn svg(&self) -> Option<String> {
        let points = || self.lines.iter().flat_map(|line| &line.points);
        points().next()?;
        let x = Axis::over(points().map(|dot| dot.x), 1.5, LEFT, WIDTH - RIGHT);
        let heights = points().flat_map(|dot| [dot.low, dot.high]).chain(self.ceilings.iter().map(|c| c.y));
        let y = Axis::over(heights, 1.6, HEIGHT - BOTTOM, TOP);
        let mut svg = format!(
            "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-labelledby=\"{0}-t {0}-d\">\n\
             <title id=\"{0}-t\">{1}</title>\n<desc id=\"{0}-d\">{2}</desc>\n",
            self.id,
            escape(&self.title),
            escape(&self.described())
        );
        self.axes(&mut svg, &x, &y);
        for line in &self.lines {
            self.line(&mut svg, line, &x, &y);
        }
        // Last, so that their names stay readable where lines cross them.
        self.levels(&mut svg, &y);
        svg.push_str("</svg>\n");
        Some(svg)
    }

    /// The values in words.
    fn described(&self) -> String {
        let lines = self.lines.iter().map(|line| {
            let dots =
                line.points.iter().map(|dot| format!("{}: {}", (self.x_name)(dot.x), (self.y_name)(dot.y)));
            format!("{}: {}.", line.name, dots.collect::<Vec<_>>().join(", "))
        });
        let levels = self.ceilings.iter().map(|level| format!("{}: {}.", level.name, (self.y_name)(level.y)));
        lines.chain(levels).collect::<Vec<_>>().join(" ")
    }

    fn axes(&self, svg: &mut String, x: &Axis, y: &Axis) {
        let (right, bottom) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
        for tick in y.decades() {
            let at = y.at(tick);
            let _ = writeln!(
                svg,
                "<path class=\"grid\" d=\"M{LEFT} {at:.1}H{right}\"/>\
                 <text class=\"tick\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                LEFT - 6.0,
                at + 4.0,
                (self.y_name)(tick)
            );
        }
        for tick in x.powers() {
            let at = x.at(tick);
            let _ = writeln!(
                svg,
                "<path class=\"grid\" d=\"M{at:.1} {TOP}V{bottom}\"/>\
                 <text class=\"tick\" x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
                bottom + 16.0,
                (self.x_name)(tick)
            );
        }
        let _ = writeln!(
            svg,
            "<path class=\"axis\" d=\"M{LEFT} {TOP}V{bottom}H{right}\"/>\
             <text class=\"name\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>\
             <text class=\"name\" x=\"4\" y=\"14\">{}</text>",
            (LEFT + right) / 2.0,
            HEIGHT - 8.0,
            escape(self.x),
            escape(self.y)
        );
    }

    /// Ceilings, with names that keep out of each other's way.
    fn levels(&self, svg: &mut String, y: &Axis) {
        let mut levels: Vec<(f64, &Ceiling)> =
            self.ceilings.iter().map(|level| (y.at(level.y), level)).collect();
        levels.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut free = TOP - 12.0;
        for (at, level) in levels {
            // Above its line, unless the one before it is there.
            let text = (at - 5.0).max(free + 13.0);
            free = text;
            let _ = writeln!(
                svg,
                "<path class=\"ceiling c{0}\" d=\"M{LEFT} {at:.1}H{1}\"/>\
                 <text class=\"level c{0}\" x=\"{2:.1}\" y=\"{text:.1}\">{3}</text>",
                level.colour % COLOURS,
                WIDTH - RIGHT,
                LEFT + 6.0,
                escape(&level.name)
            );
        }
    }

    fn line(&self, svg: &mut String, line: &Line, x: &Axis, y: &Axis) {
        let Style { colour, dashed } = line.style;
        let dashes = if dashed { " dashed" } else { "" };
        let _ = writeln!(svg, "<g class=\"c{}{dashes}\">", colour % COLOURS);
        let path: Vec<String> =
            line.points.iter().map(|dot| format!("{:.1} {:.1}", x.at(dot.x), y.at(dot.y))).collect();
        let _ = writeln!(svg, "<path class=\"line\" d=\"M{}\"/>", path.join("L"));
        for dot in &line.points {
            let _ = writeln!(
                svg,
                "<path class=\"bar\" d=\"M{0:.1} {1:.1}V{2:.1}\"/><circle cx=\"{0:.1}\" cy=\"{3:.1}\" r=\"3.5\">\
                 <title>{4}, {5}: {6}</title></circle>",
                x.at(dot.x),
                y.at(dot.low),
                y.at(dot.high),
                y.at(dot.y),
                escape(&line.name),
                (self.x_name)(dot.x),
                (self.y_name)(dot.y)
            );
        }
        svg.push_str("</g>\n");
    }
}

/// Text for HTML: whatever it holds, it is text.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            letter => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plot(points: Vec<Dot>) -> Plot<'static> {
        Plot {
            id: "p".into(),
            title: "a < b".into(),
            x: "size",
            y: "time",
            lines: vec![Line { style: Style { colour: 7, dashed: true }, name: "gpu".into(), points }],
            ceilings: vec![],
            x_name: |x| x.to_string(),
            y_name: |y| y.to_string(),
        }
    }

    #[test]
    fn a_plot_says_what_it_shows() {
        let dot = |x, y| Dot { x, y, low: y, high: y };
        let svg = plot(vec![dot(1.0, 2.0), dot(4.0, 8.0)]).svg().unwrap();
        assert!(
            svg.contains("<title id=\"p-t\">a &lt; b</title>") && svg.contains("gpu: 1: 2, 4: 8."),
            "{svg}"
        );
        assert!(svg.contains("class=\"c1 dashed\"") && svg.matches("<circle").count() == 2, "{svg}");
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        assert!(plot(vec![]).svg().is_none());
    }

    #[test]
    fn one_point_is_enough() {
        let svg = plot(vec![Dot { x: 64.0, y: 1e-5, low: 1e-5, high: 1e-5 }]).svg().unwrap();
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    }

    #[test]
    fn axes_keep_their_order_and_have_ticks() {
        let axis = Axis::over([1e-6, 1e-1].into_iter(), 1.5, 300.0, 0.0);
        assert!(axis.at(1e-6) > axis.at(1e-3) && axis.at(1e-3) > axis.at(1e-1));
        assert_eq!(axis.decades().len(), 6);
        let narrow = Axis::over([3.0, 4.0].into_iter(), 1.6, 300.0, 0.0);
        assert_eq!(narrow.decades(), [2.0, 5.0]);
        let sizes = Axis::over([1024.0, 16_777_216.0].into_iter(), 1.5, 0.0, 300.0);
        assert_eq!(sizes.powers().first(), Some(&4096.0));
    }
}
