//! The domain `numpy.sk_allel`: statistical genetics, written as a crate outside this workspace would write a domain.
//!
//! Genotypes come from PLINK files ([`plink`]) and stay packed, two bits each ([`PackedGenotypes`]). The
//! multimethods ([`variant_stats()`], [`grm_vanraden()`], …) have defaults in terms of the numpy domain, so they run
//! on every backend; `variant_stats` has its own kernel for the GPU (feature `gpu`). [`run_analysis`] is written
//! once and knows no backend.
mod analysis;
mod atomic;
mod chromosome;
mod domain;
mod error;
#[cfg(feature = "gpu")]
mod gpu;
mod grm;
pub mod npy;
mod options;
mod packed;
pub mod plink;
pub mod simulate;

pub use analysis::{Analysis, Step, analyse, run_analysis, to_f64};
pub use atomic::{Discarded, StagedFiles, discard_unfinished};
pub use chromosome::{Chromosome, ChromosomeSelection};
pub use domain::{
    count_alleles, heterozygosity_expected, heterozygosity_observed, unpack_dosages, variant_stats,
};
pub use error::{Error, Result};
pub use grm::grm_vanraden;
pub use options::{AnalysisOptions, Float, MissingCalls, Relationship};
pub use packed::{Genotype, PackedGenotypes};
