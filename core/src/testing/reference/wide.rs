//! Double-double arithmetic (T. J. Dekker, "A floating-point technique for extending the available precision", Numerische
//! Mathematik 18, 1971).

use std::ops::{Add, Mul, Neg, Sub};

/// A sum of two doubles, the second of which is no larger than a rounding error of the first.
#[derive(Clone, Copy)]
pub struct Wide(pub f64, pub f64);

/// A sum and its rounding error.
pub fn two_sum(a: f64, b: f64) -> Wide {
    let sum = a + b;
    let part = sum - a;
    Wide(sum, (a - (sum - part)) + (b - part))
}

/// A product and its rounding error.
pub fn two_product(a: f64, b: f64) -> Wide {
    let split = |x: f64| {
        let shifted = x * 134_217_729.0;
        let high = shifted - (shifted - x);
        (high, x - high)
    };
    let (product, (ah, al), (bh, bl)) = (a * b, split(a), split(b));
    Wide(product, ((ah * bh - product) + ah * bl + al * bh) + al * bl)
}

impl Add for Wide {
    type Output = Wide;
    fn add(self, other: Wide) -> Wide {
        let (high, low) = (two_sum(self.0, other.0), two_sum(self.1, other.1));
        let carried = two_sum(high.0, high.1 + low.0);
        two_sum(carried.0, carried.1 + low.1)
    }
}

impl Neg for Wide {
    type Output = Wide;
    fn neg(self) -> Wide {
        Wide(-self.0, -self.1)
    }
}

impl Sub for Wide {
    type Output = Wide;
    fn sub(self, other: Wide) -> Wide {
        self + -other
    }
}

impl Mul for Wide {
    type Output = Wide;
    fn mul(self, other: Wide) -> Wide {
        let product = two_product(self.0, other.0);
        two_sum(product.0, product.1 + (self.0 * other.1 + self.1 * other.0))
    }
}

impl Wide {
    /// The quotient by a whole number, by one step of refinement.
    #[must_use]
    pub fn over(self, n: f64) -> Wide {
        let first = self.0 / n;
        let rest = self - two_product(first, n);
        two_sum(first, (rest.0 + rest.1) / n)
    }
}
