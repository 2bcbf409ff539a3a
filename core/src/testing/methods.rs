//! What the suite needs of each method beyond its row: samples of arguments, and the reference. A method of the domain
//! without an entry here fails the suite.

mod arguments;
mod contraction;
mod counting;
mod creation;
mod differences;
mod elementwise;
mod factorisation;
mod formulas;
mod indices;
mod manipulation;
mod matrix_function;
mod movement;
mod order;
mod polynomials;
mod product;
mod ranking;
mod reduction;
mod searching;
mod statistics;
mod transform;
mod updates;

pub(super) use arguments::{Arg, Case, Given, Sampler};
pub(super) use factorisation::of_shape;
pub(super) use formulas::is_formula;

use super::reference::Want;
use crate::array::packed::MethodRow;
use crate::expr::{OPS, Op};

/// Samples of the arguments of a method.
type Samples = fn(&mut Sampler, &str) -> Vec<Case>;
/// What it gives: the arrays, in order.
type Reference = fn(&Given, &str) -> Vec<Want>;

/// One family's methods.
type Family = &'static [(&'static [&'static str], Samples, Reference)];

const FAMILIES: &[Family] = &[
    contraction::ENTRIES,
    counting::ENTRIES,
    creation::ENTRIES,
    differences::ENTRIES,
    elementwise::ENTRIES,
    factorisation::ENTRIES,
    formulas::ENTRIES,
    indices::ENTRIES,
    manipulation::ENTRIES,
    matrix_function::ENTRIES,
    movement::ENTRIES,
    order::ENTRIES,
    polynomials::ENTRIES,
    product::ENTRIES,
    ranking::ENTRIES,
    reduction::ENTRIES,
    searching::ENTRIES,
    statistics::ENTRIES,
    transform::ENTRIES,
    updates::ENTRIES,
];

/// The samples and the reference of a method. Entries of a domain inside `numpy` may be named with it: `linalg.trace`.
pub(super) fn entry(row: &MethodRow) -> Option<(Samples, Reference)> {
    let name = row.name;
    let full = row.to_string();
    let inside = full.strip_prefix("numpy.").unwrap_or(name);
    if op(name).is_some() {
        return Some((elementwise::samples, elementwise::reference));
    }
    if let Some(entry) = formulas::entry(name) {
        return Some(entry);
    }
    let of = |name: &str| {
        let mut entries = FAMILIES.iter().flat_map(|family| family.iter());
        entries.find(|(names, ..)| names.contains(&name))
    };
    of(inside).or_else(|| of(name)).map(|&(_, samples, reference)| (samples, reference))
}

/// The elementwise operation of that name: functions whose name is a keyword of Rust end in an underscore.
fn op(name: &str) -> Option<Op> {
    OPS.iter().find(|row| row.name == name.trim_end_matches('_')).map(|row| row.op)
}
