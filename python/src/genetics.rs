//! Data sets in PLINK's files, and the whole analysis of one.
use std::path::PathBuf;
use std::sync::Arc;

use parking_lot::Mutex;
use polyarray::Array;
use polyarray_genetics::plink::{self, PlinkPaths, ReadOptions};
use polyarray_genetics::{
    self as genetics, Analysis, AnalysisOptions, ChromosomeSelection, Float, StagedFiles,
};
use pyo3::exceptions::{PyFileExistsError, PyFileNotFoundError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use crate::array::PyArray;
use crate::dtypes::Given;
use crate::errors::exception;
use crate::operand::operand;
use crate::ufunc::raised;
use crate::work;

fn raise(error: genetics::Error) -> PyErr {
    let message = error.to_string();
    match error {
        genetics::Error::Array(error) => exception(error),
        genetics::Error::MissingFile { .. } => PyFileNotFoundError::new_err(message),
        genetics::Error::Exists { .. } => PyFileExistsError::new_err(message),
        genetics::Error::Read { source, .. } | genetics::Error::Write { source, .. } => {
            std::io::Error::new(source.kind(), message).into()
        }
        _ => PyValueError::new_err(message),
    }
}

/// Work on files or arrays: both may be long.
fn wait<T: Send + 'static>(
    py: Python<'_>,
    work: impl FnOnce() -> genetics::Result<T> + Send + 'static,
) -> PyResult<T> {
    work::wait(py, true, move || work().map_err(|error| raised(raise(error))))
}

/// A data set that `read_plink` read.
#[pyclass(frozen, name = "Dataset", module = "polyarray.genetics")]
pub struct PyDataset(Arc<plink::Dataset>);

#[pymethods]
impl PyDataset {
    /// Packed genotypes, uint32 (variants, words): sixteen of two bits in each word.
    #[getter]
    fn genotypes(&self, py: Python<'_>) -> PyResult<PyArray> {
        let of = self.0.clone();
        wait(py, move || Ok(Array::try_from(&of.genotypes)?)).map(PyArray::new)
    }

    /// Copies of A1, int8 (variants, samples), -1 where the call is missing.
    #[getter]
    fn dosages(&self, py: Python<'_>) -> PyResult<PyArray> {
        let of = self.0.clone();
        wait(py, move || Ok(Array::from(of.genotypes.to_dosages()))).map(PyArray::new)
    }

    /// The columns of the `.bim`: a list for each, in the order of the rows of the genotypes.
    #[getter]
    fn variants<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let (columns, all) = (PyDict::new(py), &self.0.variants);
        columns.set_item("chromosome", all.iter().map(|v| v.chromosome.to_string()).collect::<Vec<_>>())?;
        columns.set_item("id", all.iter().map(|v| &*v.id).collect::<Vec<_>>())?;
        columns.set_item("position", all.iter().map(|v| v.position).collect::<Vec<_>>())?;
        columns.set_item("a1", all.iter().map(|v| &*v.a1).collect::<Vec<_>>())?;
        columns.set_item("a2", all.iter().map(|v| &*v.a2).collect::<Vec<_>>())?;
        Ok(columns)
    }

    /// The names of the samples, in the order of the columns of the genotypes.
    #[getter]
    fn samples(&self) -> Vec<String> {
        self.0.samples.iter().map(|sample| sample.id.to_string()).collect()
    }

    fn __repr__(&self) -> String {
        format!("<data set of {} variants, {} samples>", self.0.variants.len(), self.0.samples.len())
    }
}

/// read_plink(path, *, chromosomes=None)
///
/// Reads a PLINK 1 data set: `path` is the prefix of its three files, one of them, or a folder with one data set.
/// `chromosomes` selects variants: `"1-22"`, `"1,3,X"`.
#[pyfunction]
#[pyo3(signature = (path, *, chromosomes=None))]
pub fn read_plink(py: Python<'_>, path: PathBuf, chromosomes: Option<String>) -> PyResult<PyDataset> {
    let read = move || {
        let selection = chromosomes.map(|text| text.parse::<ChromosomeSelection>()).transpose()?;
        let options = ReadOptions { chromosomes: selection.as_ref(), progress: None };
        plink::read(&PlinkPaths::find(&path)?, options)
    };
    wait(py, read).map(|dataset| PyDataset(Arc::new(dataset)))
}

/// What `run_analysis` computed, where it was computed.
#[pyclass(frozen, name = "Analysis", module = "polyarray.genetics")]
pub struct PyAnalysis(Arc<Analysis>);

#[pymethods]
impl PyAnalysis {
    /// int32 (variants, 2): copies of A2, of A1.
    #[getter]
    fn allele_counts(&self) -> PyArray {
        PyArray::new(self.0.allele_counts.clone())
    }

    /// int32 (variants, 4): called, homozygous for A2, heterozygous, homozygous for A1.
    #[getter]
    fn variant_counts(&self) -> PyArray {
        PyArray::new(self.0.variant_counts.clone())
    }

    /// float (variants,): the share of the samples that are called.
    #[getter]
    fn call_rate(&self) -> PyArray {
        PyArray::new(self.0.call_rate.clone())
    }

    /// float (variants,): observed heterozygosity.
    #[getter]
    fn het_obs(&self) -> PyArray {
        PyArray::new(self.0.het_obs.clone())
    }

    /// float (variants,): expected heterozygosity.
    #[getter]
    fn het_exp(&self) -> PyArray {
        PyArray::new(self.0.het_exp.clone())
    }

    /// float (samples, samples): relationships.
    #[getter]
    fn grm(&self) -> PyArray {
        PyArray::new(self.0.grm.clone())
    }

    /// How many variants relationships are over.
    #[getter]
    fn grm_variants(&self) -> usize {
        self.0.grm_variants
    }

    /// Name and seconds of each step.
    #[getter]
    fn steps(&self) -> Vec<(&'static str, f64)> {
        self.0.steps.iter().map(|step| (step.name, step.seconds)).collect()
    }

    /// save(folder, *, replace=False): writes the results as `.npy` files, all of them or none; returns their paths.
    #[pyo3(signature = (folder, *, replace=false))]
    fn save(&self, py: Python<'_>, folder: PathBuf, replace: bool) -> PyResult<Vec<PathBuf>> {
        let analysis = self.0.clone();
        wait(py, move || {
            let mut staged = if replace { StagedFiles::replacing() } else { StagedFiles::new() };
            analysis.stage(&mut staged, &folder)?;
            staged.commit()
        })
    }

    fn __repr__(&self) -> String {
        let [variants, samples] = [self.0.het_obs.len(), self.0.grm.shape()[0]];
        format!("<analysis of {variants} variants, {samples} samples on {}>", self.0.grm.residency())
    }
}

/// run_analysis(genotypes, *, dtype=None, all_chromosomes=False, samples=None, progress=None)
///
/// Counts, call rates, heterozygosity and relationships of a data set, where the backend in scope has its arrays; of an array
/// where it lives. `genotypes` is a path or a data set as `read_plink` takes and returns it, or an array: dosages, int8
/// (variants, samples), or packed, uint32, with the number of `samples`. Relationships are over the autosomes unless
/// `all_chromosomes` is true; an array has no chromosomes, and they are over all of its variants. `dtype` is that of ratios;
/// `progress` is called with the name of each step before it begins.
#[pyfunction]
#[pyo3(signature = (genotypes, *, dtype=None, all_chromosomes=false, samples=None, progress=None))]
pub fn run_analysis(
    py: Python<'_>,
    genotypes: &Bound<'_, PyAny>,
    dtype: Option<Given>,
    all_chromosomes: bool,
    samples: Option<usize>,
    progress: Option<Py<PyAny>>,
) -> PyResult<PyAnalysis> {
    let float = Float(dtype.map(|given| given.0));
    // What `progress` raises is raised once the analysis is done: its steps can't be ended from inside.
    let failed: Arc<Mutex<Option<PyErr>>> = Arc::default();
    let kept = failed.clone();
    let begin = move |step: &'static str| {
        let Some(progress) = &progress else { return };
        if let Err(error) = Python::attach(|py| progress.call1(py, (step,))) {
            kept.lock().get_or_insert(error);
        }
    };
    let options = AnalysisOptions { float, all_chromosomes };
    let analysis = if let Ok(dataset) = genotypes.cast::<PyDataset>() {
        let dataset = dataset.get().0.clone();
        wait(py, move || genetics::run_analysis(&dataset, options, begin))?
    } else if genotypes.is_instance_of::<PyString>() || genotypes.hasattr("__fspath__")? {
        let dataset = read_plink(py, genotypes.extract()?, None)?.0;
        wait(py, move || genetics::run_analysis(&dataset, options, begin))?
    } else {
        let array = operand(genotypes)?;
        let columns = array.shape().get(1).copied().unwrap_or_default();
        let samples = match array.dtype() {
            polyarray::DType::U32 => samples.ok_or_else(|| {
                PyTypeError::new_err("packed genotypes don't say how many samples they hold; give samples=")
            })?,
            _ => columns,
        };
        wait(py, move || genetics::analyse(&array, samples, None, float, begin))?
    };
    match failed.lock().take() {
        Some(error) => Err(error),
        None => Ok(PyAnalysis(Arc::new(analysis))),
    }
}

/// What the module `polyarray.genetics` has besides the functions of the domain.
pub fn module(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let names = PyDict::new(py);
    names.set_item("Dataset", py.get_type::<PyDataset>())?;
    names.set_item("Analysis", py.get_type::<PyAnalysis>())?;
    names.set_item("read_plink", pyo3::wrap_pyfunction!(read_plink, py)?)?;
    names.set_item("run_analysis", pyo3::wrap_pyfunction!(run_analysis, py)?)?;
    Ok(names)
}
