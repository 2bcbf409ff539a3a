//! Fakes for the engine's tests: a value with a home, and backends that count what is asked of them.
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use polyarray_core::dispatch::{
    self, Argument, BackendKind, Clear, Decline, Dispatchable, Fit, Instance, Key, Kind, Operand, Refusal,
    State, clear, register_backend,
};

/// A number, and where it lives: `a` and `a:1` are residencies of the fake kind `a`.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    pub number: i64,
    pub home: Key,
    pub fixed: bool,
    /// Converting it fails (more than being refused).
    pub broken: bool,
}

pub fn at(home: &str, number: i64) -> Value {
    Value { number, home: Key::intern(home), fixed: false, broken: false }
}

pub fn scalar(number: i64) -> Value {
    Value { number, home: Key::NONE, fixed: false, broken: false }
}

impl Argument for Value {
    fn key(&self) -> Key {
        self.home
    }
    fn coercible(&self) -> bool {
        !self.fixed
    }
    fn converts(&self, to: Instance, how: Fit) -> Result<(), Refusal> {
        self.convert(to, how).map(drop)
    }
    fn describe(&self, name: &'static str) -> Operand {
        Operand::new(name, format!("{} on {}", self.number, self.home))
    }
    fn remedy(&self, name: &str, to: Instance) -> String {
        format!("{name}.to(\"{to}\")")
    }
}

impl Dispatchable for Value {
    type Owned = Value;
    fn convert(&self, to: Instance, how: Fit) -> Result<Value, Refusal> {
        if self.broken {
            return Err(Refusal::Failed("the device is lost".into()));
        }
        if self.number == 13 {
            return Err(Decline::new("nobody takes a 13").into());
        }
        CONVERSIONS.with(|n| n.set(n.get() + 1));
        assert_ne!(how, Fit::Native, "a native argument is passed as it is");
        Ok(Value { home: Key::intern(&to.name()), ..self.clone() })
    }
}

thread_local! {
    pub static CONVERSIONS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Conversions on this thread while `f` runs.
pub fn conversions<R>(f: impl FnOnce() -> R) -> (R, usize) {
    let before = CONVERSIONS.get();
    let result = f();
    (result, CONVERSIONS.get() - before)
}

/// A backend whose instances are named by its own name: `a` (number 0), `a:1`.
pub struct Fake {
    name: &'static str,
    domains: &'static [&'static str],
    /// Residencies that it reads without a copy.
    reads: &'static [&'static str],
    pub enumerated: AtomicUsize,
}

impl Fake {
    fn home(&self, key: Key) -> Option<u16> {
        let index = key.name().strip_prefix(self.name)?;
        if index.is_empty() { Some(0) } else { index.strip_prefix(':')?.parse().ok() }
    }
}

impl BackendKind for Fake {
    fn name(&self) -> &'static str {
        self.name
    }
    fn domains(&self) -> &'static [&'static str] {
        self.domains
    }
    fn select(&self, keys: &[Key]) -> Result<u16, Decline> {
        let mut own = keys.iter().filter_map(|&key| self.home(key));
        let first = own.next().unwrap_or(0);
        match own.find(|&other| other != first) {
            Some(other) => Err(Decline::limit("the arguments live on two instances", other.into(), 0)),
            None => Ok(first),
        }
    }
    fn fit(&self, index: u16, key: Key) -> Fit {
        match self.home(key) {
            Some(home) if home == index => Fit::Native,
            _ if self.reads.contains(&key.name()) => Fit::Free,
            _ if key.name() == "nowhere" => Fit::Never("it is nowhere"),
            _ => Fit::Copy,
        }
    }
    fn instances(&self) -> Vec<String> {
        self.enumerated.fetch_add(1, Relaxed);
        (0..2).map(|index| self.instance_name(index)).collect()
    }
    fn instance_name(&self, index: u16) -> String {
        if index == 0 { self.name.into() } else { format!("{}:{index}", self.name) }
    }
}

/// Enrols a fake under this name, which must be new in this process.
pub fn fake(name: &'static str) -> Kind {
    fake_with(name, &["numpy"], &[]).0
}

pub fn fake_with(
    name: &'static str,
    domains: &'static [&'static str],
    reads: &'static [&'static str],
) -> (Kind, &'static Fake) {
    let fake = Box::leak(Box::new(Fake { name, domains, reads, enumerated: AtomicUsize::new(0) }));
    (dispatch::enrol(fake).expect("a new name"), fake)
}

/// Runs a test in a state of its own, in which just these backends are registered.
pub fn alone<R>(registered: &[Kind], f: impl FnOnce() -> R) -> R {
    State::current().enter(|| {
        for domain in ["numpy", "numpy.fft", "numpy.fft.deep", "other"] {
            clear(domain, Clear { registered: true, global: true });
        }
        for &kind in registered {
            register_backend(kind).expect("a known kind");
        }
        f()
    })
}
