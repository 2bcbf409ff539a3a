//! Products that go on with their elements: when, and when not.

use super::naive::{FAR, HERE, Naive, alone};
use polyarray_core::array::trace::KERNELS;
use polyarray_core::backend::specs::{Matmul, Terms};
use polyarray_core::backend::{
    ArrayBackend, Buffer, Buffers, Cx, Operand, Outputs, Spec, SpecKernel, Stop, kernels, record_one,
    registrations,
};
use polyarray_core::dispatch::explain;
use polyarray_core::expr::layout::{collapse, row_major};
use polyarray_core::expr::{Epilogue, Input, Instr, Kernel, Op, Output, Value};
use polyarray_core::numpy as np;
use polyarray_core::{Array, DType, Error, Result, multimethod};
use std::cell::Cell;
use std::sync::Arc;

multimethod! {
    domain "numpy.epilogue_test";
    /// A product that `cpu` computes together with its epilogue, and `far` does not.
    pub fn product(a: &Array, b: &Array) -> Result<Array> {
        np::matmul(a, b)
    }
}

thread_local! {
    /// The backend takes no epilogue for now.
    static DECLINES: Cell<bool> = const { Cell::new(false) };
}

/// Core's spec under a kernel of this test's own, so that `np::matmul` stays what it is compared with.
#[derive(Clone, Debug, PartialEq)]
struct Product(Matmul);

impl Spec for Product {
    const NAME: &'static str = Matmul::NAME;
    fn outputs(&self) -> Outputs {
        self.0.outputs()
    }
}

kernels! { PRODUCTS;
    "cpu": Product = SpecKernel::new(plain).with_epilogue(with_epilogue);
    "far": Product = SpecKernel::new(plain);
}

fn record_product(cx: Cx, a: &Array, b: &Array) -> Result<Array, Stop<Error>> {
    let (m, k, n, dtype) = (a.shape()[0], a.shape()[1], b.shape()[1], a.dtype());
    let spec = Matmul { batch: Default::default(), m, k, n, dtype, out: dtype, terms: Terms::Products };
    record_one(cx, Product(spec), &[a, b])
}

registrations! { PRODUCT;
    "cpu": product = record_product;
    "far": product = record_product;
}

fn of(cx: Cx) -> &'static Naive {
    if cx.instance.kind.name() == "cpu" { &HERE } else { &FAR[cx.instance.index as usize] }
}

/// The product as a reduction, on the backend itself.
fn plain(cx: Cx, spec: &Product, operands: &[Operand]) -> Result<Buffers> {
    let (spec, a, b) = (&spec.0, &operands[0], &operands[1]);
    // (batch…, m, n, k)
    let n = spec.batch.len();
    let (mut left, mut right) = (a.layout.strides.clone(), b.layout.strides.clone());
    left.insert(n + 1, 0);
    right.insert(n, 0);
    right.swap(n + 1, n + 2);
    let dims: Vec<usize> = spec.batch.iter().copied().chain([spec.m, spec.n, spec.k]).collect();
    let mut strides = [left, right];
    let (dims, split) = collapse(&dims, n + 2, &mut strides);
    let input = |(x, strides): (&Operand, &_)| Input {
        buffer: x.buffer.clone(),
        strides: Clone::clone(strides),
        offset: x.layout.offset,
    };
    let value = |instr| Value { instr, dtype: spec.dtype };
    let result = of(cx).run(&Kernel {
        dims,
        inputs: [a, b].into_iter().zip(&strides).map(input).collect(),
        params: vec![],
        code: vec![value(Instr::Load(0)), value(Instr::Load(1)), value(Instr::Map(Op::Multiply, [0, 1, 0]))],
        output: Output::Reduce { op: polyarray_core::expr::Reduction::Sum, split },
    })?;
    Ok(std::iter::once(result).collect())
}

fn with_epilogue(
    cx: Cx,
    spec: &Product,
    operands: &[Operand],
    epilogue: &Epilogue,
) -> Result<Option<Arc<dyn Buffer>>> {
    if DECLINES.get() {
        return Ok(None);
    }
    let mut kernel = epilogue.kernel.clone();
    let shape = [spec.0.m, spec.0.n];
    assert_eq!((&kernel.dims[..], epilogue.dtype), (&shape[..], spec.0.out));
    let dense = row_major(&shape);
    kernel.inputs.push(Input { buffer: plain(cx, spec, operands)?.remove(0), strides: dense, offset: 0 });
    let mut strides: Vec<_> = kernel.inputs.iter().map(|input| input.strides.clone()).collect();
    (kernel.dims, _) = collapse(&shape, shape.len(), &mut strides);
    kernel.inputs.iter_mut().zip(strides).for_each(|(input, strides)| input.strides = strides);
    of(cx).run(&kernel).map(Some)
}

fn array(shape: &[usize], first: f64) -> Array {
    let n: usize = shape.iter().product();
    Array::from_vec((0..n).map(|i| first + (i * 5 % 7) as f64).collect::<Vec<_>>(), shape).unwrap()
}

/// What an expression over a product gives, and the kernels that it takes.
fn check(kernels: u64, f: impl Fn(&Array) -> Array) {
    let shapes = [([2, 3], [3, 4]), ([1, 3], [3, 4]), ([1, 1], [1, 1])];
    let _turn = alone();
    // A matrix of one row is dense, too, when it is transposed.
    for shapes in &shapes[..if kernels == 1 { 3 } else { 1 }] {
        let (a, b) = (array(&shapes.0, -2.0), array(&shapes.1, -3.0));
        let want = f(&np::matmul(&a, &b).unwrap()).to_vec::<f64>().unwrap();
        let (got, how) = explain(|| f(&product(&a, &b).unwrap()).to_vec::<f64>().unwrap());
        assert_eq!(got, want, "{shapes:?}");
        assert_eq!(how.counters[KERNELS], kernels, "{shapes:?} {how}");
    }
}

#[test]
fn a_product_whose_rows_are_reduced_comes_first() {
    // Whether the reduction or the product is met first.
    check(2, |p| np::maximum(np::sum(p, np::axis(-1).keepdims()).unwrap(), p).unwrap());
    check(2, |p| np::maximum(p, np::sum(p, np::axis(-1).keepdims()).unwrap()).unwrap());
}

#[test]
fn a_product_and_what_is_done_with_its_elements_is_one_kernel() {
    check(1, |p| np::maximum(p + 2.0, 0.0).unwrap());
    check(1, |p| {
        let (m, n) = (p.shape()[0], p.shape()[1]);
        let (row, column, full) =
            (array(&[n], 1.0), array(&[m, 1], 2.0), array(&[m, n], 3.0).flip([1]).unwrap());
        p * 0.5 + row - column * full
    });
    check(1, |p| np::where_(np::less(p, 0.0).unwrap(), -1.0, p).unwrap());
    check(1, |p| p * p + p);
    // Counted along other axes, and an index.
    check(1, |p| {
        let flat = p.reshape([-1]).unwrap();
        let index = np::astype(np::arange(flat.len(), ()).unwrap(), DType::F64).unwrap();
        flat + index
    });
}

#[test]
fn what_else_uses_the_product_or_sees_it_otherwise_takes_it_apart() {
    // A reduction; a view that is not all of it in order; a broadcast.
    check(2, |p| np::sum(p * 2.0, ()).unwrap());
    check(2, |p| p.t() + 1.0);
    check(2, |p| p.reshape([1, -1]).unwrap().flip([1]).unwrap() * 2.0);
    check(2, |p| {
        let wide = [&[2], p.shape()].concat();
        p + np::zeros(wide, ()).unwrap()
    });
    // Another consumer, outside of the kernel.
    let _turn = alone();
    let (a, b) = (array(&[2, 3], 1.0), array(&[3, 4], 2.0));
    let (_, how) = explain(|| {
        let p = product(&a, &b).unwrap();
        let (u, v) = (&p + 1.0, &p * 2.0);
        u.eval().unwrap();
        assert!(!p.is_pending(), "it has two consumers");
        v.eval().unwrap();
    });
    assert_eq!(how.counters[KERNELS], 3, "{how}");
    assert_eq!(
        how.to_string().matches("on host: product").count()
            + how.to_string().matches("on host: matmul").count(),
        1,
        "{how}"
    );
}

#[test]
fn of_two_products_one_goes_on() {
    let _turn = alone();
    let (a, b, c) = (array(&[2, 3], 1.0), array(&[3, 4], 2.0), array(&[3, 4], -2.0));
    let want = (np::matmul(&a, &b).unwrap() - np::matmul(&a, &c).unwrap()).to_vec::<f64>().unwrap();
    let both = || (product(&a, &b).unwrap() - product(&a, &c).unwrap()).to_vec::<f64>().unwrap();
    let (got, how) = explain(both);
    assert_eq!((got, how.counters[KERNELS]), (want, 2), "{how}");
    assert!(
        how.to_string().contains("kernel on host: matmul subtract (8 elements, 3 inputs of 208 bytes"),
        "{how}"
    );
}

#[test]
fn a_product_that_is_asked_for_again_is_kept() {
    let _turn = alone();
    let (a, b) = (array(&[2, 3], 1.0), array(&[3, 4], 2.0));
    let p = product(&a, &b).unwrap();
    let products = |f: &dyn Fn()| explain(f).1.to_string().matches("on host: matmul").count();
    let z = &p + 1.0;
    assert_eq!(products(&|| drop(z.to_vec::<f64>().unwrap())), 1);
    assert!(p.is_pending(), "its elements were gone on with");
    assert_eq!(products(&|| drop((&p * 2.0).to_vec::<f64>().unwrap())), 1);
    assert!(!p.is_pending(), "it was asked for again");
    assert_eq!(products(&|| drop((&p * 3.0).to_vec::<f64>().unwrap())), 0);
}

#[test]
fn a_backend_that_declines_gets_both_one_after_the_other() {
    let _turn = alone();
    let (a, b) = (array(&[2, 3], 1.0), array(&[3, 4], 2.0));
    let want = (np::matmul(&a, &b).unwrap() + 1.0).to_vec::<f64>().unwrap();
    DECLINES.set(true);
    let (got, how) = explain(|| (product(&a, &b).unwrap() + 1.0).to_vec::<f64>().unwrap());
    DECLINES.set(false);
    assert_eq!((got, how.counters[KERNELS]), (want.clone(), 2), "{how}");
    let (a, b) = (a.to("far:0").unwrap(), b.to("far:0").unwrap());
    let (got, how) = explain(|| (product(&a, &b).unwrap() + 1.0).to_vec::<f64>().unwrap());
    assert_eq!((got, how.counters[KERNELS]), (want, 2), "{how}");
}
