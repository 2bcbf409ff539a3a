//! Fused kernels as blocked loops.
//!
//! A kernel goes `map` or `reduce` → `program` (blocks through registers) → `loops` (one tight loop per operation and
//! dtype, which `ops` finds). `fold` reduces elements, `reducer` as bytes, `trees` adds up in the same order what is computed in
//! blocks or lies beside each other, `row_reduce` reduces the rows whose reductions fuse with the code that uses them, `transpose_tiles` packs transposed inputs into cache-sized tiles, `epilogue` runs a kernel over the
//! pieces of a product.

pub mod epilogue;
pub mod fold;
mod loops;
mod map;
mod ops;
pub mod program;
pub mod reduce;
mod reducer;
mod row_reduce;
mod transpose_tiles;
mod trees;
