//! cumulative_sum, cumulative_prod, sort, argsort, flat_nonzero, select: on the device from end to end.

use polyarray_core::{Array, DType, Scalar, numpy as np};

use crate::{Random, array, on_gpu, scalars};

const SHAPE: [isize; 3] = [5, 37, 11];

fn values(dtype: DType) -> (Vec<Scalar>, Array) {
    let mut random = Random(3);
    let n = SHAPE.iter().product::<isize>() as usize;
    let all: Vec<Scalar> = (0..n)
        .map(|i| match random.bits() % 9 {
            0 if dtype.is_float() && i % 5 == 0 => Scalar::F64(f64::NAN).cast(dtype),
            1 => Scalar::I64(0).cast(dtype),
            bits => Scalar::I64(bits as i64 * 13 % 97 - 20).cast(dtype),
        })
        .collect();
    let x = on_gpu(&array(dtype, &all).reshape(SHAPE).unwrap());
    (all, x)
}

/// The flat numbers of the elements along an axis, row by row.
fn rows(axis: usize) -> Vec<Vec<usize>> {
    let [a, b, c] = SHAPE.map(|n| n as usize);
    let number = |i: usize, j: usize, k: usize| (i * b + j) * c + k;
    match axis {
        0 => (0..b * c).map(|r| (0..a).map(|i| number(i, r / c, r % c)).collect()).collect(),
        1 => (0..a * c).map(|r| (0..b).map(|j| number(r / c, j, r % c)).collect()).collect(),
        _ => (0..a * b).map(|r| (0..c).map(|k| number(r / b, r % b, k)).collect()).collect(),
    }
}

#[test]
fn sums_and_orders_along_every_axis() {
    for dtype in [DType::F32, DType::I64, DType::U8] {
        let (all, x) = values(dtype);
        for axis in 0..3 {
            let ints = np::astype(np::absolute(&x).unwrap(), DType::I64).unwrap();
            let sums = scalars(&np::cumulative_sum(&ints, np::scan_along(axis as isize)).unwrap());
            let order = np::Order { axis: axis as isize, descending: axis == 1 };
            let sorted = np::sort(&x, order).unwrap();
            assert_eq!(sorted.device().to_string(), "gpu:0");
            let (sorted, at) = (scalars(&sorted), scalars(&np::argsort(&x, order).unwrap()));
            let ints = scalars(&ints);
            for row in rows(axis) {
                let mut sum = 0_i128;
                let nan = |i: usize| all[i].to_f64().is_nan();
                let mut wanted: Vec<usize> = (0..row.len()).collect();
                wanted.sort_by(|&a, &b| {
                    let (i, j) = (row[a], row[b]);
                    let by_value = all[i].to_f64().partial_cmp(&all[j].to_f64());
                    let by_value = by_value.map(|o| if order.descending { o.reverse() } else { o });
                    by_value.unwrap_or_else(|| nan(i).cmp(&nan(j)))
                });
                for (place, (&i, &want)) in row.iter().zip(&wanted).enumerate() {
                    sum += ints[i].to_i128().unwrap();
                    assert_eq!(sums[i].to_i128(), Some(sum), "{dtype}, axis {axis}, {place}");
                    assert_eq!(at[i], Scalar::I64(want as i64), "{dtype}, axis {axis}, {place}");
                    let (got, want) = (sorted[i], all[row[want]]);
                    assert_eq!(format!("{got:?}"), format!("{want:?}"), "{dtype}, axis {axis}, {place}");
                }
            }
        }
    }
}

#[test]
fn what_a_mask_selects() {
    for dtype in [DType::F32, DType::I16] {
        let (all, x) = values(dtype);
        let set: Vec<usize> = (0..all.len()).filter(|&i| all[i].to_f64() > 7.0).collect();
        let mask = np::greater(&x, Array::from(7)).unwrap();
        let places = scalars(&np::flat_nonzero(&mask).unwrap());
        assert_eq!(places, set.iter().map(|&i| Scalar::I64(i as i64)).collect::<Vec<_>>());
        let chosen = np::select(&x, &mask).unwrap();
        assert_eq!(chosen.device().to_string(), "gpu:0");
        assert_eq!(scalars(&chosen), set.iter().map(|&i| all[i]).collect::<Vec<_>>());
    }
}

/// A lane counts so many elements only as an adapter's bound on the iterations of loops allows.
#[test]
fn long_rows_are_counted_whole() {
    let mut random = Random(11);
    let n = (1 << 22) + 77;
    let numbers: Vec<i64> = (0..n).map(|_| random.below(1003) as i64 - 2).collect();
    for bins in [1_usize, 64, 1000] {
        let mut want = vec![0_i64; bins];
        numbers.iter().filter(|&&x| 0 <= x && x < bins as i64).for_each(|&x| want[x as usize] += 1);
        let x = on_gpu(&Array::from(numbers.clone()));
        let counts = np::erased_count_numbers(&x, bins).unwrap();
        assert_eq!(counts.device().to_string(), "gpu:0");
        assert!(counts.to_vec::<i64>().unwrap() == want, "{bins} numbers");
        let halves = np::divide(&np::astype(&x, DType::F32).unwrap(), 2.0).unwrap();
        // The last edge belongs to the last bin.
        want[bins - 1] += numbers.iter().filter(|&&x| x == bins as i64).count() as i64;
        let edges = on_gpu(&Array::from((0..=bins).map(|i| i as f32 / 2.0).collect::<Vec<_>>()));
        let counts = np::erased_count_in_bins(&halves, &edges).unwrap();
        assert!(counts.to_vec::<i64>().unwrap() == want, "{bins} bins");
    }
}

/// The order of a stable sort, NaN last.
fn ranked(x: &[f32], descending: bool) -> Vec<usize> {
    let mut order: Vec<usize> = (0..x.len()).collect();
    order.sort_by(|&a, &b| {
        let (a, b) = (x[a], x[b]);
        let order = a.partial_cmp(&b).map(|order| if descending { order.reverse() } else { order });
        order.unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
    });
    order
}

#[test]
fn ranks_and_first_elements_of_long_rows_are_found_without_a_sort() {
    let mut random = Random(12);
    let bits = |x: &[f32]| x.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    for (rows, len, values) in [(1, (1 << 20) + 77, 1 << 22), (1, 30_000, 3), (3, 9_001, 2000)] {
        let x: Vec<f32> = (0..rows * len)
            .map(|_| match random.below(values) {
                0 => f32::NAN,
                1 => -0.0,
                2 => 0.0,
                n => (n as f32 - values as f32 / 2.0) / 7.0,
            })
            .collect();
        let on_device = on_gpu(&Array::from(x.clone()).reshape([rows, len]).unwrap());
        for descending in [false, true] {
            let order: Vec<Vec<usize>> = x.chunks(len).map(|row| ranked(row, descending)).collect();
            let at = |row: usize, rank: usize| x[row * len + order[row][rank]];
            for k in [1, 100] {
                let top = if descending { np::Top::from(()) } else { np::Top::from(()).smallest() };
                let (got, indices) = np::topk(&on_device, k, top).unwrap();
                assert_eq!(got.device().to_string(), "gpu:0");
                let want: Vec<f32> = (0..rows)
                    .flat_map(|row| (0..k).map(move |i| (row, i)))
                    .map(|(row, i)| at(row, i))
                    .collect();
                assert_eq!(
                    bits(&got.to_vec::<f32>().unwrap()),
                    bits(&want),
                    "{rows} × {len}, {k}, {descending}"
                );
                let want: Vec<i64> =
                    order.iter().flat_map(|row| row[..k].iter().map(|&i| i as i64)).collect();
                assert_eq!(indices.to_vec::<i64>().unwrap(), want, "{rows} × {len}, {k}, {descending}");
            }
            if descending {
                continue;
            }
            let all: Vec<isize> = (0..11).map(|i| (i * (len - 1) / 10) as isize).collect();
            let many: Vec<isize> = (0..40).map(|i| i * 7).collect();
            for ranks in [&all[5..6], &all[3..5], &all, &[5, 5, 3], &many] {
                let got = np::order_statistics(&on_device, ranks, -1).unwrap();
                let want: Vec<f32> = (0..rows)
                    .flat_map(|row| ranks.iter().map(move |&rank| (row, rank)))
                    .map(|(row, rank)| at(row, rank as usize))
                    .collect();
                assert_eq!(bits(&got.to_vec::<f32>().unwrap()), bits(&want), "{rows} × {len}, {ranks:?}");
            }
        }
    }
}
