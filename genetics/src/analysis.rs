//! A whole analysis, written once. It names no backend and runs on the one in scope.
use std::path::Path;
use std::time::Instant;

use ndarray::ArrayD;
use polyarray_core::array::{Array, Transfers, residency, transfers};
use polyarray_core::numpy as np;
use polyarray_core::{DType, Element};

use crate::atomic::StagedFiles;
use crate::domain::{alleles, expected, observed, variant_stats};
use crate::error::Result;
use crate::grm::grm_vanraden;
use crate::npy;
use crate::options::{AnalysisOptions, Float, Relationship};
use crate::packed::PackedGenotypes;
use crate::plink::Dataset;

/// Time and copies of one step of an analysis.
#[derive(Clone, Debug)]
pub struct Step {
    /// What was computed.
    pub name: &'static str,
    /// Wall time in seconds, until the values were there.
    pub seconds: f64,
    /// Copies between residencies that the process made during the step.
    pub moved: Transfers,
}

/// Results of [`run_analysis`], computed, on the device where they were made.
#[derive(Clone, Debug)]
pub struct Analysis {
    /// int32 (variants, 2): copies of A2, of A1.
    pub allele_counts: Array,
    /// int32 (variants, 4): n_called, n_hom_ref, n_het, n_hom_alt.
    pub variant_counts: Array,
    /// float (variants,): share of the samples that are called.
    pub call_rate: Array,
    /// float (variants,).
    pub het_obs: Array,
    /// float (variants,).
    pub het_exp: Array,
    /// float (samples, samples).
    pub grm: Array,
    /// Number of variants that relationships are over.
    pub grm_variants: usize,
    /// Time and copies of each step, in order.
    pub steps: Vec<Step>,
}

/// Counts, call rates, heterozygosity and relationships of a data set, each computed before the next begins.
/// Relationships are over the autosomes unless the options say otherwise; the rest is for each variant.
/// Options are converted from a float dtype; `begin` is called with the name of each step.
///
/// ```no_run
/// use polyarray_genetics::plink::{self, PlinkPaths, ReadOptions};
/// # fn main() -> polyarray_genetics::Result<()> {
/// let dataset = plink::read(&PlinkPaths::find("hapmap3")?, ReadOptions::default())?;
/// let analysis = polyarray_genetics::run_analysis(&dataset, (), |step| println!("{step} …"))?;
/// println!("{}", analysis.het_obs);
/// # Ok(()) }
/// ```
///
/// # Errors
/// [`Error::Array`](crate::Error::Array): no backend in scope, not enough memory, a lost device, a `float` that is
/// no float dtype.
pub fn run_analysis(
    dataset: &Dataset,
    options: impl Into<AnalysisOptions>,
    begin: impl FnMut(&'static str),
) -> Result<Analysis> {
    let options = options.into();
    let packed = Array::try_from(&dataset.genotypes)?;
    let rows: Vec<usize> = (0..dataset.genotypes.variants())
        .filter(|&row| options.all_chromosomes || dataset.variants[row].chromosome.is_autosome())
        .collect();
    analyse(&packed, dataset.genotypes.samples(), Some(&rows), options.float, begin)
}

/// The same of genotypes that are an array, dosages or packed, where it lives; relationships are over the variants in
/// `related`, ascending, or over all of them.
///
/// # Errors
/// Those of [`run_analysis`]; `Error::DType` or `Error::Shape` if `genotypes` are neither dosages nor packed.
pub fn analyse(
    genotypes: &Array,
    samples: usize,
    related: Option<&[usize]>,
    float: Float,
    begin: impl FnMut(&'static str),
) -> Result<Analysis> {
    let mut watch = Watch { begin, steps: Vec::new() };
    // Genotypes are counted once; allele counts and ratios are computed from these.
    let variant_counts = watch.step("genotype counts", || variant_stats(genotypes))?;
    let allele_counts = watch.step("allele counts", || alleles(&variant_counts))?;
    let call_rate = watch
        .step("call rate", || np::divide(float.of(&variant_counts.slice("..., 0")?)?, samples as f64))?;
    let het_obs = watch.step("observed heterozygosity", || observed(&variant_counts, float))?;
    let het_exp = watch.step("expected heterozygosity", || expected(&allele_counts, float))?;
    let grm = watch.step("relationship matrix", || {
        let options = Relationship { float, samples: Some(samples), ..Relationship::default() };
        match related {
            Some(rows) => grm_vanraden(&select_rows(genotypes, rows)?, options),
            None => grm_vanraden(genotypes, options),
        }
    })?;
    let grm_variants = related.map_or(genotypes.shape()[0], <[usize]>::len);
    Ok(Analysis {
        allele_counts,
        variant_counts,
        call_rate,
        het_obs,
        het_exp,
        grm,
        grm_variants,
        steps: watch.steps,
    })
}

/// Rows in ascending order: a view where they are consecutive, as autosomes are in sorted files.
fn select_rows(of: &Array, rows: &[usize]) -> polyarray_core::Result<Array> {
    let (first, last) = (rows.first().copied().unwrap_or(0), rows.last().map_or(0, |last| last + 1));
    match last - first == rows.len() {
        true => of.slice(ndarray::s![first..last, ..]),
        false => {
            let rows: Vec<i64> = rows.iter().map(|&row| row as i64).collect();
            np::take(of, &Array::from(rows).to(of.residency().name())?, 0)
        }
    }
}

/// Runs steps and records time and copies of each.
struct Watch<F> {
    begin: F,
    steps: Vec<Step>,
}

impl<F: FnMut(&'static str)> Watch<F> {
    fn step(
        &mut self,
        name: &'static str,
        work: impl FnOnce() -> polyarray_core::Result<Array>,
    ) -> Result<Array> {
        (self.begin)(name);
        let (start, before) = (Instant::now(), transfers());
        let array = work()?;
        // A device may still be computing when `eval` returns; the step ends when it is idle.
        let home = residency::instance_at(array.eval()?.residency())?;
        residency::open(home)?.synchronize()?;
        self.steps.push(Step { name, seconds: start.elapsed().as_secs_f64(), moved: transfers() - before });
        Ok(array)
    }
}

impl Analysis {
    /// Results by file name, counts first.
    fn results(&self) -> [(&'static str, &Array); 6] {
        [
            ("allele_counts", &self.allele_counts),
            ("variant_counts", &self.variant_counts),
            ("call_rate", &self.call_rate),
            ("het_obs", &self.het_obs),
            ("het_exp", &self.het_exp),
            ("grm", &self.grm),
        ]
    }

    /// Copies the results to the host and writes them into `folder`, as `.npy` files that appear under their names when
    /// `staged` is committed: counts as int32, the rest as float64, whatever dtype it was computed in.
    ///
    /// # Errors
    /// [`Error::Array`](crate::Error::Array); those of [`StagedFiles::write`].
    pub fn stage(&self, staged: &mut StagedFiles, folder: &Path) -> Result<()> {
        for (name, array) in self.results() {
            let path = folder.join(name).with_extension("npy");
            match array.dtype() {
                DType::I32 => stage_array(staged, &path, &array.to_ndarray::<i32>()?)?,
                _ => stage_array(staged, &path, &to_f64(array)?)?,
            }
        }
        Ok(())
    }
}

/// The values of a float array on the host, as float64 whatever dtype they were computed in.
///
/// # Errors
/// `Error::DType` if it is neither float32 nor float64; errors of the computation or the copy.
pub fn to_f64(array: &Array) -> polyarray_core::Result<ArrayD<f64>> {
    match array.dtype() {
        DType::F32 => Ok(array.to_ndarray::<f32>()?.mapv(f64::from)),
        _ => array.to_ndarray::<f64>(),
    }
}

fn stage_array<T: Element>(staged: &mut StagedFiles, path: &Path, array: &ArrayD<T>) -> Result<()> {
    staged.write(path, |file| npy::write(file, array.view()))
}

impl TryFrom<&PackedGenotypes> for Array {
    type Error = polyarray_core::Error;

    /// The packed form of genotypes, uint32 (variants, words), on the host.
    fn try_from(genotypes: &PackedGenotypes) -> polyarray_core::Result<Self> {
        Self::from_vec(genotypes.words().to_vec(), &[genotypes.variants(), genotypes.row_words()])
    }
}
