//! Copies into a region of an existing buffer: the pieces of `concat` and `stack`.
//!
//! The destination is seen as rows; the piece is a run of columns of every row. Where all lengths allow, whole blocks
//! are moved. Else, of the packed dtypes, a lane owns a word of the destination and changes only the elements that are
//! the piece's, so neighbouring pieces may share words, one dispatch after the other.

use crate::builder::Builder;
use crate::fused::input_access::{self, Access, Placed, Source};
use crate::fused::storage::{block, declare_blocks, element, name, per_word};
use crate::params::{Names, reciprocal};
use crate::plan::{Plan, PlanError, Profile};
use crate::shader::{Module, Template};
use polyarray_core::DType;
use std::fmt::Write as _;

/// A copy of a view, [`crate::Slot::Input`] 0, into columns `column..column + run` of a dense destination of
/// `rows × row_length` elements, [`crate::Slot::Output`]. The view's elements in row-major order are the region's.
#[derive(Clone, Debug)]
pub struct CopyRegion {
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
    /// Elements of a block, or of a word.
    unit: u32,
    rank: usize,
    source: Source,
}

/// Plans a copy. The output must exist already; its other elements stay.
///
/// # Errors
/// [`PlanError`].
pub fn plan(job: &CopyRegion, profile: &Profile) -> Result<Plan, PlanError> {
    let mut builder = Builder::new(profile, job.dtype, job.rows * job.row_length)?;
    if job.rows * job.run == 0 {
        return Ok(builder.finish());
    }
    let source =
        Placed::from_parts(0, job.dtype, job.len, &job.dims, &job.strides, job.offset, None, profile)?;
    let whole = |unit: usize| [job.row_length, job.column, job.run].iter().all(|n| n.is_multiple_of(unit));
    let (source, unit) = source.strided().in_blocks(&job.dims, profile, whole);
    let unit = if unit > 1 { unit } else { per_word(job.dtype) };
    let rank = job.dims.len();
    let shader = builder.shader(Paste { unit, rank, source: source.source });
    let mut constant = input_access::axis_words(&job.dims, 0..rank);
    constant.extend(source.words(0, 1, profile));
    // Whole words between two aligned places of the destination, as many as one binding shows.
    let begin = job.column;
    let end = (job.rows - 1) * job.row_length + job.column + job.run;
    let align = profile.alignment() as usize / job.dtype.size();
    for part in builder.parts(begin / align * align..end, job.dtype.size()) {
        let blocks = (part.len() as u64).div_ceil(u64::from(unit));
        let per_lane = profile.per_lane(blocks, 1024 / u64::from(unit));
        let numbers = [part.start, part.end, job.row_length, job.column, job.run, begin, blocks as usize];
        let mut params: Vec<u32> = numbers.iter().map(|&x| x as u32).collect();
        params.push(per_lane);
        params.extend(reciprocal(job.row_length as u32));
        params.extend(&constant);
        let mut bindings = source.binds(0, 0, profile);
        bindings.push(builder.output(part));
        let groups = builder.groups(blocks.div_ceil(u64::from(per_lane)));
        builder.step(&shader, bindings, params, groups)?;
    }
    Ok(builder.finish())
}

impl Template for Paste {
    fn label(&self) -> String {
        format!("copy {}", self.source.dtype)
    }

    fn params(&self, names: &mut Names) {
        names.words(&["begin", "end", "row_length", "column", "run", "region", "blocks", "per_lane"]);
        names.words(&["magic", "shift"]);
        input_access::axis_params(0..self.rank, names);
        self.source.params(0, self.rank, names);
    }

    fn write(&self, module: &mut Module) {
        let (dtype, n) = (self.source.dtype, self.unit);
        let blocks = self.source.access == Access::Rows;
        if blocks {
            declare_blocks([dtype], n, module);
        }
        self.source.declare(0, n, module);
        module.read_write("out", &if blocks { block(dtype, n) } else { element(dtype).to_owned() });
        input_access::write_offsets_struct(&[self.source], module);
        input_access::write_offsets("offsets", &[self.source], 0..self.rank, module);
        *module += "struct Place { inside: bool, at: u32 }
fn place(d: u32) -> Place {
    let row = select(index_divide(d, p.magic, p.shift), d, p.row_length == 1u);
    let column = d - row * p.row_length - p.column;
    let inside = d >= p.region && d < p.end && column < p.run;
    return Place(inside, p.first0 + offsets(select(0u, row * p.run + column, inside)).o0);
}
";
        module.entry();
        module.rounds("w");
        let _ = writeln!(module, "        let d = p.begin + w * {n}u;");
        if blocks {
            let _ = writeln!(
                module,
                "        let to = place(d);\n        if (to.inside) {{ out[w] = in0[to.at / {n}u]; }}"
            );
        } else if n == 1 {
            *module += "        let to = place(d);\n        if (to.inside) { out[w] = load0(to.at); }\n";
        } else {
            let bits = 32 / n;
            let mask = if bits == 8 { "0xffu" } else { "0xffffu" };
            *module += "        var word = out[w];\n";
            for e in 0..n {
                let _ = writeln!(
                    module,
                    "        let to{e} = place(d + {e}u);
        if (to{e}.inside) {{ word = (word & ~({mask} << {s}u)) | ({t}_pack(load0(to{e}.at)) << {s}u); }}",
                    s = e * bits,
                    t = name(dtype),
                );
            }
            *module += "        out[w] = word;\n";
        }
        *module += "    }\n}\n";
    }
}
