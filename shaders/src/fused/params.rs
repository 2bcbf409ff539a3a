//! A kernel's parameters: u32 words, laid out in the order in which the template asks for them. The template
//! asks for names, the planner for values; both walk the same list.

use super::body::param_words;
use polyarray_core::{DType, Scalar};
use std::fmt::Write as _;

/// Names of the words, in order. Word 0 is the run-time zero.
#[derive(Debug)]
pub struct Names {
    names: Vec<String>,
}

impl Names {
    pub fn new() -> Names {
        Names { names: vec!["zero".into()] }
    }

    /// One more word.
    pub fn word(&mut self, name: impl Into<String>) {
        self.names.push(name.into());
    }

    /// The words of a kernel's scalars: `c{i}_0` and on for each.
    pub fn scalars(&mut self, dtypes: &[DType]) {
        for (i, &dtype) in dtypes.iter().enumerate() {
            (0..param_words(dtype)).for_each(|w| self.word(format!("c{i}_{w}")));
        }
    }

    /// Number of words.
    pub fn count(&self) -> usize {
        self.names.len()
    }

    /// The declarations: the struct, its variable, and the run-time zero. Immediates where `immediate`, else a
    /// storage buffer at `binding`.
    pub fn declare(&self, immediate: bool, binding: usize) -> String {
        let mut text = "struct Params { ".to_owned();
        for name in &self.names {
            let _ = write!(text, "{name}: u32, ");
        }
        text += "}\n";
        text += &match immediate {
            true => "var<immediate> p: Params;\n".to_owned(),
            false => format!("@group(0) @binding({binding}) var<storage, read> p: Params;\n"),
        };
        text + "fn run_time_zero() -> u32 { return p.zero; }\n"
    }
}

/// Words of a scalar: as many as its register holds.
pub fn scalar_words(scalar: Scalar) -> Vec<u32> {
    let halves = |x: u64| vec![x as u32, (x >> 32) as u32];
    match scalar {
        Scalar::Bool(v) => vec![v as u32],
        Scalar::I8(v) => vec![v as u32],
        Scalar::I16(v) => vec![v as u32],
        Scalar::I32(v) => vec![v as u32],
        Scalar::I64(v) => halves(v as u64),
        Scalar::U8(v) => vec![v.into()],
        Scalar::U16(v) => vec![v.into()],
        Scalar::U32(v) => vec![v],
        Scalar::U64(v) => halves(v),
        Scalar::F16(v) => vec![v.to_f32().to_bits()],
        Scalar::F32(v) => vec![v.to_bits()],
        Scalar::F64(v) => halves(v.to_bits()),
        Scalar::C64(v) => vec![v.re.to_bits(), v.im.to_bits()],
        Scalar::C128(v) => [halves(v.re.to_bits()), halves(v.im.to_bits())].concat(),
    }
}

/// The reciprocal of an axis length for `index_divide`: its magic number and shift. Lengths are at least 2,
/// as collapsed axes are; a shorter one (an empty reduced part) is never divided by.
pub fn reciprocal(length: u32) -> [u32; 2] {
    let d = u64::from(length.max(2));
    let bits = 64 - (d - 1).leading_zeros();
    let magic = ((((1u64 << bits) - d) << 32) / d) + 1;
    [magic as u32, bits - 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn multiplication_divides() {
        let divide = |n: u32, [magic, shift]: [u32; 2]| {
            let t = ((u64::from(n) * u64::from(magic)) >> 32) as u32;
            (t + ((n - t) >> 1)) >> shift
        };
        for d in [
            2,
            3,
            4,
            5,
            7,
            10,
            16,
            641,
            65_535,
            65_536,
            65_537,
            1 << 31,
            (1 << 31) + 1,
            u32::MAX - 1,
            u32::MAX,
        ] {
            for n in [
                0,
                1,
                2,
                d - 1,
                d,
                d.wrapping_add(1),
                2u32.wrapping_mul(d),
                123_456_789,
                u32::MAX - 1,
                u32::MAX,
            ] {
                assert_eq!(divide(n, reciprocal(d)), n / d, "{n} / {d}");
            }
        }
    }
}
