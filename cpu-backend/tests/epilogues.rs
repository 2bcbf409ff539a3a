//! Products with an epilogue, against the same computed one after the other (the same bits) and against
//! float64.

mod common;

use common::*;
use polyarray_core::array::HostBuffer;
use polyarray_core::array::trace::KERNELS;
use polyarray_core::dispatch::explain;
use polyarray_core::{Array, DType, Element, Kind, Result, Scalar, numpy as np, with_element};
use polyarray_cpu as _;

/// Small whole numbers for integers, and floats of which sums stay small.
fn array(dtype: DType, shape: &[usize], seed: u64) -> Array {
    let mut random = Random(seed);
    let values = (0..shape.iter().product()).map(|_| match dtype.kind() {
        Kind::Bool | Kind::Int => Scalar::I64(random.bits() as i64 >> 58).cast(dtype),
        _ => Scalar::F64(random.unit() - 0.4).cast(dtype),
    });
    with_element!(dtype, T => {
        Array::from_vec(values.map(<T as Element>::from_scalar).collect::<Vec<T>>(), shape).unwrap()
    })
}

/// Computed into poisoned memory: the bits of every element.
fn bytes(y: &Array) -> Vec<u8> {
    poison(y.len() * y.dtype().size());
    let operand = y.operand().unwrap();
    let buffer: &HostBuffer = (&*operand.buffer as &dyn std::any::Any).downcast_ref().unwrap();
    buffer.bytes().to_vec()
}

/// A product and what its other operands are made of.
struct Case<'a> {
    p: &'a Array,
    dtype: DType,
}

impl Case<'_> {
    /// Another operand, in the product's dtype but with the values that the narrow one has.
    fn other(&self, shape: &[usize], seed: u64) -> Array {
        let narrow = array(self.dtype, shape, seed);
        if self.p.dtype() == self.dtype {
            return narrow;
        }
        let wide = np::astype(narrow, self.p.dtype()).unwrap();
        wide.eval().unwrap();
        wide
    }
    fn m(&self) -> usize {
        self.p.shape()[self.p.ndim() - 2]
    }
    fn n(&self) -> usize {
        self.p.shape()[self.p.ndim() - 1]
    }
}

type Tail = fn(&Case<'_>) -> Result<Array>;

/// What is done with the elements.
const TAILS: [(&str, Tail); 9] = [
    ("row", |c| np::maximum(np::add(c.p, c.other(&[c.n()], 3))?, 0)),
    ("column", |c| np::multiply(c.p, c.other(&[c.m(), 1], 4))),
    ("scalars", |c| np::add(np::multiply(c.p, 3)?, 1)),
    ("full", |c| np::subtract(c.other(&[c.m(), c.n()], 5).flip([0])?, c.p)),
    ("where", |c| np::where_(np::less(c.p, 0)?, c.other(&[c.m(), c.n()], 6), c.p)),
    ("twice", |c| np::add(np::multiply(c.p, 2)?, c.p)),
    ("wider", |c| np::multiply(np::astype(c.p, DType::C128)?, 0.5)),
    ("an index", |c| {
        let index = np::astype(np::arange(c.p.len(), ())?, c.p.dtype())?;
        np::add(c.p.reshape([-1])?, index)
    }),
    // Truncates: not close to anything.
    ("narrower", |c| np::astype(np::multiply(c.p, 7)?, DType::I8)),
];

/// One product with every tail; `wide` is the same product in float64, where there is one to compare with.
fn check(what: &str, product: &dyn Fn() -> Array, wide: Option<&Array>) {
    let dtype = product().dtype();
    for (name, tail) in TAILS {
        let apart = product();
        apart.eval().unwrap();
        let want = tail(&Case { p: &apart, dtype }).unwrap();
        let (got, how) = explain(|| {
            let got = tail(&Case { p: &product(), dtype }).unwrap();
            got.eval().unwrap();
            got
        });
        assert_eq!(how.counters[KERNELS], 1, "{what}, {name}: {how}");
        let got_bytes = bytes(&tail(&Case { p: &product(), dtype }).unwrap());
        assert!(got_bytes == bytes(&want), "{what}, {name}");
        if let Some(wide) = wide.filter(|_| name != "narrower") {
            let exact = tail(&Case { p: wide, dtype }).unwrap();
            let most = |x: Array| np::max(np::absolute(x).unwrap(), ()).unwrap().item().unwrap().to_f64();
            let size = 10.0 + most(exact.clone());
            let far = most(np::subtract(np::astype(&got, exact.dtype()).unwrap(), exact).unwrap());
            let epsilon = if dtype == DType::F64 { 1e-14 } else { 1e-5 };
            assert!(far <= epsilon * size, "{what}, {name}: {far} of {size}");
        }
    }
}

/// Whole, along rows, along columns, with a rest, without anything to sum, cut by gemm.
const SHAPES: [[usize; 3]; 10] = [
    [1, 1, 1],
    [3, 5, 7],
    [70, 0, 30],
    [130, 70, 140],
    [300, 200, 130],
    [130, 200, 300],
    [3000, 70, 5],
    [5, 70, 3001],
    [49, 9000, 33],
    [300, 800, 310],
];

#[test]
fn products_of_floats() {
    for dtype in [DType::F32, DType::F64] {
        for [m, k, n] in SHAPES {
            let (a, b) = (array(dtype, &[m, k], 1), array(dtype, &[k, n], 2));
            let [x, y] = [&a, &b].map(|x| np::astype(x, DType::F64).unwrap());
            let wide = np::matmul(x, y).unwrap();
            wide.eval().unwrap();
            // What gemm cuts does not go on into elements of another length.
            if gemm_cuts(m, k, n) {
                let (row, column) = (array(dtype, &[n], 3), array(dtype, &[m, 1], 4));
                let tail = |p: &Array| np::maximum(p * &row + &column, 0.0).unwrap();
                let apart = np::matmul(&a, &b).unwrap();
                apart.eval().unwrap();
                let (got, how) = explain(|| bytes(&tail(&np::matmul(&a, &b).unwrap())));
                assert_eq!(how.counters[KERNELS], 1, "{how}");
                assert!(got == bytes(&tail(&apart)), "{dtype} {m} {k} {n}");
                let (_, how) = explain(|| bytes(&(np::matmul(&a, &b).unwrap() * Array::scalar(2i8))));
                assert_eq!(how.counters[KERNELS], 1, "{how}");
                let narrow = || np::astype(np::matmul(&a, &b).unwrap(), DType::I8).unwrap();
                assert_eq!(explain(|| narrow().eval().unwrap().len()).1.counters[KERNELS], 2);
                continue;
            }
            let what = format!("{dtype} {m} {k} {n}");
            check(&what, &|| np::matmul(&a, &b).unwrap(), Some(&wide));
        }
    }
}

fn gemm_cuts(m: usize, k: usize, n: usize) -> bool {
    m * k * n > 1 << 26
}

#[test]
fn products_of_other_dtypes() {
    for dtype in [DType::I8, DType::I32, DType::I64, DType::U16] {
        for [m, k, n] in [[1, 1, 1], [3, 5, 7], [70, 0, 30], [130, 70, 140], [40, 3000, 33]] {
            let (a, b) = (array(dtype, &[m, k], 1), array(dtype, &[k, n], 2));
            check(&format!("{dtype} {m} {k} {n}"), &|| np::matmul(&a, &b).unwrap(), None);
        }
    }
    for dtype in [DType::C64, DType::C128, DType::Bool] {
        let (a, b) = (array(dtype, &[90, 70], 1), array(dtype, &[70, 110], 2));
        let tail = |p: &Array| np::not_equal(p, p.slice("::-1, :1").unwrap()).unwrap();
        let p = np::matmul(&a, &b).unwrap();
        p.eval().unwrap();
        let want = bytes(&np::add(&p, array(dtype, &[110], 3)).unwrap());
        let got = bytes(&np::add(np::matmul(&a, &b).unwrap(), array(dtype, &[110], 3)).unwrap());
        assert!(got == want, "{dtype}");
        // It is seen twice, once otherwise: computed once, on its own.
        let (got, how) = explain(|| bytes(&tail(&np::matmul(&a, &b).unwrap())));
        assert!(got == bytes(&tail(&p)), "{dtype}");
        assert_eq!(how.counters[KERNELS], 2, "{how}");
    }
}

#[test]
fn products_of_float16_are_those_of_float32_rounded() {
    for [m, k, n] in [[1, 1, 1], [3, 5, 7], [70, 0, 30], [130, 70, 140], [40, 3000, 33]] {
        let (a, b, row) =
            (array(DType::F16, &[m, k], 1), array(DType::F16, &[k, n], 2), array(DType::F16, &[n], 3));
        let p = np::matmul(&a, &b).unwrap();
        p.eval().unwrap();
        let wide = |x: &Array| np::astype(x, DType::F32).unwrap();
        let rounded = np::astype(np::matmul(wide(&a), wide(&b)).unwrap(), DType::F16).unwrap();
        assert!(bytes(&p) == bytes(&rounded), "{m} {k} {n}");
        let (got, how) = explain(|| bytes(&np::add(np::matmul(&a, &b).unwrap(), &row).unwrap()));
        assert!(got == bytes(&np::add(&p, &row).unwrap()), "{m} {k} {n}");
        if m * n > 1 && k > 0 {
            assert!(how.to_string().contains("kernel on host: matmul cast add"), "{how}");
        }
    }
}

#[test]
fn products_of_small_integers_and_bits() {
    for [m, k, n] in [[1, 1, 1], [3, 5, 7], [20, 0, 30], [130, 70, 140], [97, 1000, 33]] {
        for (dtype, to) in [(DType::I8, DType::I32), (DType::U8, DType::U32), (DType::I16, DType::I32)] {
            let (a, b) = (array(dtype, &[m, k], 1), array(dtype, &[k, n], 2));
            check(&format!("{dtype} {m} {k} {n}"), &|| np::matmul_as(&a, &b, to).unwrap(), None);
        }
        let (a, b) = (array(DType::U32, &[m, k], 1), array(DType::U32, &[k, n], 2));
        check(&format!("bits {m} {k} {n}"), &|| np::matmul_bits(&a, &b).unwrap(), None);
    }
    // As quantised networks have it: int8 products, a scale for each column, float32.
    let (a, b) = (array(DType::I8, &[40, 300], 1), array(DType::I8, &[300, 50], 2));
    let scale = array(DType::F32, &[50], 3);
    let scaled = |p: Array| np::multiply(np::astype(p, DType::F32).unwrap(), &scale).unwrap();
    let wide = |x: &Array| np::astype(x, DType::F64).unwrap();
    let exact = np::multiply(np::matmul(wide(&a), wide(&b)).unwrap(), &scale).unwrap();
    let (got, how) = explain(|| scaled(np::matmul_as(&a, &b, DType::I32).unwrap()).to_vec::<f32>().unwrap());
    assert!(
        how.to_string().contains("kernel on host: matmul_as cast multiply (2000 elements, 3 inputs"),
        "{how}"
    );
    for (got, want) in got.iter().zip(exact.to_vec::<f64>().unwrap()) {
        assert!((f64::from(*got) - want).abs() <= 1e-6 * want.abs(), "{got} {want}");
    }
}

#[test]
fn batches_and_vectors() {
    for (left, right) in [
        (&[40, 30, 20][..], &[40, 20, 50][..]),
        (&[2, 3, 70, 80], &[3, 80, 90]),
        (&[5, 1, 130, 70], &[4, 70, 140]),
        (&[3, 300, 200], &[200, 130]),
    ] {
        let (a, b) = (array(DType::F32, left, 1), array(DType::F32, right, 2));
        check(&format!("{left:?} {right:?}"), &|| np::matmul(&a, &b).unwrap(), None);
        let (a, b) = (array(DType::I8, left, 1), array(DType::I8, right, 2));
        check(&format!("{left:?} {right:?}"), &|| np::matmul_as(&a, &b, DType::I32).unwrap(), None);
    }
    let (a, v) = (array(DType::F64, &[300, 200], 1), array(DType::F64, &[200], 2));
    let tail = |p: Array| np::maximum(p + array(DType::F64, &[300], 3), 0.0).unwrap();
    let p = np::matmul(&a, &v).unwrap();
    p.eval().unwrap();
    let (got, how) = explain(|| bytes(&tail(np::matmul(&a, &v).unwrap())));
    assert!(got == bytes(&tail(p)) && how.counters[KERNELS] == 1, "{how}");
}

/// An input that is walked across its rows is read by tiles, in a kernel of its own.
#[test]
fn a_turned_input_is_not_taken() {
    let (a, b) = (array(DType::F32, &[90, 70], 1), array(DType::F32, &[70, 110], 2));
    let c = array(DType::F32, &[110, 90], 3).t();
    let p = np::matmul(&a, &b).unwrap();
    p.eval().unwrap();
    let (got, how) = explain(|| bytes(&(np::matmul(&a, &b).unwrap() + &c)));
    assert!(got == bytes(&(p + c)));
    assert_eq!(how.counters[KERNELS], 2, "{how}");
}
