//! Work of more than a line, and definitions in double precision: a reference must not itself be what is wrong.
use polyarray::{
    Array, Result, absolute, add, axis, divide, exp, matmul, max, maximum, mean, multiply, sqrt, subtract,
    sum, var,
};

use super::cases::Given;

/// `maximum(sqrt(abs(((a*1.5 + b)*a - 0.25)*b) + 1), a) / b`: ten operations.
pub fn chain(x: &[Array]) -> Result<Array> {
    let (a, b) = (&x[0], &x[1]);
    let inner = subtract(multiply(add(multiply(a, 1.5)?, b)?, a)?, 0.25)?;
    divide(maximum(sqrt(add(absolute(multiply(inner, b)?)?, 1.0)?)?, a)?, b)
}

/// Softmax along the last axis.
pub fn softmax(x: &[Array]) -> Result<Array> {
    let e = exp(subtract(&x[0], max(&x[0], axis(-1).keepdims())?)?)?;
    divide(&e, sum(&e, axis(-1).keepdims())?)
}

pub fn softmax_at(x: &Given, i: usize) -> f64 {
    let columns = x.sides(0).1;
    let row: Vec<f64> = x.row(i / columns).collect();
    let top = largest(row.iter().copied());
    (row[i % columns] - top).exp() / total(row.iter().map(|value| (value - top).exp()))
}

/// Layer normalisation along the last axis, without the affine part.
pub fn layer_norm(x: &[Array]) -> Result<Array> {
    let over = || axis(-1).keepdims();
    let distance = subtract(&x[0], mean(&x[0], over())?)?;
    divide(distance, sqrt(add(var(&x[0], over())?, 1e-5)?)?)
}

pub fn layer_norm_at(x: &Given, i: usize) -> f64 {
    let columns = x.sides(0).1;
    let row: Vec<f64> = x.row(i / columns).collect();
    (row[i % columns] - average(row.iter().copied())) / (variance(row.iter().copied()) + 1e-5).sqrt()
}

/// Large work beside small work that has to be read at once: no one place is best for both.
pub fn pipeline(x: &[Array]) -> Result<Array> {
    let (mut small, mut largest) = (x[2].clone(), 1.0);
    for _ in 0..10 {
        let next = add(multiply(&small, 0.9)?, 0.1)?;
        largest = max(&next, ())?.item()?.to_f64();
        small = divide(&next, largest)?;
    }
    let product = divide(matmul(&x[0], &x[1])?, x[0].shape()[0] as f64)?;
    multiply(sum(exp(product)?, -1)?, largest)
}

pub fn pipeline_at(x: &Given, i: usize) -> f64 {
    let (mut small, mut top) = (x.data[2].clone(), 1.0);
    for _ in 0..10 {
        small.iter_mut().for_each(|value| *value = *value * 0.9 + 0.1);
        top = largest(small.iter().copied());
        small.iter_mut().for_each(|value| *value /= top);
    }
    let n = x.sides(0).0;
    let product = |column| total(x.row(i).zip(x.column_of(1, 0, column)).map(|(a, b)| a * b));
    total((0..n).map(|column| (product(column) / n as f64).exp())) * top
}

/// The product of bits in float64, where it is exact: words unpacked, then multiplied.
pub fn product_of_bits(x: &[Array]) -> Result<Array> {
    let (a, b) = (x[0].to_vec::<u32>()?, x[1].to_vec::<u32>()?);
    let ([m, words], [_, n]) = ([x[0].shape()[0], x[0].shape()[1]], [x[1].shape()[0], x[1].shape()[1]]);
    let bits = 32 * words;
    let bit = |word: u32, at: usize| f64::from(word >> (at % 32) & 1);
    let left = (0..m * bits).map(|i| bit(a[i / 32], i)).collect::<Vec<_>>();
    let right = (0..bits * n).map(|i| bit(b[i / n / 32 * n + i % n], i / n)).collect::<Vec<_>>();
    matmul(&Array::from_vec(left, &[m, bits])?, &Array::from_vec(right, &[bits, n])?)
}

/// Neumaier's compensated sum: the reference must not itself be what is wrong.
pub fn total(terms: impl Iterator<Item = f64>) -> f64 {
    let (mut sum, mut lost) = (0.0, 0.0);
    for term in terms {
        let next: f64 = sum + term;
        lost += if f64::abs(sum) >= f64::abs(term) { (sum - next) + term } else { (term - next) + sum };
        sum = next;
    }
    sum + lost
}

/// Mean, the sum compensated.
pub fn average(terms: impl Iterator<Item = f64>) -> f64 {
    let mut count = 0;
    let sum = total(terms.inspect(|_| count += 1));
    sum / f64::from(count)
}

/// Mean of the squared distances from the mean.
pub fn variance(terms: impl Iterator<Item = f64>) -> f64 {
    let terms: Vec<f64> = terms.collect();
    let middle = average(terms.iter().copied());
    average(terms.iter().map(|term| (term - middle).powi(2)))
}

pub fn largest(terms: impl Iterator<Item = f64>) -> f64 {
    terms.fold(f64::NEG_INFINITY, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_lose_nothing() {
        assert_eq!(total([1e100, 1.0, -1e100].into_iter()), 1.0);
        assert_eq!(average([1.0, 2.0, 6.0].into_iter()), 3.0);
        assert_eq!(variance([1.0, 2.0, 3.0, 4.0].into_iter()), 1.25);
    }

    #[test]
    fn bits_are_counted() {
        let a = Array::from_vec(vec![0b101u32, 0xffff_ffff], &[1, 2]).unwrap();
        let b = Array::from_vec(vec![0b110u32, 1, 7, 0], &[2, 2]).unwrap();
        assert_eq!(product_of_bits(&[a, b]).unwrap().to_vec::<f64>().unwrap(), [4.0, 1.0]);
    }
}
