//! Rounds, taken in turn, and what they amount to.

use std::time::Instant;

use polyarray::Result;

/// How long a call took in the rounds of one side, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Times {
    /// Half of the rounds took longer.
    pub median: f64,
    /// A quarter of the rounds took less.
    pub q1: f64,
    /// A quarter of the rounds took more.
    pub q3: f64,
    /// The fastest round.
    pub fastest: f64,
    /// Number of rounds.
    pub rounds: usize,
}

impl Times {
    /// Quartiles are interpolated linearly, as NumPy's `quantile` does. Of no rounds there is none.
    pub fn of(seconds: &[f64]) -> Option<Times> {
        let mut sorted = seconds.to_vec();
        sorted.sort_by(f64::total_cmp);
        let fastest = *sorted.first()?;
        let quantile = |q: f64| {
            let at = q * (sorted.len() - 1) as f64;
            let (below, above) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
            below + (above - below) * at.fract()
        };
        Some(Times {
            median: quantile(0.5),
            q1: quantile(0.25),
            q3: quantile(0.75),
            fastest,
            rounds: sorted.len(),
        })
    }
}

/// How many rounds are taken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Schedule {
    /// Rounds end after this many seconds, all sides together…
    pub seconds: f64,
    /// Untimed rounds of each side before the first timed one.
    pub warm_up: usize,
    /// …but there are at least so many of each side (and one, whatever this says),
    pub least: usize,
    /// and at most so many.
    pub most: usize,
    /// A side whose own rounds took so many seconds has done enough after three of them: one very slow side does
    /// not hold up a sweep.
    pub patience: f64,
}

/// Rounds that are enough of a side that is out of patience.
const FEW: usize = 3;

/// One call of one side: does the work and answers the seconds that count. What it has to set up or take down
/// does not count.
pub type Call<'a> = Box<dyn FnMut() -> Result<f64> + 'a>;

/// A turn of a side goes on for so many seconds: work that takes less is called again, and so met with its caches and
/// branches warm, as a loop over one library's calls would meet it.
const TURN: f64 = 2e-4;
/// Calls of one turn at most.
const CALLS: usize = 64;

/// Times several sides in turn, round by round: what disturbs the machine meanwhile disturbs all of them. Every
/// other round goes backwards, so that no side always follows the same one. In its turn a side is called once, or,
/// where that is quick, for 0.2 ms; then the first call does not count, and the median of the others is the round's
/// time. A side that fails is left out from then on; the others go on.
pub fn interleaved(schedule: &Schedule, sides: &mut [Call<'_>]) -> Vec<Result<Times>> {
    let mut taken: Vec<Result<Vec<f64>>> = sides.iter().map(|_| Ok(Vec::new())).collect();
    for _ in 0..schedule.warm_up {
        for (side, taken) in sides.iter_mut().zip(&mut taken) {
            if let (Ok(_), Err(error)) = (&taken, side()) {
                *taken = Err(error);
            }
        }
    }
    let start = Instant::now();
    for round in 0.. {
        let out_of_time = start.elapsed().as_secs_f64() >= schedule.seconds;
        let goes_on = |taken: &Result<Vec<f64>>| match taken {
            Err(_) => false,
            Ok(taken) if taken.len() < schedule.least.clamp(1, FEW) => true,
            Ok(taken) if taken.iter().sum::<f64>() >= schedule.patience => false,
            Ok(taken) if taken.len() < schedule.least => true,
            Ok(taken) => !out_of_time && taken.len() < schedule.most,
        };
        let going: Vec<bool> = taken.iter().map(goes_on).collect();
        if !going.contains(&true) {
            break;
        }
        for turn in 0..sides.len() {
            let at = if round % 2 == 0 { turn } else { sides.len() - 1 - turn };
            let Some(seconds) = taken[at].as_mut().ok().filter(|_| going[at]) else { continue };
            match turn_of(&mut sides[at]) {
                Ok(took) => seconds.push(took),
                Err(error) => taken[at] = Err(error),
            }
        }
    }
    let times = |seconds: Vec<f64>| Times::of(&seconds).expect("a side that did not fail has a round");
    taken.into_iter().map(|side| side.map(times)).collect()
}

/// The seconds of a call, by one turn.
fn turn_of(side: &mut Call<'_>) -> Result<f64> {
    let start = Instant::now();
    let first = side()?;
    let mut calls = Vec::new();
    while calls.len() < CALLS && start.elapsed().as_secs_f64() < TURN {
        calls.push(side()?);
    }
    Ok(Times::of(&calls).map_or(first, |times| times.median))
}

#[cfg(test)]
mod tests {
    use super::*;
    use polyarray::Error;
    use std::cell::{Cell, RefCell};

    /// Longer than a turn.
    fn slowly() {
        std::thread::sleep(std::time::Duration::from_micros(300));
    }

    #[test]
    fn quick_work_is_called_again_and_its_first_call_does_not_count() {
        let calls = Cell::new(0);
        let schedule = Schedule { seconds: 0.0, warm_up: 0, least: 1, most: 1, patience: 1e9 };
        let quick = || {
            calls.set(calls.get() + 1);
            Ok(if calls.get() == 1 { 9.0 } else { 2.0 })
        };
        let times = interleaved(&schedule, &mut [Box::new(quick)]);
        let times = times[0].as_ref().unwrap();
        assert_eq!((times.median, times.rounds), (2.0, 1));
        assert!((2..=CALLS + 1).contains(&calls.get()));
    }

    #[test]
    fn quartiles_are_numpys() {
        let spread = Times::of(&[4.0, 1.0, 3.0, 2.0]).unwrap();
        assert_eq!((spread.q1, spread.median, spread.q3), (1.75, 2.5, 3.25));
        assert_eq!((spread.fastest, spread.rounds), (1.0, 4));
        assert_eq!(Times::of(&[7.0]).unwrap().q3, 7.0);
        assert_eq!(Times::of(&[]), None);
    }

    #[test]
    fn sides_take_turns_and_warm_up_does_not_count() {
        let order = RefCell::new(String::new());
        let side = |name: char, seconds: f64| -> Call<'_> {
            let order = &order;
            Box::new(move || {
                order.borrow_mut().push(name);
                slowly();
                Ok(seconds)
            })
        };
        let schedule = Schedule { seconds: 0.0, warm_up: 1, least: 3, most: 9, patience: 1e9 };
        let spreads = interleaved(&schedule, &mut [side('a', 1.0), side('b', 2.0)]);
        assert_eq!(order.borrow().as_str(), "ab".to_string() + "abbaab");
        let medians: Vec<f64> = spreads.iter().map(|s| s.as_ref().unwrap().median).collect();
        assert_eq!((medians, spreads[0].as_ref().unwrap().rounds), (vec![1.0, 2.0], 3));
    }

    #[test]
    fn there_are_no_more_rounds_than_asked_for() {
        let schedule = Schedule { seconds: 1e9, warm_up: 0, least: 1, most: 5, patience: 1e9 };
        let spreads = interleaved(&schedule, &mut [Box::new(|| Ok(0.0))]);
        assert_eq!(spreads[0].as_ref().unwrap().rounds, 5);
    }

    #[test]
    fn a_side_that_fails_is_left_out() {
        let calls = Cell::new(0);
        let schedule = Schedule { seconds: 0.0, warm_up: 0, least: 4, most: 4, patience: 1e9 };
        let failing = || {
            calls.set(calls.get() + 1);
            slowly();
            let error =
                Error::Backend { op: "x".into(), backend: "y".into(), message: "out of patience".into() };
            if calls.get() == 2 { Err(error) } else { Ok(1.0) }
        };
        let spreads = interleaved(&schedule, &mut [Box::new(failing), Box::new(|| Ok(3.0))]);
        assert_eq!(calls.get(), 2);
        assert!(spreads[0].as_ref().unwrap_err().to_string().contains("out of patience"));
        assert_eq!(spreads[1].as_ref().unwrap().rounds, 4);
    }

    #[test]
    fn a_slow_side_does_not_hold_up_the_others() {
        let schedule = Schedule { seconds: 0.0, warm_up: 0, least: 7, most: 9, patience: 2.0 };
        let times =
            interleaved(&schedule, &mut [Box::new(|| Ok(5.0)), Box::new(|| Ok(0.1)), Box::new(|| Ok(0.5))]);
        let rounds: Vec<usize> = times.iter().map(|times| times.as_ref().unwrap().rounds).collect();
        assert_eq!(rounds, [3, 7, 4]);
    }
}
