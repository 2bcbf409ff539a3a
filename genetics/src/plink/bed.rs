//! The `.bed`: three bytes, then one row per variant, four genotypes to a byte.
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::packed::PackedGenotypes;

/// The magic bytes, and the third byte, which means "variant-major".
pub(super) const HEADER: [u8; 3] = [0x6c, 0x1b, 0x01];

/// Third byte of a file with samples in rows.
const SAMPLE_MAJOR: u8 = 0x00;

/// Bytes read at a time, and between two reports of progress.
const CHUNK: usize = 1 << 20;

/// A `.bed` whose header and length have been checked.
pub(super) struct BedReader {
    file: BufReader<File>,
    path: PathBuf,
    samples: usize,
}

impl BedReader {
    /// Opens the file and checks it against the counts of the other two, before any genotype is read.
    pub(super) fn open(path: &Path, variants: usize, samples: usize) -> Result<Self> {
        let file = File::open(path).map_err(Error::reading(path))?;
        let actual = file.metadata().map_err(Error::reading(path))?.len();
        let mut file = BufReader::with_capacity(CHUNK, file);
        let mut header = Vec::with_capacity(HEADER.len());
        file.by_ref().take(3).read_to_end(&mut header).map_err(Error::reading(path))?;

        let path = path.to_path_buf();
        if !HEADER.starts_with(&header[..header.len().min(2)]) {
            return Err(Error::ForeignBed { path, found: header });
        }
        match header.get(2) {
            Some(&mode) if mode == HEADER[2] => {}
            Some(&SAMPLE_MAJOR) => return Err(Error::SampleMajorBed { path }),
            Some(&mode) => return Err(Error::UnknownBedLayout { path, mode }),
            None if actual == 0 => return Err(Error::Empty { path, what: "genotypes" }),
            None => {}
        }
        let row = samples.div_ceil(4) as u64;
        let expected = HEADER.len() as u64 + variants as u64 * row;
        if actual != expected {
            let inside_a_row = actual < 3 || !(actual - 3).is_multiple_of(row);
            return Err(match actual < expected && inside_a_row {
                true => Error::TruncatedBed { path, variants, samples, expected, actual },
                false => Error::BedDisagrees { path, variants, samples, expected, actual },
            });
        }
        Ok(Self { file, path, samples })
    }

    /// Reads the rows to keep.
    pub(super) fn read(
        mut self,
        keep: &[bool],
        mut progress: Option<&mut dyn FnMut(u64, u64)>,
    ) -> Result<PackedGenotypes> {
        let total = keep.len() as u64;
        let kept = keep.iter().filter(|&&keep| keep).count();
        let mut genotypes = PackedGenotypes::with_capacity(kept, self.samples);
        let mut row = vec![0; genotypes.row_bytes()];
        let rows_per_report = (CHUNK / row.len().max(1)).max(1);
        for (variant, &keep) in keep.iter().enumerate() {
            let outcome = match keep {
                true => self.file.read_exact(&mut row).map(|()| genotypes.push_row(&row)),
                false => self.file.seek_relative(row.len() as i64),
            };
            outcome.map_err(Error::reading(&self.path))?;
            if let (Some(report), true) = (&mut progress, variant % rows_per_report == 0) {
                report(variant as u64, total);
            }
        }
        if let Some(report) = &mut progress {
            report(total, total);
        }
        Ok(genotypes)
    }
}
