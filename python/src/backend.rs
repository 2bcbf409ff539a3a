//! A backend declared in Python: it takes arrays of the host, and what its interceptors and implementations do is in Python.
use polyarray::backend::{BackendKind, Decline, Fit, Key, enrol};
use pyo3::prelude::*;

use crate::errors::exception;

/// A kind of one instance, which takes arrays of every residency as they are.
struct Wrapper {
    name: &'static str,
    domains: &'static [&'static str],
}

impl BackendKind for Wrapper {
    fn name(&self) -> &'static str {
        self.name
    }

    fn domains(&self) -> &'static [&'static str] {
        self.domains
    }

    // It runs where a scope names it.
    fn explicit(&self) -> bool {
        true
    }

    fn select(&self, _: &[Key]) -> Result<u16, Decline> {
        Ok(0)
    }

    fn fit(&self, _: u16, _: Key) -> Fit {
        Fit::Native
    }

    fn instances(&self) -> Vec<String> {
        vec![self.name.to_owned()]
    }

    fn instance_name(&self, _: u16) -> String {
        self.name.to_owned()
    }
}

/// declare_backend(name, domains=("numpy",)): a backend around others, for scopes that name it. What it does is said by
/// `intercept` and by `register`.
#[pyfunction]
#[pyo3(signature = (name, domains=None))]
pub fn declare_backend(name: String, domains: Option<Vec<String>>) -> PyResult<()> {
    let domains = domains.unwrap_or_else(|| vec!["numpy".into()]);
    let domains: Vec<&'static str> = domains.into_iter().map(|domain| &*String::leak(domain)).collect();
    let backend = Box::leak(Box::new(Wrapper { name: String::leak(name), domains: Vec::leak(domains) }));
    enrol(backend).map(|_| ()).map_err(|error| exception(error.into()))
}
