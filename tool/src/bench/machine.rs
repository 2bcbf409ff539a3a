//! What a record says of the machine it was taken on, so that only runs of one machine are compared.
use crate::measure::Place;

use super::record::{Backend, Ceilings, Machine};

/// This machine.
pub fn this() -> Machine {
    Machine {
        cpu: cpu().unwrap_or_else(|| format!("unknown ({})", std::env::consts::ARCH)),
        features: features(),
        threads: std::thread::available_parallelism().map_or(1, usize::from),
        memory_gib: memory_gib(),
        system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
    }
}

/// The CPU's name, as its maker has it.
fn cpu() -> Option<String> {
    let name = match std::env::consts::OS {
        "linux" => {
            let info = std::fs::read_to_string("/proc/cpuinfo").ok()?;
            let line = info.lines().find(|line| line.starts_with("model name"))?;
            line.split_once(':')?.1.to_string()
        }
        "macos" => {
            let query = ["-n", "machdep.cpu.brand_string"];
            let output = std::process::Command::new("sysctl").args(query).output().ok()?;
            String::from_utf8(output.stdout).ok()?
        }
        _ => std::env::var("PROCESSOR_IDENTIFIER").ok()?,
    };
    let name = name.trim();
    (!name.is_empty()).then(|| name.to_string())
}

#[cfg(target_arch = "x86_64")]
fn features() -> Vec<String> {
    let found = [
        ("avx2", std::arch::is_x86_feature_detected!("avx2")),
        ("fma", std::arch::is_x86_feature_detected!("fma")),
        ("avx512f", std::arch::is_x86_feature_detected!("avx512f")),
        ("avx512vnni", std::arch::is_x86_feature_detected!("avx512vnni")),
    ];
    found.into_iter().filter(|(_, there)| *there).map(|(name, _)| name.to_string()).collect()
}

#[cfg(not(target_arch = "x86_64"))]
fn features() -> Vec<String> {
    Vec::new()
}

/// Memory in whole GiB, where the system tells.
fn memory_gib() -> Option<u64> {
    Some((meminfo("MemTotal:")? + (1 << 29)) >> 30)
}

/// Bytes of host memory that could be had now, where the system tells.
pub fn available_memory() -> Option<u64> {
    meminfo("MemAvailable:")
}

/// A line of Linux's account of memory, in bytes.
fn meminfo(name: &str) -> Option<u64> {
    let info = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = info.lines().find(|line| line.starts_with(name))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib << 10)
}

/// What there is to say of a place; its ceilings come later.
pub fn backend(place: &Place) -> Backend {
    let plain = Backend {
        name: place.name(),
        adapter: None,
        device_type: None,
        interface: None,
        driver: None,
        shares_host_memory: place.is_host(),
        ceilings: Ceilings::default(),
    };
    with_adapter(plain)
}

fn with_adapter(backend: Backend) -> Backend {
    if backend.name == "host" {
        return backend;
    }
    use polyarray_gpu::adapters;
    let known = adapters::list().unwrap_or_default();
    let Some(adapter) = known.iter().find(|adapter| adapter.name() == backend.name) else {
        return backend;
    };
    Backend {
        adapter: Some(adapter.info.name.clone()),
        device_type: Some(format!("{:?}", adapter.info.device_type)),
        interface: Some(adapter.info.backend.to_string()),
        driver: Some(format!("{} {}", adapter.info.driver, adapter.info.driver_info).trim().to_string()),
        shares_host_memory: adapter.profile.is_cpu,
        ..backend
    }
}

/// What `work` on a place takes by the device's own clock; `None` where there is none.
pub fn device_seconds(place: &Place, work: &mut dyn FnMut() -> polyarray::Result<f64>) -> Option<f64> {
    use polyarray_gpu::{Clock, GpuBackend};
    let name = place.name();
    let index = name.strip_prefix("gpu:")?.parse().ok()?;
    let gpu = GpuBackend::open(index).ok()?.device();
    let (outcome, timing) = gpu.time(|| Ok(work())).ok()?;
    (outcome.is_ok() && timing.clock == Clock::Device).then_some(timing.elapsed.as_secs_f64())
}
