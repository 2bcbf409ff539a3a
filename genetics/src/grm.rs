//! The genomic relationship matrix.
use polyarray_core::array::Array;
use polyarray_core::numpy as np;
use polyarray_core::{Error, Result, multimethod};

use crate::domain::Form;
use crate::options::{Float, MissingCalls, Relationship};

/// Variants centred and multiplied at a time. Bounds memory, and sums of partial sums are more accurate than one long
/// sum.
const WINDOW: usize = 2048;

multimethod! {
    domain "numpy.sk_allel";

    /// VanRaden's genomic relationship of all pairs of samples, float (samples, samples), from dosages:
    ///
    /// G(i, j) = Σ (x(v, i) − 2p(v)) (x(v, j) − 2p(v)) / Σ 2p(v) (1 − p(v))
    ///
    /// with x the dosage and p(v) half the mean dosage of all samples called at v. Both sums run over the variants
    /// where i and j are called; with [`MissingCalls::MeanImputed`] over all. NaN for a pair without such a variant.
    ///
    /// Source: VanRaden 2008, "Efficient methods to compute genomic predictions", doi:10.3168/jds.2007-0980,
    /// first method; missing calls as in sgkit's `genomic_relationship` and in rrBLUP's `A.mat`.
    ///
    /// # Errors
    /// `Error::DType` or `Error::Shape` if `dosages` are not int8 (variants, samples); `Error::DType` if
    /// `options.float` is no float dtype.
    pub fn grm_vanraden(dosages: &Array, options: Relationship) -> Result<Array> {
        if Form::of("grm_vanraden", dosages)? == Form::Packed {
            return Err(Error::DType {
                op: "grm_vanraden",
                operands: format!("dosages: {}{:?}", dosages.dtype(), dosages.shape()),
                fix: "unpack packed genotypes with unpack_dosages first".into(),
            });
        }
        let Relationship { missing, float } = options;
        let mut sums = Sums::of(&Window::of(dosages, 0, float)?, missing)?;
        for start in (WINDOW..dosages.shape()[0]).step_by(WINDOW) {
            sums = sums.add(&Sums::of(&Window::of(dosages, start, float)?, missing)?)?;
        }
        sums.ratio()
    }
}

/// A block of centred variants.
struct Window {
    /// Dosage minus its mean, 0 where missing: (variants, samples).
    centred: Array,
    /// 1 where missing: (variants, samples).
    missing: Array,
    /// 2p(1 − p), 0 without a call: (variants, 1).
    weight: Array,
}

impl Window {
    fn of(dosages: &Array, start: usize, float: Float) -> Result<Self> {
        let end = (start + WINDOW).min(dosages.shape()[0]);
        let dosages = dosages.slice(ndarray::s![start..end, ..])?;
        let along_samples = || np::axis(-1).keepdims();
        let called = np::greater_equal(&dosages, 0)?;
        let number = np::sum(&called, along_samples())?;
        let total = np::sum(&np::where_(&called, &dosages, 0)?, along_samples())?;
        let mean = np::divide(&float.of(&total)?, &float.of(&number)?)?;
        let centred = np::where_(&called, &np::subtract(&dosages, &mean)?, 0)?;
        let missing = np::astype(np::logical_not(&called)?, centred.dtype())?;
        // 2p(1 − p) with p half the mean.
        let weight = np::multiply(&mean, &np::subtract(1, &np::multiply(&mean, 0.5)?)?)?;
        let weight = np::where_(&np::greater(&number, 0)?, &weight, 0)?;
        Ok(Self { centred, missing, weight })
    }
}

/// Numerator and denominator over the blocks so far, in additive parts: the products of the numerator,
/// the total weight, and, where pairs are skipped, the weight of variants where one or both of a pair are missing.
struct Sums(Vec<Array>);

impl Sums {
    fn of(window: &Window, missing: MissingCalls) -> Result<Self> {
        let products = np::matmul(window.centred.t(), &window.centred)?;
        let mut parts = vec![products, np::sum(&window.weight, ())?];
        if missing == MissingCalls::PairwiseSkipped {
            let weighted = np::multiply(&window.missing, &window.weight)?;
            parts.push(np::sum(&weighted, 0)?);
            parts.push(np::matmul(weighted.t(), &window.missing)?);
        }
        Self(parts).computed()
    }

    fn add(&self, other: &Self) -> Result<Self> {
        let parts = self.0.iter().zip(&other.0).map(|(a, b)| np::add(a, b));
        Self(parts.collect::<Result<_>>()?).computed()
    }

    /// Evaluates the parts, so that the blocks they are computed from can be freed.
    fn computed(self) -> Result<Self> {
        self.0.iter().try_for_each(|part| part.eval().map(drop))?;
        Ok(self)
    }

    /// The weight that a pair has in common is the total minus the missing weight: usually little is missing, so that
    /// little is rounded.
    fn ratio(&self) -> Result<Array> {
        match &self.0[..] {
            [products, total, one, both] => {
                let either = np::add(&one.expand_dims(0)?, &one.expand_dims(1)?)?;
                np::divide(products, &np::add(&np::subtract(total, &either)?, both)?)
            }
            parts => np::divide(&parts[0], &parts[1]),
        }
    }
}
