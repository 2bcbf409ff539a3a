//! Random calls of every method, right ones and wrong ones, on several backends beside one another.
//!
//! A call begins as one of the suite's samples. As it is, every backend is compared with the reference. With arguments
//! exchanged for those of other samples, of other shapes and dtypes, at the ends of their ranges, most calls are mistakes:
//! they must give the same typed error everywhere, which names the function, and what is accepted must give the same.

mod bend;

use super::conformance::{Conformance, Failed, Place};
use super::methods::{Arg, Case, Given, Sampler, entry};
use super::reference::{Truth, Want};
use super::samples::{Plain, Random};
use super::tolerance::{Rule, Where, differs, rule};
use crate::array::packed::MethodRow;
use crate::dtype::{DType, Kind, Scalar};
use crate::error::{Error, Result};
use crate::numpy::specs::Fault;

/// Results with more elements are computed, and not compared.
const COMPARED: usize = 1 << 16;

/// What came of one call.
#[derive(Clone, Debug)]
pub struct Fuzzed {
    /// The method and its arguments.
    pub call: String,
    /// The first backend gave a result.
    pub accepted: bool,
    /// What is wrong: a panic, an error without a type or a name, a difference.
    pub wrong: Option<String>,
}

/// Random calls on the first instances of some kinds.
///
/// ```no_run
/// use polyarray_core::testing::Fuzz;
/// let fuzz = Fuzz::on(&["cpu", "gpu"], &[])?;
/// for seed in 0..1000 {
///     let called = fuzz.call(seed, &mut |_| ());
///     assert!(called.wrong.is_none(), "{seed}: {}: {:?}", called.call, called.wrong);
/// }
/// # Ok::<(), polyarray_core::Error>(())
/// ```
pub struct Fuzz {
    suites: Vec<(Conformance<'static>, Place)>,
    rows: Vec<&'static MethodRow>,
    dtypes: Vec<DType>,
}

impl Fuzz {
    /// On these kinds; the methods named, or all.
    ///
    /// # Errors
    /// A kind is not linked, or its first instance doesn't open.
    pub fn on(kinds: &[&str], only: &[&str]) -> Result<Fuzz> {
        let suites = kinds.iter().map(|kind| {
            let suite = Conformance::of(kind).only(only);
            let place = suite.place()?;
            Ok((suite, place))
        });
        let suites = suites.collect::<Result<Vec<_>>>()?;
        let Some(((first, place), rest)) = suites.split_first() else {
            return Err(Error::Argument {
                op: "Fuzz::on",
                operands: "no kinds".into(),
                fix: "name one, such as \"cpu\"".into(),
            });
        };
        let held = |d: &DType| rest.iter().all(|(_, other)| other.dtypes.contains(d));
        let dtypes = place.dtypes.iter().copied().filter(held).collect();
        let rows: Vec<_> = first.rows().filter(|row| entry(row).is_some()).collect();
        if rows.is_empty() {
            return Err(Error::Unknown {
                what: "method",
                name: only.join(", "),
                known: "those that `polyarray ops` lists".into(),
            });
        }
        Ok(Fuzz { suites, rows, dtypes })
    }

    /// One call: the same seed makes the same. `announce` hears of it before it runs.
    pub fn call(&self, seed: u64, announce: &mut dyn FnMut(&str)) -> Fuzzed {
        let mut random = Random(seed);
        let row = self.rows[random.below(self.rows.len())];
        let (samples, reference) = entry(row).expect("rows without one are left out");
        let mut sampler = Sampler::new(random.bits(), self.dtypes.clone(), false);
        let cases = samples(&mut sampler, row.name);
        if cases.is_empty() {
            return Fuzzed { call: row.to_string(), accepted: false, wrong: None };
        }
        let mut case = cases[random.below(cases.len())].clone();
        let mistakes = [0, 1, 1, 2, 3][random.below(5)];
        for _ in 0..mistakes {
            bend::bend(&mut case, &cases, &self.dtypes, &mut random);
        }
        let args: Vec<String> = case.iter().map(ToString::to_string).collect();
        let call = format!("{}({})", row.name, args.join(", "));
        announce(&call);
        let outcome = if mistakes == 0 {
            self.right(row, &case, reference).map(|()| true)
        } else {
            self.beside(row, &case)
        };
        match outcome {
            Ok(accepted) => Fuzzed { call, accepted, wrong: None },
            Err(wrong) => Fuzzed { call, accepted: false, wrong: Some(wrong) },
        }
    }

    /// A call without a mistake gives what the reference gives.
    fn right(
        &self,
        row: &MethodRow,
        case: &Case,
        reference: fn(&Given, &str) -> Vec<Want>,
    ) -> Result<(), String> {
        for (suite, place) in &self.suites {
            let want = reference(&Given { args: case, float: place.float }, row.name);
            if want.iter().all(|want| place.dtypes.contains(&want.dtype)) {
                suite.case(row, case, &want, place).map_err(|what| format!("{}: {what}", suite.kind()))?;
            }
        }
        Ok(())
    }

    /// A call whose arguments may be anything gives the same everywhere. Says whether it was accepted.
    fn beside(&self, row: &MethodRow, case: &Case) -> Result<bool, String> {
        let mut first: Option<(Result<Vec<Plain>, Error>, DType)> = None;
        for (suite, place) in &self.suites {
            let poison: Vec<Want> = match &first {
                Some((Ok(all), _)) => all.iter().cloned().map(Want::exact).collect(),
                _ => Vec::new(),
            };
            let named = |what: String| format!("{}: {what}", suite.kind());
            let got = match suite.results(row, case, &poison, place, COMPARED) {
                Ok((_, read)) => Ok(read),
                Err(Failed::Panicked(text)) => return Err(named(format!("it panicked: {text}"))),
                Err(Failed::Refused(error)) => {
                    telling(row, &error).map_err(named)?;
                    Err(error)
                }
            };
            match (&first, got) {
                (None, got) => first = Some((got, place.float)),
                (Some((Ok(want), float)), Ok(got)) if *float == place.float => {
                    same(row, case, &got, want).map_err(named)?;
                }
                (Some((Err(want), _)), Err(got)) => {
                    let kinds = [want, &got].map(std::mem::discriminant);
                    if kinds[0] != kinds[1] && !of_resources(want) && !of_resources(&got) {
                        return Err(named(format!("the error is {got}, elsewhere {want}")));
                    }
                }
                (Some((Ok(_), _)), Err(got)) if !of_resources(&got) && !of_rounding(&got) => {
                    return Err(named(format!("accepted elsewhere: {got}")));
                }
                (Some((Err(want), _)), Ok(_)) if !of_resources(want) && !of_rounding(want) => {
                    return Err(named(format!("accepted, elsewhere {want}")));
                }
                _ => {}
            }
        }
        Ok(matches!(first, Some((Ok(_), _))))
    }
}

/// Whether it is one place's lack of memory, dtypes or kernels; also of a part of a method, which no backend ran for that.
fn of_resources(error: &Error) -> bool {
    match error {
        Error::OutOfMemory { .. } | Error::TooLarge { .. } | Error::Unsupported { .. } => true,
        Error::Dispatch(why) => why.not_found().is_some() && why.to_string().contains("can never fit"),
        _ => false,
    }
}

/// Whether rounding decides it: of a matrix of lower rank the last pivot is 0 on one backend and nearly 0 on another.
fn of_rounding(error: &Error) -> bool {
    let text = error.to_string();
    [Fault::Singular, Fault::NotPositiveDefinite].iter().any(|fault| {
        let (reason, _) = fault.reason(0);
        reason.split('0').next().is_some_and(|words| text.contains(words))
    })
}

/// An error has a type, and names the function.
fn telling(row: &MethodRow, error: &Error) -> Result<(), String> {
    let text = error.to_string();
    match error {
        Error::DeviceLost { .. } | Error::Device { .. } | Error::Backend { .. } => {
            Err(format!("an error that is none of the caller's: {text}"))
        }
        error if of_resources(error) => Ok(()),
        _ if text.contains(row.name.trim_end_matches('_')) => Ok(()),
        _ => Err(format!("the error doesn't name {}: {text}", row.name)),
    }
}

/// Results of two backends. What the rule of a method says of one and the truth holds twice of two.
fn same(row: &MethodRow, case: &Case, got: &[Plain], want: &[Plain]) -> Result<(), String> {
    let forms =
        |all: &[Plain]| -> Vec<String> { all.iter().map(|x| format!("{} {:?}", x.dtype, x.shape)).collect() };
    let [got_forms, want_forms] = [forms(got), forms(want)];
    if got_forms != want_forms {
        return Err(format!("results of {}, elsewhere {}", got_forms.join(", "), want_forms.join(", ")));
    }
    let given: Vec<&Plain> = case.iter().flat_map(Arg::samples).map(|sample| &sample.values).collect();
    let Some(room) = room(row, &given, case.iter().filter_map(Arg::number), want) else { return Ok(()) };
    for (got, want) in got.iter().zip(want) {
        let terms = got.data.len().max(given.iter().map(|x| x.data.len()).max().unwrap_or(1));
        let mut rule = rule(
            row.name.trim_end_matches('_'),
            given.first().map_or(got.dtype, |x| x.dtype),
            got.dtype,
            terms,
        );
        rule = Rule { ulps: 2.0 * rule.ulps, terms: 2.0 * rule.terms, signed_zero: false };
        let inexact = got.dtype.kind() >= Kind::Float;
        for (i, (&got, &want)) in got.data.iter().zip(&want.data).enumerate() {
            let truth = if inexact && (rule.ulps > 0.0 || rule.terms > 0.0) {
                Truth::Near { value: want.to_c128(), terms: room }
            } else {
                Truth::Exact(want)
            };
            if let Some(how) = differs(rule, got, &truth, Where::Device) {
                return Err(format!("element {i}: {how}"));
            }
        }
    }
    Ok(())
}

/// The sum of the magnitudes of all that is given: no result sums more. `None` where results can't be compared, element by
/// element and without a reference: factorisations, and sums of what may overflow or cancel in one order and not in another.
fn room(
    row: &MethodRow,
    given: &[&Plain],
    scalars: impl Iterator<Item = Scalar>,
    results: &[Plain],
) -> Option<f64> {
    let overflows = PRODUCTS.contains(&row.name) && results.iter().any(|x| x.dtype.kind() >= Kind::Float);
    if row.domain != "numpy" || CONDITIONED.contains(&row.name) || overflows {
        return None;
    }
    let all = given.iter().flat_map(|x| &x.data).copied().chain(scalars).map(|x| {
        let z = x.to_c128();
        z.re.abs() + z.im.abs()
    });
    let sum: f64 = all.sum();
    (sum < 1e4).then_some(sum * sum.max(1.0))
}

/// Products, which overflow in one order, and vanish in another.
const PRODUCTS: &[&str] = &["prod", "prod_where", "nanprod", "cumulative_prod", "nancumprod"];

/// Methods whose results depend on their arguments without bound, whose order is free, or which are unspecified of
/// nothing or of what isn't sorted.
const CONDITIONED: &[&str] = &[
    "cov",
    "corrcoef",
    "unwrap",
    "histogram",
    "histogram_weighted",
    "histogram2d",
    "vander",
    "poly",
    "polydiv",
    "reduce_segments",
    "count_in_bins",
    "searchsorted",
    "searchsorted_by",
];
