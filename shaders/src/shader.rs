//! Modules still to be written: what a step of a plan runs, keyed by structure.

use crate::compile::{Exact, Options, ShaderError, Spirv, compile, compile_opaque};
use crate::library::Features;
use crate::params::Names;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// Name of every module's entry point.
pub const ENTRY: &str = "main";

/// A structure from which a module is written; equal structures give equal text. Shapes, strides and scalars are
/// parameters and no part of it.
pub(crate) trait Template: Hash + Send + Sync + 'static {
    /// A short name for labels and traces.
    fn label(&self) -> String;
    /// Names of the parameter words, in the order of a step's values.
    fn params(&self, names: &mut Names);
    /// Writes the module: its buffers in the order of a step's bindings, its functions, its entry point.
    fn write(&self, module: &mut Module);
    /// Where its float algebra is exact.
    fn exact(&self) -> Exact {
        Exact::Everywhere
    }
    /// It uses subgroup operations.
    fn subgroups(&self) -> bool {
        false
    }
}

/// A module being written.
#[derive(Debug)]
pub(crate) struct Module {
    /// What it may use.
    pub features: Features,
    /// Invocations of a workgroup.
    pub workgroup: u32,
    text: String,
    bindings: usize,
}

impl Module {
    /// Declares the next buffer, an array of `element` that is only read.
    pub fn read(&mut self, name: &str, element: &str) {
        self.buffer(name, "read", element);
    }

    /// Declares the next buffer, an array of `element` that is written.
    pub fn read_write(&mut self, name: &str, element: &str) {
        self.buffer(name, "read_write", element);
    }

    fn buffer(&mut self, name: &str, access: &str, element: &str) {
        let binding = self.bindings;
        *self += &format!("@group(0) @binding({binding}) var<storage, {access}> {name}: array<{element}>;\n");
        self.bindings += 1;
    }

    /// Begins the entry point; `g` is the number of the workgroup, `local` that of the lane in it.
    pub fn entry(&mut self) {
        let lanes = self.workgroup;
        *self += &format!(
            "@compute @workgroup_size({lanes})
fn {ENTRY}(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) local: u32) {{
    let g = group.x + group.y * groups.x;
"
        );
    }

    /// Begins a loop in which `block` goes through the workgroup's blocks of `p.blocks`, `p.per_lane` of each lane: in
    /// every round its lanes take neighbours.
    pub fn rounds(&mut self, block: &str) {
        let lanes = self.workgroup;
        *self += &format!(
            "    let last = min((g + 1u) * {lanes}u * p.per_lane, p.blocks);
    for (var {block} = g * {lanes}u * p.per_lane + local; {block} < last; {block} += {lanes}u) {{
"
        );
    }
}

impl std::ops::AddAssign<&str> for Module {
    fn add_assign(&mut self, text: &str) {
        self.text.push_str(text);
    }
}

impl fmt::Write for Module {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.text.push_str(text);
        Ok(())
    }
}

/// A template and what its text depends on besides.
#[derive(Hash)]
struct Generated<T> {
    template: T,
    features: Features,
    workgroup: u32,
    immediate: bool,
}

trait Text: Send + Sync {
    fn wgsl(&self) -> String;
    fn options(&self) -> Options;
    fn label(&self) -> String;
}

impl<T: Template> Text for Generated<T> {
    fn wgsl(&self) -> String {
        let &Generated { features, workgroup, .. } = self;
        let mut module = Module { features, workgroup, text: String::new(), bindings: 0 };
        self.template.write(&mut module);
        let mut names = Names::new();
        self.template.params(&mut names);
        module.text + &names.declare((!self.immediate).then_some(module.bindings))
    }

    fn options(&self) -> Options {
        Options {
            immediates: self.immediate,
            subgroups: self.template.subgroups(),
            exact: self.template.exact(),
            ..Options::own(self.features)
        }
    }

    fn label(&self) -> String {
        self.template.label()
    }
}

/// A module still to be written: cheap to clone, hash and compare, so that a cache of pipelines can be keyed
/// with it. Shapes, strides and scalars are parameters and not part of it.
#[derive(Clone)]
pub struct Shader {
    text: Arc<dyn Text>,
    key: u128,
    immediate: bool,
    words: usize,
}

impl Shader {
    /// The module of a template in workgroups of so many lanes, with immediates of at most so many bytes. Its key is a
    /// hash of every field and of the template's type; 128 bits, as a collision would run the wrong kernel.
    pub(crate) fn new<T: Template>(
        template: T,
        features: Features,
        workgroup: u32,
        immediates: u32,
    ) -> Shader {
        let mut names = Names::new();
        template.params(&mut names);
        let words = names.count();
        let immediate = words * 4 <= immediates as usize;
        let generated = Generated { template, features, workgroup, immediate };
        let mut hasher = Fnv128(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d);
        std::any::type_name::<T>().hash(&mut hasher);
        generated.hash(&mut hasher);
        Shader { key: hasher.0, text: Arc::new(generated), immediate, words }
    }

    /// Its parameters go into immediates.
    pub(crate) fn takes_immediates(&self) -> bool {
        self.immediate
    }

    /// Words of its parameters, the run-time zero among them.
    pub(crate) fn words(&self) -> usize {
        self.words
    }

    /// The key: equal exactly for equal structures.
    pub fn key(&self) -> u128 {
        self.key
    }

    /// A short name.
    pub fn label(&self) -> String {
        self.text.label()
    }

    /// How it is compiled.
    pub fn options(&self) -> Options {
        self.text.options()
    }

    /// The whole module, linked.
    pub fn wgsl(&self) -> String {
        crate::library::Library::get(self.options().features).link(&self.text.wgsl())
    }

    /// The module as SPIR-V.
    ///
    /// # Errors
    /// [`ShaderError`]; for a generated module that is a defect of this crate.
    pub fn compile(&self) -> Result<Spirv, ShaderError> {
        compile(&self.label(), &self.wgsl(), &self.options())
    }

    /// The module for drivers that take no SPIR-V as it is.
    ///
    /// # Errors
    /// As [`Shader::compile`].
    pub fn compile_opaque(&self) -> Result<Spirv, ShaderError> {
        compile_opaque(&self.label(), &self.wgsl(), &self.options())
    }
}

/// FNV-1a with its 128-bit constants.
struct Fnv128(u128);

impl Hasher for Fnv128 {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
        }
    }
    fn finish(&self) -> u64 {
        (self.0 >> 64) as u64
    }
}

impl PartialEq for Shader {
    fn eq(&self, other: &Shader) -> bool {
        self.key == other.key
    }
}
impl Eq for Shader {}
impl Hash for Shader {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}
impl fmt::Debug for Shader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Shader({}, {:032x})", self.label(), self.key)
    }
}
