//! Transforms of a few points, in registers: straight-line code without loads.

use super::factors::parts;
use super::tables::turn;
use polyarray_core::DType;
use std::fmt::Write as _;

/// Code being written over complex numbers of one precision.
pub struct Code {
    /// The statements so far.
    pub text: String,
    names: usize,
    double: bool,
}

impl Code {
    pub fn new(dtype: DType) -> Code {
        Code { text: String::new(), names: 0, double: dtype == DType::C128 }
    }

    /// The type of a complex number.
    pub fn complex(&self) -> &'static str {
        if self.double { "vec2<f64>" } else { "vec2<f32>" }
    }

    /// A constant.
    fn number(&self, x: f64) -> String {
        // Enough digits for either; parsed to the nearest.
        let suffix = if self.double { "lf" } else { "f" };
        if x < 0.0 { format!("(-{:?}{suffix})", -x) } else { format!("{x:?}{suffix}") }
    }

    /// A name for the value of an expression.
    pub fn bind(&mut self, expression: &str) -> String {
        let name = format!("z{}", self.names);
        self.names += 1;
        let _ = writeln!(self.text, "        let {name} = {expression};");
        name
    }

    pub fn product(&mut self, a: &str, b: &str) -> String {
        let v = self.complex();
        self.bind(&format!("{v}({a}.x * {b}.x - {a}.y * {b}.y, {a}.x * {b}.y + {a}.y * {b}.x)"))
    }

    /// `x` multiplied by the `power`-th power of exp(−2πi / n).
    fn turned(&mut self, x: String, power: usize, n: usize) -> String {
        let (v, eighths) = (self.complex(), 8 * power % (8 * n));
        let half = self.number(std::f64::consts::FRAC_1_SQRT_2);
        match (eighths / n, eighths % n) {
            (0, 0) => x,
            (1, 0) => self.bind(&format!("{v}(({x}.x + {x}.y) * {half}, ({x}.y - {x}.x) * {half})")),
            (2, 0) => self.bind(&format!("{v}({x}.y, -{x}.x)")),
            (3, 0) => self.bind(&format!("{v}(({x}.y - {x}.x) * {half}, ({x}.x + {x}.y) * -{half})")),
            (4, 0) => self.bind(&format!("-{x}")),
            _ => {
                let [re, im] = turn(power as u64, n as u64).map(|x| self.number(x));
                self.bind(&format!("{v}({x}.x * {re} - {x}.y * {im}, {x}.x * {im} + {x}.y * {re})"))
            }
        }
    }

    /// The transform of the points, in order.
    pub fn transform(&mut self, x: Vec<String>) -> Vec<String> {
        let v = self.complex();
        match (x.len(), parts(x.len())) {
            (0 | 1, _) => x,
            (2, _) => {
                vec![self.bind(&format!("{} + {}", x[0], x[1])), self.bind(&format!("{} - {}", x[0], x[1]))]
            }
            (4, _) => {
                let [a, b, c, d] = [
                    format!("{} + {}", x[0], x[2]),
                    format!("{} - {}", x[0], x[2]),
                    format!("{} + {}", x[1], x[3]),
                    format!("{} - {}", x[1], x[3]),
                ]
                .map(|e| self.bind(&e));
                [
                    format!("{a} + {c}"),
                    format!("{v}({b}.x + {d}.y, {b}.y - {d}.x)"),
                    format!("{a} - {c}"),
                    format!("{v}({b}.x - {d}.y, {b}.y + {d}.x)"),
                ]
                .map(|e| self.bind(&e))
                .into()
            }
            (n, Some([a, b])) => {
                // Index j = j₁b + j₂ of the points and k = k₁ + ak₂ of the result (Cooley and Tukey 1965).
                let columns: Vec<Vec<String>> = (0..b)
                    .map(|j2| self.transform((0..a).map(|j1| x[j1 * b + j2].clone()).collect()))
                    .collect();
                let mut result = vec![String::new(); n];
                for k1 in 0..a {
                    let row = (0..b).map(|j2| self.turned(columns[j2][k1].clone(), j2 * k1, n)).collect();
                    for (k2, z) in self.transform(row).into_iter().enumerate() {
                        result[k1 + a * k2] = z;
                    }
                }
                result
            }
            (n, None) => self.prime(n, &x),
        }
    }

    /// An odd prime, by sums and differences of the points j and n − j.
    fn prime(&mut self, n: usize, x: &[String]) -> Vec<String> {
        let v = self.complex();
        let half = n / 2;
        let sums: Vec<String> = (1..=half).map(|j| self.bind(&format!("{} + {}", x[j], x[n - j]))).collect();
        let differences: Vec<String> =
            (1..=half).map(|j| self.bind(&format!("{} - {}", x[j], x[n - j]))).collect();
        let mut result = vec![String::new(); n];
        let all = sums.iter().fold(x[0].clone(), |all, sum| format!("{all} + {sum}"));
        result[0] = self.bind(&all);
        for k in 1..=half {
            let (mut even, mut odd) = (x[0].clone(), String::new());
            for j in 1..=half {
                let [cos, sin] = turn((j * k) as u64, n as u64);
                let _ = write!(even, " + {} * {}", sums[j - 1], self.number(cos));
                let plus = if j > 1 { " + " } else { "" };
                let _ = write!(odd, "{plus}{} * {}", differences[j - 1], self.number(-sin));
            }
            let (even, odd) = (self.bind(&even), self.bind(&odd));
            result[k] = self.bind(&format!("{v}({even}.x + {odd}.y, {even}.y - {odd}.x)"));
            result[n - k] = self.bind(&format!("{v}({even}.x - {odd}.y, {even}.y + {odd}.x)"));
        }
        result
    }

    /// The powers of `w` from the first on, each by few multiplications, so that errors stay small.
    pub fn powers(&mut self, w: String, count: usize) -> Vec<String> {
        let mut powers = vec![w];
        for n in 2..=count {
            let whole = 1 << n.ilog2();
            let (a, b) = if whole == n { (n / 2, n / 2) } else { (whole, n - whole) };
            let (a, b) = (powers[a - 1].clone(), powers[b - 1].clone());
            powers.push(self.product(&a, &b));
        }
        powers
    }
}
