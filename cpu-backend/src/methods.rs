//! The methods that are no fused kernels, a file or folder for each family.

pub mod histograms;
pub mod indexing;
pub mod linalg;
pub mod manipulation;
pub mod random;
pub mod ranking;
mod rows;
pub mod scan;
pub mod search_sorted;
pub mod searching;
pub mod sorting;
pub mod statistics;
pub mod updates;
