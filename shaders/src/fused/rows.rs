//! Kernels with row reductions: softmax is one kernel. A row belongs to so many lanes of one
//! workgroup as keep busy; each reduction walks the row, its lanes' partial results merge in workgroup memory, and every
//! lane then uses the result. A row is read from memory once: the other times it is in the cache.

use super::accumulator::Accumulator;
use super::body;
use super::input_access::{self, Access, Source};
use super::reduce_place::{place, still};
use super::storage::{block, block_get, block_put, declare_blocks, element, per_word};
use crate::builder::Builder;
use crate::params::{Names, scalar_words};
use crate::plan::{MAX_ELEMENTS, Plan, PlanError, Profile};
use crate::shader::{Module, Template};
use polyarray_core::DType;
use polyarray_core::expr::{Kernel, Phase};
use std::fmt::Write as _;

/// Bytes of workgroup memory that every adapter has.
const MEMORY: u64 = 16 << 10;

/// The structure of the kernel.
#[derive(Debug, Hash)]
struct Rows {
    workgroup: u32,
    /// Lanes of a row, a power of two.
    lanes: u32,
    /// Elements that a lane takes at a time.
    unit: u32,
    /// The last of those are beyond the row.
    ragged: bool,
    sources: Vec<Source>,
    /// Inputs that are the same all along a row.
    hoisted: Vec<bool>,
    params: Vec<DType>,
    phases: Vec<Phase>,
    /// Of each phase that ends in a reduction.
    accumulators: Vec<Accumulator>,
    split: usize,
    axes: usize,
    label: String,
}

/// Plans a kernel whose code has reductions.
///
/// # Errors
/// [`PlanError::Apart`], where they are better or only done one after the other; as for other kernels.
pub fn plan(kernel: &Kernel, profile: &Profile) -> Result<Plan, PlanError> {
    let apart = || PlanError::Apart { label: kernel.label() };
    let (split, row) = (kernel.split(), kernel.reduced_len());
    let n: usize = kernel.dims.iter().product();
    let out = kernel.output_dtype();
    let mut builder = Builder::new(profile, out, kernel.output_len())?;
    if kernel.output_len() == 0 {
        return Ok(builder.finish());
    }
    let output = builder.output(0..kernel.output_len());
    if n as u64 > MAX_ELEMENTS || row == 0 || output.size > profile.max_binding {
        return Err(apart());
    }
    let kept = n / row;
    let phases = kernel.phases();
    let mut accumulators = Vec::new();
    for phase in &phases {
        let Some(op) = phase.op else { continue };
        let dtype = phase.code.last().map_or(out, |value| value.dtype);
        super::supports_reduction(op, dtype, profile.features)?;
        accumulators.push(Accumulator::new(op, dtype));
    }
    let (placed, unit) = place(kernel, split, kept, row, profile)?;
    let units = row.div_ceil(unit as usize) as u32;
    // Whole rows to a workgroup.
    let workgroup = 1 << profile.workgroup.ilog2();
    let lanes = units.next_power_of_two().min(workgroup);
    let loops: u32 =
        phases.iter().map(|p| 1 + unit * body::loops_per_element(&p.code, profile.features.int64)).sum();
    let template = Rows {
        workgroup,
        lanes,
        unit,
        ragged: !row.is_multiple_of(unit as usize),
        sources: placed.iter().map(|p| p.source).collect(),
        hoisted: placed.iter().map(|p| still(p, split)).collect(),
        params: kernel.params.iter().map(|s| s.dtype()).collect(),
        phases,
        accumulators,
        split,
        axes: kernel.dims.len(),
        label: kernel.label(),
    };
    // A word of the output is one lane's.
    let stored = if template.stores_rows() { 1 } else { unit };
    if !stored.is_multiple_of(per_word(out))
        || template.memory() > MEMORY
        || units.div_ceil(lanes) * loops > profile.loop_budget
    {
        return Err(apart());
    }
    let mut params = vec![kept as u32, units, row as u32];
    if template.sources.iter().any(Source::strided) {
        params.extend(input_access::axis_words(&kernel.dims, 0..split));
        params.extend(input_access::axis_words(&kernel.dims, split..kernel.dims.len()));
    }
    let mut binds = Vec::new();
    for p in &placed {
        params.extend(p.words(0, unit, profile));
        binds.extend(p.binds(0, n, profile));
    }
    params.extend(kernel.params.iter().flat_map(|&s| scalar_words(s)));
    binds.push(output);
    let shader = builder.shader_of(template, workgroup);
    let groups = (kept as u64).div_ceil(u64::from(workgroup / lanes));
    builder.step(&shader, binds, params, groups).map_err(|_| apart())?;
    Ok(builder.finish())
}

impl Rows {
    /// The accumulators, each kind once.
    fn kinds(&self) -> Vec<&Accumulator> {
        let mut kinds: Vec<&Accumulator> = Vec::new();
        for accumulator in &self.accumulators {
            if kinds.iter().all(|kind| kind.prefix != accumulator.prefix) {
                kinds.push(accumulator);
            }
        }
        kinds
    }

    /// It ends in a reduction.
    fn stores_rows(&self) -> bool {
        self.accumulators.len() == self.phases.len()
    }

    /// Bytes of workgroup memory.
    fn memory(&self) -> u64 {
        self.kinds().iter().map(|kind| kind.bytes * u64::from(self.workgroup)).sum()
    }

    /// Dtype of what a phase loads as number `number`.
    fn dtype(&self, number: usize) -> DType {
        match number.checked_sub(self.sources.len()) {
            Some(result) => self.accumulators[result].out,
            None => self.sources[number].dtype,
        }
    }

    /// The text that loads block `u` of row `k` for a phase and computes it, and the expressions of its elements.
    fn block(&self, number: usize, module: &mut Module) -> Vec<String> {
        let (phase, unit, int64) = (&self.phases[number], self.unit, module.features.int64);
        let inputs: Vec<usize> = phase.loads.iter().copied().filter(|&i| i < self.sources.len()).collect();
        let walks = |i: usize| self.sources[i].strided() && !self.hoisted[i];
        if inputs.iter().any(|&i| walks(i)) {
            let _ = writeln!(module, "        let inner = reduced_offsets(u * {unit}u);");
        }
        let offset = |i: usize| format!("p.first{i} + outer.o{i} + inner.o{i}");
        for &i in &inputs {
            if self.sources[i].access == Access::Dense {
                let _ = writeln!(module, "        let b{i} = in{i}[k * p.units + u + p.first{i}];");
            } else if walks(i) {
                *module += &self.sources[i].load_block(i, &offset(i), unit);
            }
        }
        let argument = |_: usize, &i: &usize, e: u32| match self.sources.get(i) {
            None => format!("m{}", i - self.sources.len()),
            Some(source) => match source.access {
                Access::Scalar => format!("s{i}"),
                Access::Dense => block_get(source.dtype, int64, &format!("b{i}"), e),
                _ if self.hoisted[i] => format!("h{i}"),
                _ => source.element(i, e, &offset(i), self.axes - 1, int64),
            },
        };
        let index = |e| format!("k * p.reduced + u * {unit}u + {e}u");
        body::write_calls(&format!("compute_{number}"), unit, &phase.loads, index, argument, module)
    }
}

impl Template for Rows {
    fn label(&self) -> String {
        self.label.clone()
    }

    fn params(&self, names: &mut Names) {
        names.words(&["kept", "units", "reduced"]);
        if self.sources.iter().any(Source::strided) {
            input_access::axis_params(0..self.split, names);
            input_access::axis_params(self.split..self.axes, names);
        }
        for (i, source) in self.sources.iter().enumerate() {
            source.params(i, self.axes, names);
        }
        names.scalars(&self.params);
    }

    fn write(&self, module: &mut Module) {
        let (unit, lanes, int64) = (self.unit, self.lanes, module.features.int64);
        let last = self.phases.last().and_then(|phase| phase.code.last());
        let out = last.map_or(DType::F32, |value| value.dtype);
        let stores_rows = self.stores_rows();
        let blocks = unit > 1 && !stores_rows;
        let loaded = self.sources.iter().filter(|s| s.by_block()).map(|s| s.dtype);
        declare_blocks(loaded.chain(blocks.then_some(out)), unit, module);
        for (i, source) in self.sources.iter().enumerate() {
            source.declare(i, unit, module);
        }
        let stored = match (stores_rows, self.accumulators.last()) {
            (true, Some(accumulator)) => element(accumulator.out).to_owned(),
            _ if blocks => block(out, unit),
            _ => element(out).to_owned(),
        };
        module.read_write("out", &stored);
        for kind in self.kinds() {
            let acc = &kind.prefix;
            let _ = writeln!(module, "var<workgroup> parts_{acc}: array<{acc}, {}>;", self.workgroup);
        }
        let strided = self.sources.iter().any(Source::strided);
        if strided {
            input_access::write_offsets_struct(&self.sources, module);
            input_access::write_offsets("kept_offsets", &self.sources, 0..self.split, module);
            input_access::write_offsets("reduced_offsets", &self.sources, self.split..self.axes, module);
        }
        for (number, phase) in self.phases.iter().enumerate() {
            let dtypes: Vec<_> = phase.loads.iter().map(|&i| self.dtype(i)).collect();
            body::write_function(&format!("compute_{number}"), &phase.code, &dtypes, module);
        }
        module.entry();
        // Lanes beyond the last row compute it, too: all of a workgroup come to its barriers.
        let _ = writeln!(
            module,
            "    let own = g * {}u + local / {lanes}u;
    let lane = local % {lanes}u;
    let k = min(own, p.kept - 1u);",
            self.workgroup / lanes
        );
        if strided {
            *module += "    let outer = kept_offsets(k);\n";
        }
        for (i, source) in self.sources.iter().enumerate() {
            if source.access == Access::Scalar {
                let _ = writeln!(module, "    let s{i} = load{i}(p.first{i});");
            } else if self.hoisted[i] {
                let _ = writeln!(module, "    let h{i} = load{i}(p.first{i} + outer.o{i});");
            }
        }
        let each = format!("    for (var u = lane; u < p.units; u += {lanes}u) {{\n");
        for (number, accumulator) in self.accumulators.iter().enumerate() {
            let acc = &accumulator.prefix;
            let _ = write!(module, "    var a{number} = {acc}_empty();\n{each}");
            for (e, x) in self.block(number, module).iter().enumerate() {
                let push = accumulator.push.replace('x', x);
                let r = format!("u * {unit}u + {e}u");
                let guard = if self.ragged { format!("if ({r} < p.reduced) ") } else { String::new() };
                let _ =
                    writeln!(module, "        {guard}{{ a{number} = {acc}_push(a{number}, {push}, {r}); }}");
            }
            let result = accumulator.result.replace('x', &format!("{acc}_result(parts_{acc}[local - lane])"));
            let _ = write!(
                module,
                "    }}
    parts_{acc}[local] = a{number};
    workgroupBarrier();
    for (var half = {}u; half > 0u; half /= 2u) {{
        if (lane < half) {{ parts_{acc}[local] = {acc}_merge(parts_{acc}[local], parts_{acc}[local + half]); }}
        workgroupBarrier();
    }}
    let m{number} = {result};
    workgroupBarrier();
",
                lanes / 2
            );
        }
        if stores_rows {
            let _ = writeln!(
                module,
                "    if (lane == 0u && own < p.kept) {{ out[k] = m{}; }}",
                self.accumulators.len() - 1
            );
        } else {
            *module += "    if (own < p.kept) {\n";
            *module += &each;
            let number = self.phases.len() - 1;
            let results = self.block(number, module);
            let value = if blocks { block_put(out, int64, &results) } else { results.concat() };
            let _ = writeln!(module, "        out[k * p.units + u] = {value};\n    }}\n    }}");
        }
        *module += "}\n";
    }
}
