//! Assignment on the device: every element of the part, and no other.

use polyarray_core::{Array, DType, Scalar, numpy as np};

use crate::{array, dtypes, on_gpu, scalars};

fn ramp(dtype: DType, len: usize) -> Array {
    let values: Vec<Scalar> = (0..len).map(|i| Scalar::I64((i % 113) as i64)).collect();
    array(dtype, &values)
}

fn shaped(x: &Array, shape: &[usize]) -> Array {
    x.reshape(shape.iter().map(|&d| d as isize).collect::<Vec<_>>()).unwrap()
}

#[test]
fn parts_of_every_dtype_are_written_and_nothing_else() {
    let slices =
        ["...", "1", "2, 5", "::2, ::-3", "1:4, 3:8", "..., ::-1", "3:1:-1, 10:2:-4", "4, 10", "None, 0, :3"];
    for dtype in dtypes() {
        for text in slices {
            let host = shaped(&ramp(dtype, 55), &[5, 11]);
            for view in [
                |x: &Array| x.clone(),
                |x: &Array| x.slice("::-1, ::-1").unwrap(),
                |x: &Array| x.slice("2:3").unwrap().broadcast_to([5, 11]).unwrap(),
            ] {
                let mut x = view(&on_gpu(&host));
                let mut want = scalars(&view(&host));
                let places =
                    shaped(&Array::from((0..55_i64).collect::<Vec<_>>()), &[5, 11]).slice(text).unwrap();
                let value = ramp(dtype, 60).slice(&*format!("5:{}", 5 + places.len())).unwrap();
                let value = shaped(&value.slice("::-1").unwrap(), places.shape());
                let places = places.to_vec::<i64>().unwrap();
                for (&at, &v) in places.iter().zip(&scalars(&value)) {
                    want[at as usize] = v;
                }
                x.assign(text, on_gpu(&value)).unwrap();
                assert_eq!(scalars(&x), want, "{text} of {dtype}");
                for &at in &places {
                    want[at as usize] = Scalar::Bool(true).cast(dtype);
                }
                x.assign(text, true).unwrap();
                assert_eq!(scalars(&x), want, "{text} of {dtype}, a scalar");
                assert_eq!(x.residency().name(), "gpu:0");
            }
        }
    }
}

/// Lengths that blocks of every size divide: of array and part, of values and of one repeated value.
#[test]
fn whole_blocks_are_written_and_nothing_else() {
    for dtype in dtypes() {
        let host = shaped(&ramp(dtype, 6 * 192), &[6, 192]);
        for text in
            ["..., 64:128", "2:4", "..., 32:64", "::2, 16:32", "1:5, 8:24", "..., 4:20", "3, 2:8", "..., ::2"]
        {
            for view in [|x: &Array| x.clone(), |x: &Array| x.slice("::-1").unwrap()] {
                let places = shaped(&Array::from((0..6 * 192_i64).collect::<Vec<_>>()), &[6, 192])
                    .slice(text)
                    .unwrap();
                let width = *places.shape().last().unwrap();
                let row = ramp(dtype, width + 64).slice(&*format!("64:{}", 64 + width)).unwrap();
                let values = [
                    shaped(
                        &ramp(dtype, 7 * 192).slice(&*format!(":{}", places.len())).unwrap(),
                        places.shape(),
                    ),
                    row.broadcast_to(places.shape()).unwrap(),
                    ramp(dtype, 9).slice("8:").unwrap().broadcast_to(places.shape()).unwrap(),
                ];
                let places = places.to_vec::<i64>().unwrap();
                for value in &values {
                    let mut x = view(&on_gpu(&host));
                    let mut want = scalars(&view(&host));
                    for (&at, &v) in places.iter().zip(&scalars(value)) {
                        want[at as usize] = v;
                    }
                    x.assign(text, on_gpu(value)).unwrap();
                    assert_eq!(scalars(&x), want, "{text} of {dtype}");
                }
            }
        }
    }
}

#[test]
fn other_handles_and_overlapping_sources_keep_their_values() {
    let host: Vec<f32> = (0..1000).map(|i| i as f32).collect();
    let first = on_gpu(&Array::from(host.clone()));
    let mut x = first.clone();
    let pending = np::add(&x, 1.0).unwrap();
    x.assign("1:", x.slice(":-1").unwrap()).unwrap();
    let mut want = host.clone();
    want.copy_within(..999, 1);
    assert_eq!(x.to_vec::<f32>().unwrap(), want);
    assert_eq!(first.to_vec::<f32>().unwrap(), host);
    assert_eq!(pending.to_vec::<f32>().unwrap(), host.iter().map(|v| v + 1.0).collect::<Vec<f32>>());
    // A pending target, and a value of a lower kind.
    let mut y = np::multiply(&x, 2.0).unwrap();
    y.assign("::500", on_gpu(&Array::from(vec![-1_i32, -2]))).unwrap();
    let y = y.to_vec::<f32>().unwrap();
    assert_eq!((y[0], y[1], y[500], y[999]), (-1.0, 0.0, -2.0, 2.0 * 998.0));
    // Without axes, and without elements.
    let mut point = on_gpu(&Array::scalar(1.5_f32));
    point.assign("...", 2.5).unwrap();
    assert_eq!(point.item().unwrap(), Scalar::F32(2.5));
    let mut none = on_gpu(&Array::from(Vec::<f32>::new()));
    none.assign("...", 2.5).unwrap();
    assert!(none.is_empty());
}

#[test]
fn nothing_is_copied_to_the_host_or_from_it() {
    let mut x = on_gpu(&ramp(DType::F32, 1000));
    let value = on_gpu(&ramp(DType::F32, 100));
    let (out, how) = polyarray_core::dispatch::explain(|| {
        x.assign("100:200", &value)?;
        x.assign("::-2", 1)
    });
    out.unwrap();
    assert_eq!(how.counters.get(polyarray_core::array::trace::COPIES), None, "{how}");
    let runs: Vec<_> =
        how.to_string().lines().filter(|l| l.contains("kernel on")).map(String::from).collect();
    assert_eq!(runs.len(), 3, "one for the array, two for the scalar:\n{how}");
}

#[test]
fn axes_of_one_element_are_written_like_others() {
    for (shape, part) in [
        (&[4, 1][..], "::2"),
        (&[3, 1, 4], "1"),
        (&[1, 5, 1], ":, 1:4"),
        (&[1, 1], "..."),
        (&[2, 1, 3, 1], "1, :, ::-2"),
    ] {
        let n: usize = shape.iter().product();
        let host = Array::from((0..n as i32).collect::<Vec<_>>()).reshape(shape).unwrap();
        let (mut want, mut got) = (host.clone(), on_gpu(&host));
        want.assign(part, -7).unwrap();
        got.assign(part, -7).unwrap();
        assert_eq!(got.to_vec::<i32>().unwrap(), want.to_vec::<i32>().unwrap(), "{shape:?} {part}");
        assert!(want.to_vec::<i32>().unwrap().contains(&-7));
    }
}
