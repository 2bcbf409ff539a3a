//! Genotypes of two bits each, variants in rows: the contents of a `.bed`, in words.
use ndarray::{Array2, Array3, ArrayView2};

use crate::error::{Error, Result};

/// Genotypes in one 32-bit word.
const PER_WORD: usize = 16;

/// A word of sixteen missing genotypes.
const ALL_MISSING: u32 = 0x5555_5555;

/// A diploid, biallelic genotype; the discriminant is its two-bit code in a `.bed` (PLINK 1.9 file format
/// reference, "PLINK binary biallelic genotype table").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Genotype {
    /// Two copies of A1.
    HomA1 = 0b00,
    /// Missing.
    Missing = 0b01,
    /// One copy of each allele.
    Het = 0b10,
    /// Two copies of A2.
    HomA2 = 0b11,
}

impl Genotype {
    /// Indexed by two-bit code.
    const BY_CODE: [Self; 4] = [Self::HomA1, Self::Missing, Self::Het, Self::HomA2];

    /// The genotype of the lowest two bits of `code`.
    pub const fn from_code(code: u8) -> Self {
        Self::BY_CODE[(code & 3) as usize]
    }

    /// Copies of A1, or −1 where missing.
    pub const fn dosage(self) -> i8 {
        match self {
            Self::HomA1 => 2,
            Self::Missing => -1,
            Self::Het => 1,
            Self::HomA2 => 0,
        }
    }

    /// The inverse of [`dosage`](Self::dosage): any negative number is missing; `None` above 2.
    pub const fn from_dosage(dosage: i8) -> Option<Self> {
        match dosage {
            0 => Some(Self::HomA2),
            1 => Some(Self::Het),
            2 => Some(Self::HomA1),
            ..0 => Some(Self::Missing),
            _ => None,
        }
    }

    /// The two alleles: 0 is A2, 1 is A1, −1 is missing.
    pub const fn alleles(self) -> [i8; 2] {
        match self {
            Self::HomA1 => [1, 1],
            Self::Missing => [-1, -1],
            Self::Het => [0, 1],
            Self::HomA2 => [0, 0],
        }
    }
}

/// Dosages of the four genotypes in a byte of a `.bed`, first sample in the lowest bits.
const DOSAGES_OF_BYTE: [[i8; 4]; 256] = {
    let mut table = [[0; 4]; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut sample = 0;
        while sample < 4 {
            table[byte][sample] = Genotype::from_code((byte >> (2 * sample)) as u8).dosage();
            sample += 1;
        }
        byte += 1;
    }
    table
};

/// Genotypes of `variants` × `samples`, two bits each, in PLINK's codes.
///
/// Each row is padded to whole 32-bit words. The padding holds the code of *missing*, so kernels that count
/// or add called genotypes need no special case for the last word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackedGenotypes {
    words: Vec<u32>,
    variants: usize,
    samples: usize,
}

impl PackedGenotypes {
    /// An empty table of this many samples, with memory reserved for `capacity` variants.
    pub fn with_capacity(capacity: usize, samples: usize) -> Self {
        let words = Vec::with_capacity(capacity * samples.div_ceil(PER_WORD));
        Self { words, variants: 0, samples }
    }

    /// Packs dosages: int8 (variants, samples), copies of A1, negative = missing.
    ///
    /// # Errors
    /// A dosage above 2.
    pub fn from_dosages(dosages: ArrayView2<'_, i8>) -> Result<Self> {
        let (variants, samples) = dosages.dim();
        let mut packed = Self::with_capacity(variants, samples);
        let mut row = vec![0u8; samples.div_ceil(4)];
        for (variant, dosages) in dosages.outer_iter().enumerate() {
            row.fill(0);
            for (sample, &dosage) in dosages.iter().enumerate() {
                let genotype = Genotype::from_dosage(dosage).ok_or_else(|| Error::Argument {
                    operation: "PackedGenotypes::from_dosages",
                    name: "dosages",
                    given: format!("{dosage} at variant {variant}, sample {sample}"),
                    expected: "0, 1 or 2 copies of A1, or a negative number where missing".to_string(),
                })?;
                row[sample / 4] |= (genotype as u8) << (2 * (sample % 4));
            }
            packed.push_row(&row);
        }
        Ok(packed)
    }

    /// Adds a variant from its row in a `.bed`; the padding bits of the file are discarded.
    ///
    /// # Panics
    /// If `row` is not [`row_bytes`](Self::row_bytes) long: an error of the caller, not of a file.
    pub fn push_row(&mut self, row: &[u8]) {
        assert_eq!(row.len(), self.row_bytes(), "bytes in a row of {} samples", self.samples);
        let whole = row.chunks_exact(4);
        let rest = whole.remainder();
        self.words.extend(whole.map(|bytes| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])));
        if !rest.is_empty() {
            let mut bytes = [0; 4];
            bytes[..rest.len()].copy_from_slice(rest);
            self.words.push(u32::from_le_bytes(bytes));
        }
        let used = self.samples % PER_WORD;
        if used != 0 {
            let genotypes = (1u32 << (2 * used)) - 1;
            let last = self.words.len() - 1;
            self.words[last] = (self.words[last] & genotypes) | (ALL_MISSING & !genotypes);
        }
        self.variants += 1;
    }

    /// Number of variants (rows).
    pub fn variants(&self) -> usize {
        self.variants
    }

    /// Number of samples (columns).
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// Words in a row.
    pub fn row_words(&self) -> usize {
        self.samples.div_ceil(PER_WORD)
    }

    /// Bytes in a row of the `.bed`.
    pub fn row_bytes(&self) -> usize {
        self.samples.div_ceil(4)
    }

    /// All words, row by row: sixteen genotypes each, the first sample in the lowest bits.
    pub fn words(&self) -> &[u32] {
        &self.words
    }

    /// One variant's words.
    pub fn row(&self, variant: usize) -> &[u32] {
        &self.words[variant * self.row_words()..][..self.row_words()]
    }

    /// The genotype of one sample, or `None` outside the table.
    pub fn get(&self, variant: usize, sample: usize) -> Option<Genotype> {
        (variant < self.variants && sample < self.samples).then(|| {
            let word = self.row(variant)[sample / PER_WORD];
            Genotype::from_code((word >> (2 * (sample % PER_WORD))) as u8)
        })
    }

    /// The row as in a `.bed`, with its padding bits 0 as PLINK writes them.
    pub fn bed_row(&self, variant: usize) -> Vec<u8> {
        let mut row: Vec<u8> = self.row(variant).iter().flat_map(|word| word.to_le_bytes()).collect();
        row.truncate(self.row_bytes());
        if let (Some(last), used @ 1..) = (row.last_mut(), self.samples % 4) {
            *last &= (1 << (2 * used)) - 1;
        }
        row
    }

    /// `gn`: int8 (variants, samples), copies of A1, −1 where missing.
    pub fn to_dosages(&self) -> Array2<i8> {
        let mut dosages = Vec::with_capacity(self.variants * self.samples);
        for variant in 0..self.variants {
            let end = dosages.len() + self.samples;
            for word in self.row(variant) {
                for byte in word.to_le_bytes() {
                    dosages.extend_from_slice(&DOSAGES_OF_BYTE[usize::from(byte)]);
                }
            }
            dosages.truncate(end);
        }
        Array2::from_shape_vec((self.variants, self.samples), dosages)
            .expect("each row was cut to the number of samples")
    }

    /// `gt`: int8 (variants, samples, 2), allele 0 = A2, allele 1 = A1, −1 where missing.
    pub fn to_alleles(&self) -> Array3<i8> {
        let dosages = self.to_dosages();
        Array3::from_shape_fn((self.variants, self.samples, 2), |(variant, sample, copy)| {
            let genotype = Genotype::from_dosage(dosages[[variant, sample]]);
            genotype.map_or(-1, |genotype| genotype.alleles()[copy])
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{array, s};

    /// Every code in every position of a word, for row lengths around multiples of a word and of a byte.
    #[test]
    fn every_length_survives_packing() {
        for samples in [1, 3, 4, 5, 15, 16, 17, 31, 32, 33] {
            let dosages = Array2::from_shape_fn((4, samples), |(v, s)| ((v + s * 7 / 3) % 4) as i8 - 1);
            let packed = PackedGenotypes::from_dosages(dosages.view()).unwrap();
            assert_eq!(packed.to_dosages(), dosages);
            for ((variant, sample), &dosage) in dosages.indexed_iter() {
                assert_eq!(packed.get(variant, sample).unwrap().dosage(), dosage);
            }
            assert_eq!(packed.get(4, 0), None);
            assert_eq!(packed.get(0, samples), None);
        }
    }

    #[test]
    fn padding_counts_as_missing_whatever_the_file_had() {
        let mut packed = PackedGenotypes::with_capacity(1, 5);
        packed.push_row(&[0b11_10_01_00, 0b1111_1111]);
        assert_eq!(packed.to_dosages(), array![[2i8, -1, 1, 0, 0]]);
        assert_eq!(packed.row(0), [0b01_01_01_01_01_01_01_01_01_01_01_11_11_10_01_00]);
        assert_eq!(packed.bed_row(0), [0b11_10_01_00, 0b00_00_00_11]);
    }

    #[test]
    fn alleles_follow_a2_first() {
        let packed = PackedGenotypes::from_dosages(array![[2i8, -1, 1, 0]].view()).unwrap();
        let alleles = packed.to_alleles();
        assert_eq!(alleles.slice(s![0, .., ..]), array![[1i8, 1], [-1, -1], [0, 1], [0, 0]]);
    }

    #[test]
    fn a_dosage_above_two_is_an_error() {
        let message = PackedGenotypes::from_dosages(array![[0i8, 3]].view()).unwrap_err().to_string();
        assert!(message.contains("3 at variant 0, sample 1"), "{message}");
    }

    #[test]
    fn no_samples_is_an_empty_table() {
        let packed = PackedGenotypes::from_dosages(Array2::<i8>::zeros((3, 0)).view()).unwrap();
        assert_eq!((packed.variants(), packed.row_words(), packed.to_dosages().dim()), (3, 0, (3, 0)));
    }
}
