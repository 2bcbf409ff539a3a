//! Copies into a region of an existing buffer: the pieces of `concat` and `stack`.
//!
//! The destination is seen as rows; the piece is a run of columns of every row. Where all lengths allow, whole blocks
//! are moved. Else, of the packed dtypes, a lane owns a word of the destination and changes only the elements that are
//! the piece's, so neighbouring pieces may share words, one dispatch after the other.

use crate::compile::Options;
use crate::fused::access::{self, Access, MAX_ELEMENTS, Placed, Source, alignment};
use crate::fused::params::{Names, reciprocal};
use crate::fused::storage::{declare_loaded, element, loaded_block, name, per_word};
use crate::library::Features;
use crate::plan::{
    BUFFER_ALIGNMENT, Bind, Plan, PlanError, Profile, Shader, Slot, Step, Template, buffer_bytes,
    check_dtype, entry, grid, rounds,
};
use polyarray_core::DType;
use std::fmt::Write as _;

/// A copy of a view, [`Slot::Input`] 0, into columns `column..column + run` of a dense destination of
/// `rows × row_length` elements, [`Slot::Output`]. The view's elements in row-major order are the region's.
#[derive(Clone, Debug)]
pub struct Region {
    /// Of both.
    pub dtype: DType,
    /// Rows of the destination.
    pub rows: usize,
    /// Elements of a row.
    pub row_length: usize,
    /// First column of the region.
    pub column: usize,
    /// Columns of the region.
    pub run: usize,
    /// The source's shape, `rows · run` elements, collapsed (no axis of length 1).
    pub dims: Vec<usize>,
    /// The source's steps.
    pub strides: Vec<isize>,
    /// The source's first element.
    pub offset: usize,
    /// Elements in the source's buffer.
    pub len: usize,
}

#[derive(Debug, Hash)]
struct Paste {
    features: Features,
    workgroup: u32,
    immediate: bool,
    wide: bool,
    /// Elements of a block, or of a word.
    unit: u32,
    rank: usize,
    source: Source,
}

/// Plans a copy. The output must exist already; its other elements stay.
///
/// # Errors
/// [`PlanError`].
pub fn plan(job: &Region, profile: &Profile) -> Result<Plan, PlanError> {
    check_dtype(job.dtype, profile.features)?;
    let total = job.rows * job.row_length;
    let mut plan = Plan { output_bytes: buffer_bytes(job.dtype, total), ..Plan::default() };
    if job.rows * job.run == 0 {
        return Ok(plan);
    }
    if total as u64 > MAX_ELEMENTS {
        return Err(PlanError::TooLarge {
            what: "the output".into(),
            elements: total as u64,
            limit: MAX_ELEMENTS,
        });
    }
    let mut source =
        Placed::from_parts(0, job.dtype, job.len, &job.dims, &job.strides, job.offset, None, profile)?;
    if !source.source.strided() {
        source.source.access = Access::Strided { windows: 1 };
    }
    let whole = |unit: usize| [job.row_length, job.column, job.run].iter().all(|n| n.is_multiple_of(unit));
    let (source, unit) = source.in_blocks(&job.dims, profile, whole);
    let mut paste = Paste {
        features: profile.features,
        workgroup: profile.workgroup,
        immediate: false,
        wide: profile.wide(),
        unit: if unit > 1 { unit } else { per_word(job.dtype) },
        rank: job.dims.len(),
        source: source.source,
    };
    let lane_elements = paste.unit as usize;
    paste.immediate = profile.holds_immediates(paste.names().count());
    let needed = paste.source.bindings() + 1 + usize::from(!paste.immediate);
    profile.check_bindings("copy", needed)?;
    let immediate = paste.immediate;
    let shader = Shader::new(paste);
    let mut constant = access::axis_words(&job.dims, 0..job.dims.len());
    constant.extend(source.words(0, 1, profile));
    // Whole words between two aligned places of the destination, as many as one binding shows.
    let size = job.dtype.size();
    let per_part = (profile.max_binding / alignment(profile) * alignment(profile)) as usize / size;
    let begin = job.column;
    let end = (job.rows - 1) * job.row_length + job.column + job.run;
    let align = alignment(profile) as usize / size;
    for first in (begin / align * align..end).step_by(per_part) {
        let last = end.min(first + per_part);
        let lanes_work = (last - first).div_ceil(lane_elements);
        let per_lane = profile.per_lane(lanes_work as u64, 1024 / lane_elements as u64);
        let numbers = [first, last, job.row_length, job.column, job.run, begin, lanes_work];
        let mut params = vec![0];
        params.extend(numbers.map(|x| x as u32));
        params.push(per_lane);
        params.extend(reciprocal(job.row_length as u32));
        params.extend(&constant);
        let bytes = ((last - first) * size) as u64;
        let output = Bind {
            slot: Slot::Output,
            offset: (first * size) as u64,
            size: (bytes.div_ceil(BUFFER_ALIGNMENT) * BUFFER_ALIGNMENT)
                .min(plan.output_bytes - (first * size) as u64),
            write: true,
        };
        let lanes = (lanes_work as u64).div_ceil(u64::from(per_lane));
        plan.steps.push(Step {
            shader: shader.clone(),
            bindings: [source.binds(0, 0, profile), vec![output]].concat(),
            params,
            params_are_immediate: immediate,
            groups: grid(lanes.div_ceil(u64::from(profile.workgroup)), profile),
        });
    }
    Ok(plan)
}

impl Paste {
    fn names(&self) -> Names {
        let mut names = Names::new();
        for name in
            ["begin", "end", "row_length", "column", "run", "region", "words", "per_lane", "magic", "shift"]
        {
            names.word(name);
        }
        access::axis_params(0..self.rank, &mut names);
        self.source.params(0, self.rank, &mut names);
        names
    }
}

impl Template for Paste {
    fn options(&self) -> Options {
        Options { immediates: self.immediate, ..Options::own(self.features) }
    }

    fn label(&self) -> String {
        format!("copy {}", self.source.dtype)
    }

    fn wgsl(&self) -> String {
        let dtype = self.source.dtype;
        let n = self.unit;
        let blocks = self.source.access == Access::Rows;
        let binding = self.source.bindings();
        let mut text = self.names().declare(self.immediate, binding + 1);
        if blocks {
            text += &declare_loaded(dtype, n, self.features.int64, self.wide);
        }
        text += &self.source.declare(0, 0, n, self.wide);
        let stored = if blocks { loaded_block(dtype, n, self.wide) } else { element(dtype).to_owned() };
        let _ =
            writeln!(text, "@group(0) @binding({binding}) var<storage, read_write> out: array<{stored}>;");
        text += &access::offsets_struct(&[self.source]);
        text += &access::offsets_function("offsets", &[self.source], 0..self.rank);
        text += "struct Place { inside: bool, at: u32 }
fn place(d: u32) -> Place {
    let row = select(index_divide(d, p.magic, p.shift), d, p.row_length == 1u);
    let column = d - row * p.row_length - p.column;
    let inside = d >= p.region && d < p.end && column < p.run;
    return Place(inside, p.first0 + offsets(select(0u, row * p.run + column, inside)).o0);
}
";
        text += &(entry(self.workgroup) + &rounds(self.workgroup, "w", "p.words"));
        let _ = writeln!(text, "        let d = p.begin + w * {n}u;");
        if blocks {
            let _ = writeln!(
                text,
                "        let to = place(d);\n        if (to.inside) {{ out[w] = in0[to.at / {n}u]; }}"
            );
        } else if n == 1 {
            text += "        let to = place(d);\n        if (to.inside) { out[w] = load0(to.at); }\n";
        } else {
            let bits = 32 / n;
            let mask = if bits == 8 { "0xffu" } else { "0xffffu" };
            text += "        var word = out[w];\n";
            for e in 0..n {
                let _ = writeln!(
                    text,
                    "        let to{e} = place(d + {e}u);
        if (to{e}.inside) {{ word = (word & ~({mask} << {s}u)) | ({t}_pack(load0(to{e}.at)) << {s}u); }}",
                    s = e * bits,
                    t = name(dtype),
                );
            }
            text += "        out[w] = word;\n";
        }
        text + "    }\n}\n"
    }
}
