//! The worker of one library: reads requests (a line of JSON each), runs them on the same inputs as every library,
//! compares the result with the samples in the request, and only then measures the time.
//!
//! `polyarray-peers LIBRARY` with one of: ours-host, ours-gpu, burn-wgpu, burn-flex, numr-wgpu, ndarray.
//! `polyarray-peers identity` names the GPU and its driver.
#[cfg(feature = "burn")]
mod burn_library;
#[cfg(any(feature = "burn", feature = "numr"))]
mod inputs;
mod methods;
mod ndarray_library;
#[cfg(feature = "numr")]
mod numr_library;
mod ours;
mod request;

use std::io::{BufRead, Write};

use request::{Answer, Request, answer};

/// Runs one operation until its result is computed, and reads the result if asked to.
type Run = Box<dyn FnMut(bool) -> Result<Option<Vec<f64>>, String>>;

/// A library: returns `None` for an operation that it does not have.
trait Library {
    fn prepare(&mut self, request: &Request) -> Result<Option<Run>, String>;
}

fn main() {
    let name = std::env::args().nth(1).unwrap_or_default();
    if name == "identity" {
        match ours::identity("gpu:0") {
            Ok(identity) => return println!("{identity}"),
            Err(why) => {
                eprintln!("{why}");
                std::process::exit(2)
            }
        }
    }
    let library: Result<Box<dyn Library>, String> = match name.as_str() {
        "ours-host" => ours::Ours::on("host").map(|l| Box::new(l) as _),
        "ours-gpu" => ours::Ours::on("gpu:0").map(|l| Box::new(l) as _),
        #[cfg(feature = "burn")]
        "burn-wgpu" => Ok(Box::new(burn_library::Burn::wgpu())),
        #[cfg(feature = "burn")]
        "burn-flex" => Ok(Box::new(burn_library::Burn::flex())),
        #[cfg(feature = "numr")]
        "numr-wgpu" => numr_library::Numr::wgpu().map(|l| Box::new(l) as _),
        "ndarray" => Ok(Box::new(ndarray_library::Ndarray)),
        other => Err(format!("unknown library {other:?}")),
    };
    let mut library = library.unwrap_or_else(|why| {
        eprintln!("{why}");
        std::process::exit(2)
    });
    let mut prepared: Option<(String, Option<Run>)> = None;
    for line in std::io::stdin().lock().lines() {
        let Ok(line) = line else { break };
        let reply = match serde_json::from_str::<Request>(&line) {
            Err(e) => Answer::failed(format!("not a request: {e}")),
            Ok(request) => {
                let key = request.key();
                // Rounds of one operation follow one another, so its inputs and kernels are kept.
                if prepared.as_ref().is_none_or(|(known, _)| *known != key) {
                    drop(prepared.take());
                    match caught(|| library.prepare(&request)) {
                        Ok(run) => prepared = Some((key, run)),
                        Err(why) => {
                            println!("{}", serde_json::to_string(&Answer::failed(why)).expect("plain data"));
                            continue;
                        }
                    }
                }
                match prepared.as_mut().and_then(|(_, run)| run.as_mut()) {
                    Some(run) => caught(|| Ok(answer(&request, run))).unwrap_or_else(Answer::failed),
                    None => Answer::absent(),
                }
            }
        };
        println!("{}", serde_json::to_string(&reply).expect("plain data"));
        let _ = std::io::stdout().flush();
    }
}

/// Some libraries panic where others return an error: the panic's message is the error.
fn caught<T>(f: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(f)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        Err(text
            .or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned()))
            .unwrap_or_else(|| "a panic".into()))
    })
}
