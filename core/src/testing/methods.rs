//! What the suite needs of each method beyond its row: samples of arguments, and the reference. A method of the domain
//! without an entry here fails the suite.

mod arguments;
mod elementwise;
mod formulas;
mod movement;
mod order;
mod product;
mod reduction;

pub(super) use arguments::{Arg, Case, Given, Sampler};
pub(super) use formulas::is_formula;

use super::reference::Want;
use crate::expr::{OPS, Op};

/// Samples of the arguments of a method.
type Samples = fn(&mut Sampler, &str) -> Vec<Case>;
/// What it gives: the arrays, in order.
type Reference = fn(&Given, &str) -> Vec<Want>;

/// One family's methods.
type Family = &'static [(&'static [&'static str], Samples, Reference)];

const FAMILIES: &[Family] = &[
    elementwise::ENTRIES,
    formulas::ENTRIES,
    movement::ENTRIES,
    order::ENTRIES,
    product::ENTRIES,
    reduction::ENTRIES,
];

/// The samples and the reference of a method by name.
pub(super) fn entry(name: &str) -> Option<(Samples, Reference)> {
    if op(name).is_some() {
        return Some((elementwise::samples, elementwise::reference));
    }
    if let Some(entry) = formulas::entry(name) {
        return Some(entry);
    }
    let mut entries = FAMILIES.iter().flat_map(|family| family.iter());
    entries.find(|(names, ..)| names.contains(&name)).map(|&(_, samples, reference)| (samples, reference))
}

/// The elementwise operation of that name: functions whose name is a keyword of Rust end in an underscore.
fn op(name: &str) -> Option<Op> {
    OPS.iter().find(|row| row.name == name.trim_end_matches('_')).map(|row| row.op)
}
