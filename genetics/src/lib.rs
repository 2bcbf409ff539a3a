//! The domain `numpy.sk_allel`: statistical genetics, written as any outsider would write a domain.
//!
//! Genotypes come from PLINK files ([`plink`]) and stay packed, two bits each ([`PackedGenotypes`]).
mod atomic;
mod chromosome;
mod error;
mod packed;
pub mod plink;
pub mod simulate;

pub use atomic::StagedFiles;
pub use chromosome::{Chromosome, ChromosomeSelection};
pub use error::{Error, Result};
pub use packed::{Genotype, PackedGenotypes};
