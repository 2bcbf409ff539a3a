//! Who is there and who implements what: kinds and implementations, enrolled at link time or later.
use std::collections::HashMap;
use std::panic::Location;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use linkme::distributed_slice;
use parking_lot::RwLock;

use super::env::Environment;
use super::error::Error;
use super::globals::Globals;
use super::kind::{BackendKind, Instance, Kind, KindCell, KindId, Target};
use super::method::{Erased, Method, MethodInfo, MethodRef};

/// The backends linked into this program, gathered by the linker, so that nobody has to be told; see
/// [`linked_kind!`](crate::dispatch::linked_kind).
#[distributed_slice]
pub static KINDS: [&'static dyn BackendKind];

/// The implementations registered at link time; see [`registrations!`](crate::dispatch::registrations).
#[distributed_slice]
pub static REGISTRATIONS: [fn(&mut Registrar<'_>)];

/// Kinds that come before all others in the order of registration; the others follow by name.
const PRECEDENCE: [&str; 2] = ["cpu", "gpu"];

/// Grows with every change of what is registered: whatever was cached before is out of date.
static GENERATION: AtomicU64 = AtomicU64::new(1);

static TABLES: LazyLock<RwLock<Tables>> = LazyLock::new(|| RwLock::new(Tables::linked()));

#[derive(Clone, Copy)]
pub(super) struct Registered {
    pub function: &'static Erased,
    pub at: &'static Location<'static>,
}

struct Slot {
    cell: &'static KindCell,
    name: &'static str,
    backend: Option<&'static dyn BackendKind>,
}

#[derive(Default)]
pub(super) struct Tables {
    kinds: Vec<Slot>,
    by_name: HashMap<&'static str, KindId>,
    implementations: HashMap<(KindId, MethodRef), Registered>,
    /// By kind: the domain, and the interceptor of its calls.
    interceptors: HashMap<KindId, Vec<(&'static str, Registered)>>,
    globals: Option<&'static Globals>,
    /// What was wrong with what is linked or with the environment; every call returns the first.
    faults: Vec<Error>,
}

impl Tables {
    fn linked() -> Tables {
        let mut tables = Tables::default();
        let mut linked: Vec<&'static dyn BackendKind> = KINDS.iter().copied().collect();
        linked.sort_by_key(|kind| {
            let name = kind.name();
            (PRECEDENCE.iter().position(|&first| first == name).unwrap_or(PRECEDENCE.len()), name)
        });
        for backend in linked {
            if let Err(fault) = tables.enrol(backend) {
                tables.faults.push(fault);
            }
        }
        for add in REGISTRATIONS {
            add(&mut Registrar(&mut tables));
        }
        let environment = Environment::from_lookup(|name| std::env::var(name).ok());
        if let Err(fault) = environment.apply(&mut tables) {
            tables.faults.push(fault);
        }
        tables
    }

    pub fn intern(&mut self, name: &str) -> KindId {
        if let Some(&id) = self.by_name.get(name) {
            return id;
        }
        let name: &'static str = Box::leak(name.to_owned().into_boxed_str());
        let id = KindId(self.kinds.len() as u16);
        self.kinds.push(Slot { cell: Box::leak(Box::new(KindCell::new(name))), name, backend: None });
        self.by_name.insert(name, id);
        id
    }

    fn enrol(&mut self, backend: &'static dyn BackendKind) -> Result<KindId, Error> {
        let id = self.intern(backend.name());
        let slot = &mut self.kinds[id.0 as usize];
        if slot.backend.is_some() {
            return Err(Error::EnrolledTwice { name: backend.name() });
        }
        slot.backend = Some(backend);
        if backend.explicit() {
            return Ok(id);
        }
        let target = Target { kind: id, index: None };
        let globals = self.globals().edit(|all| {
            for domain in backend.domains() {
                all.domain(domain).registered.push(target);
            }
        });
        self.globals = Some(globals);
        Ok(id)
    }

    fn add<M: Method>(
        &mut self,
        kind: KindId,
        implementation: M::Fn,
        at: &'static Location<'static>,
        replaces: bool,
    ) -> Result<(), Error> {
        let key = (kind, MethodRef(M::info()));
        match self.implementations.get(&key) {
            Some(first) if !replaces => Err(Error::RegisteredTwice {
                method: M::info(),
                kind: self.kinds[kind.0 as usize].name,
                first: first.at,
                second: at,
            }),
            _ => {
                let function = Box::leak(Box::new(implementation));
                self.implementations.insert(key, Registered { function, at });
                Ok(())
            }
        }
    }

    pub fn globals(&self) -> &'static Globals {
        self.globals.unwrap_or_else(Globals::none)
    }

    pub fn set_globals(&mut self, globals: &'static Globals) {
        self.globals = Some(globals);
    }

    pub fn backend(&self, kind: KindId) -> Option<&'static dyn BackendKind> {
        self.kinds[kind.0 as usize].backend
    }

    pub fn implementation(&self, kind: KindId, method: &'static MethodInfo) -> Option<Registered> {
        self.implementations.get(&(kind, MethodRef(method))).copied()
    }

    /// The implementation of a method on a kind: its own, or one that hands the call to the kind's interceptor.
    pub fn serves(&self, kind: KindId, method: &'static MethodInfo) -> Option<Registered> {
        self.implementation(kind, method).or_else(|| {
            let interceptor = self.interceptor(kind, method.domain)?;
            Some(Registered { function: method.packed?, at: interceptor.at })
        })
    }

    /// The interceptor for calls of a domain: that of the innermost domain around it.
    pub fn interceptor(&self, kind: KindId, domain: &str) -> Option<Registered> {
        let inside = |outer: &str| {
            domain.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let all = self.interceptors.get(&kind)?.iter();
        all.filter(|(of, _)| inside(of)).max_by_key(|(of, _)| of.len()).map(|(_, found)| *found)
    }

    fn intercept(
        &mut self,
        kind: KindId,
        domain: &'static str,
        function: &'static Erased,
        at: &'static Location<'static>,
    ) {
        let all = self.interceptors.entry(kind).or_default();
        all.retain(|(of, _)| *of != domain);
        all.push((domain, Registered { function, at }));
    }

    pub fn fault(&self) -> Option<Error> {
        self.faults.first().cloned()
    }

    /// An error unless a backend answers to this target's kind.
    pub fn known_backend(
        &self,
        target: Target,
        place: &'static str,
    ) -> Result<&'static dyn BackendKind, Error> {
        match self.backend(target.kind) {
            Some(backend) => Ok(backend),
            None => Err(Error::UnknownBackend {
                name: self.kinds[target.kind.0 as usize].name.into(),
                place,
                known: self.known().into(),
            }),
        }
    }

    pub fn known(&self) -> String {
        let names: Vec<&str> =
            self.kinds.iter().filter(|kind| kind.backend.is_some()).map(|kind| kind.name).collect();
        if names.is_empty() { "none, link a backend's crate".into() } else { names.join(", ") }
    }
}

/// What a link-time registration is handed.
pub struct Registrar<'a>(&'a mut Tables);

impl Registrar<'_> {
    /// Adds an implementation of `M` to a kind, linked or not. A second one makes every call fail
    /// with the error that names both places: nobody else is there yet to be told.
    #[track_caller]
    pub fn register<M: Method>(&mut self, kind: &str, implementation: M::Fn) {
        let kind = self.0.intern(kind);
        if let Err(fault) = self.0.add::<M>(kind, implementation, Location::caller(), false) {
            self.0.faults.push(fault);
        }
    }

    /// Adds an implementation of `M`, or takes the place of the one that is there.
    #[track_caller]
    pub fn replace<M: Method>(&mut self, kind: &str, implementation: M::Fn) {
        let kind = self.0.intern(kind);
        if let Err(fault) = self.0.add::<M>(kind, implementation, Location::caller(), true) {
            self.0.faults.push(fault);
        }
    }
}

impl Registrar<'_> {
    /// Has every call of `domain` and the domains inside it for which the kind has no implementation of its own
    /// handed to `interceptor`, whose type the methods' packed form knows. Takes the place of an earlier one.
    #[track_caller]
    pub fn intercept(&mut self, kind: &str, domain: &'static str, interceptor: &'static Erased) {
        let kind = self.0.intern(kind);
        self.0.intercept(kind, domain, interceptor, Location::caller());
    }
}

/// The interceptor of a kind for calls of a domain.
pub fn interceptor_of(kind: KindId, domain: &str) -> Option<&'static Erased> {
    TABLES.read().interceptor(kind, domain).map(|found| found.function)
}

/// [`Registrar::intercept`] in a running program.
#[track_caller]
pub fn register_interceptor(kind: &str, domain: &'static str, interceptor: &'static Erased) {
    let at = Location::caller();
    change(|tables| {
        let kind = tables.intern(kind);
        tables.intercept(kind, domain, interceptor, at);
    });
}

/// Enrols a backend in a running program (tests, plug-ins); linked ones need no call.
pub fn enrol(backend: &'static dyn BackendKind) -> Result<Kind, Error> {
    let id = change(|tables| tables.enrol(backend))?;
    Ok(id.into())
}

/// The kinds enrolled, in the order of their numbers.
pub fn kinds() -> Vec<Kind> {
    let ids: Vec<KindId> = {
        let tables = TABLES.read();
        (0..tables.kinds.len()).map(|n| KindId(n as u16)).filter(|&id| tables.backend(id).is_some()).collect()
    };
    ids.into_iter().map(Kind::from).collect()
}

/// Where `M` is registered on a kind.
pub fn registered_at<M: Method>(kind: Kind) -> Option<&'static Location<'static>> {
    TABLES.read().implementation(kind.id(), M::info()).map(|registered| registered.at)
}

#[inline]
pub(super) fn generation() -> u64 {
    GENERATION.load(Ordering::Acquire)
}

pub(super) fn read<R>(f: impl FnOnce(&Tables) -> R) -> R {
    f(&TABLES.read())
}

/// Changes the tables; what was cached before is out of date from here on.
pub(super) fn change<R>(f: impl FnOnce(&mut Tables) -> R) -> R {
    let mut tables = TABLES.write();
    let result = f(&mut tables);
    GENERATION.fetch_add(1, Ordering::Release);
    result
}

pub(super) fn register<M: Method>(
    kind: KindId,
    implementation: M::Fn,
    at: &'static Location<'static>,
    replaces: bool,
) -> Result<(), Error> {
    change(|tables| tables.add::<M>(kind, implementation, at, replaces))
}

/// The backend behind a target, or the error that lists those there are.
pub(super) fn known(target: Target, place: &'static str) -> Result<&'static dyn BackendKind, Error> {
    read(|tables| tables.known_backend(target, place))
}

pub(super) fn globals() -> &'static Globals {
    read(Tables::globals)
}

/// An error unless this instance exists.
pub(super) fn require_instance(instance: Instance, place: &'static str) -> Result<(), Error> {
    let known = instance_names(instance.kind);
    if usize::from(instance.index) < known.len() {
        return Ok(());
    }
    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    Err(Error::UnknownBackend { name: instance.name().into(), place, known: known.into() })
}

pub(super) fn intern_kind(name: &str) -> KindId {
    let known = TABLES.read().by_name.get(name).copied();
    known.unwrap_or_else(|| TABLES.write().intern(name))
}

pub(super) fn kind_name(kind: KindId) -> &'static str {
    TABLES.read().kinds[kind.0 as usize].name
}

pub(super) fn cell(kind: KindId) -> &'static KindCell {
    TABLES.read().kinds[kind.0 as usize].cell
}

pub(super) fn backend(kind: KindId) -> Option<&'static dyn BackendKind> {
    TABLES.read().backend(kind)
}

/// The names of all instances there are, for errors. Opens devices: only where one was named wrongly.
pub(super) fn instance_names(kind: KindId) -> Vec<String> {
    backend(kind).map(|backend| backend.instances()).unwrap_or_default()
}

impl Instance {
    /// The instance with this name (`"gpu:1"`, or a kind's name for its default instance), if it exists.
    pub fn named(name: &str) -> Result<Instance, Error> {
        use super::kind::AsTarget;
        let target = name.target();
        let backend = known(target, "the program")?;
        let index = match target.index {
            Some(index) => index,
            None => backend.select(&[]).unwrap_or(0),
        };
        let instance = Instance { kind: target.kind, index };
        require_instance(instance, "the program")?;
        Ok(instance)
    }
}

/// Enrols a backend at link time: whoever links the crate has it.
///
/// ```
/// use polyarray_core::dispatch::{BackendKind, Decline, Fit, Key, Kind, linked_kind};
/// struct Mine;
/// impl BackendKind for Mine {
///     fn name(&self) -> &'static str { "mine" }
///     fn select(&self, _: &[Key]) -> Result<u16, Decline> { Ok(0) }
///     fn fit(&self, _: u16, _: Key) -> Fit { Fit::Native }
///     fn instances(&self) -> Vec<String> { vec!["mine".into()] }
/// }
/// linked_kind! { MINE_IS_LINKED: &Mine; }
/// assert!(Kind::named("mine").is_ok());
/// ```
#[macro_export]
macro_rules! __polyarray_linked_kind {
    ($name:ident : $backend:expr;) => {
        #[$crate::dispatch::linkme::distributed_slice($crate::dispatch::KINDS)]
        #[linkme(crate = $crate::dispatch::linkme)]
        static $name: &'static dyn $crate::dispatch::BackendKind = $backend;
    };
}

/// Registers implementations at link time, for any kind, whoever owns it:
///
/// ```
/// # mod fake { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/dispatch/doc_value.rs")); }
/// # use fake::Value;
/// use polyarray_core::dispatch::{self, Cx, Kind, KindCell, Stop, registered_at, registrations};
/// dispatch::method! {
///     domain "numpy.sk_example";
///     /// The value twice.
///     pub fn twice(x: &Value) -> Result<Value, dispatch::Error>;
/// }
/// fn twice_on_gpu(_: Cx, x: &Value) -> Result<Value, Stop<dispatch::Error>> {
///     Ok(Value(x.0 * 2))
/// }
/// registrations! { EXAMPLE_ON_GPU; "gpu": twice = twice_on_gpu; }
///
/// static GPU: KindCell = KindCell::new("gpu");
/// assert!(registered_at::<twice>(Kind::new(&GPU)).is_some());
/// ```
#[macro_export]
macro_rules! __polyarray_registrations {
    ($name:ident; $($kind:literal : $method:ty = $implementation:expr;)*) => {
        #[$crate::dispatch::linkme::distributed_slice($crate::dispatch::REGISTRATIONS)]
        #[linkme(crate = $crate::dispatch::linkme)]
        static $name: fn(&mut $crate::dispatch::Registrar<'_>) = |registrar| {
            $(registrar.register::<$method>($kind, $implementation);)*
        };
    };
}

#[cfg(test)]
mod tests {
    use super::super::{Cx, Stop};
    use super::*;

    crate::dispatch::method! {
        domain "registry.tests";
        fn nothing() -> Result<(), Error>;
    }

    fn done(_: Cx) -> Result<(), Stop<Error>> {
        Ok(())
    }

    #[test]
    fn a_second_registration_at_link_time_is_a_fault_that_calls_return() {
        let mut tables = Tables::default();
        let mut registrar = Registrar(&mut tables);
        registrar.register::<nothing>("late", done);
        registrar.replace::<nothing>("late", done);
        registrar.register::<nothing>("other", done);
        assert!(registrar.0.fault().is_none());
        registrar.register::<nothing>("late", done);
        assert!(matches!(tables.fault(), Some(Error::RegisteredTwice { kind: "late", .. })));
    }

    #[test]
    fn a_method_without_operands_is_a_method() {
        assert!(nothing().is_err_and(|error| error.not_found().is_some()));
    }

    #[test]
    fn an_error_is_small() {
        assert!(size_of::<Error>() <= 56, "results with it are moved on every call");
    }
}
