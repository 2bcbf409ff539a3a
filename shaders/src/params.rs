//! A kernel's parameters: u32 words, laid out in the order in which the template asks for them. The template
//! asks for names, the planner for values; both walk the same list.

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

    /// More words.
    pub fn words(&mut self, names: &[&str]) {
        names.iter().for_each(|&name| self.word(name));
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

    /// The declarations: the struct, its variable, and the run-time zero. Immediates, or a storage buffer at `binding`.
    pub fn declare(&self, binding: Option<usize>) -> String {
        let mut text = "struct Params { ".to_owned();
        for name in &self.names {
            let _ = write!(text, "{name}: u32, ");
        }
        text += "}\n";
        text += &match binding {
            None => "var<immediate> p: Params;\n".to_owned(),
            Some(binding) => format!("@group(0) @binding({binding}) var<storage, read> p: Params;\n"),
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

/// The register of scalar parameter `i`, from its words.
pub fn param_register(i: u8, dtype: DType) -> String {
    let word = |w: usize| format!("p.c{i}_{w}");
    let float = |i| format!("bitcast<f32>({})", word(i));
    let double = |i| format!("f64_from_bits(u64_join({}, {}))", word(i), word(i + 1));
    match dtype {
        DType::Bool => format!("({} > 0u)", word(0)),
        DType::I8 | DType::I16 | DType::I32 => format!("bitcast<i32>({})", word(0)),
        DType::U8 | DType::U16 | DType::U32 => word(0),
        DType::I64 => format!("i64_join({}, {})", word(0), word(1)),
        DType::U64 => format!("u64_join({}, {})", word(0), word(1)),
        DType::F16 | DType::F32 => float(0),
        DType::F64 => double(0),
        DType::C64 => format!("vec2<f32>({}, {})", float(0), float(1)),
        DType::C128 => format!("vec2<f64>({}, {})", double(0), double(2)),
    }
}

/// Number of words of a parameter.
const fn param_words(dtype: DType) -> usize {
    match dtype {
        DType::I64 | DType::U64 | DType::F64 | DType::C64 => 2,
        DType::C128 => 4,
        _ => 1,
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
