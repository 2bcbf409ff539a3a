//! `polyarray devices`: where arrays can live, what each place can do, and which one would be used and why.
use std::fmt::Write;

use polyarray::array::Device;
use polyarray::{DTYPES, DType};
use polyarray_gpu::adapters::{self, Adapter};
use polyarray_gpu::{Gpu, Outcome, Profile};
use serde_json::{Value, json};

use crate::failure::{Code, Failure};
use crate::report::{Report, bytes, table};

#[derive(clap::Args)]
pub struct Arguments {
    /// End with exit code 4 unless this device can be used: host, gpu or gpu:N
    #[arg(long, value_name = "DEVICE")]
    require: Option<String>,
}

impl Arguments {
    pub fn run(self) -> Result<Report, Failure> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let mut text = format!("host\n  {threads} threads; every dtype");
        let mut devices = vec![json!({ "name": "host", "threads": threads, "usable": true })];
        let gpus = gpus();
        text.push_str(&gpus.text);
        devices.extend(gpus.devices);
        if let Some(wanted) = &self.require {
            let usable = |device: &&Value| device["usable"] == true;
            let names: Vec<&str> = devices.iter().filter(usable).filter_map(|d| d["name"].as_str()).collect();
            let there = names.contains(&wanted.as_str()) || (wanted == "gpu" && names.len() > 1);
            if !there {
                let mut message = format!("no usable device `{wanted}`; there are: {}", names.join(", "));
                if let Some(why) = gpus.why_none {
                    message = format!("{message}. {why}");
                }
                return Err(Failure::new(Code::Device, message));
            }
        }
        let default = Device::Default.key();
        match &default {
            Ok(key) => text.push_str(&format!(
                "\nnew arrays live on {} unless POLYARRAY_DEFAULT_DEVICE says otherwise",
                key.name()
            )),
            Err(error) => text.push_str(&format!("\nPOLYARRAY_DEFAULT_DEVICE: {error}")),
        }
        let default = default.ok().map(|key| key.name());
        let document = json!({ "devices": devices, "gpu": gpus.choice, "default": default });
        Ok(Report::new(text, document))
    }
}

/// What there is to say of the GPUs.
struct Gpus {
    text: String,
    devices: Vec<Value>,
    choice: Value,
    why_none: Option<String>,
}

fn gpus() -> Gpus {
    let mut text = String::new();
    let mut devices = Vec::new();
    let mut why_none = None;
    match adapters::list() {
        Ok(adapters) => {
            for adapter in adapters {
                let opened = Gpu::open(adapter);
                let (shown, json) = describe(adapter, opened.as_ref().map_err(ToString::to_string));
                text.push_str("\n\n");
                text.push_str(&shown);
                devices.push(json);
            }
        }
        Err(error) => {
            let _ = write!(text, "\n\n{error}");
            why_none = Some(error.to_string());
        }
    }
    let choice = match adapters::chosen() {
        Ok((adapter, why)) => {
            let _ = write!(text, "\n\n`gpu` means {}: {why}", adapter.title());
            json!({ "name": adapter.name(), "why": why })
        }
        Err(error) => {
            if !devices.is_empty() {
                let _ = write!(text, "\n\n`gpu` means none: {error}");
            }
            json!({ "name": null, "why": error.to_string() })
        }
    };
    Gpus { text, devices, choice, why_none }
}

fn describe(adapter: &Adapter, opened: Result<&Gpu, String>) -> (String, Value) {
    let Adapter { info, profile, .. } = adapter;
    let limits = limits(profile);
    let features: Vec<&str> =
        features(profile).into_iter().filter(|(_, has)| *has).map(|(name, _)| name).collect();
    let mut text = format!(
        "{}\n  {:?}, {}, driver {} {}\n",
        adapter.title(),
        info.device_type,
        info.backend,
        info.driver,
        info.driver_info
    );
    let rows: Vec<Vec<String>> =
        limits.iter().map(|(name, shown, _)| vec![name.to_string(), shown.clone()]).collect();
    text.push_str(&table(&rows));
    let _ = write!(text, "\n  features: {}\n  dtypes: {}", features.join(", "), dtypes(profile).join(" "));
    let mut device = json!({
        "name": adapter.name(),
        "adapter": info.name,
        "type": format!("{:?}", info.device_type),
        "backend": info.backend.to_string(),
        "driver": format!("{} {}", info.driver, info.driver_info),
        "limits": limits.into_iter().map(|(name, _, value)| (name.to_string(), json!(value))).collect::<serde_json::Map<_, _>>(),
        "features": features,
        "dtypes": dtypes(profile),
        "usable": opened.is_ok(),
    });
    match opened {
        Ok(gpu) => {
            let probes = gpu.probes();
            let broken = |needed: bool| -> Vec<String> {
                probes.iter().filter(|p| !p.holds && p.needed == needed).map(tell).collect()
            };
            let (avoided, inexact) = (broken(false), broken(true));
            let held = probes.len() - avoided.len() - inexact.len();
            let _ = write!(text, "\n  arithmetic: {held} of {} probes hold", probes.len());
            if !avoided.is_empty() {
                let _ = write!(text, "; not: {} (kernels go around these)", avoided.join("; "));
            }
            if !inexact.is_empty() {
                let _ =
                    write!(text, "\n  not promised: {} (POLYARRAY_EXACT=1 refuses it)", inexact.join("; "));
            }
            let _ = write!(text, "\n  memory limit of the pool: {}", limit(gpu.memory_limit()));
            let probes =
                probes.iter().map(|p| json!({ "name": p.name, "holds": p.holds, "needed": p.needed }));
            device["probes"] = probes.collect();
            device["memory_limit"] = json!(gpu.memory_limit());
        }
        Err(why) => {
            let _ = write!(text, "\n  can't be used: {why}");
            device["why_not"] = json!(why);
        }
    }
    (text, device)
}

fn limit(limit: u64) -> String {
    if limit == u64::MAX { "none, the driver reports when memory is out".to_string() } else { bytes(limit) }
}

fn tell(probe: &Outcome) -> String {
    format!("{} gave {}, IEEE 754 has {}", probe.name, probe.got, probe.wanted)
}

/// Name, as shown, as a number.
fn limits(profile: &Profile) -> [(&'static str, String, u64); 7] {
    let number = |n: u32| (n.to_string(), u64::from(n));
    let sized = |n: u64| (bytes(n), n);
    let row = |name, (shown, value)| (name, shown, value);
    [
        row("largest buffer", sized(profile.max_buffer)),
        row("largest binding", sized(profile.max_binding)),
        row("buffers per kernel", number(profile.storage_buffers)),
        row("workgroups per dimension", number(profile.max_groups)),
        row("lanes per workgroup", number(profile.workgroup)),
        row("lanes per subgroup", number(profile.subgroup.map_or(0, |(_, largest)| largest))),
        row("immediates", sized(u64::from(profile.immediates))),
    ]
}

fn features(profile: &Profile) -> [(&'static str, bool); 8] {
    [
        ("f64", profile.f64),
        ("int64", profile.int64),
        ("f16", profile.f16),
        ("subgroups", profile.subgroup.is_some()),
        ("immediates", profile.immediates > 0),
        ("zero-copy mapping", profile.mapped_primary),
        ("timestamps", profile.timestamps),
        ("SPIR-V passthrough", profile.passthrough),
    ]
}

/// Every dtype but the ones that need 64-bit floats: those only where the adapter has them.
fn dtypes(profile: &Profile) -> Vec<&'static str> {
    let holds = |dtype: &DType| profile.f64 || !matches!(dtype, DType::F64 | DType::C128);
    DTYPES.iter().filter(|dtype| holds(dtype)).map(|dtype| dtype.name()).collect()
}
