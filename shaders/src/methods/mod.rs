//! Methods that are no fused kernel: one planner each.

pub mod assign;
pub mod bin_counts;
pub mod copy_region;
mod each;
pub mod random;
pub mod search_sorted;
pub mod segments;
pub mod take;
