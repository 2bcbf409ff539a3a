//! Options of transforms.

use crate::array::{IntoAxes, IntoShape};
use smallvec::SmallVec;

/// Where a transform is divided by its length n, so that forth and back again gives the input; `()` is `Backward`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Norm {
    /// By n on the way back.
    #[default]
    Backward,
    /// By √n on both ways.
    Ortho,
    /// By n on the way forth.
    Forward,
}

impl From<()> for Norm {
    fn from((): ()) -> Norm {
        Norm::Backward
    }
}

impl Norm {
    /// That of the transform in the other direction.
    ///
    /// ```
    /// use polyarray_core::numpy::fft::Norm;
    /// assert_eq!(Norm::Forward.swapped(), Norm::Backward);
    /// assert_eq!(Norm::Ortho.swapped(), Norm::Ortho);
    /// ```
    #[must_use]
    pub fn swapped(self) -> Norm {
        match self {
            Norm::Backward => Norm::Forward,
            Norm::Ortho => Norm::Ortho,
            Norm::Forward => Norm::Backward,
        }
    }

    /// What a transform in one direction of `n` points is multiplied by.
    pub(super) fn scale(self, n: usize, backwards: bool) -> f64 {
        match (self, backwards) {
            (Norm::Ortho, _) => 1.0 / (n as f64).sqrt(),
            (Norm::Backward, true) | (Norm::Forward, false) => 1.0 / n as f64,
            _ => 1.0,
        }
    }
}

/// How to transform along one axis: `()` along the last one, `16` cropped or filled up with zeros to so many points,
/// `along(0).n(16).norm(Norm::Ortho)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Along {
    /// Points; none for as many as there are. Of a transform to real numbers those of the result.
    pub n: Option<usize>,
    /// The axis.
    pub axis: isize,
    /// Where it is divided by n.
    pub norm: Norm,
}

/// Along this axis.
///
/// ```
/// use polyarray_core::numpy as np;
/// # use {polyarray_cpu as _, polyarray_cpu_fft as _};
/// let x = np::zeros([8, 3], ())?;
/// assert_eq!(np::fft::rfft(&x, np::fft::along(0))?.shape(), [5, 3]);
/// # Ok::<(), polyarray_core::Error>(())
/// ```
pub fn along(axis: isize) -> Along {
    Along { n: None, axis, norm: Norm::Backward }
}

/// Of so many points, along the last axis.
///
/// ```
/// use polyarray_core::numpy as np;
/// # use {polyarray_cpu as _, polyarray_cpu_fft as _};
/// let x = np::zeros([8, 3], ())?;
/// assert_eq!(np::fft::rfft(&x, np::fft::length(4))?.shape(), [8, 3]);
/// assert_eq!(np::fft::fft(&x, np::fft::length(4))?.shape(), [8, 4]);
/// # Ok::<(), polyarray_core::Error>(())
/// ```
pub fn length(n: usize) -> Along {
    along(-1).n(n)
}

impl Along {
    /// Of so many points.
    ///
    /// ```
    /// use polyarray_core::numpy as np;
    /// # use {polyarray_cpu as _, polyarray_cpu_fft as _};
    /// let x = np::zeros([8, 3], ())?;
    /// assert_eq!(np::fft::fft(&x, np::fft::along(0).n(4))?.shape(), [4, 3]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    #[must_use]
    pub fn n(self, n: usize) -> Along {
        Along { n: Some(n), ..self }
    }

    /// Divided there.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy::{self as np, fft}};
    /// # use {polyarray_cpu as _, polyarray_cpu_fft as _};
    /// let x = Array::from([1.0, 0.0, 0.0, 0.0]);
    /// let half = fft::fft(&x, fft::along(0).norm(fft::Norm::Ortho))?;
    /// assert!(np::allclose(&half, 0.5, ())?);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    #[must_use]
    pub fn norm(self, norm: impl Into<Norm>) -> Along {
        Along { norm: norm.into(), ..self }
    }
}

impl From<()> for Along {
    fn from((): ()) -> Along {
        along(-1)
    }
}

impl From<usize> for Along {
    fn from(n: usize) -> Along {
        length(n)
    }
}

impl From<Norm> for Along {
    fn from(norm: Norm) -> Along {
        along(-1).norm(norm)
    }
}

/// How to transform along several axes, the last one first: `()` along all (the last two in `fft2` and its kin), `over([0, 2])`
/// along these, `lengths([8, 16])` along the last two cropped or filled up to so many points, `.norm(Norm::Ortho)`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Over {
    /// Points along each axis; none for as many as there are, as is −1 for one axis.
    pub s: Option<SmallVec<[isize; 4]>>,
    /// The axes; none for the last ones, as many as there are lengths.
    pub axes: Option<SmallVec<[isize; 4]>>,
    /// Where it is divided by the number of points.
    pub norm: Norm,
}

/// Along these axes.
///
/// ```
/// use polyarray_core::numpy as np;
/// # use {polyarray_cpu as _, polyarray_cpu_fft as _};
/// let x = np::zeros([8, 3, 4], ())?;
/// assert_eq!(np::fft::rfftn(&x, np::fft::over([2, 0]))?.shape(), [5, 3, 4]);
/// # Ok::<(), polyarray_core::Error>(())
/// ```
pub fn over(axes: impl IntoAxes) -> Over {
    Over { axes: Some(axes.into_axes()), ..Over::default() }
}

/// Of so many points along each axis; −1 for as many as there are.
///
/// ```
/// use polyarray_core::numpy as np;
/// # use {polyarray_cpu as _, polyarray_cpu_fft as _};
/// let x = np::zeros([8, 3, 4], ())?;
/// assert_eq!(np::fft::fftn(&x, np::fft::lengths([2, -1]))?.shape(), [8, 2, 4]);
/// # Ok::<(), polyarray_core::Error>(())
/// ```
pub fn lengths(s: impl IntoShape) -> Over {
    Over { s: Some(s.into_shape()), ..Over::default() }
}

impl Over {
    /// Of so many points along each axis.
    ///
    /// ```
    /// use polyarray_core::numpy as np;
    /// # use {polyarray_cpu as _, polyarray_cpu_fft as _};
    /// let x = np::zeros([8, 3, 4], ())?;
    /// assert_eq!(np::fft::fftn(&x, np::fft::over([0, 2]).s([16, 2]))?.shape(), [16, 3, 2]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    #[must_use]
    pub fn s(self, s: impl IntoShape) -> Over {
        Over { s: Some(s.into_shape()), ..self }
    }

    /// Divided there.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy::{self as np, fft}};
    /// # use {polyarray_cpu as _, polyarray_cpu_fft as _};
    /// let x = Array::from([[1.0, 1.0], [1.0, 1.0]]);
    /// let shares = fft::fftn(&x, fft::over([0, 1]).norm(fft::Norm::Forward))?;
    /// assert!(np::allclose(&shares, [[1.0, 0.0], [0.0, 0.0]], ())?);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    #[must_use]
    pub fn norm(self, norm: impl Into<Norm>) -> Over {
        Over { norm: norm.into(), ..self }
    }
}

impl From<()> for Over {
    fn from((): ()) -> Over {
        Over::default()
    }
}

impl From<Norm> for Over {
    fn from(norm: Norm) -> Over {
        Over { norm, ..Over::default() }
    }
}

/// A cosine or sine transform: `()` is of type 2, `kind(3)` of another, along the axes of [`Over`], all of them or the last
/// one: `kind(2).along(0).norm(Norm::Ortho)`. With `Norm::Ortho` the transform is orthogonal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wave {
    /// Type, 1 to 4.
    pub kind: u8,
    /// Lengths, axes, norm.
    pub over: Over,
}

/// A cosine or sine transform of a type, 1 to 4.
///
/// ```
/// use polyarray_core::{Array, numpy as np};
/// # use {polyarray_cpu as _, polyarray_cpu_fft as _};
/// let x = Array::from([1.0, 2.0, 3.0]);
/// let there = np::fft::dct(&x, np::fft::kind(1))?;
/// assert!(np::allclose(&np::fft::idct(&there, np::fft::kind(1))?, &x, ())?);
/// # Ok::<(), polyarray_core::Error>(())
/// ```
pub fn kind(kind: u8) -> Wave {
    Wave { kind, over: Over::default() }
}

impl Wave {
    /// Along these axes.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use {polyarray_cpu as _, polyarray_cpu_fft as _};
    /// let x = Array::from([[1.0, 2.0], [1.0, 2.0]]);
    /// let columns = np::fft::dct(&x, np::fft::kind(2).along(0))?;
    /// assert!(np::allclose(&columns, [[4.0, 8.0], [0.0, 0.0]], ())?);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    #[must_use]
    pub fn along(mut self, axes: impl IntoAxes) -> Wave {
        self.over.axes = Some(axes.into_axes());
        self
    }

    /// Of so many points along each axis.
    ///
    /// ```
    /// use polyarray_core::numpy as np;
    /// # use {polyarray_cpu as _, polyarray_cpu_fft as _};
    /// let x = np::zeros([8, 3], ())?;
    /// assert_eq!(np::fft::dctn(&x, np::fft::kind(2).s([4, 4]))?.shape(), [4, 4]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    #[must_use]
    pub fn s(mut self, s: impl IntoShape) -> Wave {
        self.over.s = Some(s.into_shape());
        self
    }

    /// Divided there.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy::{self as np, fft}};
    /// # use {polyarray_cpu as _, polyarray_cpu_fft as _};
    /// let x = Array::from([1.0, 1.0, 1.0, 1.0]);
    /// let y = fft::dct(&x, fft::kind(2).norm(fft::Norm::Ortho))?;
    /// assert!(np::allclose(&y, [2.0, 0.0, 0.0, 0.0], ())?);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    #[must_use]
    pub fn norm(mut self, norm: impl Into<Norm>) -> Wave {
        self.over.norm = norm.into();
        self
    }
}

impl From<()> for Wave {
    fn from((): ()) -> Wave {
        kind(2)
    }
}

impl From<Norm> for Wave {
    fn from(norm: Norm) -> Wave {
        kind(2).norm(norm)
    }
}
