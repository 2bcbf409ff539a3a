//! A product in parts: what the kernels whose operands lie where they are have in common. Every dispatch computes a part
//! of the output, over a part of the sum, and the last of these runs the epilogue.

use super::epilogue::{EpilogueCode, PlacedEpilogue};
use super::{Matmul, Operand};
use crate::builder::Builder;
use crate::fused::input_access::{self, Placed, Source};
use crate::params::Names;
use crate::plan::{Bind, PlanError, Profile, Shader};
use polyarray_core::DType;

/// Multiplications of one dispatch, at most: about a second of a slow adapter.
const LONGEST: u64 = 1 << 33;

/// How a product is dispatched.
pub(super) struct Dispatches<'a> {
    pub job: &'a Matmul,
    /// Operands.
    pub a: &'a Placed,
    pub b: &'a Placed,
    pub epilogue: &'a PlacedEpilogue,
    /// Dtype of sums.
    pub sums: DType,
    /// Rows and columns of a workgroup.
    pub tile: [usize; 2],
    /// Products that a dispatch sums, at most.
    pub depth: usize,
}

/// Names of the words that [`Dispatches::plan`] gives values.
pub(super) fn params(batch_rank: usize, operands: [Source; 2], epilogue: &EpilogueCode, names: &mut Names) {
    names.words(&[
        "batch0", "batches", "row0", "rows", "m", "n", "lead", "first", "last", "tiles_m", "tiles_n",
    ]);
    input_access::axis_params(0..batch_rank, names);
    for (i, source) in operands.iter().enumerate() {
        source.params(i, batch_rank + 2, names);
    }
    epilogue.params(names);
}

impl Dispatches<'_> {
    /// Adds the steps. `shader` makes the kernel that ends in an epilogue, and adds to what an earlier one has left or
    /// does not.
    pub fn plan(
        &self,
        shader: impl Fn(&Builder<'_>, bool, &EpilogueCode) -> Shader,
        builder: &mut Builder<'_>,
    ) -> Result<(), PlanError> {
        let &Dispatches { job, a, b, epilogue, sums, tile, depth } = self;
        let profile = builder.profile;
        let batches: usize = job.batch.iter().product();
        let out = epilogue.code.out;
        epilogue.code.check_parts(job.k.div_ceil(depth), job.dtype)?;
        let nothing = PlacedEpilogue::none(sums);
        let sums = (0..job.k.max(1)).step_by(depth).map(|first| {
            let last = (first + depth).min(job.k);
            let epilogue = if last == job.k { epilogue } else { &nothing };
            (first, last, epilogue, shader(builder, first > 0, &epilogue.code))
        });
        let sums: Vec<_> = sums.collect();
        let mut constant = input_access::axis_words(&job.batch, 0..job.batch.len());
        constant.extend(a.words(0, 1, profile));
        constant.extend(b.words(0, 1, profile));
        let inputs: Vec<Bind> = [a.binds(0, 0, profile), b.binds(0, 0, profile)].concat();
        for part in parts(job, batches, tile[0], out.size(), profile) {
            let tiles = [part.rows.div_ceil(tile[0]), job.n.div_ceil(tile[1])];
            let elements = ((part.batches - 1) * job.m + part.rows) * job.n;
            // A binding begins at an aligned byte; the part begins some elements later.
            let begin = part.first_element(job);
            let lead = begin % (profile.alignment() as usize / out.size());
            let output = builder.output(begin - lead..begin + elements);
            for (first, last, epilogue, shader) in &sums {
                let Part { batch, batches, row, rows } = part;
                let numbers =
                    [batch, batches, row, rows, job.m, job.n, lead, *first, *last, tiles[0], tiles[1]];
                let words = numbers.into_iter().map(|x| x as u32).chain(constant.iter().copied());
                let bindings = [inputs.as_slice(), &epilogue.binds(profile), &[output]].concat();
                let groups = (tiles[0] * tiles[1] * part.batches) as u64;
                builder.step(shader, bindings, words.chain(epilogue.words(profile)), groups)?;
            }
        }
        Ok(())
    }
}

/// A range of the output that one dispatch computes: whole matrices, or rows of one.
struct Part {
    batch: usize,
    batches: usize,
    row: usize,
    rows: usize,
}

impl Part {
    fn first_element(&self, job: &Matmul) -> usize {
        (self.batch * job.m + self.row) * job.n
    }
}

/// Parts whose output, of elements of `size` bytes, fits a binding and takes no longer than a second or so.
fn parts(job: &Matmul, batches: usize, tile_rows: usize, size: usize, profile: &Profile) -> Vec<Part> {
    let fits = |rows: usize, matrices: usize| {
        ((rows * job.n * matrices * size) as u64) + 256 <= profile.max_binding
            && (rows * job.n * matrices) as u64 * job.k.max(1) as u64 <= LONGEST
    };
    if fits(job.m, batches) {
        return vec![Part { batch: 0, batches, row: 0, rows: job.m }];
    }
    if fits(job.m, 1) {
        let mut count = 1;
        while fits(job.m, count * 2) {
            count *= 2;
        }
        return (0..batches)
            .step_by(count)
            .map(|batch| Part { batch, batches: count.min(batches - batch), row: 0, rows: job.m })
            .collect();
    }
    let mut rows = tile_rows;
    while fits(rows * 2, 1) && rows < job.m {
        rows *= 2;
    }
    (0..batches)
        .flat_map(|batch| {
            (0..job.m).step_by(rows).map(move |row| Part {
                batch,
                batches: 1,
                row,
                rows: rows.min(job.m - row),
            })
        })
        .collect()
}

/// An operand over the axes `batch + (rows, columns)`; it is always walked through strides.
pub(super) fn place(
    number: usize,
    job: &Matmul,
    operand: &Operand,
    matrix: [usize; 2],
    profile: &Profile,
) -> Result<Placed, PlanError> {
    let mut dims = job.batch.clone();
    dims.extend(matrix);
    let mut strides = operand.batch_strides.clone();
    strides.extend([operand.row_stride, operand.column_stride]);
    // A matrix of one element is a scalar to the planner; here it is a matrix all the same.
    let placed =
        Placed::from_parts(number, job.dtype, operand.len, &dims, &strides, operand.offset, None, profile)?;
    Ok(placed.strided())
}
