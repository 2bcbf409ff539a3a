//! From which size on does a device pay?
use serde::{Deserialize, Serialize};

/// The answer, of one sweep over sizes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "verdict", content = "size")]
pub enum Crossover {
    /// The device is faster at every size of the sweep.
    Always,
    /// The device is faster from about this size on.
    From(f64),
    /// The device is not faster at the largest size of the sweep.
    Never,
}

/// Times of both at one size.
#[derive(Clone, Copy, Debug)]
pub struct Point {
    pub size: f64,
    pub host: f64,
    pub device: f64,
}

impl Crossover {
    /// Between the last size at which the host is faster (or as fast) and the next one, both times are taken to be
    /// straight lines in the logarithms. `None` without points.
    pub fn of(points: &[Point]) -> Option<Crossover> {
        let mut points = points.to_vec();
        points.sort_by(|a, b| a.size.total_cmp(&b.size));
        // Above zero the host is faster.
        let lead = |point: &Point| (point.device / point.host).ln();
        let last = points.len().checked_sub(1)?;
        let Some(below) = points.iter().rposition(|point| lead(point) >= 0.0) else {
            return Some(Crossover::Always);
        };
        if below == last {
            return Some(Crossover::Never);
        }
        let (left, right) = (&points[below], &points[below + 1]);
        let share = lead(left) / (lead(left) - lead(right));
        let size = left.size.ln() + share * (right.size.ln() - left.size.ln());
        Some(Crossover::From(size.exp()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(times: &[(f64, f64, f64)]) -> Vec<Point> {
        times.iter().map(|&(size, host, device)| Point { size, host, device }).collect()
    }

    #[test]
    fn lines_meet_where_they_meet() {
        // The host takes size² / 1e6, the device size: they meet at 1e6, whatever the sizes.
        let line = |size: f64| (size, size * size / 1e6, size);
        let Some(Crossover::From(size)) = Crossover::of(&points(&[line(1e8), line(1e2), line(3e5)])) else {
            panic!("they cross")
        };
        assert!((size / 1e6 - 1.0).abs() < 1e-9, "{size}");
    }

    #[test]
    fn a_side_that_is_always_ahead_says_so() {
        assert_eq!(Crossover::of(&points(&[(1.0, 2.0, 1.0), (2.0, 3.0, 2.0)])), Some(Crossover::Always));
        assert_eq!(Crossover::of(&points(&[(1.0, 1.0, 1.0), (2.0, 1.0, 2.0)])), Some(Crossover::Never));
        assert_eq!(Crossover::of(&[]), None);
    }

    #[test]
    fn the_last_crossing_counts() {
        let times = [(1.0, 1.0, 0.5), (10.0, 1.0, 2.0), (100.0, 2.0, 1.0), (1000.0, 4.0, 1.0)];
        let Some(Crossover::From(size)) = Crossover::of(&points(&times)) else { panic!("they cross") };
        assert!((size - 1e1f64.powf(1.5)).abs() < 1e-6, "halfway between 10 and 100: {size}");
        // Ahead in the middle only: it does not pay from any size on.
        let times = [(1.0, 1.0, 2.0), (10.0, 2.0, 1.0), (100.0, 1.0, 2.0)];
        assert_eq!(Crossover::of(&points(&times)), Some(Crossover::Never));
    }
}
