//! Float algebra that compilers may not rewrite: NoContraction on every arithmetic result.
//!
//! naga can't say it, so the decorations are added to its words. The binary form is fixed by the SPIR-V
//! specification (2.3 Physical Layout, 2.4 Logical Layout): instructions of `length << 16 | opcode`, annotations
//! after the debug section and before the first type.

const HEADER_WORDS: usize = 5;
const OP_ENTRY_POINT: u32 = 15;
const OP_FUNCTION: u32 = 54;
const OP_DECORATE: u32 = 71;
const NO_CONTRACTION: u32 = 42;

/// Arithmetic instructions on floats: their results are in the second operand word.
/// OpFNegate, OpFAdd, OpFSub, OpFMul, OpFDiv, OpFRem, OpFMod, the vector and matrix products, OpDot.
const ARITHMETIC: [u32; 13] = [127, 129, 131, 133, 136, 140, 141, 142, 143, 144, 145, 146, 148];

/// Opcodes that come before the annotations: capabilities, extensions, imports, memory model, entry points,
/// execution modes, debug sources and names.
const BEFORE_ANNOTATIONS: [u32; 13] = [17, 10, 11, 14, 15, 16, 331, 7, 4, 3, 2, 5, 6];
const OP_MODULE_PROCESSED: u32 = 330;

/// The instructions of a module: their offset and opcode.
fn instructions(words: &[u32]) -> impl Iterator<Item = (usize, u32, usize)> {
    let mut at = HEADER_WORDS;
    std::iter::from_fn(move || {
        let first = *words.get(at)?;
        let length = (first >> 16) as usize;
        if length == 0 {
            return None;
        }
        let here = at;
        at += length;
        Some((here, first & 0xffff, length))
    })
}

/// The module with the result of every float operation decorated NoContraction; of those in entry points only if
/// `entry_points` says so.
pub fn decorate(words: &[u32], entry_points: bool) -> Vec<u32> {
    let start = instructions(words)
        .find(|(_, op, _)| !BEFORE_ANNOTATIONS.contains(op) && *op != OP_MODULE_PROCESSED)
        .map_or(words.len(), |(at, ..)| at);
    let spared: Vec<u32> = instructions(words)
        .filter(|&(at, op, _)| op == OP_ENTRY_POINT && !entry_points && at + 2 < words.len())
        .map(|(at, ..)| words[at + 2])
        .collect();
    let mut spares = false;
    let results = instructions(words)
        .filter(|&(at, op, _)| {
            if op == OP_FUNCTION && at + 2 < words.len() {
                spares = spared.contains(&words[at + 2]);
            }
            !spares
        })
        .filter(|(at, op, length)| ARITHMETIC.contains(op) && *length > 2 && at + 2 < words.len())
        .map(|(at, ..)| words[at + 2]);
    let mut out = words[..start].to_vec();
    for id in results {
        out.extend([3 << 16 | OP_DECORATE, id, NO_CONTRACTION]);
    }
    out.extend(&words[start..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_float_operation_is_decorated_once() {
        let wgsl = "@group(0) @binding(0) var<storage, read_write> x: array<f32>;
            @compute @workgroup_size(1) fn main() { x[0] = -((x[0] + x[1]) * x[2] - x[3]) / x[4]; }";
        let options = crate::Options {
            exact: crate::Exact::Nowhere,
            ..crate::Options::own(crate::Features::default())
        };
        let plain = crate::compile("t", wgsl, &options).unwrap().words;
        let marked = decorate(&plain, true);
        let arithmetic: Vec<u32> = instructions(&plain)
            .filter(|(_, op, _)| ARITHMETIC.contains(op))
            .map(|(at, ..)| plain[at + 2])
            .collect();
        assert_eq!(arithmetic.len(), 5);
        let found: Vec<u32> = instructions(&marked)
            .filter(|&(at, op, _)| op == OP_DECORATE && marked[at + 2] == NO_CONTRACTION)
            .map(|(at, ..)| marked[at + 1])
            .collect();
        assert_eq!(found, arithmetic);
        assert_eq!(marked.len(), plain.len() + 3 * arithmetic.len());
        // The rest is untouched and still walks to the end.
        assert_eq!(instructions(&marked).count(), instructions(&plain).count() + 5);
    }

    #[test]
    fn an_entry_point_may_be_spared() {
        let wgsl = "@group(0) @binding(0) var<storage, read_write> x: array<f32>;
            fn f(a: f32, b: f32) -> f32 { return a * b + a; }
            @compute @workgroup_size(1) fn main() { x[0] = f(x[0] * x[1] + x[2], x[3]); }";
        let options = crate::Options {
            exact: crate::Exact::Nowhere,
            ..crate::Options::own(crate::Features::default())
        };
        let plain = crate::compile("t", wgsl, &options).unwrap().words;
        assert_eq!(decorate(&plain, true).len(), plain.len() + 3 * 4);
        assert_eq!(decorate(&plain, false).len(), plain.len() + 3 * 2);
    }
}
