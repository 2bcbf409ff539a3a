//! Into which radices a length is split, one for each pass.

use std::collections::BTreeMap;

/// The largest prime that has a butterfly of its own; lengths with larger ones are convolved.
const LARGEST_PRIME: usize = 13;
/// What a pass over memory costs beside an addition for each element.
const PASS: f64 = 30.0;

/// The radices of the passes of a length, the largest first; none of a length with a prime that has no butterfly.
pub fn radices(n: usize, most: usize) -> Option<Vec<usize>> {
    let mut known = BTreeMap::from([(1, Some((0.0, 1)))]);
    best(n, most, &mut known)?;
    let mut radices = Vec::new();
    let mut rest = n;
    while rest > 1 {
        let (_, radix) = known[&rest]?;
        radices.push(radix);
        rest /= radix;
    }
    radices.sort_unstable_by(|a, b| b.cmp(a));
    Some(if radices.is_empty() { vec![1] } else { radices })
}

/// The length of the convolution by which transforms of `n` points are computed: the one of at least 2n − 1 that costs
/// least.
pub fn convolved(n: usize, most: usize) -> usize {
    let least = 2 * n - 1;
    let lengths = [1, 3, 5, 7, 9, 15].map(|odd: usize| odd * least.div_ceil(odd).next_power_of_two());
    let cost = |&m: &usize| {
        let passes = radices(m, most).unwrap_or_default();
        m as f64 * passes.into_iter().map(cost).sum::<f64>()
    };
    lengths.into_iter().min_by(|a, b| cost(a).total_cmp(&cost(b))).unwrap_or(least.next_power_of_two())
}

/// Cost of the cheapest split, and one of its radices.
fn best(n: usize, most: usize, known: &mut BTreeMap<usize, Option<(f64, usize)>>) -> Option<f64> {
    if let Some(found) = known.get(&n) {
        return found.map(|(cost, _)| cost);
    }
    let mut found: Option<(f64, usize)> = None;
    for radix in (2..=most.max(LARGEST_PRIME)).filter(|r| n.is_multiple_of(*r)) {
        let prime = parts(radix).is_none();
        if (prime && radix > LARGEST_PRIME) || (!prime && radix > most) || !smooth(radix) {
            continue;
        }
        if let Some(rest) = best(n / radix, most, known)
            && found.is_none_or(|(least, _)| rest + cost(radix) < least)
        {
            found = Some((rest + cost(radix), radix));
        }
    }
    known.insert(n, found);
    found.map(|(cost, _)| cost)
}

fn smooth(mut n: usize) -> bool {
    for p in 2..=LARGEST_PRIME {
        while n.is_multiple_of(p) {
            n /= p;
        }
    }
    n == 1
}

/// What a pass costs for each element.
fn cost(radix: usize) -> f64 {
    PASS + arithmetic(radix)
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
        for n in 1..5000 {
            match radices(n, 16) {
                Some(all) => assert_eq!(all.iter().product::<usize>(), n),
                None => assert!(!smooth(n), "{n}"),
            }
        }
        assert_eq!(radices(1 << 20, 16).unwrap(), [16; 5]);
        assert_eq!(radices(17, 16), None);
        for n in [17, 1009, 999_983] {
            let m = convolved(n, 16);
            assert!(m >= 2 * n - 1 && m <= 4 * n && radices(m, 16).is_some());
        }
    }
}
