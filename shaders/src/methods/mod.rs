//! Methods that are no fused kernel: one planner each.

pub mod assign;
pub mod copy_region;
pub mod random;
pub mod take;
