//! WGSL to SPIR-V that computes what it says.
//!
//! naga's front end, its validator with exactly the adapter's capabilities, our refusals, naga's SPIR-V back
//! end with the safety options chosen here (the driver gets the words unchecked by wgpu), and every float
//! operation marked exact.

use crate::exact;
use crate::library::Features;
use crate::limits;
use crate::opaque;
use naga::back::spv;
use naga::proc::{BoundsCheckPolicies, BoundsCheckPolicy};
use naga::valid::{Capabilities, SubgroupOperationSet, ValidationFlags, Validator};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// How to compile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Options {
    /// What the adapter's shaders may use.
    pub features: Features,
    /// Subgroup operations may be used.
    pub subgroups: bool,
    /// Immediates (push constants) may be used.
    pub immediates: bool,
    /// naga adds its own checks: indices clamped, loops bounded, divisors replaced. For sources that are not
    /// this crate's; ours are written to stay in bounds and are proved so by tests.
    pub checked: bool,
    /// Where float additions, multiplications and divisions are marked exact.
    pub exact: Exact,
}

/// Where float algebra must not be rewritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Exact {
    /// Nowhere: a matmul, whose contract allows contraction.
    Nowhere,
    /// In all functions but the entry points: a matmul with an epilogue.
    Functions,
    /// Everywhere.
    Everywhere,
}

impl Options {
    /// For this crate's own kernels.
    pub fn own(features: Features) -> Options {
        Options { features, subgroups: false, immediates: false, checked: false, exact: Exact::Everywhere }
    }

    /// For WGSL that a user wrote.
    pub fn foreign(features: Features) -> Options {
        Options { checked: true, ..Options::own(features) }
    }
}

/// One entry point of a compiled module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryPoint {
    /// Its name.
    pub name: String,
    /// Its workgroup size.
    pub workgroup_size: [u32; 3],
}

/// A buffer that a module binds, in group 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// Its number. On Vulkan the numbers must be 0, 1, 2, … without a gap.
    pub number: u32,
    /// What kind of buffer.
    pub kind: BindingKind,
}

/// What kind of buffer a binding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BindingKind {
    /// A storage buffer that is only read.
    Read,
    /// A storage buffer that is written.
    ReadWrite,
}

/// A compiled module.
#[derive(Clone, Debug)]
pub struct Spirv {
    /// The SPIR-V; none of [`compile_opaque`].
    pub words: Vec<u32>,
    /// The module of [`compile_opaque`].
    pub module: Option<naga::Module>,
    /// Its compute entry points.
    pub entry_points: Vec<EntryPoint>,
    /// The buffers of group 0, by number.
    pub bindings: Vec<Binding>,
    /// Bytes of immediates that it declares.
    pub immediate_bytes: u32,
}

/// Why WGSL was not compiled. The text shows the place in the source as naga's reports do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ShaderError {
    /// Not WGSL.
    #[error("the shader `{label}` is not valid WGSL:\n{report}")]
    Parse {
        /// The shader's label.
        label: String,
        /// naga's report with the source span.
        report: String,
    },
    /// WGSL, but wrong, or beyond the features given.
    #[error("the shader `{label}` does not validate:\n{report}")]
    Invalid {
        /// The shader's label.
        label: String,
        /// naga's report with the source span.
        report: String,
    },
    /// Valid, but known to compute garbage or to crash the compiler.
    #[error("the shader `{label}` uses {what} (line {line}): {fix}")]
    Refused {
        /// The shader's label.
        label: String,
        /// What was found.
        what: String,
        /// Where, from 1.
        line: u32,
        /// What to write instead.
        fix: &'static str,
    },
    /// naga's back end gave up.
    #[error("the shader `{label}` can't be written as SPIR-V: {reason}")]
    Backend {
        /// The shader's label.
        label: String,
        /// naga's reason.
        reason: String,
    },
    /// naga panicked; nothing was compiled.
    #[error("the shader compiler panicked on `{label}`: {reason}; simplify the shader or report it to naga")]
    Panicked {
        /// The shader's label.
        label: String,
        /// The panic's message.
        reason: String,
    },
}

/// Compiles WGSL. Never panics: a panic of naga's becomes [`ShaderError::Panicked`].
pub fn compile(label: &str, wgsl: &str, options: &Options) -> Result<Spirv, ShaderError> {
    caught(label, || compile_inner(label, wgsl, options, false))
}

/// The same as a module for drivers that take no SPIR-V as it is, whose float algebra is kept as written by exclusive or
/// with what its function `run_time_zero` gives.
pub fn compile_opaque(label: &str, wgsl: &str, options: &Options) -> Result<Spirv, ShaderError> {
    caught(label, || compile_inner(label, wgsl, options, true))
}

fn caught(label: &str, work: impl FnOnce() -> Result<Spirv, ShaderError>) -> Result<Spirv, ShaderError> {
    // Nothing outlives the closure, so no broken invariant can be seen after a panic.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let reason = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("no message")
            .to_owned();
        Err(ShaderError::Panicked { label: label.to_owned(), reason })
    })
}

fn compile_inner(label: &str, wgsl: &str, options: &Options, as_module: bool) -> Result<Spirv, ShaderError> {
    let mut module = naga::front::wgsl::parse_str(wgsl).map_err(|e| ShaderError::Parse {
        label: label.to_owned(),
        report: e.emit_to_string_with_path(wgsl, label),
    })?;
    let info = validator(options).validate(&module).map_err(|e| ShaderError::Invalid {
        label: label.to_owned(),
        report: e.emit_to_string_with_path(wgsl, label),
    })?;
    if let Some(found) = limits::first(&module, &info) {
        return Err(ShaderError::Refused {
            label: label.to_owned(),
            what: found.what,
            line: found.span.location(wgsl).line_number,
            fix: found.fix,
        });
    }
    let backend = |reason: String| ShaderError::Backend { label: label.to_owned(), reason };
    let mut words = Vec::new();
    if as_module && options.exact != Exact::Nowhere {
        opaque::rewrite(&mut module, &info, options.exact == Exact::Everywhere).map_err(backend)?;
    } else if !as_module {
        words = spv::write_vec(&module, &info, &spirv_options(options), None)
            .map_err(|e| backend(e.to_string()))?;
        if options.exact != Exact::Nowhere {
            words = exact::decorate(&words, options.exact == Exact::Everywhere);
        }
    }
    Ok(Spirv {
        words,
        entry_points: entry_points(&module),
        bindings: bindings(&module),
        immediate_bytes: immediate_bytes(&module),
        module: as_module.then_some(module),
    })
}

fn validator(options: &Options) -> Validator {
    let mut capabilities = Capabilities::empty();
    capabilities.set(Capabilities::FLOAT64, options.features.f64);
    capabilities.set(Capabilities::SHADER_INT64, options.features.int64);
    capabilities.set(Capabilities::SUBGROUP, options.subgroups);
    capabilities.set(Capabilities::IMMEDIATES, options.immediates);
    let mut validator = Validator::new(ValidationFlags::all(), capabilities);
    if options.subgroups {
        validator.subgroup_operations(SubgroupOperationSet::all());
        validator.subgroup_stages(naga::valid::ShaderStages::COMPUTE);
    }
    validator
}

fn spirv_options(options: &Options) -> spv::Options<'static> {
    let bounds = if options.checked { BoundsCheckPolicy::Restrict } else { BoundsCheckPolicy::Unchecked };
    spv::Options {
        // 1.3 is the lowest version with subgroups, and what every Vulkan 1.1 driver reads.
        lang_version: (1, 3),
        flags: spv::WriterFlags::empty(),
        fake_missing_bindings: false,
        binding_map: binding_map(),
        bounds_check_policies: BoundsCheckPolicies {
            index: bounds,
            buffer: bounds,
            image_load: BoundsCheckPolicy::Restrict,
            binding_array: BoundsCheckPolicy::Restrict,
        },
        // Our own kernels use nothing that they have not written. naga's stores of zeros are one for each element, from which a
        // driver takes seconds to compile a table of 2048.
        zero_initialize_workgroup_memory: if options.checked {
            spv::ZeroInitializeWorkgroupMemoryMode::Polyfill
        } else {
            spv::ZeroInitializeWorkgroupMemoryMode::None
        },
        force_loop_bounding: options.checked,
        emit_int_div_checks: options.checked,
        ..spv::Options::default()
    }
}

/// Every binding of group 0 stands at its own number. wgpu numbers a layout's entries 0, 1, 2, … in order.
fn binding_map() -> spv::BindingMap {
    (0..64)
        .map(|binding| {
            let info = spv::BindingInfo { descriptor_set: 0, binding, binding_array_size: None };
            (naga::ResourceBinding { group: 0, binding }, info)
        })
        .collect()
}

fn entry_points(module: &naga::Module) -> Vec<EntryPoint> {
    module
        .entry_points
        .iter()
        .filter(|e| e.stage == naga::ShaderStage::Compute)
        .map(|e| EntryPoint { name: e.name.clone(), workgroup_size: e.workgroup_size })
        .collect()
}

fn bindings(module: &naga::Module) -> Vec<Binding> {
    let mut found: Vec<Binding> = module
        .global_variables
        .iter()
        .filter_map(|(_, v)| {
            let kind = match v.space {
                naga::AddressSpace::Storage { access } if access.contains(naga::StorageAccess::STORE) => {
                    BindingKind::ReadWrite
                }
                naga::AddressSpace::Storage { .. } => BindingKind::Read,
                _ => return None,
            };
            Some(Binding { number: v.binding?.binding, kind })
        })
        .collect();
    found.sort_by_key(|b| b.number);
    found
}

fn immediate_bytes(module: &naga::Module) -> u32 {
    let sizes = module.global_variables.iter().filter(|(_, v)| v.space == naga::AddressSpace::Immediate);
    sizes.map(|(_, v)| module.types[v.ty].inner.size(module.to_ctx())).max().unwrap_or(0)
}
