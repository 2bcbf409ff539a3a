//! Into which radices a length is split, one for each pass.

use std::collections::BTreeMap;

/// The largest prime that has a butterfly of its own; lengths with larger ones are convolved.
const LARGEST_PRIME: usize = 13;
/// Radices up to this one are all used.
const LARGE: usize = 16;
/// What a pass over memory costs beside an addition for each element.
const PASS: f64 = 30.0;

/// How lengths are split that have passes up to some radix.
pub struct Factors {
    /// The radices, and what a pass of each costs for an element.
    radices: Vec<(usize, f64)>,
    /// Cost of the cheapest split of a length, and one of its radices.
    known: BTreeMap<usize, Option<(f64, usize)>>,
}

impl Factors {
    pub fn new(most: usize) -> Factors {
        let wanted = |&radix: &usize| match parts(radix) {
            None => true,
            // Of the large ones powers of two only: every radix is more kernels.
            Some(_) => radix <= most && (radix <= LARGE || radix.is_power_of_two()) && smooth(radix),
        };
        let small = 2..=LARGEST_PRIME;
        let composite = LARGEST_PRIME + 1..=most;
        let all = small.chain(composite.filter(|radix| parts(*radix).is_some())).filter(wanted);
        let radices = all.map(|radix| (radix, PASS + arithmetic(radix))).collect();
        Factors { radices, known: BTreeMap::from([(1, Some((0.0, 1)))]) }
    }

    /// The radices of the passes of a length, the largest first; none of a length with a prime that has no butterfly.
    pub fn of(&mut self, n: usize) -> Option<Vec<usize>> {
        self.cost(n)?;
        let mut radices = Vec::new();
        let mut rest = n;
        while rest > 1 {
            let (_, radix) = self.known[&rest]?;
            radices.push(radix);
            rest /= radix;
        }
        radices.sort_unstable_by(|a, b| b.cmp(a));
        Some(if radices.is_empty() { vec![1] } else { radices })
    }

    /// The length of the convolution by which transforms of `n` points are computed: the one of at least 2n − 1 that costs
    /// least.
    pub fn convolved(&mut self, n: usize) -> usize {
        let least = 2 * n - 1;
        let lengths = [1, 3, 5, 7, 9, 15].map(|odd: usize| odd * least.div_ceil(odd).next_power_of_two());
        let costs = lengths.map(|m| m as f64 * self.cost(m).unwrap_or(f64::INFINITY));
        let cheapest = lengths.into_iter().zip(costs).min_by(|(_, a), (_, b)| a.total_cmp(b));
        cheapest.map_or(least.next_power_of_two(), |(len, _)| len)
    }

    /// What a length costs for each element.
    fn cost(&mut self, n: usize) -> Option<f64> {
        if let Some(found) = self.known.get(&n) {
            return found.map(|(cost, _)| cost);
        }
        let mut found: Option<(f64, usize)> = None;
        for i in 0..self.radices.len() {
            let (radix, pass) = self.radices[i];
            if n.is_multiple_of(radix)
                && let Some(rest) = self.cost(n / radix)
                && found.is_none_or(|(least, _)| rest + pass < least)
            {
                found = Some((rest + pass, radix));
            }
        }
        self.known.insert(n, found);
        found.map(|(cost, _)| cost)
    }
}

fn smooth(mut n: usize) -> bool {
    for p in 2..=LARGEST_PRIME {
        while n.is_multiple_of(p) {
            n /= p;
        }
    }
    n == 1
}

fn arithmetic(radix: usize) -> f64 {
    match parts(radix) {
        _ if radix == 4 => 4.0,
        Some([a, b]) => arithmetic(a) + arithmetic(b) + 4.0,
        None => 2.0 * radix as f64,
    }
}

/// The factors of which a butterfly is made; none of a prime.
pub fn parts(radix: usize) -> Option<[usize; 2]> {
    if radix > 4 && radix.is_multiple_of(4) {
        return Some([4, radix / 4]);
    }
    let prime = (2..=radix).find(|p| radix.is_multiple_of(*p)).unwrap_or(radix);
    (prime < radix).then_some([prime, radix / prime])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn radices_multiply_to_the_length() {
        let mut factors = Factors::new(16);
        for n in 1..5000 {
            match factors.of(n) {
                Some(all) => assert_eq!(all.iter().product::<usize>(), n),
                None => assert!(!smooth(n), "{n}"),
            }
        }
        assert_eq!(factors.of(1 << 20).unwrap(), [16; 5]);
        assert_eq!(factors.of(17), None);
        for n in [17, 1009, 999_983] {
            let m = factors.convolved(n);
            assert!(m >= 2 * n - 1 && m <= 4 * n && factors.of(m).is_some());
        }
    }
}
