//! What a kernel's source says of itself: its buffers, immediates and workgroup.

use wgpu::naga;

use crate::device::Gpu;
use crate::error::{GpuError, Result};
use crate::pipeline::{Access, Binding, Source};

/// What a kernel binds and takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reflection {
    pub bindings: Vec<Binding>,
    pub immediates: u32,
    pub workgroup: [u32; 3],
}

/// What a module of the shaders crate says of itself.
///
/// # Errors
/// What keeps it from being a kernel here.
pub(crate) fn own(compiled: &polyarray_shaders::Spirv, entry: &str) -> Result<Reflection, String> {
    use polyarray_shaders::BindingKind;
    let point = compiled
        .entry_points
        .iter()
        .find(|point| point.name == entry)
        .ok_or_else(|| format!("there is no compute entry point `{entry}`"))?;
    let bindings = (0..).zip(&compiled.bindings).map(|(expected, binding)| {
        let access = match binding.kind {
            _ if binding.number != expected => return Err(format!("binding {expected} is missing")),
            BindingKind::Read => Access::Read,
            BindingKind::ReadWrite => Access::ReadWrite,
        };
        Ok(Binding { name: expected.to_string(), access, least_bytes: 0, element: None })
    });
    Ok(Reflection {
        bindings: bindings.collect::<Result<_, String>>()?,
        immediates: compiled.immediate_bytes,
        workgroup: point.workgroup_size,
    })
}

/// What a stranger's source says, once it parses and validates for what `gpu` offers.
///
/// # Errors
/// [`GpuError::Shader`] with naga's message and source span; a panic of naga's counts as one.
pub(crate) fn foreign(source: &Source<'_>, gpu: &Gpu) -> Result<Reflection> {
    let complain =
        |reason: String| GpuError::Shader { kernel: source.name.to_owned(), device: gpu.title(), reason };
    let parsed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let module =
            naga::front::wgsl::parse_str(source.wgsl).map_err(|error| error.emit_to_string(source.wgsl))?;
        naga::valid::Validator::new(naga::valid::ValidationFlags::all(), capabilities(gpu))
            .validate(&module)
            .map_err(|error| error.emit_to_string(source.wgsl))?;
        reflect(&module, source.entry)
    }));
    parsed.map_err(|panic| complain(panic_text(&*panic)))?.map_err(complain)
}

fn capabilities(gpu: &Gpu) -> naga::valid::Capabilities {
    use naga::valid::Capabilities as Has;
    let profile = gpu.profile();
    let features = gpu.raw_device().features();
    let mut all = Has::empty();
    for (has, capability) in [
        (profile.f64, Has::FLOAT64),
        (profile.int64, Has::SHADER_INT64),
        (profile.immediates > 0, Has::IMMEDIATES),
        (features.contains(wgpu::Features::SHADER_F16), Has::SHADER_FLOAT16),
        (features.contains(wgpu::Features::SHADER_I16), Has::SHADER_INT16),
        (profile.subgroup.is_some(), Has::SUBGROUP),
    ] {
        all.set(capability, has);
    }
    all
}

fn reflect(module: &naga::Module, entry: &str) -> Result<Reflection, String> {
    let point = module
        .entry_points
        .iter()
        .find(|point| point.name == entry && point.stage == naga::ShaderStage::Compute)
        .ok_or_else(|| {
            let known: Vec<&str> = module.entry_points.iter().map(|point| point.name.as_str()).collect();
            format!("there is no compute entry point `{entry}`; there are: {}", known.join(", "))
        })?;
    let mut bindings: Vec<(u32, Binding)> = Vec::new();
    let mut immediates = 0;
    for (_, variable) in module.global_variables.iter() {
        let name = variable.name.clone().unwrap_or_default();
        let ty = &module.types[variable.ty].inner;
        match variable.space {
            naga::AddressSpace::Storage { access } => {
                let place = variable.binding.ok_or_else(|| format!("`{name}` has no @binding"))?;
                if place.group != 0 {
                    return Err(format!(
                        "`{name}` is in group {}; all buffers belong to group 0",
                        place.group
                    ));
                }
                let access = if access.contains(naga::StorageAccess::STORE) {
                    Access::ReadWrite
                } else {
                    Access::Read
                };
                let least_bytes = u64::from(ty.size(module.to_ctx())).next_multiple_of(4);
                bindings.push((
                    place.binding,
                    Binding { name, access, least_bytes, element: element(module, ty) },
                ));
            }
            naga::AddressSpace::Immediate => immediates = ty.size(module.to_ctx()),
            naga::AddressSpace::WorkGroup | naga::AddressSpace::Private => {}
            other => {
                return Err(format!(
                    "`{name}` is in the address space {other:?}; buffers are var<storage>, parameters var<immediate>"
                ));
            }
        }
    }
    bindings.sort_by_key(|(place, _)| *place);
    for (expected, (place, binding)) in (0..).zip(&bindings) {
        if *place != expected {
            return Err(format!("`{}` is @binding({place}); bindings go from 0 without a gap", binding.name));
        }
    }
    Ok(Reflection {
        bindings: bindings.into_iter().map(|(_, binding)| binding).collect(),
        immediates,
        workgroup: point.workgroup_size,
    })
}

/// The scalar of a runtime-sized array of scalars or vectors.
fn element(module: &naga::Module, ty: &naga::TypeInner) -> Option<&'static str> {
    let naga::TypeInner::Array { base, size: naga::ArraySize::Dynamic, .. } = *ty else {
        return None;
    };
    let scalar = match module.types[base].inner {
        naga::TypeInner::Scalar(scalar)
        | naga::TypeInner::Atomic(scalar)
        | naga::TypeInner::Vector { scalar, .. } => scalar,
        _ => return None,
    };
    use naga::ScalarKind as Kind;
    match (scalar.kind, scalar.width) {
        (Kind::Float, 2) => Some("f16"),
        (Kind::Float, 4) => Some("f32"),
        (Kind::Float, 8) => Some("f64"),
        (Kind::Sint, 4) => Some("i32"),
        (Kind::Sint, 8) => Some("i64"),
        (Kind::Uint, 4) => Some("u32"),
        (Kind::Uint, 8) => Some("u64"),
        _ => None,
    }
}

/// What a caught panic said.
pub(crate) fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned());
    format!("the shader compiler panicked: {text}")
}
