//! A copy of an array with some of its elements taken from another: assignment to a part.
//!
//! The destination is walked, not the part: a lane owns whole words of it, or blocks where all lengths allow, and finds for
//! each element, or block, whether it lies in the part. So packed dtypes need no words shared, and the copy and the write
//! are one dispatch.

use crate::builder::Builder;
use crate::fused::input_access::{self, Access, Placed, Source};
use crate::fused::storage::{block, block_put, declare_blocks, element, name, per_word, register};
use crate::params::Names;
use crate::plan::{Plan, PlanError, Profile};
use crate::shader::{Module, Template};
use polyarray_core::DType;
use polyarray_core::array::Part;
use std::fmt::Write as _;

/// A view of an operand.
#[derive(Clone, Debug)]
pub struct View {
    /// The steps along the axes of the whole array.
    pub strides: Vec<isize>,
    /// The first element.
    pub offset: usize,
    /// Elements in the buffer.
    pub len: usize,
}

/// The array, [`crate::Slot::Input`] 1, with the elements of `part` taken from the value, [`crate::Slot::Input`] 0, into a dense
/// [`crate::Slot::Output`].
#[derive(Clone, Debug)]
pub struct Assign {
    /// Of all three.
    pub dtype: DType,
    /// What is written, at least one element.
    pub part: Part,
    /// A view of the part's lengths.
    pub value: View,
    /// A view of the array's shape.
    pub array: View,
}

#[derive(Debug, Hash)]
struct Merge {
    /// Elements of a block, or of a word.
    unit: u32,
    rank: usize,
    sources: [Source; 2],
}

/// Plans an assignment.
///
/// # Errors
/// [`PlanError`].
pub fn plan(job: &Assign, profile: &Profile) -> Result<Plan, PlanError> {
    let job = &job.without_unit_axes();
    let (dims, spans) = (&job.part.shape, &job.part.spans);
    let total: usize = dims.iter().product();
    let mut builder = Builder::new(profile, job.dtype, total)?;
    let counts: Vec<usize> = spans.iter().map(|span| span.count).collect();
    let place = |number: usize, view: &View, dims: &[usize]| {
        let (dtype, len) = (job.dtype, view.len);
        let placed = Placed::from_parts(number, dtype, len, dims, &view.strides, view.offset, None, profile)?;
        Ok::<_, PlanError>(placed.strided())
    };
    let mut placed = [place(0, &job.value, &counts)?, place(1, &job.array, dims)?];
    let whole = |unit: usize| {
        let last = spans.last().filter(|span| span.step == 1);
        last.is_some_and(|span| [span.start, span.count].iter().all(|n| n.is_multiple_of(unit)))
    };
    let blocks = |placed: &Placed, dims: &[usize], most: u32| {
        placed.clone().in_blocks(dims, profile, |unit| whole(unit) && unit <= most as usize)
    };
    let mut unit = per_word(job.dtype);
    // One value along the last axis is a block of its own; others come in blocks of the size of the array's.
    let repeated = placed[0].source.bindings() == 1 && placed[0].strides.last() == Some(&0);
    let (array, most) = blocks(&placed[1], dims, u32::MAX);
    if repeated && most > 1 {
        (placed[1], unit) = (array, most);
    } else if let (value, most) = blocks(&placed[0], &counts, most)
        && most > 1
    {
        (placed[1], unit) = blocks(&placed[1], dims, most);
        placed[0] = value;
    }
    let rank = dims.len();
    let shader = builder.shader(Merge { unit, rank, sources: [placed[0].source, placed[1].source] });
    let mut constant: Vec<u32> =
        spans.iter().flat_map(|span| [span.start as u32, span.step as u32, span.count as u32]).collect();
    constant.extend(input_access::axis_words(dims, 0..rank));
    for source in &placed {
        constant.extend(source.words(0, 1, profile));
    }
    for part in builder.parts(0..total, job.dtype.size()) {
        let blocks = (part.len() as u64).div_ceil(u64::from(unit));
        let per_lane = profile.per_lane(blocks, 1024 / u64::from(unit));
        let numbers = [part.start, part.end, blocks as usize, per_lane as usize];
        let params = numbers.into_iter().map(|x| x as u32).chain(constant.iter().copied());
        let output = builder.output(part);
        let bindings =
            [placed[0].binds(0, 0, profile), placed[1].binds(0, 0, profile), vec![output]].concat();
        let groups = builder.groups(blocks.div_ceil(u64::from(per_lane)));
        builder.step(&shader, bindings, params, groups)?;
    }
    Ok(builder.finish())
}

impl Assign {
    /// An axis of one element is taken whole, and its length has no reciprocal to divide an index by.
    fn without_unit_axes(&self) -> Assign {
        let longer: Vec<usize> =
            (0..self.part.shape.len()).filter(|&axis| self.part.shape[axis] > 1).collect();
        let view = |view: &View| View {
            len: view.len,
            offset: view.offset,
            strides: longer.iter().map(|&axis| view.strides[axis]).collect(),
        };
        Assign {
            dtype: self.dtype,
            part: Part {
                shape: longer.iter().map(|&axis| self.part.shape[axis]).collect(),
                spans: longer.iter().map(|&axis| self.part.spans[axis]).collect(),
            },
            value: view(&self.value),
            array: view(&self.array),
        }
    }
}

impl Merge {
    /// They move in blocks.
    fn blocks(&self) -> bool {
        self.sources[1].access == Access::Rows
    }

    /// Writes `fn merged(d)`: element `d` of the destination, or the block that begins there.
    fn write_merged(&self, module: &mut Module) {
        let dtype = self.sources[0].dtype;
        let result = if self.blocks() { block(dtype, self.unit) } else { register(dtype) };
        let _ = writeln!(module, "fn merged(d: u32) -> {result} {{\n    var rest = d;");
        input_access::write_indices(0..self.rank, module);
        *module += "    var here = true;\n    var value = p.first0;\n    var old = p.first1;\n";
        for a in 0..self.rank {
            let _ = writeln!(
                module,
                "    let k{a} = (c{a} - p.start{a}) / p.step{a};
    here = here && c{a} >= p.start{a} && k{a} < p.count{a} && c{a} == p.start{a} + k{a} * p.step{a};
    value += k{a} * p.stride0_{a};
    old += c{a} * p.stride1_{a};"
            );
        }
        let int64 = module.features.int64;
        let load = |i: usize, at: &str| match self.sources[i].access {
            Access::Rows => format!("in{i}[{at} / {}u]", self.unit),
            _ if self.blocks() => block_put(dtype, int64, &vec!["value_here".to_owned(); self.unit as usize]),
            _ => format!("load{i}({at})"),
        };
        if self.blocks() && self.sources[0].access != Access::Rows {
            *module += "    let value_here = load0(value);\n";
        }
        let (value, old) = (load(0, "value"), load(1, "old"));
        let _ = writeln!(module, "    if (here) {{ return {value}; }}\n    return {old};\n}}");
    }
}

impl Template for Merge {
    fn label(&self) -> String {
        format!("assign {}", self.sources[0].dtype)
    }

    fn params(&self, names: &mut Names) {
        names.words(&["begin", "end", "blocks", "per_lane"]);
        for axis in 0..self.rank {
            for what in ["start", "step", "count"] {
                names.word(format!("{what}{axis}"));
            }
        }
        input_access::axis_params(0..self.rank, names);
        for (i, source) in self.sources.iter().enumerate() {
            source.params(i, self.rank, names);
        }
    }

    fn write(&self, module: &mut Module) {
        let (dtype, n) = (self.sources[0].dtype, self.unit);
        let mut stored = element(dtype).to_owned();
        if self.blocks() {
            declare_blocks([dtype], n, module);
            stored = block(dtype, n);
        }
        for (i, source) in self.sources.iter().enumerate() {
            source.declare(i, n, module);
        }
        module.read_write("out", &stored);
        self.write_merged(module);
        module.entry();
        module.rounds("w");
        let _ = writeln!(module, "        let d = p.begin + w * {n}u;");
        if n == 1 || self.blocks() {
            *module += "        out[w] = merged(d);\n";
        } else {
            *module += "        var word = 0u;\n";
            for e in 0..n {
                let _ = writeln!(
                    module,
                    "        if (d + {e}u < p.end) {{ word |= {t}_pack(merged(d + {e}u)) << {s}u; }}",
                    s = e * (32 / n),
                    t = name(dtype),
                );
            }
            *module += "        out[w] = word;\n";
        }
        *module += "    }\n}\n";
    }
}
