//! Einstein's summation, by products of matrices.

use super::contractions::sum_of_products;
use super::{any, astype, axis, matmul, multiply, sum};
use crate::array::Array;
use crate::dtype::{DType, promote_all};
use crate::error::{Error, Result};
use crate::multimethod;
use std::collections::BTreeMap;

multimethod! {
    domain "numpy";

    /// Einstein's summation: each operand's axes are named by letters, axes of one name run together, and those that the
    /// result does not name are summed. `"ij,jk->ik"` is a product of matrices, `"ii"` a trace, `"bij,bj->bi"` batched;
    /// `...` stands for axes that broadcast. Without `->` the result has the letters that occur once, in alphabetical order.
    /// Operands are multiplied in pairs, chosen to keep what is between them small, by products of matrices where an axis
    /// is summed. The dtype is the promoted one: integers wrap, on bool it is any-and.
    ///
    /// NumPy: `einsum(subscripts, *operands, optimize=True)`.
    ///
    /// ```
    /// use polyarray_core::{Array, numpy as np};
    /// # use polyarray_cpu as _;
    /// let (a, b) = (Array::from([[1, 2], [3, 4]]), Array::from([[0, 1], [1, 0]]));
    /// assert_eq!(np::einsum("ij,jk->ik", &[&a, &b])?.to_vec::<i32>()?, [2, 1, 4, 3]);
    /// assert_eq!(np::einsum("ii", &[&a])?.to_vec::<i32>()?, [5]);
    /// # Ok::<(), polyarray_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Argument`](crate::Error::Argument) for subscripts that do not say what is meant;
    /// [`Error::Shape`](crate::Error::Shape) for axes of one name and different lengths.
    pub fn einsum(subscripts: String, operands: &[Array]) -> Result<Array> {
        let (inputs, output) = parse(&subscripts, operands)?;
        let dtype = promote_all(operands.iter().map(Array::dtype)).unwrap_or(DType::F64);
        let lengths = lengths(&subscripts, operands, &inputs)?;
        let mut terms = Vec::new();
        for (x, labels) in operands.iter().zip(inputs) {
            let x = if x.dtype() == dtype { x.clone() } else { astype(x, dtype)? };
            terms.push(Term { x, labels }.distinct(&lengths)?);
        }
        while terms.len() > 1 {
            let (i, j) = nearest(&terms, &output, &lengths);
            let right = terms.remove(j);
            let left = terms.remove(i);
            let needed = |label: &Label| output.contains(label) || terms.iter().any(|t| t.labels.contains(label));
            let left = left.without(|label| !needed(label) && !right.labels.contains(label))?;
            let right = right.without(|label| !needed(label) && !left.labels.contains(label))?;
            let product = left.times(&right, needed, &lengths)?;
            terms.push(product);
        }
        let Some(last) = terms.pop() else { return Err(unclear(&subscripts, "give at least one operand")) };
        let last = last.without(|label| !output.contains(label))?;
        last.in_order(&output)
    }
}

/// A letter, or an axis of the ellipsis: −1 is the last of those.
type Label = i32;

fn unclear(subscripts: &str, fix: &str) -> Error {
    Error::Argument { op: "einsum", operands: format!("subscripts {subscripts:?}"), fix: fix.into() }
}

/// The labels of each operand, and of the result.
fn parse(subscripts: &str, operands: &[Array]) -> Result<(Vec<Vec<Label>>, Vec<Label>)> {
    let text: String = subscripts.chars().filter(|c| !c.is_whitespace()).collect();
    let (left, right) = match text.split_once("->") {
        Some((left, right)) => (left, Some(right)),
        None => (&text[..], None),
    };
    let terms: Vec<&str> = left.split(',').collect();
    if terms.len() != operands.len() {
        let fix =
            format!("there are {} operands: name the axes of each, separated by commas", operands.len());
        return Err(unclear(subscripts, &fix));
    }
    let mut inputs = Vec::new();
    for (term, x) in terms.iter().zip(operands) {
        let named = term.chars().filter(|c| *c != '.').count();
        let rest = x.ndim().checked_sub(named).filter(|&rest| rest == 0 || term.contains("..."));
        let rest = rest.ok_or_else(|| {
            unclear(
                subscripts,
                &format!("{term:?} must name the {} axes of its operand, or have ...", x.ndim()),
            )
        })?;
        inputs.push(labels(subscripts, term, rest)?);
    }
    let most = inputs.iter().flatten().min().map_or(0, |&least| (-least).max(0)) as usize;
    let output = match right {
        Some(right) => {
            let output = labels(subscripts, right, most)?;
            let known = |label: &Label| inputs.iter().any(|labels| labels.contains(label));
            let twice = output.iter().enumerate().any(|(i, label)| output[..i].contains(label));
            if twice || !output.iter().all(known) {
                return Err(unclear(subscripts, "the result names axes of the operands, each once"));
            }
            if most > 0 && !right.contains("...") {
                return Err(unclear(subscripts, "the result must have ..., as axes of operands do"));
            }
            output
        }
        None => {
            let mut times = BTreeMap::new();
            inputs.iter().flatten().for_each(|&label| *times.entry(label).or_insert(0) += 1);
            // The axes of the ellipsis are negative, and so come first.
            times
                .into_iter()
                .filter(|&(label, times)| label < 0 || times == 1)
                .map(|(label, _)| label)
                .collect()
        }
    };
    Ok((inputs, output))
}

fn labels(subscripts: &str, term: &str, ellipsis: usize) -> Result<Vec<Label>> {
    let mut out = Vec::new();
    let (before, after) = term.split_once("...").unwrap_or((term, ""));
    for (part, text) in [before, after].into_iter().enumerate() {
        if part == 1 && term.contains("...") {
            out.extend((1..=ellipsis as Label).rev().map(|axis| -axis));
        }
        for c in text.chars() {
            if !c.is_ascii_alphabetic() {
                return Err(unclear(
                    subscripts,
                    &format!("{c:?} is no letter; axes are named by letters, or ... once"),
                ));
            }
            out.push(c as Label);
        }
    }
    Ok(out)
}

/// The length of each label; axes of length 1 broadcast.
fn lengths(subscripts: &str, operands: &[Array], inputs: &[Vec<Label>]) -> Result<BTreeMap<Label, usize>> {
    let mut lengths = BTreeMap::new();
    for (x, labels) in operands.iter().zip(inputs) {
        for (&n, &label) in x.shape().iter().zip(labels) {
            let known = lengths.entry(label).or_insert(n);
            if *known == 1 {
                *known = n;
            }
            if n != *known && n != 1 {
                let shapes: Vec<&[usize]> = operands.iter().map(|x| x.shape()).collect();
                let name = u8::try_from(label).map_or("...".to_owned(), |c| format!("{:?}", c as char));
                return Err(Error::Shape {
                    op: "einsum",
                    operands: format!("subscripts {subscripts:?}, shapes {shapes:?}"),
                    fix: format!("the axis {name} is {known} long and {n} long: lengths must be equal, or 1"),
                });
            }
        }
    }
    Ok(lengths)
}

/// An array whose axes have labels.
struct Term {
    x: Array,
    labels: Vec<Label>,
}

impl Term {
    /// Each label once, and none whose axis only broadcasts.
    fn distinct(mut self, lengths: &BTreeMap<Label, usize>) -> Result<Term> {
        while let Some(i) =
            (0..self.labels.len()).find(|&i| self.x.shape()[i] == 1 && lengths[&self.labels[i]] != 1)
        {
            self.x = self.x.squeeze(i)?;
            self.labels.remove(i);
        }
        let twice = |labels: &[Label]| {
            let first = |j: usize| labels[..j].iter().position(|label| *label == labels[j]);
            (1..labels.len()).find_map(|j| first(j).map(|i| (i, j)))
        };
        while let Some((i, j)) = twice(&self.labels) {
            self.x = self.x.diagonal(0, [i as isize, j as isize])?;
            let label = self.labels.remove(j);
            self.labels.remove(i);
            self.labels.push(label);
        }
        Ok(self)
    }

    /// Summed over some labels.
    fn without(self, gone: impl Fn(&Label) -> bool) -> Result<Term> {
        let axes: Vec<isize> =
            (0..self.labels.len()).filter(|&i| gone(&self.labels[i])).map(|i| i as isize).collect();
        if axes.is_empty() {
            return Ok(self);
        }
        let dtype = self.x.dtype();
        let total = if dtype == DType::Bool { any(&self.x, axis(axes))? } else { sum(&self.x, axis(axes))? };
        let x = if total.dtype() == dtype { total } else { astype(&total, dtype)? };
        Ok(Term { x, labels: self.labels.into_iter().filter(|label| !gone(label)).collect() })
    }

    /// With the axes in this order.
    fn in_order(&self, labels: &[Label]) -> Result<Array> {
        let at = |label: &Label| self.labels.iter().position(|own| own == label).map(|at| at as isize);
        self.x.permute(labels.iter().filter_map(at).collect::<Vec<_>>())
    }

    /// The product, summed over what both have and nobody needs.
    fn times(
        &self,
        other: &Term,
        needed: impl Fn(&Label) -> bool,
        lengths: &BTreeMap<Label, usize>,
    ) -> Result<Term> {
        let (shared, left): (Vec<Label>, Vec<Label>) =
            self.labels.iter().partition(|l| other.labels.contains(l));
        let (batch, summed): (Vec<Label>, Vec<Label>) = shared.into_iter().partition(|l| needed(l));
        let right: Vec<Label> = other.labels.iter().copied().filter(|l| !self.labels.contains(l)).collect();
        let shape = |labels: &[Label]| -> Vec<usize> { labels.iter().map(|label| lengths[label]).collect() };
        let size = |labels: &[Label]| shape(labels).iter().product::<usize>();
        let labels = [&batch[..], &left, &right].concat();
        let x = if summed.is_empty() {
            let a = self.in_order(&[&batch[..], &left].concat())?;
            let b = other.in_order(&[&batch[..], &right].concat())?;
            let a = a.reshape([shape(&batch), shape(&left), vec![1; right.len()]].concat())?;
            multiply(&a, &b.reshape([shape(&batch), vec![1; left.len()], shape(&right)].concat())?)?
        } else {
            let a = self.in_order(&[&batch[..], &left, &summed].concat())?;
            if left.is_empty() && right.is_empty() {
                let b = other.in_order(&[&batch[..], &summed].concat())?;
                let rows = [size(&batch), size(&summed)];
                sum_of_products(&a.reshape(rows)?, &b.reshape(rows)?)?
            } else {
                let b = other.in_order(&[&batch[..], &summed, &right].concat())?;
                let a = a.reshape([size(&batch), size(&left), size(&summed)])?;
                matmul(&a, &b.reshape([size(&batch), size(&summed), size(&right)])?)?
            }
        };
        Ok(Term { x: x.reshape(shape(&labels))?, labels })
    }
}

/// The pair whose product is smallest beside its operands.
fn nearest(terms: &[Term], output: &[Label], lengths: &BTreeMap<Label, usize>) -> (usize, usize) {
    let size = |labels: &[Label]| labels.iter().map(|label| lengths[label] as f64).product::<f64>();
    let (mut best, mut least) = ((0, 1), f64::INFINITY);
    for j in 1..terms.len() {
        for i in 0..j {
            let others = || terms.iter().enumerate().filter(|&(at, _)| at != i && at != j).map(|(_, t)| t);
            let (a, b) = (&terms[i].labels, &terms[j].labels);
            let joined: Vec<Label> = a.iter().chain(b.iter().filter(|l| !a.contains(l))).copied().collect();
            let stays = |l: &Label| output.contains(l) || others().any(|t| t.labels.contains(l));
            let left: Vec<Label> = joined.into_iter().filter(stays).collect();
            let growth = size(&left) - size(a) - size(b);
            if growth < least {
                (best, least) = ((i, j), growth);
            }
        }
    }
    best
}
