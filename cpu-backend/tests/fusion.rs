//! Random programs, evaluated at once and step by step: integers, so that the order of summation changes nothing, and both
//! must give the same.

mod common;

use common::Random;
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
