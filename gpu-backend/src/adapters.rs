//! Which adapters there are, in which order, and which one is meant.
//!
//! Nothing here runs until somebody asks for a GPU: a host-only program never opens an adapter.

use std::sync::OnceLock;

use crate::error::{GpuError, Result};
use crate::profile::Profile;

/// Chooses which adapter comes first, as `gpu` and `gpu:0`: its place in the list without this
/// variable, or a part of its name.
pub const ADAPTER_VARIABLE: &str = "POLYARRAY_ADAPTER";

/// Where names of adapters are looked up; a function, so that tests need not touch the environment.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The process environment as a [`Lookup`]; empty values count as absent.
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.trim().is_empty())
}

/// One adapter: what it says of itself. Holding it opens no device.
#[derive(Debug, Clone)]
pub struct Adapter {
    /// The place in the list, which is the number in `gpu:N`.
    pub index: usize,
    /// What the driver says of itself.
    pub info: wgpu::AdapterInfo,
    /// What kernels need to know of it.
    pub profile: Profile,
    pub(crate) raw: wgpu::Adapter,
}

impl Adapter {
    /// Its residency name, `gpu:N`.
    pub fn name(&self) -> String {
        format!("gpu:{}", self.index)
    }

    /// The name together with what the driver calls itself, for messages.
    pub fn title(&self) -> String {
        format!("gpu:{} ({})", self.index, self.info.name)
    }
}

/// A choice among adapters, and the reason for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The chosen index.
    pub index: usize,
    /// Why this one, in words for `polyarray devices`.
    pub why: String,
}

/// All adapters of this machine: the one that `POLYARRAY_ADAPTER` names first, then real GPUs before
/// software. Asked once per process; `gpu` and `gpu:0` are the first.
///
/// # Errors
/// [`GpuError::NoAdapter`], with the command that mends it; [`GpuError::UnknownAdapter`] where the
/// variable matches none.
pub fn list() -> Result<&'static [Adapter]> {
    Ok(&known_adapters()?.0)
}

/// The adapter that `gpu` means, and why.
///
/// # Errors
/// As [`list`].
pub fn chosen() -> Result<(&'static Adapter, &'static str)> {
    let (adapters, why) = known_adapters()?;
    adapters.first().map(|adapter| (adapter, why.as_str())).ok_or(GpuError::NoAdapter)
}

/// Whether anything has asked for adapters yet. A host-only program never does.
pub fn asked() -> bool {
    ADAPTERS.get().is_some()
}

/// The adapters and why the first one is first. They stay for the whole process: a static is never
/// dropped, so no driver is unloaded while another thread still uses it.
static ADAPTERS: OnceLock<Result<(Vec<Adapter>, String)>> = OnceLock::new();

fn known_adapters() -> Result<&'static (Vec<Adapter>, String)> {
    let found = ADAPTERS.get_or_init(|| {
        let mut adapters = enumerate();
        let names: Vec<&str> = adapters.iter().map(|adapter| adapter.info.name.as_str()).collect();
        let choice = choose(&names, &environment)?;
        adapters[..=choice.index].rotate_right(1);
        for (index, adapter) in adapters.iter_mut().enumerate() {
            adapter.index = index;
        }
        Ok((adapters, choice.why))
    });
    found.as_ref().map_err(Clone::clone)
}

fn enumerate() -> Vec<Adapter> {
    let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
    descriptor.backends = wgpu::Backends::PRIMARY & !wgpu::Backends::BROWSER_WEBGPU;
    // Validation layers and debug labels are for writing drivers, not for running kernels.
    descriptor.flags = wgpu::InstanceFlags::empty();
    let backends = descriptor.backends;
    let instance = wgpu::Instance::new(descriptor);
    let mut found = pollster::block_on(instance.enumerate_adapters(backends));
    found.sort_by_key(|adapter| rank(&adapter.get_info()));
    found
        .into_iter()
        .enumerate()
        .map(|(index, raw)| {
            let info = raw.get_info();
            Adapter { index, profile: Profile::of(&raw, &info), info, raw }
        })
        .collect()
}

/// Real GPUs first; the sort is stable, so the driver's own order holds within a rank.
fn rank(info: &wgpu::AdapterInfo) -> u8 {
    match info.device_type {
        wgpu::DeviceType::DiscreteGpu => 0,
        wgpu::DeviceType::IntegratedGpu => 1,
        wgpu::DeviceType::VirtualGpu => 2,
        wgpu::DeviceType::Other => 3,
        wgpu::DeviceType::Cpu => 4,
    }
}

/// Which of the adapters named `names` comes first: the one that `POLYARRAY_ADAPTER` names by
/// index or by part of its name (case does not matter), else the first.
///
/// # Errors
/// [`GpuError::UnknownAdapter`] where the variable matches none, [`GpuError::NoAdapter`] where there
/// is none.
pub fn choose(names: &[&str], lookup: Lookup<'_>) -> Result<Choice> {
    if names.is_empty() {
        return Err(GpuError::NoAdapter);
    }
    let Some(asked) = lookup(ADAPTER_VARIABLE) else {
        let why = if names.len() == 1 {
            "the only adapter".to_owned()
        } else {
            format!("the first of {} (set {ADAPTER_VARIABLE} to choose another)", names.len())
        };
        return Ok(Choice { index: 0, why });
    };
    let asked = asked.trim();
    let number = asked.strip_prefix("gpu:").unwrap_or(asked).parse::<usize>().ok();
    let found = match number {
        Some(index) => (index < names.len()).then_some(index),
        None => {
            let wanted = asked.to_lowercase();
            names.iter().position(|name| name.to_lowercase().contains(&wanted))
        }
    };
    match found {
        Some(index) => Ok(Choice { index, why: format!("{ADAPTER_VARIABLE}={asked}") }),
        None => Err(GpuError::UnknownAdapter {
            asked: asked.to_owned(),
            asked_by: ADAPTER_VARIABLE,
            known: known(names),
        }),
    }
}

fn known(names: &[&str]) -> String {
    names.iter().enumerate().map(|(i, name)| format!("{i} = {name}")).collect::<Vec<_>>().join(", ")
}
