//! `--backend`: which backend a command runs on, and why.
use std::fmt::Display;
use std::str::FromStr;

use polyarray::array::residency;
use polyarray::dispatch::{ENV_BACKEND, Instance, Options, with_backend};

use crate::failure::{Code, Failure};

/// What the user asked for.
#[derive(Clone, Debug)]
pub enum Choice {
    /// `POLYARRAY_BACKEND`, where it is set; else the tool chooses.
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
    instance: Instance,
    /// Why this one.
    pub why: String,
}

impl Choice {
    /// Opens what was asked for.
    pub fn open(&self) -> Result<Backend, Failure> {
        let option = "--backend";
        let (from, name, why) = match self {
            Self::Named(name) => (option, name.clone(), option.to_string()),
            Self::Auto => match std::env::var(ENV_BACKEND) {
                Ok(name) if !name.trim().is_empty() => {
                    (ENV_BACKEND, name.trim().to_string(), format!("{ENV_BACKEND}={name}"))
                }
                _ => {
                    let (name, why) = automatic()?;
                    (option, name, why)
                }
            },
        };
        Ok(Backend { instance: open(from, &name)?, why })
    }
}

/// The instance of that name, opened; `option` is where the name comes from.
pub fn open(option: &str, name: &str) -> Result<Instance, Failure> {
    let missing = |error: &dyn Display| Failure::new(Code::Device, format!("{option} {name}: {error}"));
    if name == "gpu" || name.starts_with("gpu:") {
        // An error that says how to get one where there is no adapter at all.
        polyarray_gpu::adapters::list().map_err(|error| missing(&error))?;
    }
    let instance = Instance::named(name).map_err(|error| missing(&error))?;
    // A backend without arrays of its own, as a wrapper is, has nothing to open.
    if residency::residency_of(instance).is_ok() {
        residency::open(instance).map_err(|error| missing(&error))?;
    }
    Ok(instance)
}

impl Backend {
    /// Does it compute in host memory, and nowhere else?
    pub fn is_host(&self) -> bool {
        residency::residency_of(self.instance).is_ok_and(|key| key == *residency::HOST)
    }

    /// Runs `work` there: what lives elsewhere is copied.
    pub fn run<T>(&self, work: impl FnOnce() -> T) -> T {
        with_backend(self.instance, Options::COERCE, work)
    }
}

/// A GPU where there is a real one; software adapters are slower than the host they run on.
fn automatic() -> Result<(String, String), Failure> {
    match polyarray_gpu::adapters::chosen() {
        Ok((adapter, _)) if !adapter.profile.is_cpu => {
            Ok((adapter.name(), "auto: a GPU is there".to_string()))
        }
        Ok((adapter, _)) => Ok(("cpu".to_string(), format!("auto: {} is software", adapter.title()))),
        // Whoever names an adapter wants that one, not the host.
        Err(error @ polyarray_gpu::GpuError::UnknownAdapter { .. }) => Err(Failure::new(Code::Device, error)),
        Err(_) => Ok(("cpu".to_string(), "auto: there is no GPU".to_string())),
    }
}
