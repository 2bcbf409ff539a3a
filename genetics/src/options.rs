//! Options of the domain's multimethods, with natural conversions: `()` takes every default.
use polyarray_core::array::Array;
use polyarray_core::numpy as np;
use polyarray_core::{DType, Error, Result};

/// The float dtype in which ratios are computed and returned. The default is that of the device, float64 on the host.
/// On a GPU whose float64 is slow, `DType::F32` is the better choice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Float(pub Option<DType>);

impl From<()> for Float {
    fn from((): ()) -> Self {
        Self::default()
    }
}

impl From<DType> for Float {
    fn from(dtype: DType) -> Self {
        Self(Some(dtype))
    }
}

impl Float {
    /// Casts counts to this dtype, so that their ratios have it.
    pub(crate) fn of(self, counts: &Array) -> Result<Array> {
        match self.0 {
            None => Ok(counts.clone()),
            Some(dtype) if dtype.is_float() => np::astype(counts, dtype),
            Some(dtype) => Err(Error::DType {
                op: "numpy.sk_allel",
                operands: format!("a ratio in {dtype}"),
                fix: "ask for float32 or float64".into(),
            }),
        }
    }
}

/// How missing calls enter a relationship.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum MissingCalls {
    /// A pair of samples is compared over the variants where both are called (sgkit's `skipna`).
    #[default]
    PairwiseSkipped,
    /// A missing call counts as the variant's mean dosage, and so adds nothing (rrBLUP's `A.mat`).
    MeanImputed,
}

/// Options of [`grm_vanraden`](crate::grm_vanraden()).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Relationship {
    /// How missing calls enter.
    pub missing: MissingCalls,
    /// The float dtype to compute in.
    pub float: Float,
    /// Number of samples, which packed genotypes don't say.
    pub samples: Option<usize>,
}

/// Options of [`run_analysis`](crate::run_analysis).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct AnalysisOptions {
    /// The float dtype of ratios.
    pub float: Float,
    /// Relationships over the variants of all chromosomes. By default over those of the autosomes, 1 to 22: on X, Y
    /// and MT samples have one copy or two, and relationships are those of two. Say so for a species that has other
    /// autosomes.
    pub all_chromosomes: bool,
}

impl<F: Into<Float>> From<F> for AnalysisOptions {
    fn from(float: F) -> Self {
        Self { float: float.into(), ..Self::default() }
    }
}

impl From<()> for Relationship {
    fn from((): ()) -> Self {
        Self::default()
    }
}

impl From<MissingCalls> for Relationship {
    fn from(missing: MissingCalls) -> Self {
        Self { missing, ..Self::default() }
    }
}

impl From<Float> for Relationship {
    fn from(float: Float) -> Self {
        Self { float, ..Self::default() }
    }
}

impl From<DType> for Relationship {
    fn from(dtype: DType) -> Self {
        Float::from(dtype).into()
    }
}
