//! Shapes: 0-d, empty, broadcast, strided, reversed, huge. The host says what elements a view shows.

use polyarray_core::dtype::DTYPES;
use polyarray_core::{Array, DType, Scalar, numpy as np};

use crate::{array, dtypes, on_gpu, scalars};

fn ramp(dtype: DType, shape: &[usize]) -> Array {
    let len = shape.iter().product::<usize>();
    let values: Vec<Scalar> = (0..len).map(|i| Scalar::I64((i % 113) as i64)).collect();
    array(dtype, &values).reshape(&shape.iter().map(|&d| d as isize).collect::<Vec<_>>()[..]).unwrap()
}

fn views(x: &Array) -> Vec<(&'static str, Array)> {
    vec![
        ("itself", x.clone()),
        ("transposed", x.t()),
        ("reversed", np_flip(x)),
        ("every second, backwards", x.slice("..., ::-2").unwrap()),
        ("a middle part", x.slice("1:4, 3:8").unwrap()),
        ("one row", x.slice("2").unwrap()),
        ("one element", x.slice("2, 5").unwrap()),
        ("no rows", x.slice("3:3").unwrap()),
        ("broadcast", x.slice("2").unwrap().broadcast_to([4, 11]).unwrap()),
        ("a column, broadcast", x.slice("..., 4:5").unwrap().broadcast_to([5, 9]).unwrap()),
    ]
}

fn np_flip(x: &Array) -> Array {
    x.slice("::-1, ::-1").unwrap()
}

#[test]
fn views_are_read_as_on_the_host_in_every_dtype() {
    for dtype in dtypes() {
        let host = ramp(dtype, &[5, 11]);
        let gpu = on_gpu(&host);
        for ((name, on_host), (_, there)) in views(&host).into_iter().zip(views(&gpu)) {
            assert_eq!(there.shape(), on_host.shape());
            let copy = np::astype(&there, dtype).unwrap();
            assert_eq!(scalars(&copy), scalars(&on_host), "{name} of {dtype}");
            let twice = np::add(&there, &there).unwrap();
            let want: Vec<Scalar> =
                scalars(&np::add(on_host.to("gpu:0").unwrap(), on_host.to("gpu:0").unwrap()).unwrap());
            assert_eq!(scalars(&twice), want, "{name} of {dtype}, added");
        }
    }
    assert_eq!(DTYPES.len(), 14);
}

#[test]
fn views_of_many_axes() {
    let host = ramp(DType::F32, &[2, 3, 2, 3, 2, 2]);
    let gpu = on_gpu(&host);
    let turn = |x: &Array| x.permute([5, 2, 0, 4, 3, 1]).unwrap();
    assert_eq!(
        scalars(&np::negative(turn(&gpu)).unwrap()),
        scalars(&np::negative(on_gpu(&turn(&host))).unwrap())
    );
    assert_eq!(scalars(&np::astype(turn(&gpu), DType::F32).unwrap()), scalars(&turn(&host)));
}

#[test]
fn operands_broadcast() {
    let (a, b) = (ramp(DType::F32, &[4, 1, 5]), ramp(DType::F32, &[3, 1]));
    let sum = np::add(on_gpu(&a), on_gpu(&b)).unwrap();
    assert_eq!(sum.shape(), [4, 3, 5]);
    let (a, b, got) = (a.to_vec::<f32>().unwrap(), b.to_vec::<f32>().unwrap(), sum.to_vec::<f32>().unwrap());
    for i in 0..4 {
        for j in 0..3 {
            for k in 0..5 {
                assert_eq!(got[(i * 3 + j) * 5 + k], a[i * 5 + k] + b[j]);
            }
        }
    }
}

#[test]
fn lengths_around_words_and_blocks() {
    for dtype in [DType::Bool, DType::U8, DType::I16, DType::F16, DType::F32, DType::I64, DType::C64] {
        for len in [1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 31, 33, 63, 64, 65, 255, 257, 1023, 1025, 4097, 65_537] {
            let host = ramp(dtype, &[len]);
            let x = on_gpu(&host);
            let copy = np::astype(&x, dtype).unwrap();
            assert!(scalars(&copy) == scalars(&host), "{len} of {dtype}");
            // A view that begins inside a word.
            if len > 3 {
                let (part, want) = (x.slice("1:-1").unwrap(), host.slice("1:-1").unwrap());
                assert!(
                    scalars(&np::astype(&part, dtype).unwrap()) == scalars(&want),
                    "{len} of {dtype}, from 1"
                );
            }
        }
    }
}

#[test]
fn empty_arrays_and_scalars() {
    for dtype in dtypes() {
        let empty = on_gpu(&ramp(dtype, &[3, 0]));
        let sum = np::add(&empty, &empty).unwrap();
        assert_eq!((sum.shape(), scalars(&sum).len()), (&[3, 0][..], 0));
        let one = on_gpu(&ramp(dtype, &[]));
        assert_eq!(scalars(&np::equal(&one, &one).unwrap()), [Scalar::Bool(true)]);
    }
}

#[test]
fn an_array_larger_than_one_binding() {
    let device = crate::device();
    let len = (device.profile().max_binding / 4) as usize + 70_001;
    if (len * 12) as u64 > device.memory_limit() || device.profile().max_binding > 1 << 30 {
        // There is no room to be larger than a binding; `poorer` runs these paths with a small limit.
        return;
    }
    let host: Vec<f32> = (0..len).map(|i| (i % 1_000_003) as f32).collect();
    let x = on_gpu(&Array::from(host.clone()));
    let y = np::add(np::multiply(&x, 2.0).unwrap(), 1.0).unwrap();
    let got = y.to_vec::<f32>().unwrap();
    assert!(got.iter().zip(&host).all(|(&y, &x)| y == 2.0 * x + 1.0));
    let flipped = x.slice("::-1").unwrap();
    let got = np::negative(&flipped).unwrap().to_vec::<f32>().unwrap();
    assert!(got.iter().zip(host.iter().rev()).all(|(&y, &x)| y == -x));
    let max = np::max(&x, ()).unwrap();
    assert_eq!(scalars(&max), [Scalar::F32(1_000_002.0)]);
}
