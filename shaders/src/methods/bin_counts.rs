//! Counts of elements in bins: each workgroup counts its part in a table of its own, then the tables are added.

use crate::builder::{Builder, addressable};
use crate::fused::input_access::{Placed, Source};
use crate::fused::storage::{element, name};
use crate::params::Names;
use crate::plan::{LaneMap, Plan, PlanError, Profile, check_dtype};
use crate::primitives::View;
use crate::shader::{Module, Template};
use polyarray_core::DType;
use std::fmt::Write as _;

/// Counts, int64. The elements are [`crate::Slot::Input`] 0, the edges of the bins, which ascend, [`crate::Slot::Input`] 1.
/// Without edges the elements, int64, are the numbers of bins.
#[derive(Clone, Debug)]
pub struct BinCounts {
    /// Of elements and edges.
    pub dtype: DType,
    /// Elements.
    pub len: usize,
    /// Bins.
    pub bins: usize,
    /// The elements: one row.
    pub x: View,
    /// The edges: one row.
    pub edges: Option<View>,
}

impl BinCounts {
    /// Bins whose table, and whose edges, fit the 16 KiB of memory that every adapter gives a workgroup.
    fn most(&self) -> usize {
        if self.edges.is_some() { 1024 } else { 4096 }
    }
}

/// Counts a part of the elements.
#[derive(Debug, Hash)]
struct Count {
    x: Source,
    edges: Option<Source>,
    /// Bins, at most: a power of two, so that few kernels serve all numbers of them.
    capacity: u32,
    map: LaneMap,
}

/// Adds the tables: a workgroup for each bin.
#[derive(Debug, Hash)]
struct Add;

/// Plans counts.
///
/// # Errors
/// [`PlanError`]: complex numbers, a dtype that the adapter lacks, indices beyond 32 bits, more bins than a workgroup has
/// memory for.
pub fn plan(job: &BinCounts, profile: &Profile) -> Result<Plan, PlanError> {
    let BinCounts { dtype, len, bins, .. } = *job;
    if dtype.is_complex() || (job.edges.is_none() && dtype != DType::I64) {
        return Err(PlanError::NoSuchOp { op: "count_in_bins", dtype });
    }
    if bins > job.most() {
        let (elements, limit) = (bins as u64, job.most() as u64);
        return Err(PlanError::TooLarge { what: "a table of counts".into(), elements, limit });
    }
    check_dtype(dtype, profile.features)?;
    addressable("an operand", len)?;
    let mut builder = Builder::new(profile, DType::I64, bins)?;
    if bins == 0 {
        return Ok(builder.finish());
    }
    let place = |number: usize, view: &View, len: usize| {
        let along = [view.strides[1]];
        let placed = Placed::from_parts(number, dtype, view.len, &[len], &along, view.offset, None, profile);
        placed.map(Placed::strided)
    };
    let mut inputs = vec![place(0, &job.x, len)?];
    if let Some(edges) = &job.edges {
        inputs.push(place(1, edges, bins + 1)?);
    }
    // Elements of a lane: enough that the tables are small beside them.
    let lanes = profile.workgroup as usize;
    let per_lane = match profile.lane_map {
        LaneMap::Run => len / (64 * lanes),
        LaneMap::Coalesced => len / (1024 * lanes),
    };
    let capacity = bins.next_power_of_two();
    // Of an element: itself, and the steps of its search. Of a workgroup: edges, zeros, the table.
    let (each, once) = (2 + capacity.ilog2() as usize, 3 * (bins / lanes + 1));
    let most = (profile.loop_budget as usize - once) / each;
    let per_lane = per_lane.max(4 * bins / lanes).clamp(16, most);
    let groups = len.div_ceil(per_lane * lanes).max(1);
    let table = (groups * bins) as u64 * 4;
    if table > profile.max_binding {
        let (elements, limit) = (table / 4, profile.max_binding / 4);
        return Err(PlanError::TooLarge { what: "the tables of counts".into(), elements, limit });
    }
    let tables = builder.scratch(table);
    let count = builder.shader(Count {
        x: inputs[0].source,
        edges: inputs.get(1).map(|x| x.source),
        capacity: capacity as u32,
        map: profile.lane_map,
    });
    let mut params = vec![len as u32, bins as u32, per_lane as u32, groups as u32];
    inputs.iter().for_each(|x| params.extend(x.words(0, 1, profile)));
    let mut bindings: Vec<_> = inputs.iter().flat_map(|x| x.binds(0, 0, profile)).collect();
    bindings.push(builder.shown(tables, table, true));
    builder.step(&count, bindings, params, groups as u64)?;
    let add = builder.shader(Add);
    let bindings = vec![builder.shown(tables, table, false), builder.output(0..bins)];
    builder.step(&add, bindings, [bins as u32, groups as u32], bins as u64)?;
    Ok(builder.finish())
}

impl Template for Count {
    fn label(&self) -> String {
        format!("counts of {} in {} bins", self.x.dtype, self.capacity)
    }

    fn params(&self, names: &mut Names) {
        names.words(&["count", "bins", "per_lane", "groups"]);
        [Some(self.x), self.edges].iter().flatten().enumerate().for_each(|(i, x)| x.params(i, 1, names));
    }

    fn write(&self, module: &mut Module) {
        let (lanes, capacity, dtype) = (module.workgroup, self.capacity, name(self.x.dtype));
        [Some(self.x), self.edges].iter().flatten().enumerate().for_each(|(i, x)| x.declare(i, 1, module));
        module.read_write("tables", "u32");
        let _ = writeln!(module, "var<workgroup> counts: array<atomic<u32>, {capacity}>;");
        if self.edges.is_some() {
            // The last edge belongs to the last bin; every other one to the bin above it.
            let _ = write!(
                module,
                "var<workgroup> edges: array<vec2<u32>, {}>;
fn bin(i: u32) -> u32 {{
    let key = {dtype}_key(load0(p.first0 + i * p.stride0_0));
    if (key_below(key, edges[0]) || key_below(edges[p.bins], key)) {{ return p.bins; }}
    var low = 0u;
    for (var step = {}u; step > 0u; step /= 2u) {{
        let next = low + step;
        if (next < p.bins) {{
            if (!key_below(key, edges[next])) {{ low = next; }}
        }}
    }}
    return low;
}}
",
                capacity + 1,
                capacity / 2
            );
        } else {
            let _ = write!(
                module,
                "fn bin(i: u32) -> u32 {{
    let x = load0(p.first0 + i * p.stride0_0);
    return select(p.bins, i64_low(x), i64_high(x) == 0u);
}}
"
            );
        }
        let (first, step) = match self.map {
            LaneMap::Run => ("(g * LANESu + local) * p.per_lane", 1),
            LaneMap::Coalesced => ("g * LANESu * p.per_lane + local", lanes),
        };
        let first = first.replace("LANES", &lanes.to_string());
        module.entry();
        *module += "    if (g >= p.groups) { return; }\n";
        if self.edges.is_some() {
            let _ = writeln!(
                module,
                "    for (var t = local; t <= p.bins; t += {lanes}u) {{ edges[t] = {dtype}_key(load1(p.first1 + t * p.stride1_0)); }}"
            );
        }
        let _ = write!(
            module,
            "    for (var t = local; t < p.bins; t += {lanes}u) {{ atomicStore(&counts[t], 0u); }}
    workgroupBarrier();
    let first = {first};
    for (var k = 0u; k < p.per_lane; k += 1u) {{
        let i = first + k * {step}u;
        if (i < p.count) {{
            let at = bin(i);
            if (at < p.bins) {{ atomicAdd(&counts[at], 1u); }}
        }}
    }}
    workgroupBarrier();
    for (var t = local; t < p.bins; t += {lanes}u) {{ tables[g * p.bins + t] = atomicLoad(&counts[t]); }}
}}
"
        );
    }
}

impl Template for Add {
    fn label(&self) -> String {
        "sums of counts".into()
    }

    fn params(&self, names: &mut Names) {
        names.words(&["bins", "groups"]);
    }

    fn write(&self, module: &mut Module) {
        let lanes = module.workgroup;
        module.read("tables", "u32");
        module.read_write("out", element(DType::I64));
        *module += "var<workgroup> total: atomic<u32>;\n";
        module.entry();
        // There are fewer elements than 2^32, and so are those of a bin.
        let _ = write!(
            module,
            "    if (g >= p.bins) {{ return; }}
    if (local == 0u) {{ atomicStore(&total, 0u); }}
    workgroupBarrier();
    var sum = 0u;
    for (var t = local; t < p.groups; t += {lanes}u) {{ sum += tables[t * p.bins + g]; }}
    atomicAdd(&total, sum);
    workgroupBarrier();
    if (local == 0u) {{ out[g] = i64_from_u32(atomicLoad(&total)); }}
}}
"
        );
    }
}
