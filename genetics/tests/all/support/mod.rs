//! What the tests share: where the data is, and the formulas once more, plainly, in f64 on the host.
pub mod host;

use std::path::PathBuf;

use ndarray::{Array, Dimension};
use ndarray_npy::{ReadableElement, read_npy};
use polyarray_genetics::plink::{self, Dataset, PlinkPaths, ReadOptions};

/// The folder of genotype data: `POLYARRAY_DATA`, by default `../shared/data` beside the workspace.
pub fn data_dir() -> PathBuf {
    let data = std::env::var_os("POLYARRAY_DATA").map(PathBuf::from);
    let data =
        data.unwrap_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data")));
    let genetics = data.join("genetics");
    assert!(
        genetics.is_dir(),
        "{} is not there: set POLYARRAY_DATA to the folder that holds `genetics/hapmap3.bed`",
        genetics.display()
    );
    genetics
}

/// A reference array.
pub fn reference<T: ReadableElement, D: Dimension>(name: &str) -> Array<T, D> {
    let path = data_dir().join("reference").join(name).with_extension("npy");
    read_npy(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The 14,266 autosomal variants of HapMap 3.
pub fn hapmap_autosomes() -> Dataset {
    let paths = PlinkPaths::find(data_dir().join("hapmap3")).unwrap();
    let autosomes = "1-22".parse().unwrap();
    plink::read(&paths, ReadOptions { chromosomes: Some(&autosomes), progress: None }).unwrap()
}
