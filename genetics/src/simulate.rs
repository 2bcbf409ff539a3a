//! Simulated genotypes: independent variants in Hardy–Weinberg proportions, some calls missing.
use crate::atomic::StagedFiles;
use crate::chromosome::Chromosome;
use crate::error::{Error, Result};
use crate::packed::{Genotype, PackedGenotypes};
use crate::plink::{Dataset, PlinkPaths, PlinkWriter, Sample, Variant};

/// Largest number of samples: each is a line of text in memory.
const MOST_SAMPLES: usize = 10_000_000;
/// Largest number of genotypes: 16 GiB packed.
const MOST_GENOTYPES: usize = 1 << 36;

/// What to simulate. The same description gives the same genotypes on every machine: the generator is
/// SplitMix64, and the upper half of one draw decides one genotype.
#[derive(Clone, Debug, PartialEq)]
pub struct Simulation {
    /// Number of variants.
    pub variants: usize,
    /// Number of samples.
    pub samples: usize,
    /// Seed of the generator.
    pub seed: u64,
    /// Lowest frequency of A1; the highest is one half. Frequencies are uniform between the two.
    pub min_frequency: f64,
    /// Share of calls that are missing.
    pub missing: f64,
}

impl Simulation {
    /// `variants` × `samples`, seed 0, frequencies from 0.05, 1 % missing.
    pub fn new(variants: usize, samples: usize) -> Self {
        Self { variants, samples, seed: 0, min_frequency: 0.05, missing: 0.01 }
    }

    fn check(&self) -> Result<()> {
        let wrong = |name, given: String, expected: &str| {
            Err(Error::Argument { operation: "simulate", name, given, expected: expected.to_string() })
        };
        match self {
            Self { variants: 0, .. } => wrong("variants", "0".to_string(), "at least 1"),
            Self { samples: 0, .. } => wrong("samples", "0".to_string(), "at least 1"),
            // An allocation larger than memory would end the process.
            Self { variants: v, samples: s, .. }
                if *s > MOST_SAMPLES || v.saturating_mul(*s) > MOST_GENOTYPES =>
            {
                let most = format!("at most {MOST_SAMPLES} samples and {MOST_GENOTYPES} genotypes in all");
                wrong("variants x samples", format!("{v}x{s}"), &most)
            }
            Self { min_frequency: f, .. } if !(0.0..=0.5).contains(f) => {
                wrong("min_frequency", f.to_string(), "a number from 0 to 0.5")
            }
            Self { missing: m, .. } if !(0.0..=1.0).contains(m) => {
                wrong("missing", m.to_string(), "a number from 0 to 1")
            }
            _ => Ok(()),
        }
    }

    fn samples(&self) -> Vec<Sample> {
        let sample = |index: usize| Sample {
            family: format!("F{}", index + 1).into(),
            id: format!("S{}", index + 1).into(),
            father: "0".into(),
            mother: "0".into(),
            sex: ["1", "2"][index % 2].into(),
            phenotype: "-9".into(),
        };
        (0..self.samples).map(sample).collect()
    }

    /// The variants are divided into 22 equal ranges, one per autosome.
    fn variant(&self, index: usize) -> Variant {
        let per_chromosome = self.variants.div_ceil(22);
        let (a1, a2) = [("A", "G"), ("C", "T"), ("G", "A"), ("T", "C")][index % 4];
        Variant {
            chromosome: Chromosome::Number((index / per_chromosome) as u16 + 1),
            id: format!("sim{}", index + 1).into(),
            genetic_position: 0.0,
            position: 1000 * (index % per_chromosome + 1) as i64,
            a1: a1.into(),
            a2: a2.into(),
        }
    }

    /// Calls `each` with every variant and its row of the `.bed`.
    fn rows(&self, mut each: impl FnMut(&Variant, &[u8]) -> Result<()>) -> Result<()> {
        self.check()?;
        let mut draws = SplitMix64(self.seed);
        let mut row = vec![0u8; self.samples.div_ceil(4)];
        for index in 0..self.variants {
            let frequency = self.min_frequency + (0.5 - self.min_frequency) * draws.unit();
            let called = 1.0 - self.missing;
            let hom_a1 = self.missing + called * frequency * frequency;
            let het = hom_a1 + called * 2.0 * frequency * (1.0 - frequency);
            row.fill(0);
            for sample in 0..self.samples {
                let draw = draws.unit();
                let genotype = if draw < self.missing {
                    Genotype::Missing
                } else if draw < hom_a1 {
                    Genotype::HomA1
                } else if draw < het {
                    Genotype::Het
                } else {
                    Genotype::HomA2
                };
                row[sample / 4] |= (genotype as u8) << (2 * (sample % 4));
            }
            each(&self.variant(index), &row)?;
        }
        Ok(())
    }

    /// Simulates into memory.
    ///
    /// # Errors
    /// [`Error::Argument`] for a size or share outside its range.
    pub fn dataset(&self) -> Result<Dataset> {
        self.check()?;
        let mut variants = Vec::with_capacity(self.variants);
        let mut genotypes = PackedGenotypes::with_capacity(self.variants, self.samples);
        self.rows(|variant, row| {
            variants.push(variant.clone());
            genotypes.push_row(row);
            Ok(())
        })?;
        Ok(Dataset { variants, samples: self.samples(), genotypes })
    }

    /// Simulates into PLINK files with memory for one row; `progress` is called with the number of variants done
    /// and can end the work by returning an error.
    ///
    /// # Errors
    /// [`Error::Argument`], and those of [`PlinkWriter`]. No file is left behind on an error.
    pub fn write(
        &self,
        paths: &PlinkPaths,
        staged: StagedFiles,
        mut progress: impl FnMut(u64) -> Result<()>,
    ) -> Result<()> {
        self.check()?;
        let mut writer = PlinkWriter::create(paths, &self.samples(), staged)?;
        let mut done = 0;
        self.rows(|variant, row| {
            writer.push(variant, row)?;
            done += 1;
            progress(done)
        })?;
        writer.finish()
    }
}

/// The generator of Steele, Lea and Flood, *Fast splittable pseudorandom number generators* (OOPSLA 2014).
struct SplitMix64(u64);

impl SplitMix64 {
    fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number in [0, 1).
    fn unit(&mut self) -> f64 {
        (self.draw() >> 32) as f64 / 4_294_967_296.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_is_the_published_one() {
        let mut draws = SplitMix64(1_234_567);
        assert_eq!([draws.draw(), draws.draw()], [6_457_827_717_110_365_317, 3_203_168_211_198_807_973]);
    }

    #[test]
    fn shares_are_those_asked_for() {
        let simulation =
            Simulation { min_frequency: 0.5, missing: 0.1, seed: 7, ..Simulation::new(50, 2000) };
        let dosages = simulation.dataset().unwrap().genotypes.to_dosages();
        let share = |dosage: i8| dosages.iter().filter(|&&d| d == dosage).count() as f64 / 1e5;
        for (dosage, expected) in [(-1, 0.1), (0, 0.225), (1, 0.45), (2, 0.225)] {
            let error = (share(dosage) - expected).abs();
            assert!(error < 0.007, "dosage {dosage}: {} is not {expected}", share(dosage));
        }
    }

    #[test]
    fn impossible_sizes_are_refused_before_anything_is_allocated() {
        for (variants, samples) in
            [(0, 5), (5, 0), (1, usize::MAX), (usize::MAX, 2), (100_000_000_000, 100_000)]
        {
            let refused = Simulation::new(variants, samples).dataset();
            assert!(matches!(refused, Err(Error::Argument { .. })), "{variants}x{samples}");
        }
    }

    #[test]
    fn a_seed_is_a_data_set() {
        let simulate = |seed| Simulation { seed, ..Simulation::new(30, 50) }.dataset().unwrap().genotypes;
        assert_eq!(simulate(1), simulate(1));
        assert_ne!(simulate(1), simulate(2));
    }

    #[test]
    fn impossible_sizes_and_shares_are_errors() {
        for (simulation, name) in [
            (Simulation::new(0, 5), "variants"),
            (Simulation::new(5, 0), "samples"),
            (Simulation { missing: 1.5, ..Simulation::new(5, 5) }, "missing"),
            (Simulation { min_frequency: f64::NAN, ..Simulation::new(5, 5) }, "min_frequency"),
        ] {
            let message = simulation.dataset().unwrap_err().to_string();
            assert!(message.contains(name), "{message}");
        }
    }
}
