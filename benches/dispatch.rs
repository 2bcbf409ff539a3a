//! The cost of dispatch, compared with a direct call of the same function: medians of one run.
//!
//! `cargo bench --bench dispatch` prints the table; with `-- --check` it fails when a target is missed.
//! It uses fake backends, so that only the engine is measured; the last rows record operations on real arrays.
use std::hint::black_box;
use std::sync::Barrier;
use std::time::Instant;

use polyarray_core::dispatch::{
    self, Argument, BackendKind, Cx, Decline, Dispatchable, Error, Fit, Instance, Key, Kind, Operand,
    Options, Refusal, Stop, determine_backend, with_backend,
};

struct Value {
    home: Key,
    number: i64,
}

impl Argument for Value {
    #[inline]
    fn key(&self) -> Key {
        self.home
    }
    fn describe(&self, name: &'static str) -> Operand {
        Operand::new(name, "a number")
    }
    fn remedy(&self, name: &str, to: Instance) -> String {
        format!("{name}.to({to})")
    }
}

impl Dispatchable for Value {
    type Owned = Value;
    fn convert(&self, _: Instance, _: Fit) -> Result<Value, Refusal> {
        Ok(Value { ..*self })
    }
}

/// A backend that accepts one residency natively, or every one if it names none.
struct Fake(&'static str, Option<&'static str>);

impl BackendKind for Fake {
    fn name(&self) -> &'static str {
        self.0
    }
    fn select(&self, _: &[Key]) -> Result<u16, Decline> {
        Ok(0)
    }
    fn fit(&self, _: u16, key: Key) -> Fit {
        if self.1.is_none_or(|read| read == key.name()) { Fit::Native } else { Fit::Copy }
    }
    fn instances(&self) -> Vec<String> {
        vec![self.0.into()]
    }
}

dispatch::method! {
    domain "numpy.fft";
    /// One argument, with the cheapest possible body.
    fn one(x: &Value) -> Result<i64, Error>;
    /// Two arguments and a parameter.
    fn two(x: &Value, y: &Value, axis: i64) -> Result<i64, Error>;
    /// A default of two further dispatches.
    fn composed(x: &Value) -> Result<i64, Error> {
        Ok(one(x)? + one(x)?)
    }
}

#[inline(never)]
fn one_directly(_: Cx, x: &Value) -> Result<i64, Stop<Error>> {
    Ok(x.number + 1)
}

#[inline(never)]
fn two_directly(_: Cx, x: &Value, y: &Value, axis: i64) -> Result<i64, Stop<Error>> {
    Ok(x.number + y.number + axis)
}

#[inline(never)]
fn declines(_: Cx, _: &Value) -> Result<i64, Stop<Error>> {
    Err(Stop::declined("never does"))
}

/// The median over samples, in nanoseconds a call.
fn median(mut call: impl FnMut() -> i64) -> f64 {
    const CALLS: u32 = 2000;
    let mut samples: Vec<f64> = (0..301)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..CALLS {
                black_box(call());
            }
            start.elapsed().as_nanos() as f64 / f64::from(CALLS)
        })
        .collect();
    samples.sort_by(f64::total_cmp);
    samples[samples.len() / 2]
}

/// The worse of two threads' medians, measured at the same time.
fn median_of_two_threads(call: impl Fn() -> i64 + Sync) -> f64 {
    let start = Barrier::new(2);
    std::thread::scope(|threads| {
        let run = || {
            start.wait();
            median(&call)
        };
        let other = threads.spawn(run);
        let own = run();
        own.max(other.join().expect("the other thread measures, too"))
    })
}

struct Row {
    what: &'static str,
    measured: f64,
    limit: f64,
}

fn main() -> Result<(), Error> {
    let check = std::env::args().any(|argument| argument == "--check");
    // `a` implements everything; `b` and `c` accept the arguments and decline; `d` and `e` refuse them.
    let [a, b, c, d, e]: [Kind; 5] = [
        dispatch::enrol(&Fake("a", None))?,
        dispatch::enrol(&Fake("b", None))?,
        dispatch::enrol(&Fake("c", None))?,
        dispatch::enrol(&Fake("d", Some("elsewhere")))?,
        dispatch::enrol(&Fake("e", Some("elsewhere")))?,
    ];
    a.register::<one>(one_directly)?;
    a.register::<two>(two_directly)?;
    b.register::<one>(declines)?;
    c.register::<one>(declines)?;
    // A residency that no linked backend accepts, only the fakes.
    let home = Key::intern("laboratory");
    let (x, y) = (Value { home, number: 1 }, Value { home, number: 2 });
    let (x, y) = (&x, &y);

    let serve = |call: fn(&Value) -> Result<i64, Error>| move || call(black_box(x)).unwrap_or(-1);
    let cx = Cx::new(a.instance(0));
    let direct = median(|| one_directly(black_box(cx), black_box(x)).unwrap_or(-1));
    let direct_two = median(|| two_directly(black_box(cx), black_box(x), y, 3).unwrap_or(-1));
    let fast = median(serve(one));
    let fast_two = median(|| two(black_box(x), y, 3).unwrap_or(-1));
    let scopes = |[outer, middle, inner]: [Kind; 3]| {
        with_backend(outer, Options::PLAIN, || {
            with_backend(middle, Options::PLAIN, || {
                with_backend(inner, Options::PLAIN, || median(serve(one)))
            })
        })
    };
    let enter = || with_backend(a, Options::PLAIN, || one(black_box(x))).unwrap_or(-1);
    let pinned = determine_backend(&[x], "numpy.fft", false)?;
    let under_pin = || pinned.pin(|| composed(black_box(x))).unwrap_or(-1);
    assert_eq!((under_pin(), enter()), (4, 2), "what is measured is right");

    let mut rows = vec![
        Row { what: "fast path, one argument, over the direct call", measured: fast - direct, limit: 5.0 },
        Row {
            what: "fast path, two arguments and a parameter, over the direct call",
            measured: fast_two - direct_two,
            limit: 5.0,
        },
        Row { what: "three nested scopes, two of which refuse", measured: scopes([a, d, e]), limit: 30.0 },
        // A loose target: backends in scope often refuse arguments, but implementations rarely decline.
        Row {
            what: "three nested scopes, two of whose implementations are asked and decline",
            measured: scopes([a, b, c]),
            limit: 100.0,
        },
        Row { what: "enter a scope, call once, leave", measured: median(enter), limit: 100.0 },
        Row {
            what: "served by its default under a pin",
            measured: pinned.pin(|| median(serve(composed))),
            limit: 150.0,
        },
        Row { what: "the same, the pin entered and left", measured: median(under_pin), limit: 150.0 },
        Row {
            what: "served by its default under a pin, two threads at once",
            measured: median_of_two_threads(under_pin),
            limit: 150.0,
        },
        Row {
            what: "enter a scope, call once, leave, two threads at once",
            measured: median_of_two_threads(enter),
            limit: 100.0,
        },
    ];
    rows.extend(recording());

    println!("direct call: {direct:.1} ns, with two arguments {direct_two:.1} ns; medians of one run");
    for Row { what, measured, limit } in &rows {
        let verdict = if measured <= limit { "met" } else { "MISSED" };
        println!("{what:72} {measured:7.1} ns   target {limit:5.0}   {verdict}");
    }
    if check && rows.iter().any(|row| row.measured > row.limit) {
        std::process::exit(1);
    }
    Ok(())
}

/// Recording an elementwise operation on the host: dispatch, dtype, shape, a node that is made and dropped.
fn recording() -> Vec<Row> {
    use polyarray::{Array, add, exp};
    // Each thread has its own operands: shared ones would measure contention of their reference counters.
    let operands = || (Array::from(vec![1.0f32; 64]), Array::from(vec![2.0f32; 64]));
    let (x, y) = operands();
    let binary = |x: &Array, y: &Array| add(black_box(x), black_box(y)).map_or(-1, |z| z.ndim() as i64);
    let unary = |x: &Array| exp(black_box(x)).map_or(-1, |z| z.ndim() as i64);
    assert_eq!((binary(&x, &y), unary(&x)), (1, 1), "what is measured is right");
    let start = Barrier::new(2);
    let two_threads = std::thread::scope(|threads| {
        let run = || {
            let (x, y) = operands();
            start.wait();
            median(|| binary(&x, &y))
        };
        let other = threads.spawn(run);
        let own = run();
        own.max(other.join().expect("the other thread measures, too"))
    });
    let row = |what, measured| Row { what, measured, limit: 100.0 };
    let alone = median(|| binary(&x, &y));
    // Packed, handed to the interceptor, unpacked, and recorded by the backend that it hands it to.
    let intercepted = with_backend("bench-wrapper", Options::ONLY, || {
        assert_eq!(binary(&x, &y), 1, "what is measured is right");
        median(|| binary(&x, &y))
    });
    vec![
        row("recording an elementwise operation, one operand", median(|| unary(&x))),
        row("recording an elementwise operation, two operands", alone),
        row("recording an elementwise operation, two operands, two threads at once", two_threads),
        Row {
            what: "an intercepted call that records the same, two operands",
            measured: intercepted,
            limit: 4.0 * alone,
        },
    ]
}

/// A wrapper that hands every call on to the host.
struct Wrapper;

impl BackendKind for Wrapper {
    fn name(&self) -> &'static str {
        "bench-wrapper"
    }
    fn explicit(&self) -> bool {
        true
    }
    fn select(&self, _: &[Key]) -> Result<u16, Decline> {
        Ok(0)
    }
    fn fit(&self, _: u16, _: Key) -> Fit {
        Fit::Native
    }
    fn instances(&self) -> Vec<String> {
        vec!["bench-wrapper".into()]
    }
}

polyarray::backend::linked_kind! { BENCH_WRAPPER: &Wrapper; }
polyarray::backend::interceptors! { HANDS_ON; "bench-wrapper": "numpy" = |_, call| Ok(call.on(polyarray::cpu.instance(0))?); }
