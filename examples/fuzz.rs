//! Random calls of every method, right ones and wrong ones, on the host and on the first GPU beside one another: no panic,
//! no hang, typed errors that name the function, no difference beyond the numeric contract. `cargo xtask fuzz` runs it.
//!
//! `fuzz MINUTES [SEED [METHOD…]]`, or `fuzz 1500calls …`: from this seed on, or from the time. Every finding has its own
//! seed: `fuzz 1calls SEED METHOD…` makes that one call again.

use polyarray::set_host_memory_limit;
use polyarray::testing::Fuzz;
use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A call that takes longer hangs.
const LONGEST: Duration = Duration::from_secs(120);
/// Calls may ask for any size: more than this is refused.
const MEMORY: usize = 256 << 20;
/// Findings of a method that are told.
const TOLD: usize = 3;

static RUNNING: Mutex<Option<(Instant, u64, String)>> = Mutex::new(None);

/// Ends the program, with the call, if one never ends.
fn watch() {
    loop {
        std::thread::sleep(Duration::from_secs(1));
        let running = RUNNING.lock().expect("no call holds it").clone();
        if let Some((since, seed, call)) = running.filter(|(since, ..)| since.elapsed() > LONGEST) {
            println!("HANGS: seed {seed}, after {} s: {call}", since.elapsed().as_secs());
            std::process::exit(1);
        }
    }
}

fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let long = args.first().ok_or("usage: fuzz MINUTES|Ncalls [SEED [METHOD…]]")?;
    let (minutes, most): (f64, usize) = match long.strip_suffix("calls") {
        Some(calls) => (f64::from(u32::MAX), calls.parse()?),
        None => (long.parse()?, usize::MAX),
    };
    let seed = match args.get(1) {
        Some(seed) => seed.parse()?,
        None => SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos() as u64,
    };
    let only: Vec<&str> = args.iter().skip(2).map(String::as_str).collect();
    set_host_memory_limit(Some(MEMORY));
    let fuzz = Fuzz::on(&["cpu", "gpu"], &only)?;
    // What panics is told with its call.
    std::panic::set_hook(Box::new(|_| ()));
    std::thread::spawn(watch);
    let until = Instant::now() + Duration::from_secs_f64(60.0 * minutes);
    let (mut calls, mut accepted, mut findings) = (0, 0, BTreeMap::<String, usize>::new());
    println!("from seed {seed} on");
    for seed in seed.. {
        let called = fuzz.call(seed, &mut |call| {
            *RUNNING.lock().expect("the watch never panics") = Some((Instant::now(), seed, call.into()));
        });
        calls += 1;
        accepted += usize::from(called.accepted);
        if let Some(wrong) = called.wrong {
            let method = called.call.split('(').next().unwrap_or_default().to_owned();
            let before = findings.entry(method).or_default();
            if *before < TOLD {
                println!("WRONG: seed {seed}: {}\n    {wrong}", called.call);
            }
            *before += 1;
        }
        if Instant::now() >= until || calls >= most {
            break;
        }
    }
    println!("{calls} calls, {accepted} accepted, {} wrong", findings.values().sum::<usize>());
    for (method, count) in &findings {
        println!("  {method}: {count}");
    }
    Ok(if findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
