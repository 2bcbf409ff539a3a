//! The bins of histograms: how they are asked for, and their edges.

use super::creation::float_beside;
use super::manipulation::numbers_beside;
use super::typing::ordered;
use super::{bitwise_and, greater_equal, less_equal, max, min, percentile, ravel, std};
use crate::array::Array;
use crate::dtype::DType;
use crate::dtype::promote;
use crate::error::{Error, Result};
use core::f64::consts::PI;

/// How the bins of a histogram are found.
#[derive(Clone, Debug, PartialEq)]
pub enum Binning {
    /// So many of one width.
    Count(usize),
    /// Between these edges, in ascending order; the last bin has its right edge, too.
    Edges(Vec<f64>),
    /// √n of one width.
    Sqrt,
    /// log₂ n + 1 (Sturges 1926).
    Sturges,
    /// 2 n^⅓ (Rice).
    Rice,
    /// Of width σ (24 √π / n)^⅓ (Scott 1979).
    Scott,
    /// Of width 2 IQR n^−⅓ (Freedman and Diaconis 1981).
    FreedmanDiaconis,
    /// The narrower of Sturges's and Freedman's and Diaconis's, but no more than 2 √n.
    Auto,
}

/// The bins of a histogram: `10`, `(10, 0.0, 1.0)` within limits, edges as an array or vector, `Bins::by(Binning::Auto)`;
/// `()` for 10. `.density()` asks for densities instead of counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Bins {
    /// How they are found.
    pub binning: Binning,
    /// The outermost edges; those of the elements if none are given.
    pub range: Option<(f64, f64)>,
    /// Counts are divided by their sum and by the widths of their bins.
    pub density: bool,
}

impl Bins {
    /// By a rule.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([0.0, 1.0, 2.0, 4.0]);
    /// let edges = np::histogram_bin_edges(&x, np::Bins::by(np::Binning::Sqrt))?;
    /// assert_eq!(edges.to_vec::<f64>()?, [0.0, 2.0, 4.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    pub fn by(binning: Binning) -> Bins {
        Bins { binning, range: None, density: false }
    }

    /// Between these outermost edges.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([1.0, 3.0, 9.0]);
    /// let (counts, _) = np::histogram(&x, np::Bins::from(2).range(0.0, 4.0))?;
    /// assert_eq!(counts.to_vec::<i64>()?, [1, 1]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    #[must_use]
    pub fn range(self, from: f64, to: f64) -> Bins {
        Bins { range: Some((from, to)), ..self }
    }

    /// Densities instead of counts: their integral is 1.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([1.0, 1.0, 1.0, 3.0]);
    /// let (densities, _) = np::histogram(&x, np::Bins::from(2).range(0.0, 4.0).density())?;
    /// assert_eq!(densities.to_vec::<f64>()?, [0.375, 0.125]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    #[must_use]
    pub fn density(self) -> Bins {
        Bins { density: true, ..self }
    }
}

impl From<()> for Bins {
    fn from((): ()) -> Bins {
        Bins::by(Binning::Count(10))
    }
}
impl From<usize> for Bins {
    fn from(count: usize) -> Bins {
        Bins::by(Binning::Count(count))
    }
}
impl From<(usize, f64, f64)> for Bins {
    fn from((count, from, to): (usize, f64, f64)) -> Bins {
        Bins::from(count).range(from, to)
    }
}
impl<const N: usize> From<[f64; N]> for Bins {
    fn from(edges: [f64; N]) -> Bins {
        Bins::by(Binning::Edges(edges.to_vec()))
    }
}
impl From<Vec<f64>> for Bins {
    fn from(edges: Vec<f64>) -> Bins {
        Bins::by(Binning::Edges(edges))
    }
}

/// The edges of bins.
pub(super) fn edges_of(op: &'static str, x: &Array, bins: &Bins) -> Result<Vec<f64>> {
    let bad = |operands: String, fix: &str| Error::Argument { op, operands, fix: fix.into() };
    ordered(op, x.dtype())?;
    if let Binning::Edges(edges) = &bins.binning {
        let ascend = edges.len() > 1 && edges.windows(2).all(|pair| pair[0] <= pair[1]);
        return match ascend {
            true => Ok(edges.clone()),
            false => Err(bad(format!("{} edges", edges.len()), "edges ascend, and there are at least two")),
        };
    }
    let (from, to) = match bins.range {
        Some(range) => range,
        None if x.is_empty() => (0.0, 1.0),
        None => (min(x, ())?.item()?.to_f64(), max(x, ())?.item()?.to_f64()),
    };
    if !from.is_finite() || !to.is_finite() || from > to {
        return Err(bad(
            format!("from {from} to {to}"),
            "limits are finite and in order; NaN has no bin: give limits",
        ));
    }
    let (from, to) = if from == to { (from - 0.5, to + 0.5) } else { (from, to) };
    let count = match &bins.binning {
        Binning::Count(count) => *count,
        rule => ruled(x, rule, (from, to))?,
    };
    if count == 0 {
        return Err(bad("no bins".into(), "there is at least one"));
    }
    if count > MOST_BINS {
        return Err(bad(format!("{count} bins"), "there are too many; take less, or narrower limits"));
    }
    let step = (to - from) / count as f64;
    Ok((0..=count).map(|i| if i == count { to } else { from + i as f64 * step }).collect())
}

/// Bins of a histogram, at most: their edges are made on the host.
const MOST_BINS: usize = 1 << 28;

/// How many bins a rule asks for, of the elements within limits.
fn ruled(x: &Array, rule: &Binning, (from, to): (f64, f64)) -> Result<usize> {
    let x = ravel(x)?;
    let inside = bitwise_and(&greater_equal(&x, from)?, &less_equal(&x, to)?)?;
    let x = super::select(&x, &inside)?;
    if x.is_empty() {
        return Ok(1);
    }
    let (n, spread) = (x.len() as f64, max(&x, ())?.item()?.to_f64() - min(&x, ())?.item()?.to_f64());
    let deviation = || Ok::<_, Error>(std(&x, ())?.item()?.to_f64());
    let quartiles = || {
        let [low, high] = [25.0, 75.0].map(|q| Ok::<_, Error>(percentile(&x, q, ())?.item()?.to_f64()));
        Ok::<_, Error>(high? - low?)
    };
    let sturges = spread / (n.log2() + 1.0);
    let width = match rule {
        Binning::Sqrt => spread / n.sqrt(),
        Binning::Sturges => sturges,
        Binning::Rice => spread / (2.0 * n.powf(1.0 / 3.0)),
        Binning::Scott => (24.0 * PI.sqrt() / n).powf(1.0 / 3.0) * deviation()?,
        Binning::FreedmanDiaconis => 2.0 * quartiles()? * n.powf(-1.0 / 3.0),
        _ => {
            // Not so narrow that there are more than 2 √n.
            let width = (2.0 * quartiles()? * n.powf(-1.0 / 3.0)).max(spread / n.sqrt() / 2.0);
            width.min(sturges)
        }
    };
    // Bins of integers are at least one wide.
    let width = if x.dtype().is_int() && width < 1.0 { 1.0 } else { width };
    Ok(if width > 0.0 { ((to - from) / width).ceil() as usize } else { 1 })
}

/// Edges in the float in which elements are compared with them.
pub(super) fn edges_beside(edges: &[f64], x: &Array, by: &Bins) -> Result<Array> {
    let dtype = match x.dtype() {
        float if float.is_float() && !matches!(by.binning, Binning::Edges(_)) => promote(float, DType::F32),
        // Edges that are given are as exact as can be.
        _ => float_beside(x)?,
    };
    numbers_beside(edges.iter().copied(), dtype, x)
}
