//! The genomic relationship matrix.
use polyarray_core::array::Array;
use polyarray_core::numpy as np;
use polyarray_core::{DType, Error, Result, multimethod};

use crate::domain::{Form, unpack_dosages};
use crate::options::{Float, MissingCalls, Relationship};

/// Variants centred and multiplied at a time. Bounds memory, and sums of partial sums are more accurate than one long
/// sum.
const WINDOW: usize = 2048;

multimethod! {
    domain "numpy.sk_allel";

    /// VanRaden's genomic relationship of all pairs of samples, float (samples, samples):
    ///
    /// G(i, j) = Σ (x(v, i) − 2p(v)) (x(v, j) − 2p(v)) / Σ 2p(v) (1 − p(v))
    ///
    /// with x the dosage and p(v) half the mean dosage of all samples called at v. Both sums run over the variants
    /// where i and j are called; with [`MissingCalls::MeanImputed`] over all. NaN for a pair without such a variant,
    /// or with none that varies. Every variant counts as one of a diploid chromosome: give autosomes.
    ///
    /// Packed genotypes are unpacked a window at a time; [`Relationship::samples`] says how many samples they hold.
    ///
    /// Source: VanRaden 2008, "Efficient methods to compute genomic predictions", doi:10.3168/jds.2007-0980,
    /// first method; missing calls as in sgkit's `genomic_relationship` and in rrBLUP's `A.mat`.
    ///
    /// # Errors
    /// `Error::DType` or `Error::Shape` if `genotypes` are neither dosages nor packed, or packed and their number of
    /// samples is not given; `Error::DType` if `options.float` is no float dtype.
    pub fn grm_vanraden(genotypes: &Array, options: Relationship) -> Result<Array> {
        let Relationship { missing, float, samples } = options;
        let form = Form::of("grm_vanraden", genotypes)?;
        let dosages = |window: &Array| match (form, samples) {
            (Form::Dosages, _) => Ok(window.clone()),
            (Form::Packed, Some(samples)) => unpack_dosages(window, samples),
            (Form::Packed, None) => Err(Error::DType {
                op: "grm_vanraden",
                operands: format!("genotypes: {}{:?}", genotypes.dtype(), genotypes.shape()),
                fix: "say how many samples packed genotypes hold, or unpack them with unpack_dosages first".into(),
            }),
        };
        let variants = genotypes.shape()[0];
        let sums_from = |start: usize| {
            let window = genotypes.slice(ndarray::s![start..(start + WINDOW).min(variants), ..])?;
            Sums::of(&Window::of(&dosages(&window)?, float)?, missing)
        };
        let mut sums = sums_from(0)?;
        for start in (WINDOW..variants).step_by(WINDOW) {
            sums = sums.add(&sums_from(start)?)?;
        }
        np::divide(&sums.products, &sums.weight)
    }
}

/// A block of centred variants.
struct Window {
    /// Dosage minus its mean, 0 where missing: (variants, samples).
    centred: Array,
    /// 1 where called: (variants, samples).
    called: Array,
    /// 2p(1 − p), 0 without a call: (variants, 1).
    weight: Array,
}

impl Window {
    fn of(dosages: &Array, float: Float) -> Result<Self> {
        let along_samples = || np::axis(-1).keepdims();
        // As a number without sign, so that what is negative is above 2, too.
        let called = np::less_equal(&np::astype(dosages, DType::U8)?, 2)?;
        let number = np::sum(&called, along_samples())?;
        let total = np::sum(&np::where_(&called, dosages, 0)?, along_samples())?;
        let mean = np::divide(&float.of(&total)?, &float.of(&number)?)?;
        let centred = np::where_(&called, &np::subtract(dosages, &mean)?, 0)?;
        let called = np::astype(&called, centred.dtype())?;
        // 2p(1 − p) with p half the mean.
        let weight = np::multiply(&mean, &np::subtract(1, &np::multiply(&mean, 0.5)?)?)?;
        let weight = np::where_(&np::greater(&number, 0)?, &weight, 0)?;
        Ok(Self { centred, called, weight })
    }
}

/// Numerator and denominator over the blocks so far.
struct Sums {
    /// Of every pair: (samples, samples).
    products: Array,
    /// What a pair has in common, summed directly: as a total less what is missing it would cancel where little is
    /// common, and be other than 0 where nothing is. (samples, samples), or () where nothing is skipped.
    weight: Array,
}

impl Sums {
    fn of(window: &Window, missing: MissingCalls) -> Result<Self> {
        let Window { centred, called, weight } = window;
        let weight = match missing {
            MissingCalls::PairwiseSkipped => np::matmul(np::multiply(called, weight)?.t(), called)?,
            MissingCalls::MeanImputed => np::sum(weight, ())?,
        };
        Self { products: np::matmul(centred.t(), centred)?, weight }.computed()
    }

    fn add(&self, other: &Self) -> Result<Self> {
        let products = np::add(&self.products, &other.products)?;
        Self { products, weight: np::add(&self.weight, &other.weight)? }.computed()
    }

    /// Evaluates both, so that the blocks they are computed from can be freed.
    fn computed(self) -> Result<Self> {
        self.products.eval()?;
        self.weight.eval()?;
        Ok(self)
    }
}
