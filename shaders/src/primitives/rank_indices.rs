//! Where in its row the element of a rank is, without a sort.
//!
//! The key of a rank is found digit by digit, the most significant first: of the keys that share all digits found so far with
//! it, each value of the next digit is counted, and the counts tell which one the rank is among. The element's index are the
//! last digits, so that no two elements are equal and ranks are those of a stable sort. After the first digit
//! only the elements that share it are looked at, after the second one only those that share both: every workgroup keeps its own.

use super::View;
use super::sort_pairs::{Keyed, declare_operand, key_bits, source_params};
use crate::builder::{Builder, addressable};
use crate::fused::input_access;
use crate::fused::storage::element;
use crate::params::Names;
use crate::plan::{LaneMap, Plan, PlanError, Profile};
use crate::shader::{Module, Template};
use polyarray_core::DType;
use std::fmt::Write as _;

/// Rows of [`crate::Slot::Input`] 0, and indices (int64) of their elements by rank in a dense [`crate::Slot::Output`], (rows,
/// ranks). Ranks are those of a stable sort, also when descending; NaN comes last in either direction, and zeros are equal.
#[derive(Clone, Debug)]
pub struct RankIndices {
    /// Rows.
    pub rows: usize,
    /// Elements of a row.
    pub len: usize,
    /// Bool or real.
    pub dtype: DType,
    /// Below `len`; 16 at most.
    pub ranks: Vec<usize>,
    /// The largest first.
    pub descending: bool,
    /// The operand.
    pub x: View,
}

/// Bits of the longest digit.
const LONGEST: u32 = 11;
/// A workgroup's table, of all ranks together: the 16 KiB of memory that every adapter gives one.
const TABLE: usize = 4096;
/// Bits of a digit's number in its group: behind the counts of digits are those of groups, so that a few steps find one.
const GROUP: u32 = 5;
/// Ranks, at most: of more, each costs as much again, and a sort finds all.
const RANKS: usize = 16;
/// Names of the words that say which digit a step is about.
const DIGIT: [&str; 12] = [
    // Ranks in all, and those that have tables of their own: one for the first digit, which all of them share.
    "ranks",
    "told",
    // Where the tables begin, and the counts of one.
    "table",
    "length",
    // Bits of the digit, and those below it in its word.
    "bits",
    "shift",
    // Its bits in the index, the key's low word and the key's high one; then the bits above it.
    "here_index",
    "here_low",
    "here_high",
    "above_index",
    "above_low",
    "above_high",
];

/// Goes through the elements of a part of a row, or those of them that were kept, and counts their digits, or keeps those that
/// share all digits found so far with a rank.
#[derive(Debug, Hash)]
struct Walk {
    keyed: Keyed,
    map: LaneMap,
    of_kept: bool,
    keeps: bool,
    /// Ranks that are told apart, at most: a power of two, so that few kernels serve all numbers of them.
    ranks: usize,
}

/// Finds each rank's digit: a lane for each.
#[derive(Debug, Hash)]
struct Pick {
    /// Nothing is found yet.
    first: bool,
}

/// Writes the indices.
#[derive(Debug, Hash)]
struct Finish;

/// Clears the tables.
#[derive(Debug, Hash)]
struct Clear;

/// A digit.
struct Digit {
    /// Of the index (0), the key's low word (1) or its high one (2).
    word: usize,
    shift: u32,
    bits: u32,
}

/// The digits, the most significant first: all ranks share one table of the first one, so that it is as long as a table allows,
/// and few elements share it; of the others the ranks' tables are in a workgroup's memory together.
fn digits(job: &RankIndices) -> Vec<Digit> {
    let bits = LONGEST.min(TABLE.ilog2() - job.ranks.len().next_power_of_two().ilog2());
    let index = usize::BITS - (job.len - 1).leading_zeros();
    let key = key_bits(job.dtype);
    let mut digits = Vec::new();
    for (word, mut left) in [(2, key - key.min(32)), (1, key.min(32)), (0, index)] {
        while left > 0 {
            let bits = left.min(if digits.is_empty() { LONGEST } else { bits });
            left -= bits;
            digits.push(Digit { word, shift: left, bits });
        }
    }
    digits
}

/// Counts of the tables of a row: one of the first digit, and one of each other digit for each rank.
fn counts(digits: &[Digit], ranks: usize) -> usize {
    digits.iter().enumerate().map(|(pass, digit)| if pass == 0 { 1 } else { ranks } * digit.length()).sum()
}

impl RankIndices {
    /// Whether a sort takes longer: tables are cleared and read for each row, however short it is.
    pub fn pays(&self) -> bool {
        let many = self.len == 0 || self.ranks.is_empty() || self.ranks.len() > RANKS;
        !many && self.len >= 4 * counts(&digits(self), self.ranks.len())
    }
}

impl Digit {
    /// Its bits, in all words.
    fn here(&self) -> [u32; 3] {
        std::array::from_fn(|word| if word == self.word { ((1 << self.bits) - 1) << self.shift } else { 0 })
    }

    /// The bits above it, of all words.
    fn above(&self) -> [u32; 3] {
        std::array::from_fn(|word| match word.cmp(&self.word) {
            std::cmp::Ordering::Less => 0,
            std::cmp::Ordering::Equal => u32::MAX.checked_shl(self.shift + self.bits).unwrap_or(0),
            std::cmp::Ordering::Greater => u32::MAX,
        })
    }

    /// Counts of a table: of each digit, then of each group of them.
    fn length(&self) -> usize {
        (1 << self.bits) + (1 << self.bits.saturating_sub(GROUP))
    }
}

/// Plans a search for ranks.
///
/// # Errors
/// [`PlanError`]: a dtype that the adapter lacks, complex numbers, indices beyond 32 bits, tables or results beyond one binding.
pub fn plan(job: &RankIndices, profile: &Profile) -> Result<Plan, PlanError> {
    let RankIndices { rows, len, dtype, descending, .. } = *job;
    if dtype.is_complex() {
        return Err(PlanError::NoSuchOp { op: "order_statistics", dtype });
    }
    let (n, wanted) = (rows.saturating_mul(len), job.ranks.len());
    addressable("the operand", n)?;
    let mut builder = Builder::new(profile, DType::I64, rows.saturating_mul(wanted))?;
    if n == 0 || wanted == 0 {
        return Ok(builder.finish());
    }
    if wanted > RANKS {
        let (elements, limit) = (wanted as u64, RANKS as u64);
        return Err(PlanError::TooLarge { what: "the list of ranks".into(), elements, limit });
    }
    let (x, dims) = job.x.placed(0, dtype, [rows, len], None, profile)?;
    let keyed = Keyed { source: x.source, descending };
    let digits = digits(job);
    let [tables, states, results, indices] =
        [rows * counts(&digits, wanted) * 4, rows * wanted * 16, rows * wanted * 8, n * 4].map(|x| x as u64);
    for (what, bytes, size) in [
        ("the tables of counts", tables, 4),
        ("the result", results, 8),
        ("the elements that are kept", indices, 4),
    ] {
        if bytes > profile.max_binding {
            let (elements, limit) = (bytes / size, profile.max_binding / size);
            return Err(PlanError::TooLarge { what: what.into(), elements, limit });
        }
    }
    // Elements of a lane: enough that a workgroup's table is small beside them.
    let lanes = profile.workgroup as usize;
    let table_steps = TABLE / lanes + 1;
    let parts = if profile.lane_map == LaneMap::Run { 128 } else { 1024 };
    let per_lane =
        (len / (parts * lanes)).max(4 * table_steps).min(profile.loop_budget as usize - 2 * table_steps);
    let parts = len.div_ceil(per_lane * lanes);
    let groups = rows * parts;
    let [counts, state] = [tables, states].map(|bytes| builder.scratch(bytes));
    // Elements that are kept, and how many of each part: kept once, and twice.
    let mut kept = || [indices, groups as u64 * 4].map(|bytes| (builder.scratch(bytes), bytes));
    let kept = [kept(), kept()];
    let clear = builder.shader(Clear);
    let clearing = builder.groups(tables / 4);
    builder.step(&clear, vec![builder.shown(counts, tables, true)], [(tables / 4) as u32], clearing)?;
    let (found, lanes) = (rows * wanted, builder.groups((rows * wanted) as u64));
    let mut table = 0;
    for (pass, digit) in digits.iter().enumerate() {
        // Of the first digit nothing is known yet.
        let (above, told) = if pass == 0 { ([0; 3], 1) } else { (digit.above(), wanted) };
        let place = [wanted, told, table, digit.length(), digit.bits as usize, digit.shift as usize];
        let place: Vec<u32> = place.iter().map(|&x| x as u32).chain(digit.here()).chain(above).collect();
        table += rows * told * digit.length();
        // From what, to what.
        let walks: &[(Option<usize>, Option<usize>)] = match pass {
            0 => &[(None, None)],
            1 => &[(None, Some(0)), (Some(0), None)],
            2 => &[(Some(0), Some(1)), (Some(1), None)],
            _ => &[(Some(1), None)],
        };
        for &(from, to) in walks {
            let mut params = place.clone();
            params.extend([len, groups, parts, per_lane].map(|x| x as u32));
            if x.source.strided() {
                params.extend(input_access::axis_words(&dims, 0..2));
            }
            params.extend(x.words(0, 1, profile));
            let mut bindings = x.binds(0, n, profile);
            if pass > 0 {
                bindings.push(builder.shown(state, states, false));
            }
            for (which, write) in [(from, false), (to, true)] {
                let those = which.map_or(&[][..], |which| &kept[which][..]);
                bindings.extend(those.iter().map(|&(number, bytes)| builder.shown(number, bytes, write)));
            }
            if to.is_none() {
                bindings.push(builder.shown(counts, tables, true));
            }
            let (map, of_kept, keeps) = (profile.lane_map, from.is_some(), to.is_some());
            let walk = Walk { keyed, map, of_kept, keeps, ranks: told.next_power_of_two() };
            builder.step(&builder.shader(walk), bindings, params, groups as u64)?;
        }
        let mut params = place;
        params.push(found as u32);
        params.extend((0..RANKS).map(|i| job.ranks.get(i).map_or(0, |&rank| rank as u32)));
        let bindings = vec![builder.shown(counts, tables, false), builder.shown(state, states, true)];
        builder.step(&builder.shader(Pick { first: pass == 0 }), bindings, params, lanes)?;
    }
    let bindings = vec![builder.shown(state, states, false), builder.output(0..found)];
    builder.step(&builder.shader(Finish), bindings, [found as u32], lanes)?;
    Ok(builder.finish())
}

impl Template for Clear {
    fn label(&self) -> String {
        "clear counts".into()
    }

    fn params(&self, names: &mut Names) {
        names.words(&["count"]);
    }

    fn write(&self, module: &mut Module) {
        let lanes = module.workgroup;
        module.read_write("counts", "u32");
        module.entry();
        let _ = write!(
            module,
            "    let i = g * {lanes}u + local;
    if (i < p.count) {{ counts[i] = 0u; }}
}}
"
        );
    }
}

impl Template for Walk {
    fn label(&self) -> String {
        let does = if self.keeps { "keep elements" } else { "count digits" };
        let of = if self.of_kept { "kept " } else { "" };
        format!("{does}, {} ranks of {of}{}", self.ranks, self.keyed.source.dtype)
    }

    fn params(&self, names: &mut Names) {
        names.words(&DIGIT);
        names.words(&["len", "groups", "parts", "per_lane"]);
        source_params(&self.keyed.source, names);
    }

    fn write(&self, module: &mut Module) {
        let (lanes, first) = (module.workgroup, !self.of_kept && !self.keeps);
        declare_operand(&self.keyed.source, module);
        self.keyed.write(module);
        if !first {
            module.read("state", "vec4<u32>");
        }
        if self.of_kept {
            module.read("kept", "u32");
            module.read("sizes", "u32");
        }
        if self.keeps {
            module.read_write("keep", "u32");
            module.read_write("keep_sizes", "u32");
            *module += "var<workgroup> size: atomic<u32>;\n";
        } else {
            module.read_write("counts", "atomic<u32>");
            let _ = writeln!(module, "var<workgroup> table: array<atomic<u32>, {TABLE}>;");
        }
        module.entry();
        let clear = match self.keeps {
            true => "if (local == 0u) { atomicStore(&size, 0u); }".to_owned(),
            false => format!(
                "for (var t = local; t < p.told << p.bits; t += {lanes}u) {{ atomicStore(&table[t], 0u); }}"
            ),
        };
        let _ = write!(
            module,
            "    if (g >= p.groups) {{ return; }}
    {clear}
    workgroupBarrier();
    let row = g / p.parts;
    let begin = (g - row * p.parts) * {lanes}u * p.per_lane;
    let len = p.len;
    let bits = p.bits;
    let shift = p.shift;
    let here = vec3<u32>(p.here_index, p.here_low, p.here_high);
    let above = vec3<u32>(p.above_index, p.above_low, p.above_high);
"
        );
        if !first {
            for r in 0..self.ranks {
                let _ = writeln!(
                    module,
                    "    let found{r} = state[row * p.ranks + min({r}u, p.told - 1u)].xyz & above;"
                );
            }
        }
        let _ = match (self.of_kept, self.map) {
            (true, _) => write!(
                module,
                "    let stop = sizes[g];
    for (var k = local; k < stop; k += {lanes}u) {{
        let i = kept[row * len + begin + k];
"
            ),
            (_, LaneMap::Run) => writeln!(
                module,
                "    let first = begin + local * p.per_lane;
    for (var i = first; i < min(first + p.per_lane, len); i += 1u) {{"
            ),
            (_, LaneMap::Coalesced) => writeln!(
                module,
                "    for (var i = begin + local; i < min(begin + {lanes}u * p.per_lane, len); i += {lanes}u) {{"
            ),
        };
        *module += "        let words = vec3<u32>(i, key_of(x_at(row * len + i)));
        let at = words & here;
        let digit = (at.x | at.y | at.z) >> shift;
        let known = words & above;
";
        // Of ranks beyond those told apart, copies of the last one: their counts are neither cleared nor added.
        let shares: Vec<String> = (0..self.ranks).map(|r| format!("all(known == found{r})")).collect();
        if first {
            *module += "        atomicAdd(&table[digit], 1u);\n";
        } else if self.keeps {
            let _ = writeln!(
                module,
                "        if ({}) {{ keep[row * len + begin + atomicAdd(&size, 1u)] = i; }}",
                shares.join(" || ")
            );
        } else {
            for (r, shares) in shares.iter().enumerate() {
                let _ = writeln!(
                    module,
                    "        if ({shares}) {{ atomicAdd(&table[({r}u << bits) + digit], 1u); }}"
                );
            }
        }
        *module += "    }
    workgroupBarrier();
";
        if self.keeps {
            *module += "    if (local == 0u) { keep_sizes[g] = atomicLoad(&size); }\n}\n";
            return;
        }
        let _ = write!(
            module,
            "    let digits = 1u << bits;
    let length = p.length;
    let tables = p.table + row * p.told * length;
    for (var t = local; t < p.told << bits; t += {lanes}u) {{
        let sum = atomicLoad(&table[t]);
        let digit = t & (digits - 1u);
        let base = tables + (t >> bits) * length;
        if (sum > 0u) {{
            atomicAdd(&counts[base + digit], sum);
            atomicAdd(&counts[base + digits + (digit >> {GROUP}u)], sum);
        }}
    }}
}}
"
        );
    }
}

impl Template for Pick {
    fn label(&self) -> String {
        "digits of ranks".into()
    }

    fn params(&self, names: &mut Names) {
        names.words(&DIGIT);
        names.words(&["count"]);
        (0..RANKS).for_each(|r| names.words(&[&format!("rank{r}")]));
    }

    fn write(&self, module: &mut Module) {
        let lanes = module.workgroup;
        module.read("counts", "u32");
        module.read_write("state", "vec4<u32>");
        let ranks: Vec<String> = (0..RANKS).map(|r| format!("p.rank{r}")).collect();
        let left = match self.first {
            true => format!("array<u32, {RANKS}>({})[number]", ranks.join(", ")),
            false => "old.w".to_owned(),
        };
        module.entry();
        let _ = write!(
            module,
            "    let i = g * {lanes}u + local;
    if (i < p.count) {{
        let row = i / p.ranks;
        let number = i - row * p.ranks;
        let base = p.table + (row * p.told + select(0u, number, p.told > 1u)) * p.length;
        let digits = 1u << p.bits;
        let sums = base + digits;
        let old = state[i];
        var left = {left};
        var group = 0u;
        for (; group + 1u < (digits >> {GROUP}u); group += 1u) {{
            let sum = counts[sums + group];
            if (left < sum) {{ break; }}
            left -= sum;
        }}
        var digit = group << {GROUP}u;
        for (; digit < min((group + 1u) << {GROUP}u, digits) - 1u; digit += 1u) {{
            let sum = counts[base + digit];
            if (left < sum) {{ break; }}
            left -= sum;
        }}
        let here = vec3<u32>(p.here_index, p.here_low, p.here_high) & vec3<u32>(digit << p.shift);
        let above = vec3<u32>(p.above_index, p.above_low, p.above_high);
        state[i] = vec4<u32>((old.xyz & above) | here, left);
    }}
}}
"
        );
    }
}

impl Template for Finish {
    fn label(&self) -> String {
        "indices of ranks".into()
    }

    fn params(&self, names: &mut Names) {
        names.words(&["count"]);
    }

    fn write(&self, module: &mut Module) {
        let lanes = module.workgroup;
        module.read("state", "vec4<u32>");
        module.read_write("out", element(DType::I64));
        module.entry();
        let _ = write!(
            module,
            "    let i = g * {lanes}u + local;
    if (i < p.count) {{ out[i] = i64_from_u32(state[i].x); }}
}}
"
        );
    }
}
