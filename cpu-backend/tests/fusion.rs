//! Random programs, evaluated at once and step by step: integers, so that the order of summation changes nothing, and both
//! must give the same.

mod common;

use common::Random;
use polyarray_core::ndarray::s;
use polyarray_core::{Array, Result, numpy as np};
use polyarray_cpu as _;

struct Program {
    random: Random,
    /// Every step is evaluated before the next is recorded.
    eager: bool,
    /// What steps start from: matrices of the same shape, or its rows, columns and single elements.
    made: Vec<Array>,
}

impl Program {
    fn below(&mut self, n: u64) -> u64 {
        self.random.bits() % n
    }

    /// Often the last one.
    fn one(&mut self) -> Array {
        let last = self.made.len() - 1;
        let at = if self.below(2) == 0 { last } else { self.below(last as u64 + 1) as usize };
        self.made[at].clone()
    }

    fn step(&mut self) -> Result<()> {
        let x = self.one();
        let made = match self.below(13) {
            0..=3 => {
                let axis = match self.below(4) {
                    0 => np::axis(0).keepdims(),
                    1 => np::axis([0, 1]).keepdims(),
                    _ => np::axis(-1).keepdims(),
                };
                match self.below(4) {
                    0 => np::max(&x, axis)?,
                    1 => np::min(&x, axis)?,
                    2 => np::prod(&x, axis)?,
                    _ => np::sum(&x, axis)?,
                }
            }
            4..=8 => {
                let y = self.one();
                match self.below(5) {
                    0 => np::maximum(&x, &y)?,
                    1 => np::subtract(&x, &y)?,
                    2 => np::multiply(&x, &y)?,
                    3 => np::add(&x, self.below(9) as i64)?,
                    _ => np::add(&x, &y)?,
                }
            }
            9 => {
                let axis = self.below(2) as isize;
                x.flip([axis])?
            }
            10 if x.shape()[0] == x.shape()[1] => x.permute([1, 0])?,
            10 => np::where_(np::less(&x, 3)?, &x, 7)?,
            // Of a square it is one, too, as often as not with its own rows after it.
            _ => {
                let product = np::matmul(&x, x.permute([1, 0])?)?;
                match self.below(2) {
                    0 => np::add(np::max(&product, np::axis(-1).keepdims())?, &product)?,
                    _ => product,
                }
            }
        };
        if self.eager {
            made.eval()?;
        }
        // Products of rectangles have another shape than all else; squares go on.
        let fits = |y: &Array| made.shape().iter().zip(y.shape()).all(|(&a, &b)| a == b || a == 1 || b == 1);
        if self.made.iter().all(fits) {
            self.made.push(made);
        } else {
            let sum = np::sum(&made, np::axis([0, 1]).keepdims())?;
            self.made.push(sum);
        }
        // Some handles are let go.
        if self.made.len() > 4 && self.below(3) == 0 {
            let at = self.below(self.made.len() as u64 - 1) as usize;
            self.made.remove(at);
        }
        Ok(())
    }

    fn run(seed: u64, eager: bool) -> Vec<(Vec<usize>, Vec<i64>)> {
        let mut program = Program { random: Random(seed | 1), eager, made: Vec::new() };
        let rows = 1 + program.below(6) as usize;
        let row = [1, 2, 3, rows, rows, rows, 40, 600][program.below(8) as usize];
        for _ in 0..2 {
            let x: Vec<i64> = (0..rows * row).map(|_| program.below(19) as i64 - 9).collect();
            program.made.push(Array::from_vec(x, &[rows, row]).unwrap());
        }
        for _ in 0..3 + program.below(12) {
            program.step().unwrap();
        }
        // The last ones first, so that what they are made of is pending; the others are let go of, or asked for after them.
        let mut made = std::mem::take(&mut program.made);
        made.reverse();
        if program.below(3) > 0 {
            made.truncate(2);
        }
        made.iter().map(|x| (x.shape().to_vec(), x.to_vec::<i64>().unwrap())).collect()
    }
}

#[test]
fn programs_give_the_same_at_once_and_step_by_step() {
    for seed in 0..20_000u64 {
        let seed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let (at_once, by_step) = (Program::run(seed, false), Program::run(seed, true));
        assert_eq!(at_once, by_step, "seed {seed:#x}");
    }
}

/// Shifted views of one array, whose elements between rows are computed and not stored: planes, rows and ends of every
/// length, in one task and in several.
#[test]
fn neighbours_in_a_grid() {
    for shape in [[1, 40, 40], [1, 9, 100], [7, 12, 33], [3, 5, 6], [1, 300, 700]] {
        let n: usize = shape.iter().product();
        let values: Vec<i32> = (0..n as i32).map(|i| i * 7919 % 10_007).collect();
        let axes = shape.map(|d| d as isize);
        let x = Array::from(values.clone()).reshape(axes).unwrap();
        let at = |i: usize, j: usize, k: usize| values[(i * shape[1] + j) * shape[2] + k];
        let part = |items: &str| x.slice(items).unwrap();
        let sum = part(":, 1:-1, 1:-1") * 3 - part(":, :-2, 1:-1") + part(":, 2:, 2:") * part(":, 1:-1, :-2");
        let mut want = Vec::new();
        for i in 0..shape[0] {
            for j in 1..shape[1] - 1 {
                for k in 1..shape[2] - 1 {
                    want.push(at(i, j, k) * 3 - at(i, j - 1, k) + at(i, j + 1, k + 1) * at(i, j, k - 1));
                }
            }
        }
        // Straight into a part of what is there already, whose other elements stay.
        let [rows, columns] = [shape[1] - 2, shape[2] - 2];
        let mut kept = Array::from(vec![-1_i32; shape[0] * (rows + 3) * (columns + 5)])
            .reshape([shape[0] as isize, rows as isize + 3, columns as isize + 5])
            .unwrap();
        let again =
            part(":, 1:-1, 1:-1") * 3 - part(":, :-2, 1:-1") + part(":, 2:, 2:") * part(":, 1:-1, :-2");
        kept.assign(":, 2:-1, 3:-2", again).unwrap();
        assert_eq!(sum.to_vec::<i32>().unwrap(), want, "{shape:?}");
        let inner = kept.slice(":, 2:-1, 3:-2").unwrap();
        assert_eq!(inner.to_vec::<i32>().unwrap(), want, "{shape:?}");
        let others = kept.to_vec::<i32>().unwrap().into_iter().filter(|&x| x == -1).count();
        assert_eq!(others, kept.len() - inner.len(), "{shape:?}");
        // Beside what lies otherwise, and of another dtype.
        let (row, positive) =
            (Array::from(vec![1.5_f32; shape[2] - 1]), np::less(part(":, :, 1:"), 5000).unwrap());
        let chosen = np::where_(&positive, part(":, :, :-1"), &row).unwrap().to_vec::<f64>().unwrap();
        let want = (0..n).filter(|i| i % shape[2] > 0).map(|i| match values[i] < 5000 {
            true => f64::from(values[i - 1]),
            false => 1.5,
        });
        assert_eq!(chosen, want.collect::<Vec<f64>>(), "{shape:?}");
    }
}

#[test]
fn short_axes_innermost() {
    for inner in [1, 2, 3, 4, 5, 40] {
        let outer = 3000;
        let values: Vec<i64> = (0..(outer * inner) as i64).map(|i| i * 7919 % 1009 - 500).collect();
        let x = Array::from(values.clone()).reshape([outer as isize, inner as isize]).unwrap();
        let sums: Vec<i64> = values.chunks(inner).map(|row| row.iter().sum()).collect();
        assert_eq!(np::sum(&x, -1).unwrap().to_vec::<i64>().unwrap(), sums, "{inner}");
        let places = values.chunks(inner).map(|row| {
            let most = row.iter().max().unwrap();
            row.iter().position(|x| x == most).unwrap() as i64
        });
        assert_eq!(
            np::argmax(&x, -1).unwrap().to_vec::<i64>().unwrap(),
            places.collect::<Vec<_>>(),
            "{inner}"
        );
        // Each row beside each other one of a few: an outer difference.
        let few = x.slice("-7:").unwrap();
        let apart = few.expand_dims(0).unwrap() - x.slice(":50").unwrap().expand_dims(1).unwrap();
        let want = (0..50).flat_map(|i| (outer - 7..outer).map(move |j| (i, j)));
        let want = want.flat_map(|(i, j)| (0..inner).map(move |k| (i, j, k)));
        let want: Vec<i64> = want.map(|(i, j, k)| values[j * inner + k] - values[i * inner + k]).collect();
        assert_eq!(apart.to_vec::<i64>().unwrap(), want, "{inner}");
        // Columns, joined side by side.
        let columns: Vec<Array> = (0..inner as isize).map(|k| x.slice(s![.., k]).unwrap()).collect();
        let columns: Vec<&Array> = columns.iter().collect();
        assert_eq!(np::stack(&columns, -1).unwrap().to_vec::<i64>().unwrap(), values, "{inner}");
        let joined =
            np::concat(&[&x, &few.broadcast_to([outer, 7, inner]).unwrap().slice(":, 0").unwrap()], -1);
        let last = &values[(outer - 7) * inner..(outer - 6) * inner];
        let want: Vec<i64> = values.chunks(inner).flat_map(|row| row.iter().chain(last).copied()).collect();
        assert_eq!(joined.unwrap().to_vec::<i64>().unwrap(), want, "{inner}");
    }
}

/// Sums, differences and products of two and three operands in one loop, beside Rust's own, bit for bit: over lengths around
/// those of the loop's pieces, with numbers in place of each operand, infinities and NaN among the elements.
#[test]
fn arithmetic_in_one_loop_is_rounded_twice() -> Result<()> {
    type Ours = fn(&Array, &Array) -> Result<Array>;
    type Theirs = fn(f32, f32) -> f32;
    let operations: [(Ours, Theirs); 3] = [
        (|a, b| np::add(a, b), |a, b| a + b),
        (|a, b| np::subtract(a, b), |a, b| a - b),
        (|a, b| np::multiply(a, b), |a, b| a * b),
    ];
    let mut random = Random(7);
    for n in [1, 2, 255, 256, 257, 5000] {
        let data: [Vec<f32>; 3] = std::array::from_fn(|_| {
            let one = |random: &mut Random| match random.bits() % 16 {
                0 => [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -0.0][random.bits() as usize % 4],
                _ => (random.bits() >> 40) as f32 / 8192.0 - 700.0,
            };
            (0..n).map(|_| one(&mut random)).collect()
        });
        for number in 0..4 {
            // The operand of that place is one number.
            let arrays: [Array; 3] = std::array::from_fn(|k| match k == number {
                true => Array::scalar(data[k][0]),
                false => Array::from(data[k].clone()),
            });
            let at = |k: usize, i: usize| data[k][if k == number { 0 } else { i }];
            for (first, f) in operations {
                for (second, g) in operations {
                    for turned in [false, true] {
                        let [a, b, c] = &arrays;
                        let (got, want): (Array, Box<dyn Fn(usize) -> f32>) = match turned {
                            false => {
                                (second(&first(a, b)?, c)?, Box::new(|i| g(f(at(0, i), at(1, i)), at(2, i))))
                            }
                            true => {
                                (second(c, &first(a, b)?)?, Box::new(|i| g(at(2, i), f(at(0, i), at(1, i)))))
                            }
                        };
                        for (i, got) in got.to_vec::<f32>()?.into_iter().enumerate() {
                            let want = want(i);
                            let same = got.to_bits() == want.to_bits() || (got.is_nan() && want.is_nan());
                            assert!(same, "{n} {number} {turned} at {i}: {got} instead of {want}");
                        }
                    }
                }
            }
        }
    }
    Ok(())
}
