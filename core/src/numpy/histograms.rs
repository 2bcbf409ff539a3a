//! Counting: `bincount`, `histogram` and its relatives.

use super::Answer;
use super::bins::{Bins, edges_beside, edges_of};
use super::manipulation::{Count, alike, cast, numbers_beside, part};
use super::{
    Side, Update, add, bitwise_and, divide, greater_equal, less_equal, max, min, multiply, ravel, scatter,
    searchsorted, sum, where_, zeros,
};
use crate::array::Array;
use crate::array::spec::{Outputs, Spec, output, record_one};
use crate::dispatch::{Cx, Registrar};
use crate::dtype::{DType, Kind};
use crate::error::{Error, Result};
use crate::multimethod;

multimethod! {
    domain "numpy";

    /// How often each integer from 0 on occurs: int64, one axis, of at least `least` elements. **Evaluates `x`**, since the
    /// length depends on it.
    ///
    /// NumPy: `bincount(x, minlength)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([0, 1, 1, 3]);
    /// assert_eq!(np::bincount(&x, ())?.to_vec::<i64>()?, [1, 2, 0, 1]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::DType`] if they are no integers; [`Error::Shape`] for other than one axis; [`Error::Argument`] for
    /// negative ones.
    pub fn bincount(x: &Array, least: Count) -> Result<Array> {
        let bins = counted("bincount", x, least.0.unwrap_or(0))?;
        erased_count_numbers(&cast(x, DType::I64)?, bins)
    }

    /// The sum of the weights of each integer from 0 on: one axis, of at least `least` elements, in the default float or the
    /// dtype of float weights. **Evaluates `x`.**
    ///
    /// NumPy: `bincount(x, weights, minlength)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let (x, weights) = (Array::from([0, 1, 1]), Array::from([0.5, 1.0, 2.0]));
    /// assert_eq!(np::bincount_weighted(&x, &weights, ())?.to_vec::<f64>()?, [0.5, 3.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`bincount()`]; [`Error::Shape`] if there are not as many weights.
    pub fn bincount_weighted(x: &Array, weights: &Array, least: Count) -> Result<Array> {
        if weights.shape() != x.shape() {
            return Err(Error::Shape {
                op: "bincount_weighted",
                operands: format!("x: {:?}, weights: {:?}", x.shape(), weights.shape()),
                fix: "give one weight for each integer".into(),
            });
        }
        let bins = counted("bincount_weighted", x, least.0.unwrap_or(0))?;
        let weights = multiply(weights, 1.0)?;
        let create = alike(x, weights.dtype());
        scatter(&zeros([bins], create)?, x, &weights, Update::Add)
    }

    /// How many elements of the flattened array lie in each bin, int64, and the edges of the bins, one more than there
    /// are of them. Each bin has its left edge; the last one both. NaN lies in none. **Evaluates `x`** unless the edges or
    /// the number of bins and their limits are given.
    ///
    /// NumPy: `histogram(x, bins, range, density)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([1.0, 2.0, 1.0]);
    /// let (counts, edges) = np::histogram(&x, (3, 0.0, 3.0))?;
    /// assert_eq!(counts.to_vec::<i64>()?, [0, 2, 1]);
    /// assert_eq!(edges.to_vec::<f64>()?, [0.0, 1.0, 2.0, 3.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Argument`] for edges that don't ascend, limits that are not finite, or no bins; [`Error::DType`] for complex
    /// numbers.
    pub fn histogram(x: &Array, bins: Bins) -> Result<(Array, Array)> {
        let edges = edges_of("histogram", x, &bins)?;
        let counts = binned(x, &edges, &bins, None)?;
        let counts = if bins.density { densities(&counts, &edges)? } else { counts };
        Ok((counts, edges_beside(&edges, x, &bins)?))
    }

    /// [`histogram()`] of elements with weights: sums of them instead of counts, in their dtype.
    ///
    /// NumPy: `histogram(x, bins, range, weights, density)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let (x, weights) = (Array::from([1.0, 2.0, 1.0]), Array::from([0.5, 1.0, 2.0]));
    /// let (sums, _) = np::histogram_weighted(&x, &weights, [0.0, 1.0, 2.0, 3.0])?;
    /// assert_eq!(sums.to_vec::<f64>()?, [0.0, 2.5, 1.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`histogram()`]; [`Error::Shape`] if `weights` have another shape.
    pub fn histogram_weighted(x: &Array, weights: &Array, bins: Bins) -> Result<(Array, Array)> {
        if weights.shape() != x.shape() {
            return Err(Error::Shape {
                op: "histogram_weighted",
                operands: format!("x: {:?}, weights: {:?}", x.shape(), weights.shape()),
                fix: "give one weight for each element".into(),
            });
        }
        let edges = edges_of("histogram_weighted", x, &bins)?;
        let sums = binned(x, &edges, &bins, Some(weights))?;
        let sums = if bins.density { densities(&sums, &edges)? } else { sums };
        Ok((sums, edges_beside(&edges, x, &bins)?))
    }

    /// The edges of the bins that [`histogram()`] would take. One axis, of floats: one more than there are bins.
    ///
    /// NumPy: `histogram_bin_edges(x, bins, range)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([0.0, 4.0]);
    /// assert_eq!(np::histogram_bin_edges(&x, 4)?.to_vec::<f64>()?, [0.0, 1.0, 2.0, 3.0, 4.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`histogram()`].
    pub fn histogram_bin_edges(x: &Array, bins: Bins) -> Result<Array> {
        edges_beside(&edges_of("histogram_bin_edges", x, &bins)?, x, &bins)
    }

    /// How many points (`x[i]`, `y[i]`) lie in each cell of a grid, in the default float, (bins of x, bins of y), and the
    /// edges along both axes. `y` has the bins of `x` unless others are given.
    ///
    /// NumPy: `histogram2d(x, y, bins, range, density)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let (x, y) = (Array::from([0.5, 1.5, 1.5]), Array::from([0.5, 0.5, 1.5]));
    /// let (counts, _, _) = np::histogram2d(&x, &y, [0.0, 1.0, 2.0], [0.0, 1.0, 2.0])?;
    /// assert_eq!(counts.to_vec::<f64>()?, [1.0, 0.0, 1.0, 1.0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`histogram()`]; [`Error::Shape`] if there are not as many of both.
    pub fn histogram2d(x: &Array, y: &Array, x_bins: Bins, y_bins: Bins) -> Result<(Array, Array, Array)> {
        if x.ndim() != 1 || x.shape() != y.shape() {
            return Err(Error::Shape {
                op: "histogram2d",
                operands: format!("x: {:?}, y: {:?}", x.shape(), y.shape()),
                fix: "points have two coordinates: give as many of both, along one axis".into(),
            });
        }
        let density = x_bins.density || y_bins.density;
        let (h, mut edges) = gridded("histogram2d", &[x.clone(), y.clone()], &[x_bins, y_bins], density)?;
        let last = edges.pop().expect("there are two axes");
        Ok((h, edges.pop().expect("there are two axes"), last))
    }

    /// How many of the points in the rows of `points`, (n, axes), lie in each cell of a grid, in the default float, and the
    /// edges along each axis.
    ///
    /// NumPy: `histogramdd(points, bins, range, density)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let points = Array::from([[0.5, 0.5], [1.5, 0.5], [1.5, 1.5]]);
    /// let (counts, edges) = np::histogramdd(&points, [0.0, 1.0, 2.0])?;
    /// assert_eq!(counts.to_vec::<f64>()?, [1.0, 0.0, 1.0, 1.0]);
    /// assert_eq!(edges.len(), 2);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`histogram()`]; [`Error::Shape`] for other than two axes.
    pub fn histogramdd(points: &Array, bins: Bins) -> Result<(Array, Vec<Array>)> {
        if points.ndim() != 2 || points.shape()[1] == 0 {
            return Err(Error::Shape {
                op: "histogramdd",
                operands: format!("points: {:?}", points.shape()),
                fix: "give a row of coordinates for each point".into(),
            });
        }
        let axes = super::unstack(points, 1)?;
        gridded("histogramdd", &axes, &vec![bins.clone(); axes.len()], bins.density)
    }
}

multimethod! {
    erased domain "numpy";

    /// How many of the elements `x` lie in each bin between `edges`, which ascend, int64: both along one axis and of one float
    /// dtype. An edge belongs to the bin above it, the last one to the last bin; what lies outside, and NaN, is not counted.
    ///
    /// NumPy: `histogram(x, edges)[0]`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let (x, edges) = (Array::from([1.0, 2.0, 1.0]), Array::from([0.0, 1.0, 2.0, 3.0]));
    /// assert_eq!(np::erased_count_in_bins(&x, &edges)?.to_vec::<i64>()?, [0, 2, 1]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Argument`] for other operands.
    pub fn count_in_bins(x: &Array, edges: &Array) -> Result<Array> {
        let bins = bins_between(x, edges)?;
        erased_count_numbers(&located_between(x, edges)?, bins)
    }

    /// How many of the elements `x`, int64 along one axis, are each of the numbers below `bins`: int64, (bins). Other numbers
    /// are not counted.
    ///
    /// NumPy: `bincount(x[(x >= 0) & (x < bins)], minlength=bins)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let x = Array::from([0_i64, 1, 1, 7]);
    /// assert_eq!(np::erased_count_numbers(&x, 3_usize)?.to_vec::<i64>()?, [1, 2, 0]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Argument`] for other operands.
    pub fn count_numbers(x: &Array, bins: usize) -> Result<Array> {
        numbers(x)?;
        let inside = bitwise_and(&greater_equal(x, 0)?, &super::less(x, bins as i64)?)?;
        gathered(&where_(&inside, x, bins as i64)?, &Array::weak(1_i64.into()), DType::I64, bins)
    }
}

/// Checks integers; how many bins they need.
fn counted(op: &'static str, x: &Array, least: usize) -> Result<usize> {
    if x.dtype().kind() > Kind::Int || x.ndim() != 1 {
        return Err(Error::DType {
            op,
            operands: format!("x: {} {:?}", x.dtype(), x.shape()),
            fix: "it counts integers along one axis; cast them with astype".into(),
        });
    }
    if x.is_empty() {
        return Ok(least);
    }
    let read = |a: Array| Ok::<_, Error>(a.item()?.to_i128().unwrap_or(0));
    let (low, high) = (read(min(x, ())?)?, read(max(x, ())?)?);
    if low < 0 {
        return Err(Error::Argument {
            op,
            operands: format!("{low} among the integers"),
            fix: "none is negative".into(),
        });
    }
    let bins = usize::try_from(high + 1).map_err(|_| Error::TooLarge {
        place: op.into(),
        bytes: high as u128,
        detail: "bins".into(),
    })?;
    Ok(bins.max(least))
}

/// The bin in which each element lies; the number of bins for one that lies in none.
fn located(x: &Array, edges: &[f64], by: &Bins) -> Result<Array> {
    let edges = edges_beside(edges, x, by)?;
    located_between(&cast(&ravel(x)?, edges.dtype())?, &edges)
}

/// The same of elements of the edges' dtype.
fn located_between(x: &Array, edges: &Array) -> Result<Array> {
    let bins = edges.len() - 1;
    let inner = part(edges, 0, 1, 1, bins - 1)?;
    let at = searchsorted(&inner, x, Side::Right)?;
    let (low, high) = (part(edges, 0, 0, 1, 1)?, part(edges, 0, bins, 1, 1)?);
    let inside = bitwise_and(&greater_equal(x, &low)?, &less_equal(x, &high)?)?;
    where_(&inside, &at, bins as i64)
}

/// Counts of elements, or sums of their weights, in each bin.
fn binned(x: &Array, edges: &[f64], bins_by: &Bins, weights: Option<&Array>) -> Result<Array> {
    let Some(weights) = weights else {
        let edges = edges_beside(edges, x, bins_by)?;
        return erased_count_in_bins(&cast(&ravel(x)?, edges.dtype())?, &edges);
    };
    let at = located(x, edges, bins_by)?;
    gathered(&at, &ravel(weights)?, weights.dtype(), edges.len() - 1)
}

/// The sum of what lies in each bin; the number of bins stands for none.
fn gathered(at: &Array, values: &Array, dtype: DType, bins: usize) -> Result<Array> {
    let cells = bins.checked_add(1).ok_or_else(|| Error::TooLarge {
        place: "a table of counts".into(),
        bytes: u128::MAX,
        detail: format!("{bins} bins"),
    })?;
    let none = zeros([cells], alike(at, dtype))?;
    part(&scatter(&none, at, values, Update::Add)?, 0, 0, 1, bins)
}

/// How many elements lie in each bin. The operands are of one float dtype: the elements (count), and the edges (bins + 1),
/// which ascend. Of int64 there is one operand: the elements are the numbers of bins, and those of none are not counted. The
/// result is dense, int64, (bins).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BinCounts {
    /// Number of elements.
    pub count: usize,
    /// Number of bins.
    pub bins: usize,
    /// Dtype of elements and edges.
    pub dtype: DType,
}

impl Spec for BinCounts {
    const NAME: &'static str = "count_in_bins";

    fn outputs(&self) -> Outputs {
        output([self.bins].as_slice(), DType::I64)
    }
}

/// Checks numbers of bins.
fn numbers(x: &Array) -> Result<()> {
    if x.ndim() == 1 && x.dtype() == DType::I64 {
        return Ok(());
    }
    Err(Error::Argument {
        op: "count_numbers",
        operands: format!("x: {} {:?}", x.dtype(), x.shape()),
        fix: "it counts int64 along one axis".into(),
    })
}

/// The number of bins between edges.
fn bins_between(x: &Array, edges: &Array) -> Result<usize> {
    let fits = x.ndim() == 1 && edges.ndim() == 1 && edges.len() > 1;
    if !fits || x.dtype() != edges.dtype() || !x.dtype().is_float() {
        return Err(Error::Argument {
            op: "count_in_bins",
            operands: format!(
                "x: {} {:?}, edges: {} {:?}",
                x.dtype(),
                x.shape(),
                edges.dtype(),
                edges.shape()
            ),
            fix: "both lie along one axis and are of one float dtype, and there are two edges or more".into(),
        });
    }
    Ok(edges.len() - 1)
}

/// Registers counting for a kind whose kernels do it in one pass.
pub(super) fn register(r: &mut Registrar<'_>, kind: &str) {
    r.register::<count_in_bins>(kind, |cx: Cx, x: &Array, edges: &Array| -> Answer {
        let bins = bins_between(x, edges)?;
        record_one(cx, BinCounts { count: x.len(), bins, dtype: x.dtype() }, &[x, edges])
    });
    r.register::<count_numbers>(kind, |cx: Cx, x: &Array, bins: usize| -> Answer {
        numbers(x)?;
        record_one(cx, BinCounts { count: x.len(), bins, dtype: x.dtype() }, &[x])
    });
}

/// Counts divided by their sum and by the widths of their bins.
fn densities(counts: &Array, edges: &[f64]) -> Result<Array> {
    let widths = edges.windows(2).map(|pair| pair[1] - pair[0]);
    let each = divide(counts, &sum(counts, ())?)?;
    let widths = numbers_beside(widths, each.dtype(), counts)?;
    divide(&each, &widths)
}

/// Counts of points in the cells of a grid.
fn gridded(op: &'static str, axes: &[Array], bins: &[Bins], density: bool) -> Result<(Array, Vec<Array>)> {
    let edges = axes.iter().zip(bins).map(|(x, bins)| edges_of(op, x, bins)).collect::<Result<Vec<_>>>()?;
    let shape: Vec<usize> = edges.iter().map(|edges| edges.len() - 1).collect();
    let cells = shape.iter().try_fold(1_usize, |cells, &n| cells.checked_mul(n));
    let cells = cells.filter(|&cells| cells < isize::MAX as usize).ok_or_else(|| Error::TooLarge {
        place: op.into(),
        bytes: u128::MAX,
        detail: format!("{} axes of bins", shape.len()),
    })?;
    let mut at: Option<Array> = None;
    let mut inside: Option<Array> = None;
    for (((x, edges), by), &n) in axes.iter().zip(&edges).zip(bins).zip(&shape) {
        let own = located(x, edges, by)?;
        let within = super::less(&own, n as i64)?;
        at = Some(match at {
            Some(at) => add(&multiply(&at, n as i64)?, &own)?,
            None => own,
        });
        inside = Some(match inside {
            Some(inside) => bitwise_and(&inside, &within)?,
            None => within,
        });
    }
    let (Some(at), Some(inside)) = (at, inside) else {
        return Err(Error::Shape { op, operands: "no axes".into(), fix: "points have coordinates".into() });
    };
    let at = where_(&inside, &at, cells as i64)?;
    let counts = erased_count_numbers(&at, cells)?.reshape(&shape)?;
    let mut h = multiply(&counts, 1.0)?;
    if density {
        h = divide(&h, &sum(&counts, ())?)?;
        for (axis, edges) in edges.iter().enumerate() {
            let widths = edges.windows(2).map(|pair| pair[1] - pair[0]);
            let mut own = vec![1; shape.len()];
            own[axis] = shape[axis];
            let widths = numbers_beside(widths, h.dtype(), &h)?;
            h = divide(&h, &widths.reshape(own)?)?;
        }
    }
    let edges = edges.iter().zip(axes).zip(bins).map(|((edges, x), by)| edges_beside(edges, x, by));
    let edges = edges.collect::<Result<Vec<_>>>()?;
    Ok((h, edges))
}
