//! The multimethods of the domain `numpy.sk_allel`, with defaults in terms of the numpy domain.
//!
//! `genotypes` has one of two forms, distinguished by dtype:
//!
//! | form | dtype, shape | element |
//! |---|---|---|
//! | dosages | int8 (variants, samples) | copies of A1: 0, 1, 2; any other number is a missing call |
//! | packed | uint32 (variants, words) | sixteen two-bit codes of a `.bed`, padded with the code of missing |
//!
//! Counts are int32; ratios have the default float dtype of the device (float64 on the host), or the dtype that
//! [`Float`] names. The ratios of a variant without calls are NaN. Conventions are those of scikit-allel and sgkit;
//! allele 0 is A2, allele 1 is A1.
use std::sync::LazyLock;

use polyarray_core::array::Array;
use polyarray_core::numpy as np;
use polyarray_core::{DType, Error, Result, multimethod};

use crate::options::Float;
use crate::packed::Genotype;

/// Genotypes in one word of the packed form.
const PER_WORD: usize = 16;

multimethod! {
    domain "numpy.sk_allel";

    /// Genotype counts per variant: int32 (variants, 4) with columns n_called, n_hom_ref (two copies of A2),
    /// n_het, n_hom_alt (two copies of A1).
    ///
    /// # Errors
    /// `Error::DType` or `Error::Shape` if `genotypes` is neither dosages nor packed.
    pub fn variant_stats(genotypes: &Array) -> Result<Array> {
        let counts = [Genotype::HomA2, Genotype::Het, Genotype::HomA1]
            .map(|genotype| count("variant_stats", genotypes, genotype));
        let [hom_ref, het, hom_alt] = counts;
        let (hom_ref, het, hom_alt) = (hom_ref?, het?, hom_alt?);
        let called = np::add(&np::add(&hom_ref, &het)?, &hom_alt)?;
        np::astype(np::stack(&[&called, &hom_ref, &het, &hom_alt], -1)?, DType::I32)
    }

    /// Allele counts per variant: int32 (variants, 2) with columns A2, A1.
    ///
    /// # Errors
    /// Those of [`variant_stats()`].
    pub fn count_alleles(genotypes: &Array) -> Result<Array> {
        alleles(&variant_stats(genotypes)?)
    }

    /// Observed heterozygosity per variant: the share of calls that are heterozygous, float (variants,).
    ///
    /// # Errors
    /// Those of [`variant_stats()`]; `Error::DType` if `float` is no float dtype.
    pub fn heterozygosity_observed(genotypes: &Array, float: Float) -> Result<Array> {
        observed(&variant_stats(genotypes)?, float)
    }

    /// Expected heterozygosity per variant under Hardy–Weinberg proportions, float (variants,): 1 − Σ p², with
    /// p the frequencies of the alleles among the calls (Nei 1973, doi:10.1073/pnas.70.12.3321, without the
    /// correction for sample size).
    ///
    /// # Errors
    /// Those of [`variant_stats()`]; `Error::DType` if `float` is no float dtype.
    pub fn heterozygosity_expected(genotypes: &Array, float: Float) -> Result<Array> {
        expected(&count_alleles(genotypes)?, float)
    }

    /// Unpacks the packed form: dosages, int8 (variants, `samples`).
    ///
    /// # Errors
    /// `Error::DType` or `Error::Shape` if `packed` is not the packed form or holds fewer samples.
    pub fn unpack_dosages(packed: &Array, samples: usize) -> Result<Array> {
        require_packed("unpack_dosages", packed)?;
        let (variants, room) = (packed.shape()[0], packed.shape()[1] * PER_WORD);
        if samples > room {
            return Err(Error::Shape {
                op: "unpack_dosages",
                operands: format!("packed: {:?}, samples: {samples}", packed.shape()),
                fix: format!("its rows hold at most {room} samples"),
            });
        }
        // Codes 0, 1, 2, 3 are two copies, missing, one copy and none.
        let codes = codes(packed)?;
        let copies = np::astype(np::floor_divide(np::subtract(4, &codes)?, 2)?, DType::I8)?;
        let missing = np::equal(&codes, Genotype::Missing as u8)?;
        let all = np::where_(&missing, -1, &copies)?.reshape([variants as isize, room as isize])?;
        all.slice(ndarray::s![.., ..samples])
    }
}

/// [`count_alleles()`] from the counts of [`variant_stats()`].
pub(crate) fn alleles(stats: &Array) -> Result<Array> {
    let het = stats.slice("..., 2:3")?;
    // Columns n_hom_ref and n_hom_alt, each homozygote carrying two copies.
    let homozygous = stats.slice("..., 1::2")?;
    np::add(&np::multiply(&homozygous, 2)?, &het)
}

/// [`heterozygosity_observed()`] from the counts of [`variant_stats()`].
pub(crate) fn observed(stats: &Array, float: Float) -> Result<Array> {
    np::divide(&float.of(&stats.slice("..., 2")?)?, &float.of(&stats.slice("..., 0")?)?)
}

/// [`heterozygosity_expected()`] from the counts of [`count_alleles()`].
pub(crate) fn expected(alleles: &Array, float: Float) -> Result<Array> {
    let total = np::sum(alleles, np::axis(-1).keepdims())?;
    let frequency = np::divide(&float.of(alleles)?, &float.of(&total)?)?;
    np::subtract(1.0, &np::sum(&np::multiply(&frequency, &frequency)?, -1)?)
}

/// Number of samples with a genotype, per variant: int64 (variants,).
fn count(op: &'static str, genotypes: &Array, genotype: Genotype) -> Result<Array> {
    match Form::of(op, genotypes)? {
        Form::Dosages => np::sum(&np::equal(genotypes, genotype.dosage())?, -1),
        Form::Packed => np::sum(&np::equal(&codes(genotypes)?, genotype as u8)?, [1, 2]),
    }
}

/// The two-bit codes: uint32 (variants, words, 16).
fn codes(packed: &Array) -> Result<Array> {
    // One array for all calls: a device keeps its copy.
    static SHIFTS: LazyLock<Array> =
        LazyLock::new(|| Array::from(std::array::from_fn::<u32, PER_WORD, _>(|place| 2 * place as u32)));
    let shifts = SHIFTS.to(packed.residency().name())?;
    np::bitwise_and(&np::bitwise_right_shift(&packed.expand_dims(-1)?, &shifts)?, 3)
}

/// The form of an array of genotypes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Dosages,
    Packed,
}

impl Form {
    pub(crate) fn of(op: &'static str, genotypes: &Array) -> Result<Self> {
        let operands = || format!("genotypes: {}{:?}", genotypes.dtype(), genotypes.shape());
        let form = match genotypes.dtype() {
            DType::I8 => Self::Dosages,
            DType::U32 => Self::Packed,
            _ => {
                let fix = "give dosages as int8 or packed genotypes as uint32".to_string();
                return Err(Error::DType { op, operands: operands(), fix });
            }
        };
        match genotypes.ndim() {
            2 => Ok(form),
            _ => Err(Error::Shape {
                op,
                operands: operands(),
                fix: "two axes are needed: variants and samples".into(),
            }),
        }
    }
}

/// An error unless these are packed genotypes.
pub(crate) fn require_packed(op: &'static str, genotypes: &Array) -> Result<()> {
    match Form::of(op, genotypes)? {
        Form::Packed => Ok(()),
        Form::Dosages => Err(Error::DType {
            op,
            operands: format!("genotypes: {}{:?}", genotypes.dtype(), genotypes.shape()),
            fix: "packed genotypes are uint32; these are dosages already".into(),
        }),
    }
}
