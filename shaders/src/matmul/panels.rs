//! Packed panels, read through uniform windows: the product on adapters that run on the CPU.
//!
//! A panel is 8 rows of A (or 8 columns of B), a quad of 16 bytes along k after the other, so that a subgroup of
//! 8 lanes loads 8 rows at once. A lane keeps `ROWS` rows of `columns` columns: every row of A is broadcast from
//! the lane that loaded it, every window of B gives each lane its own column. A workgroup is one subgroup, there
//! is no barrier, and no load in the inner loop comes from a storage buffer. Long sums are split into chunks
//! that fit a window; a chunk adds what the one before left, which it also reads through a window.

mod kernel;

use super::pack::{self, Side};
use super::{Matmul, Shape, Terms, tiles};
use crate::fused::access;
use crate::plan::{Bind, LaneMap, Plan, PlanError, Profile, Shader, Slot, Step, WINDOW, grid};
use kernel::Panels;
use polyarray_core::DType;

/// Lanes of a workgroup, and vectors of a panel.
pub(super) const LANES: usize = 8;
/// Bytes of a quad.
pub(super) const QUAD: usize = 16;
/// Rows of a lane's tile: those of two panels.
pub(super) const ROWS: usize = 16;
/// Quads of a chunk of a sum, at most: four panels fit a window.
const LONGEST: usize = 128;
/// Products below this many multiplications aren't worth packing.
const SMALLEST: usize = 1 << 15;

/// What a lane does with two words that lie four bytes (or a 64-bit element) along k.
#[derive(Clone, Copy, Debug, Hash)]
pub(super) struct Element {
    /// The dtype of the operands.
    pub dtype: DType,
    /// How elements are combined.
    pub terms: Terms,
}

impl Element {
    /// Elements of a quad, along k.
    pub fn per_quad(self) -> usize {
        QUAD / self.dtype.size()
    }

    /// The dtype of sums.
    pub fn sum(self) -> DType {
        self.terms.sum(self.dtype)
    }

    /// Steps that a quad takes: elements, or words of bits.
    fn steps(self) -> usize {
        self.per_quad()
    }

    /// Quads of a chunk of the sum, at most: panels that several of fit a window, and sums that are exact.
    /// Bytes are multiplied in float32, which has quicker products than any integer has here, and is exact as
    /// long as sums stay below 2^24.
    fn longest(self) -> usize {
        match (self.terms, self.dtype) {
            (Terms::Bytes, DType::U8) => 16,
            (Terms::Bytes, _) => 64,
            _ => LONGEST,
        }
    }

    /// The type of a step's operand in a register.
    fn operand(self) -> &'static str {
        match (self.terms, self.dtype) {
            (Terms::Products, DType::F32) | (Terms::Bytes, _) => "f32",
            (Terms::Products, DType::F64) => "f64",
            _ => "u32",
        }
    }

    /// The sum after one step.
    fn step(self, sum: &str, a: &str, b: &str) -> String {
        match self.terms {
            Terms::Products | Terms::Bytes => format!("({sum} + {a} * {b})"),
            Terms::Bits => format!("({sum} + countOneBits({a} & {b}))"),
        }
    }
}

/// Columns of a lane's tile.
fn columns(element: Element) -> usize {
    if element.dtype.size() == 8 { 4 } else { 8 }
}

/// Whether this is the way to compute a product.
pub(super) fn fits(job: &Matmul, element: Element, profile: &Profile) -> bool {
    let supported = match element.terms {
        // Products of 64-bit integers are many instructions each: packing is not what they wait for.
        Terms::Products => matches!(element.dtype, DType::F32 | DType::F64 | DType::I32 | DType::U32),
        Terms::Bytes | Terms::Bits => true,
    };
    let columns = columns(element);
    supported
        && profile.lane_map == LaneMap::Run
        && profile.subgroups
        && profile.workgroup as usize == LANES
        && (profile.features.int64 || element.dtype.size() < 8)
        && profile.windows as usize > ROWS / LANES + columns
        && ((LANES * QUAD) as u64).is_multiple_of(access::alignment(profile))
        && job.m * job.n * job.k >= SMALLEST
        // Padding to whole tiles must not be most of the work.
        && job.m >= ROWS / 2
        && job.n >= LANES * columns / 4
        && job.k >= 2 * element.per_quad()
        && (ROWS * LANES * columns * element.sum().size() * 8) as u64 <= WINDOW
        && (ROWS * job.n * element.sum().size()) as u64 * 16 <= profile.max_binding
}

/// The shapes that compute a product: panels as wide as a lane has registers for; half as wide where fewer columns are
/// padding then, first of all where those are many; and unpacked tiles for narrow matrices, on which packing is a large part of the work, where both sum an
/// element in one part. (Adapters that run on the CPU round a product before it is added, so that padding adds nothing.)
pub(super) fn shapes(job: &Matmul, element: Element, profile: &Profile) -> Vec<Shape> {
    let usual = columns(element);
    let mut shapes = vec![Shape::Panels { columns: usual }];
    // Bytes are packed eight columns at a time.
    let words = element.dtype.size() == 4;
    let padded = |columns: usize| job.n.next_multiple_of(LANES * columns);
    let (half, whole) = (padded(usual / 2), padded(usual));
    if words && half < whole {
        shapes.push(Shape::Panels { columns: usual / 2 });
        // A product as wide takes them a sixth longer.
        if half * 7 <= whole * 6 {
            shapes.swap(0, 1);
        }
    }
    let one_part = job.k <= (tiles::CHUNK as usize).min(element.longest() * element.per_quad());
    if element.terms == Terms::Products && one_part && job.n < 2 * LANES * usual {
        shapes.extend(tiles::shapes(job, profile));
    }
    shapes
}

/// How the work is cut up.
#[derive(Clone, Copy, Debug)]
struct Cut {
    chunks: usize,
    /// Quads of a chunk.
    quads: usize,
    /// Blocks of rows, and of columns.
    blocks: [usize; 2],
    /// Matrices, blocks of rows and blocks of columns of one dispatch.
    matrices: usize,
    tile: [usize; 2],
}

impl Cut {
    fn new(job: &Matmul, element: Element, columns: usize, batches: usize) -> Cut {
        let all = job.k.div_ceil(element.per_quad());
        let chunks = all.div_ceil(element.longest());
        let quads = all.div_ceil(chunks);
        let per_window = WINDOW as usize / (LANES * QUAD * quads);
        let blocks = [job.m.div_ceil(ROWS), job.n.div_ceil(LANES * columns)];
        // What a dispatch leaves for the next chunk is a window, too.
        let groups = match chunks {
            1 => usize::MAX,
            _ => WINDOW as usize / (ROWS * LANES * columns * element.sum().size()),
        };
        let matrices = (per_window / blocks[0].max(blocks[1])).min(groups / (blocks[0] * blocks[1]));
        let matrices = matrices.clamp(1, batches);
        let down = blocks[0].min(per_window).min(groups);
        let across = blocks[1].min(per_window).min(groups / down);
        Cut { chunks, quads, blocks, matrices, tile: [down, across] }
    }

    /// Bytes of a panel.
    fn panel(&self) -> usize {
        LANES * QUAD * self.quads
    }
}

/// The plan: both operands packed, then tile by tile, chunk by chunk.
pub(super) fn plan(
    job: &Matmul,
    element: Element,
    columns: usize,
    profile: &Profile,
    plan: &mut Plan,
) -> Result<(), PlanError> {
    let batches: usize = job.batch.iter().product();
    let cut = Cut::new(job, element, columns, batches);
    let sum_size = element.sum().size();
    let sides = [
        Side { count: job.m, windows: ROWS / LANES, adjacent_lanes: true },
        Side { count: job.n, windows: columns, adjacent_lanes: false },
    ];
    let mut packed = Vec::new();
    for (number, side) in sides.into_iter().enumerate() {
        let layout = pack::Packed {
            element,
            side,
            batches,
            blocks: cut.blocks[number],
            chunks: cut.chunks,
            quads: cut.quads,
        };
        let slot = Slot::Scratch(plan.scratch.len());
        plan.scratch.push(layout.bytes());
        pack::plan(job, number, &layout, slot, profile, plan)?;
        packed.push((slot, layout));
    }
    let shader = |continues: bool| {
        let features = profile.features;
        let whole = features.int64 && job.n.is_multiple_of(columns);
        let mut panels = Panels { features, immediate: false, element, columns, continues, whole };
        panels.immediate = panels.names().count() * 4 <= profile.immediates as usize;
        (panels.immediate, Shader::new(panels))
    };
    let first_shader = shader(false);
    let next_shader = (cut.chunks > 1).then(|| shader(true));
    let left = plan.scratch.len();
    if cut.chunks > 1 {
        plan.scratch.extend([WINDOW, WINDOW]);
    }
    let [mb, nb] = cut.blocks;
    let [tile_m, tile_n] = cut.tile;
    for batch in (0..batches).step_by(cut.matrices) {
        let matrices = cut.matrices.min(batches - batch);
        for row in (0..mb).step_by(tile_m) {
            let down = tile_m.min(mb - row);
            for column in (0..nb).step_by(tile_n) {
                let across = tile_n.min(nb - column);
                for chunk in 0..cut.chunks {
                    let mut bindings = Vec::new();
                    for (number, (slot, layout)) in packed.iter().enumerate() {
                        let first = [batch * mb + row, batch * nb + column][number];
                        let blocks = matrices * [down, across][number];
                        for window in 0..layout.side.windows {
                            bindings.push(Bind {
                                slot: *slot,
                                offset: (layout.panel(chunk, window, first) * cut.panel()) as u64,
                                size: (blocks * cut.panel()) as u64,
                                write: false,
                            });
                        }
                    }
                    let wide = across * LANES * columns;
                    if chunk > 0 {
                        bindings.push(Bind {
                            slot: Slot::Scratch(left + (chunk - 1) % 2),
                            offset: 0,
                            size: WINDOW,
                            write: false,
                        });
                    }
                    let numbers = if chunk + 1 == cut.chunks {
                        let (row, column) = (row * ROWS, column * LANES * columns);
                        let begin = ((batch * job.m + row) * job.n + column) * sum_size;
                        let align = access::alignment(profile) as usize;
                        let lead = begin % align;
                        let rows = (job.m - row).min(down * ROWS);
                        let end = ((batch + matrices - 1) * job.m + row + rows) * job.n * sum_size;
                        let end = (end as u64).div_ceil(64) * 64;
                        bindings.push(Bind {
                            slot: Slot::Output,
                            offset: (begin - lead) as u64,
                            size: end.min(plan.output_bytes) - (begin - lead) as u64,
                            write: true,
                        });
                        [lead / sum_size, job.m * job.n, job.n, rows, job.n - column]
                    } else {
                        bindings.push(Bind {
                            slot: Slot::Scratch(left + chunk % 2),
                            offset: 0,
                            size: WINDOW,
                            write: true,
                        });
                        [0, down * ROWS * wide, wide, usize::MAX, usize::MAX]
                    };
                    let (immediate, shader) =
                        if chunk == 0 { &first_shader } else { next_shader.as_ref().expect("chunks > 1") };
                    let mut params = vec![0, down, across, cut.quads];
                    params.extend(numbers);
                    plan.steps.push(Step {
                        shader: shader.clone(),
                        bindings,
                        params: params.into_iter().map(|x| x.min(u32::MAX as usize) as u32).collect(),
                        params_are_immediate: *immediate,
                        groups: grid((matrices * down * across) as u64, profile),
                    });
                }
            }
        }
    }
    Ok(())
}
