//! A copy of an array with some of its elements taken from another: assignment to a part.
//!
//! The destination is walked, not the part: a lane owns whole words of it, or blocks where all lengths allow, and finds for
//! each element, or block, whether it lies in the part. So packed dtypes need no words shared, and the copy and the write
//! are one dispatch.

use crate::compile::Options;
use crate::fused::access::{self, Access, MAX_ELEMENTS, Placed, Source, alignment};
use crate::fused::params::Names;
use crate::fused::storage::{block_put, declare_loaded, element, loaded_block, name, per_word, register};
use crate::library::Features;
use crate::plan::{
    BUFFER_ALIGNMENT, Bind, Plan, PlanError, Profile, Shader, Slot, Step, Template, buffer_bytes,
    check_dtype, entry, grid, rounds,
};
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

/// The array, [`Slot::Input`] 1, with the elements of `part` taken from the value, [`Slot::Input`] 0, into a dense
/// [`Slot::Output`].
#[derive(Clone, Debug)]
pub struct Put {
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
    features: Features,
    workgroup: u32,
    immediate: bool,
    wide: bool,
    /// Elements of a block, or of a word.
    unit: u32,
    rank: usize,
    sources: [Source; 2],
}

/// Plans an assignment.
///
/// # Errors
/// [`PlanError`].
pub fn plan(job: &Put, profile: &Profile) -> Result<Plan, PlanError> {
    check_dtype(job.dtype, profile.features)?;
    let (dims, spans) = (&job.part.shape, &job.part.spans);
    let total: usize = dims.iter().product();
    if total as u64 > MAX_ELEMENTS {
        return Err(PlanError::TooLarge {
            what: "the output".into(),
            elements: total as u64,
            limit: MAX_ELEMENTS,
        });
    }
    let counts: Vec<usize> = spans.iter().map(|span| span.count).collect();
    let place = |number: usize, view: &View, dims: &[usize]| {
        let mut placed =
            Placed::from_parts(number, job.dtype, view.len, dims, &view.strides, view.offset, None, profile)?;
        if !placed.source.strided() {
            placed.source.access = Access::Strided { windows: 1 };
        }
        Ok::<_, PlanError>(placed)
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
    let mut merge = Merge {
        features: profile.features,
        workgroup: profile.workgroup,
        immediate: false,
        wide: profile.wide(),
        unit,
        rank: dims.len(),
        sources: [placed[0].source, placed[1].source],
    };
    merge.immediate = profile.holds_immediates(merge.names().count());
    let needed = merge.bindings() + 1 + usize::from(!merge.immediate);
    profile.check_bindings("assign", needed)?;
    let immediate = merge.immediate;
    let shader = Shader::new(merge);
    let mut constant: Vec<u32> =
        spans.iter().flat_map(|span| [span.start as u32, span.step as u32, span.count as u32]).collect();
    constant.extend(access::axis_words(dims, 0..dims.len()));
    for source in &placed {
        constant.extend(source.words(0, 1, profile));
    }
    let mut plan = Plan { output_bytes: buffer_bytes(job.dtype, total), ..Plan::default() };
    let size = job.dtype.size();
    // Whole words, as many as one binding shows.
    let per_part = (profile.max_binding / alignment(profile) * alignment(profile)) as usize / size;
    for first in (0..total).step_by(per_part) {
        let last = total.min(first + per_part);
        let words = (last - first).div_ceil(unit as usize);
        let per_lane = profile.per_lane(words as u64, 1024 / u64::from(unit));
        let mut params = vec![0, first as u32, last as u32, words as u32, per_lane];
        params.extend(&constant);
        let bytes = ((last - first) * size) as u64;
        let offset = (first * size) as u64;
        let padded = bytes.div_ceil(BUFFER_ALIGNMENT) * BUFFER_ALIGNMENT;
        let output =
            Bind { slot: Slot::Output, offset, size: padded.min(plan.output_bytes - offset), write: true };
        let lanes = (words as u64).div_ceil(u64::from(per_lane));
        plan.steps.push(Step {
            shader: shader.clone(),
            bindings: [placed[0].binds(0, 0, profile), placed[1].binds(0, 0, profile), vec![output]].concat(),
            params,
            params_are_immediate: immediate,
            groups: grid(lanes.div_ceil(u64::from(profile.workgroup)), profile),
        });
    }
    Ok(plan)
}

impl Merge {
    fn names(&self) -> Names {
        let mut names = Names::new();
        for name in ["begin", "end", "words", "per_lane"] {
            names.word(name);
        }
        for axis in 0..self.rank {
            for what in ["start", "step", "count"] {
                names.word(format!("{what}{axis}"));
            }
        }
        access::axis_params(0..self.rank, &mut names);
        for (i, source) in self.sources.iter().enumerate() {
            source.params(i, self.rank, &mut names);
        }
        names
    }

    fn bindings(&self) -> usize {
        self.sources.iter().map(Source::bindings).sum()
    }

    /// They move in blocks.
    fn blocks(&self) -> bool {
        self.sources[1].access == Access::Rows
    }

    /// `fn merged(d)`: element `d` of the destination, or the block that begins there.
    fn merged(&self) -> String {
        let dtype = self.sources[0].dtype;
        let result = if self.blocks() { loaded_block(dtype, self.unit, self.wide) } else { register(dtype) };
        let mut text = format!("fn merged(d: u32) -> {result} {{\n    var rest = d;\n");
        for axis in (1..self.rank).rev() {
            let _ = writeln!(
                text,
                "    let q{axis} = index_divide(rest, p.magic{axis}, p.shift{axis});\n    let c{axis} = rest - q{axis} * p.length{axis};\n    rest = q{axis};"
            );
        }
        if self.rank > 0 {
            text += "    let c0 = rest;\n";
        }
        text += "    var here = true;\n    var value = p.first0;\n    var old = p.first1;\n";
        for a in 0..self.rank {
            let _ = writeln!(
                text,
                "    let k{a} = (c{a} - p.start{a}) / p.step{a};
    here = here && c{a} >= p.start{a} && k{a} < p.count{a} && c{a} == p.start{a} + k{a} * p.step{a};
    value += k{a} * p.stride0_{a};
    old += c{a} * p.stride1_{a};"
            );
        }
        let load = |i: usize, at: &str| match self.sources[i].access {
            Access::Rows => format!("in{i}[{at} / {}u]", self.unit),
            _ if self.blocks() => {
                let repeated = vec!["value_here".to_owned(); self.unit as usize];
                block_put(dtype, self.features.int64, self.wide, &repeated)
            }
            _ => format!("load{i}({at})"),
        };
        if self.blocks() && self.sources[0].access != Access::Rows {
            text += "    let value_here = load0(value);\n";
        }
        text + &format!(
            "    if (here) {{ return {}; }}\n    return {};\n}}\n",
            load(0, "value"),
            load(1, "old")
        )
    }
}

impl Template for Merge {
    fn options(&self) -> Options {
        Options { immediates: self.immediate, ..Options::own(self.features) }
    }

    fn label(&self) -> String {
        format!("assign {}", self.sources[0].dtype)
    }

    fn wgsl(&self) -> String {
        let dtype = self.sources[0].dtype;
        let (n, binding) = (self.unit, self.bindings());
        let mut text = self.names().declare(self.immediate, binding + 1);
        let mut stored = element(dtype).to_owned();
        if self.blocks() {
            text += &declare_loaded(dtype, n, self.features.int64, self.wide);
            stored = loaded_block(dtype, n, self.wide);
        }
        text += &self.sources[0].declare(0, 0, n, self.wide);
        text += &self.sources[1].declare(1, self.sources[0].bindings(), n, self.wide);
        let _ =
            writeln!(text, "@group(0) @binding({binding}) var<storage, read_write> out: array<{stored}>;");
        text += &self.merged();
        text += &(entry(self.workgroup) + &rounds(self.workgroup, "w", "p.words"));
        let _ = writeln!(text, "        let d = p.begin + w * {n}u;");
        if n == 1 || self.blocks() {
            text += "        out[w] = merged(d);\n";
        } else {
            text += "        var word = 0u;\n";
            for e in 0..n {
                let _ = writeln!(
                    text,
                    "        if (d + {e}u < p.end) {{ word |= {t}_pack(merged(d + {e}u)) << {s}u; }}",
                    s = e * (32 / n),
                    t = name(dtype),
                );
            }
            text += "        out[w] = word;\n";
        }
        text + "    }\n}\n"
    }
}
