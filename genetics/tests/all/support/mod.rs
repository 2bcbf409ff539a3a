//! What the tests share: where the data is, and the formulas once more, plainly, in f64 on the host.
pub mod host;

use std::path::{Path, PathBuf};

use ndarray::{Array, Dimension};
use polyarray::Element;
use polyarray_genetics::npy;
use polyarray_genetics::plink::{self, Dataset, PlinkPaths, ReadOptions};

/// The folder of genotype data: `POLYARRAY_DATA`, by default `../shared/data` beside the workspace.
pub fn data_dir() -> PathBuf {
    let beside = || {
        let folders = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
        let workspace = folders.filter(|folder| folder.join("Cargo.lock").exists()).last();
        workspace.expect("tests run in the workspace").join("../shared/data")
    };
    let data = std::env::var_os("POLYARRAY_DATA").map_or_else(beside, PathBuf::from);
    let genetics = data.join("genetics");
    assert!(
        genetics.is_dir(),
        "{} is not there: set POLYARRAY_DATA to the folder that holds `genetics/hapmap3.bed`",
        genetics.display()
    );
    genetics
}

/// A reference array.
pub fn reference<T: Element, D: Dimension>(name: &str) -> Array<T, D> {
    let path = data_dir().join("reference").join(name).with_extension("npy");
    let array = npy::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    array.into_dimensionality().unwrap()
}

/// The 14,266 autosomal variants of HapMap 3.
pub fn hapmap_autosomes() -> Dataset {
    let paths = PlinkPaths::find(data_dir().join("hapmap3")).unwrap();
    let autosomes = "1-22".parse().unwrap();
    plink::read(&paths, ReadOptions { chromosomes: Some(&autosomes), progress: None }).unwrap()
}
