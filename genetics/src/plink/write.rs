//! Writing a data set, variant by variant; the files are renamed to their final names when all three are complete.
use std::fs::File;
use std::io::{BufWriter, Write};

use super::bed::HEADER;
use super::table::{Record, Sample, Variant};
use super::{Dataset, PlinkPaths};
use crate::atomic::StagedFiles;
use crate::error::{Error, Result};

/// Writes a data set in one pass, with memory for one row.
///
/// If it is dropped before [`finish`](Self::finish), no file is left behind.
pub struct PlinkWriter {
    paths: PlinkPaths,
    staged: StagedFiles,
    bed: BufWriter<File>,
    bim: BufWriter<File>,
    row_bytes: usize,
    variants: usize,
}

impl PlinkWriter {
    /// Begins a data set of these samples; `staged` says whether existing files may be replaced.
    ///
    /// # Errors
    /// [`Error::Exists`]; [`Error::Write`]; [`Error::Empty`] without samples.
    pub fn create(paths: &PlinkPaths, samples: &[Sample], mut staged: StagedFiles) -> Result<Self> {
        if samples.is_empty() {
            return Err(Error::Empty { path: paths.fam().to_path_buf(), what: "samples" });
        }
        staged.write(paths.fam(), |fam| samples.iter().try_for_each(|sample| sample.write(fam)))?;
        let bim = staged.create(paths.bim())?;
        let mut bed = staged.create(paths.bed())?;
        bed.write_all(&HEADER).map_err(Error::writing("write", paths.bed()))?;
        let row_bytes = samples.len().div_ceil(4);
        Ok(Self { paths: paths.clone(), staged, bed, bim, row_bytes, variants: 0 })
    }

    /// Adds a variant with its row in the form of a `.bed`.
    ///
    /// # Errors
    /// [`Error::Argument`] for a row of another length; [`Error::Write`].
    pub fn push(&mut self, variant: &Variant, row: &[u8]) -> Result<()> {
        if row.len() != self.row_bytes {
            return Err(Error::Argument {
                operation: "PlinkWriter::push",
                name: "row",
                given: format!("{} bytes", row.len()),
                expected: format!("{} bytes, a quarter of the samples", self.row_bytes),
            });
        }
        variant.write(&mut self.bim).map_err(Error::writing("write", self.paths.bim()))?;
        self.bed.write_all(row).map_err(Error::writing("write", self.paths.bed()))?;
        self.variants += 1;
        Ok(())
    }

    /// Renames the three files to their final names.
    ///
    /// # Errors
    /// [`Error::Empty`] without variants; [`Error::Exists`]; [`Error::Write`].
    pub fn finish(self) -> Result<()> {
        let Self { paths, staged, mut bed, mut bim, variants, .. } = self;
        if variants == 0 {
            return Err(Error::Empty { path: paths.bim().to_path_buf(), what: "variants" });
        }
        bim.flush().map_err(Error::writing("write", paths.bim()))?;
        bed.flush().map_err(Error::writing("write", paths.bed()))?;
        drop((bed, bim));
        staged.commit().map(drop)
    }
}

/// Writes a data set that is in memory.
///
/// # Errors
/// Those of [`PlinkWriter`].
pub fn write(paths: &PlinkPaths, dataset: &Dataset, staged: StagedFiles) -> Result<()> {
    let mut writer = PlinkWriter::create(paths, &dataset.samples, staged)?;
    for (row, variant) in dataset.variants.iter().enumerate() {
        writer.push(variant, &dataset.genotypes.bed_row(row))?;
    }
    writer.finish()
}
