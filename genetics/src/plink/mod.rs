//! PLINK 1 binary data sets: three files with one prefix, `.bed` (genotypes), `.bim` (variants), `.fam`
//! (samples).
//!
//! Source of the format: PLINK 1.9 file format reference, <https://www.cog-genomics.org/plink/1.9/formats>.
mod bed;
mod paths;
mod table;
mod write;

pub use paths::PlinkPaths;
pub use table::{Sample, Variant};
pub use write::{PlinkWriter, write};

use std::collections::BTreeSet;

use crate::chromosome::ChromosomeSelection;
use crate::error::{Error, PlinkFile, Result};
use crate::packed::PackedGenotypes;

/// A data set in memory: its genotypes stay packed.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// One per row of the genotypes, in file order.
    pub variants: Vec<Variant>,
    /// One per column of the genotypes, in file order.
    pub samples: Vec<Sample>,
    /// (variants, samples).
    pub genotypes: PackedGenotypes,
}

/// How to read a data set; the default reads every variant, but those at negative positions, which PLINK ignores, too.
#[derive(Default)]
pub struct ReadOptions<'a> {
    /// Variants to keep; the genotypes of the others are skipped.
    pub chromosomes: Option<&'a ChromosomeSelection>,
    /// Called with the number of variants read or skipped and their total, at least once for each MiB.
    pub progress: Option<&'a mut dyn FnMut(u64, u64)>,
}

/// Reads a data set, checking each of the three files and that they agree.
///
/// # Errors
/// [`Error::MalformedLine`], [`Error::Empty`], [`Error::NothingSelected`], [`Error::Read`], and for the `.bed`
/// [`Error::ForeignBed`], [`Error::SampleMajorBed`], [`Error::UnknownBedLayout`], [`Error::TruncatedBed`],
/// [`Error::BedDisagrees`].
pub fn read(paths: &PlinkPaths, options: ReadOptions<'_>) -> Result<Dataset> {
    let samples = table::read::<Sample>(paths.fam())?;
    let listed = table::read::<Variant>(paths.bim())?;
    let bed = bed::BedReader::open(paths.bed(), listed.len(), samples.len())?;

    let chosen = |variant: &Variant| options.chromosomes.is_none_or(|of| of.contains(&variant.chromosome));
    let keep: Vec<bool> = listed.iter().map(|variant| chosen(variant) && variant.position >= 0).collect();
    if let (Some(selection), false) = (options.chromosomes, listed.iter().any(chosen)) {
        let present: BTreeSet<_> = listed.iter().map(|variant| &variant.chromosome).collect();
        let present: Vec<_> = present.iter().map(ToString::to_string).collect();
        return Err(Error::NothingSelected {
            selection: selection.to_string(),
            path: paths.bim().to_path_buf(),
            present: present.join(", "),
        });
    }
    if !keep.contains(&true) {
        let what = "variants at a position that is not negative";
        return Err(Error::Empty { path: paths.bim().to_path_buf(), what });
    }
    let genotypes = bed.read(&keep, options.progress)?;
    let variants = listed.into_iter().zip(&keep).filter_map(|(variant, &keep)| keep.then_some(variant));
    Ok(Dataset { variants: variants.collect(), samples, genotypes })
}

/// The path of one of the three files.
fn path_of(paths: &PlinkPaths, file: PlinkFile) -> &std::path::Path {
    match file {
        PlinkFile::Bed => paths.bed(),
        PlinkFile::Bim => paths.bim(),
        PlinkFile::Fam => paths.fam(),
    }
}
