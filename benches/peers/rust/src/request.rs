//! Requests, the common inputs, the check and the timing.
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::Run;

/// One operation at one size.
#[derive(Deserialize)]
pub struct Request {
    pub op: String,
    pub shape: Vec<usize>,
    pub dtype: String,
    /// Seconds to spend on timing.
    pub seconds: f64,
    /// Reference values at evenly spaced positions of the result, by NumPy in float64.
    pub expect: Vec<f64>,
    /// Largest allowed distance, absolute plus relative.
    pub tolerance: f64,
}

impl Request {
    pub fn key(&self) -> String {
        format!("{} {:?} {}", self.op, self.shape, self.dtype)
    }
}

/// The answer.
#[derive(Serialize, Default)]
pub struct Answer {
    /// "ok", "wrong", "absent" or "failed".
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    times: Vec<f64>,
}

impl Answer {
    pub fn failed(why: String) -> Answer {
        Answer { status: "failed", why: Some(why), ..Answer::default() }
    }

    pub fn absent() -> Answer {
        Answer { status: "absent", ..Answer::default() }
    }
}

/// The `k`th input: uniform in [-1, 1), exact in float32, the same in every language.
pub fn uniform(k: u32, len: usize) -> Vec<f32> {
    (0..len as u32).map(|i| (word(k, i) >> 8) as f32 / 8_388_608.0 - 1.0).collect()
}

/// Hashes a position to 32 bits (the finaliser of MurmurHash3).
pub fn word(k: u32, i: u32) -> u32 {
    let mut h = i.wrapping_add(k.wrapping_mul(0x9E37_79B9));
    h = (h ^ h >> 16).wrapping_mul(0x85EB_CA6B);
    h = (h ^ h >> 13).wrapping_mul(0xC2B2_AE35);
    h ^ h >> 16
}

/// The positions that are compared: the same as in `cases.py`.
pub fn sampled(values: impl ExactSizeIterator<Item = f64> + Clone, samples: usize) -> Vec<f64> {
    let len = values.len();
    let all: Vec<f64> = values.collect();
    (0..samples).map(|s| all[s * len / samples]).collect()
}

fn wrong(request: &Request, got: &[f64]) -> Option<String> {
    if request.expect.is_empty() {
        return None; // random numbers
    }
    if got.is_empty() {
        return Some("an empty result".into());
    }
    let got = sampled(got.iter().copied(), request.expect.len());
    let far = |(g, w): (&f64, &f64)| !((g - w).abs() <= request.tolerance * (1.0 + w.abs()));
    let at = got.iter().zip(&request.expect).position(far)?;
    Some(format!("sample {at} is {}, wanted is {}", got[at], request.expect[at]))
}

/// Checks, warms up, and times round after round.
pub fn answer(request: &Request, run: &mut Run) -> Answer {
    match run(true) {
        Err(why) => return Answer::failed(why),
        Ok(None) => return Answer::failed("nothing was read".into()),
        Ok(Some(got)) => {
            if let Some(why) = wrong(request, &got) {
                return Answer { status: "wrong", why: Some(why), ..Answer::default() };
            }
        }
    }
    let mut times = Vec::new();
    let start = Instant::now();
    let mut warm = 2;
    while times.len() < 3
        || (start.elapsed() < Duration::from_secs_f64(request.seconds) && times.len() < 1000)
    {
        let before = Instant::now();
        if let Err(why) = run(false) {
            return Answer::failed(why);
        }
        let took = before.elapsed().as_secs_f64();
        if warm > 0 {
            warm -= 1;
        } else {
            times.push(took);
        }
    }
    Answer { status: "ok", why: None, times }
}
