//! `--backend`: which backend a command runs on, and why.
use std::fmt::Display;
use std::str::FromStr;

use polyarray::array::residency;
use polyarray::dispatch::{ENV_BACKEND, Instance, Options, with_backend};

use super::failure::{Code, Failure};

/// What the user asked for.
#[derive(Clone, Debug)]
pub enum Choice {
    /// The tool chooses.
    Auto,
    /// A kind or an instance by name.
    Named(String),
}

impl FromStr for Choice {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(if text == "auto" { Self::Auto } else { Self::Named(text.to_string()) })
    }
}

/// Where to run, found to be there.
pub struct Backend {
    instance: Option<Instance>,
    /// Why this one.
    pub why: String,
}

impl Choice {
    /// Opens what was asked for.
    pub fn open(&self) -> Result<Backend, Failure> {
        let (name, why) = match self {
            Self::Named(name) => (name.clone(), "--backend".to_string()),
            Self::Auto => match std::env::var(ENV_BACKEND) {
                Ok(name) if !name.is_empty() => {
                    return Ok(Backend { instance: None, why: format!("{ENV_BACKEND}={name}") });
                }
                _ => automatic(),
            },
        };
        let instance = open("--backend", &name)?;
        Ok(Backend { instance: Some(instance), why })
    }
}

/// The instance of that name, opened; `option` is where the name comes from.
pub fn open(option: &str, name: &str) -> Result<Instance, Failure> {
    let missing = |error: &dyn Display| Failure::new(Code::Device, format!("{option} {name}: {error}"));
    if name == "gpu" || name.starts_with("gpu:") {
        adapters().map_err(|error| missing(&error))?;
    }
    let instance = Instance::named(name).map_err(|error| missing(&error))?;
    residency::open(instance).map_err(|error| missing(&error))?;
    Ok(instance)
}

impl Backend {
    /// Does it compute in host memory? Without a scope of the tool's own the environment's backend does.
    pub fn is_host(&self) -> bool {
        match self.instance {
            Some(instance) => residency::residency_of(instance).is_ok_and(|key| key == *residency::HOST),
            None => std::env::var(ENV_BACKEND).is_ok_and(|name| name == "cpu"),
        }
    }

    /// Runs `work` there: what lives elsewhere is copied.
    pub fn run<T>(&self, work: impl FnOnce() -> T) -> T {
        match self.instance {
            Some(instance) => with_backend(instance, Options::COERCE, work),
            None => work(),
        }
    }
}

/// A GPU where there is a real one; software adapters are slower than the host they run on.
#[cfg(feature = "gpu")]
fn automatic() -> (String, String) {
    match polyarray_gpu::adapters::chosen() {
        Ok((adapter, _)) if !adapter.profile.is_cpu => (adapter.name(), "auto: a GPU is there".to_string()),
        Ok((adapter, _)) => ("cpu".to_string(), format!("auto: {} is software", adapter.title())),
        Err(_) => ("cpu".to_string(), "auto: there is no GPU".to_string()),
    }
}

#[cfg(not(feature = "gpu"))]
fn automatic() -> (String, String) {
    ("cpu".to_string(), "auto: this build has no GPU backend".to_string())
}

/// An error, with what mends it, where there is no adapter at all.
#[cfg(feature = "gpu")]
fn adapters() -> Result<(), impl Display> {
    polyarray_gpu::adapters::list().map(drop)
}

#[cfg(not(feature = "gpu"))]
fn adapters() -> Result<(), impl Display> {
    Err::<(), _>("this build has no GPU backend (feature `gpu`)")
}
