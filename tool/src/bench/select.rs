//! What of the table is run: names, sizes and dtypes from the command line.
use std::str::FromStr;

use polyarray::DType;

use super::cases::{Case, Input};

/// Sizes of `--sizes`: `1e3,64Ki,16Mi`, a range `1Ki..16Mi` in steps of four, or `1Ki..16Mi:6` for six sizes.
#[derive(Clone, Debug, PartialEq)]
pub struct SizeList(pub Vec<usize>);

/// Most sizes of a range: a plot holds no more, and nobody waits for them.
const MOST: usize = 1000;

impl FromStr for SizeList {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut sizes = Vec::new();
        for part in text.split(',') {
            match part.split_once("..") {
                None => sizes.push(size(part)?),
                Some((from, rest)) => {
                    let (to, count) = match rest.split_once(':') {
                        None => (rest, None),
                        Some((to, count)) => {
                            let count =
                                count.trim().parse::<usize>().ok().filter(|count| (2..=MOST).contains(count));
                            (
                                to,
                                Some(count.ok_or(format!(
                                    "`{part}`: after `:` stands a number of sizes, 2 to {MOST}"
                                ))?),
                            )
                        }
                    };
                    let (from, to) = (size(from)?, size(to)?);
                    if from >= to {
                        return Err(format!("`{part}` runs backwards: write the smaller size first"));
                    }
                    let count = count.unwrap_or_else(|| (to / from).ilog(4) as usize + 1).max(2);
                    let ratio = (to as f64 / from as f64).powf(1.0 / (count - 1) as f64);
                    sizes.extend((0..count).map(|k| (from as f64 * ratio.powi(k as i32)).round() as usize));
                }
            }
        }
        sizes.sort_unstable();
        sizes.dedup();
        Ok(SizeList(sizes))
    }
}

/// A number of elements: `1000`, `1e6`, `64Ki`, `16Mi`, `2k`, `1.5M`.
pub fn size(text: &str) -> Result<usize, String> {
    const UNITS: [(&str, f64); 6] =
        [("Ki", 1024.0), ("Mi", 1_048_576.0), ("Gi", 1_073_741_824.0), ("k", 1e3), ("M", 1e6), ("G", 1e9)];
    let text = text.trim();
    let (digits, unit) = UNITS
        .iter()
        .find_map(|(suffix, unit)| Some((text.strip_suffix(suffix)?, *unit)))
        .unwrap_or((text, 1.0));
    let number = digits.replace('_', "").parse::<f64>().ok().map(|number| number * unit);
    match number {
        Some(number) if (1.0..=2f64.powi(40)).contains(&number) && number.fract() == 0.0 => {
            Ok(number as usize)
        }
        _ => Err(format!("`{text}` is no size: write whole numbers such as 1000, 1e6, 64Ki or 16Mi")),
    }
}

/// A dtype of `--dtypes`: `f32` or `float32`.
pub fn dtype(text: &str) -> Result<DType, String> {
    const SHORT: [(&str, DType); 3] = [("f16", DType::F16), ("f32", DType::F32), ("f64", DType::F64)];
    let known = SHORT.iter().find(|(short, dtype)| *short == text || dtype.name() == text);
    known
        .map(|(_, dtype)| *dtype)
        .ok_or_else(|| format!("`{text}` is no dtype of the bench: f16, f32 or f64"))
}

/// What is run: a case, a size, a dtype.
#[derive(Clone, Copy)]
pub struct Job<'a> {
    pub case: &'a Case,
    pub size: usize,
    pub dtype: DType,
}

impl Job<'_> {
    /// Bytes of host memory that inputs, reference and results take at their most, about: each input in its dtype
    /// and twice in float64, and a few results no larger than the largest input.
    pub fn memory(&self) -> u64 {
        let inputs = (self.case.inputs)(self.size);
        let own = |input: &Input| input.dtype.unwrap_or(self.dtype).size() as u64 + 16;
        let inputs_take: u64 = inputs.iter().map(|input| input.len() as u64 * own(input)).sum();
        inputs_take + 24 * inputs.iter().map(|input| input.len() as u64).max().unwrap_or(0)
    }
}

/// The jobs that the arguments ask for. A name in `ops` may hold `*` for any letters, and its own size after `@`.
///
/// # Errors
/// A name that is none, in words.
pub fn jobs<'a>(
    cases: &'a [Case],
    ops: Option<&[String]>,
    sizes: Option<&SizeList>,
    dtypes: &[DType],
    quick: bool,
) -> Result<Vec<Job<'a>>, String> {
    let everything = ["*".to_string()];
    let mut jobs: Vec<Job<'a>> = Vec::new();
    for wanted in ops.unwrap_or(&everything) {
        let (name, own) = match wanted.split_once('@') {
            Some((name, own)) => (name, Some(own.parse::<SizeList>()?)),
            None => (wanted.as_str(), None),
        };
        let exact: Vec<&Case> = cases.iter().filter(|case| case.name == name).collect();
        let chosen = if exact.is_empty() {
            cases.iter().filter(|case| matches(name.as_bytes(), case.name.as_bytes())).collect()
        } else {
            exact
        };
        if chosen.is_empty() {
            let known: Vec<&str> = cases.iter().map(|case| case.name).collect();
            return Err(format!("there is no operation `{name}`; there are: {}", known.join(", ")));
        }
        for case in chosen {
            let usual = if quick { case.sizes.quick } else { case.sizes.whole };
            let sizes = match own.as_ref().or(sizes) {
                Some(list) if !case.sizes.fixed => list.0.as_slice(),
                _ => usual,
            };
            for dtype in case.dtypes(dtypes) {
                let fresh = |&&size: &&usize| {
                    !jobs
                        .iter()
                        .any(|job| job.case.name == case.name && job.size == size && job.dtype == dtype)
                };
                let new: Vec<usize> = sizes.iter().filter(fresh).copied().collect();
                jobs.extend(new.into_iter().map(|size| Job { case, size, dtype }));
            }
        }
    }
    Ok(jobs)
}

/// Does a name match a pattern whose `*` stands for any letters?
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    match pattern.split_first() {
        None => name.is_empty(),
        Some((b'*', rest)) => (0..=name.len()).any(|skip| matches(rest, &name[skip..])),
        Some((letter, rest)) => name.first() == Some(letter) && matches(rest, &name[1..]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::table::table;

    #[test]
    fn sizes_are_read() {
        let list = |text: &str| text.parse::<SizeList>().map(|list| list.0);
        assert_eq!(list("1e3,16Mi, 64Ki"), Ok(vec![1000, 65_536, 16_777_216]));
        assert_eq!(list("1Ki..64Ki"), Ok(vec![1024, 4096, 16_384, 65_536]));
        assert_eq!(list("1..1000:4"), Ok(vec![1, 10, 100, 1000]));
        assert_eq!(list("1.5k,1_000"), Ok(vec![1000, 1500]));
        for wrong in ["", "0", "-1", "1.5", "many", "1e99", "4..2", "1..9:1", "1..9:99999999999", "nan"] {
            assert!(list(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn names_choose_cases() {
        let cases = table();
        let chosen = |ops: &[&str], sizes: &str| {
            let ops: Vec<String> = ops.iter().map(ToString::to_string).collect();
            let sizes = sizes.parse::<SizeList>().ok();
            jobs(&cases, Some(&ops), sizes.as_ref(), &[DType::F32], true)
                .map(|jobs| jobs.iter().map(|job| (job.case.name, job.size)).collect::<Vec<_>>())
        };
        assert_eq!(chosen(&["a*b+c"], "16777216"), Ok(vec![("a*b+c", 16_777_216)]));
        assert_eq!(chosen(&["sum-all@1e3", "sum-*"], "7").unwrap().len(), 4);
        assert_eq!(chosen(&["sum-all", "sum-all"], "7").unwrap().len(), 1);
        assert_eq!(chosen(&["tiny-x100"], "7"), Ok(vec![("tiny-x100", 64)]));
        let message = chosen(&["quicksort"], "7").unwrap_err();
        assert!(message.contains("`quicksort`") && message.contains("softmax-rows"), "{message}");
    }

    #[test]
    fn cases_of_integers_ignore_the_dtypes_asked_for() {
        let cases = table();
        let both = [DType::F32, DType::F64];
        let ops = ["matmul".to_string(), "matmul-int8".to_string()];
        let jobs = jobs(&cases, Some(&ops), Some(&SizeList(vec![16])), &both, false).unwrap();
        let dtypes: Vec<DType> = jobs.iter().map(|job| job.dtype).collect();
        assert_eq!(dtypes, [DType::F32, DType::F64, DType::I8]);
    }
}
