//! Tables of complex exponentials, computed on the host: devices' own sines are not accurate enough.

use std::f64::consts::{FRAC_PI_4, TAU};

/// A table that a plan reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Table {
    /// exp(−2πi k / n) for k from 0 to n / 2.
    Turns(usize),
    /// exp(−πi k² / n) for k below n.
    Chirp(usize),
    /// The transform of so many points, `len`, of the conjugate chirp of `n` points, which goes on backwards at the end.
    Spectrum {
        /// Points of the chirp.
        n: usize,
        /// Points of the transform.
        len: usize,
    },
}

impl Table {
    /// Number of its elements.
    #[expect(clippy::len_without_is_empty, reason = "no table is empty")]
    pub fn len(self) -> usize {
        match self {
            Table::Turns(n) => n / 2 + 1,
            Table::Chirp(n) => n,
            Table::Spectrum { len, .. } => len,
        }
    }

    /// Its elements, real and imaginary parts; of [`Table::Spectrum`] before the transform.
    pub fn elements(self) -> Vec<[f64; 2]> {
        let chirp = |k: usize, n: usize| turn((k as u64 * k as u64) % (2 * n as u64), 2 * n as u64);
        match self {
            Table::Turns(n) => (0..=n / 2).map(|k| turn(k as u64, n as u64)).collect(),
            Table::Chirp(n) => (0..n).map(|k| chirp(k, n)).collect(),
            Table::Spectrum { n, len } => {
                let mut all = vec![[0.0; 2]; len];
                for k in 0..n {
                    let [re, im] = chirp(k, n);
                    all[k] = [re, -im];
                    all[(len - k) % len] = [re, -im];
                }
                all
            }
        }
    }
}

/// 2π as its nearest double leaves it.
const TAU_REST: f64 = 2.449_293_598_294_706_4e-16;

/// cos and −sin of 2π k / n: the angle is brought into the first eighth of the circle exactly, and its rounding error
/// made good.
pub fn turn(k: u64, n: u64) -> [f64; 2] {
    let (k, n) = (u128::from(k % n), u128::from(n));
    let eighth = (8 * k / n) as usize;
    // From the nearest quarter on, forwards or backwards.
    let rest = 8 * k - n * eighth as u128;
    let (rest, mirrored) = if eighth.is_multiple_of(2) { (rest, false) } else { (n - rest, true) };
    let (rest, n) = (rest as f64, n as f64);
    let share = rest / n;
    let lost = (-share).mul_add(n, rest) / n;
    let angle = share * FRAC_PI_4;
    let error = share.mul_add(FRAC_PI_4, -angle) + share * (TAU_REST / 8.0) + lost * (TAU / 8.0);
    let (sin, cos) = angle.sin_cos();
    let (sin, cos) = (sin + error * cos, cos - error * sin);
    let (sin, cos) = if mirrored { (cos, sin) } else { (sin, cos) };
    match eighth / 2 {
        0 => [cos, -sin],
        1 => [-sin, -cos],
        2 => [-cos, sin],
        _ => [sin, cos],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use astro_float::{BigFloat, Consts, RoundingMode};

    #[test]
    fn turns_are_those_of_the_circle() {
        const BITS: usize = 160;
        const RM: RoundingMode = RoundingMode::ToEven;
        let mut constants = Consts::new().unwrap();
        let number = |x: u64| BigFloat::from_u64(x, BITS);
        for n in [1, 2, 3, 7, 8, 12, 1009] {
            for k in 0..n {
                let turns = number(2 * k).div(&number(n), BITS, RM);
                let angle = constants.pi(BITS, RM).mul(&turns, BITS, RM);
                let (cos, sin) = (angle.cos(BITS, RM, &mut constants), angle.sin(BITS, RM, &mut constants));
                for (got, want) in turn(k, n).into_iter().zip([cos, sin.neg()]) {
                    let error = BigFloat::from_f64(got, BITS).sub(&want, BITS, RM).abs();
                    // A unit in the last place of 1.
                    let near = error.cmp(&BigFloat::from_f64(f64::EPSILON, BITS));
                    assert!(near.is_some_and(|order| order < 0), "{k} / {n}: {got:e}, {want}");
                }
            }
        }
        assert_eq!([turn(1, 4), turn(1, 2), turn(3, 4)], [[0.0, -1.0], [-1.0, 0.0], [0.0, 1.0]]);
    }
}
