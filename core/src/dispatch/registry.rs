//! The registry: implementations and interceptors of kinds, registered at link time or later, and the settings in force.
use std::collections::HashMap;
use std::panic::Location;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use linkme::distributed_slice;
use parking_lot::RwLock;

use super::env::{BACKEND, BLOCK, Environment};
use super::error::Error;
use super::globals::{GlobalOptions, Globals};
use super::identity::{Erased, MethodInfo, MethodRef};
use super::kind::{self, AsTarget, BackendKind, Instance, Kind, KindId, Target, kinds, linked_twice};
use super::method::Method;

/// The implementations registered at link time; see [`registrations!`](crate::dispatch::registrations).
#[distributed_slice]
pub static REGISTRATIONS: [fn(&mut Registrar<'_>)];

/// Incremented by every change of the tables: older cache entries are out of date.
static GENERATION: AtomicU64 = AtomicU64::new(1);

static TABLES: LazyLock<RwLock<Tables>> = LazyLock::new(|| RwLock::new(Tables::linked()));

#[derive(Clone, Copy)]
pub struct Registered {
    pub function: &'static Erased,
    pub at: &'static Location<'static>,
}

#[derive(Default)]
pub(super) struct Tables {
    implementations: HashMap<(KindId, MethodRef), Registered>,
    /// For each kind: domains, and the interceptor of each.
    interceptors: HashMap<KindId, Vec<(&'static str, Registered)>>,
    globals: Option<&'static Globals>,
    /// What the environment says of backends that are not enrolled yet.
    environment: Environment,
    /// Errors of link-time registrations; every call returns the first.
    faults: Vec<Error>,
}

impl Tables {
    fn linked() -> Tables {
        let mut tables = Tables::default();
        for kind in kinds() {
            match kind.id().backend().map(serves_a_domain) {
                Some(Err(fault)) => tables.faults.push(fault),
                _ => tables.serve(kind.id()),
            }
        }
        let twice = linked_twice().into_iter().map(|name| Error::EnrolledTwice { name });
        tables.faults.extend(twice);
        for add in REGISTRATIONS {
            add(&mut Registrar(&mut tables));
        }
        tables.environment = Environment::from_lookup(|name| std::env::var(name).ok());
        tables.apply();
        tables
    }

    /// Registers an enrolled backend for its domains, unless it must be named explicitly.
    fn serve(&mut self, kind: KindId) {
        let Some(backend) = kind.backend().filter(|backend| !backend.explicit()) else { return };
        let globals = self.globals().edit(|all| {
            for domain in backend.domains() {
                all.domain(domain).registered.push(Target { kind, index: None });
            }
        });
        self.globals = Some(globals);
    }

    /// Sets the global backend and the blocked ones where the environment names enrolled ones. The other names wait for
    /// programs that enrol them when they run; until then each call returns the error that lists the known.
    fn apply(&mut self) {
        let enrolled = |name: &String| name.target().kind.backend().map(|backend| (name.target(), backend));
        let waiting = std::mem::take(&mut self.environment);
        let globals = self.globals().edit(|all| {
            match waiting.backend.as_ref().map(|name| (name, enrolled(name))) {
                Some((_, Some((target, backend)))) => {
                    for domain in backend.domains() {
                        // What the program has set since takes precedence.
                        all.domain(domain).global.get_or_insert((target, GlobalOptions::default()));
                    }
                }
                Some((name, None)) => self.environment.backend = Some(name.clone()),
                None => {}
            }
            for name in waiting.blocked {
                match enrolled(&name) {
                    Some((target, _)) => all.blocked.push(target),
                    None => self.environment.blocked.push(name),
                }
            }
        });
        self.set_globals(globals);
    }

    fn add<M: Method>(
        &mut self,
        kind: KindId,
        implementation: M::Fn,
        at: &'static Location<'static>,
        replaces: bool,
    ) -> Result<(), Error> {
        self.add_erased(M::info(), kind, Box::leak(Box::new(implementation)), at, replaces)
    }

    fn add_erased(
        &mut self,
        method: &'static MethodInfo,
        kind: KindId,
        function: &'static Erased,
        at: &'static Location<'static>,
        replaces: bool,
    ) -> Result<(), Error> {
        let key = (kind, MethodRef(method));
        match self.implementations.get(&key) {
            Some(first) if !replaces => {
                Err(Error::RegisteredTwice { method, kind: kind.name(), first: first.at, second: at })
            }
            _ => {
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

    pub fn implementation(&self, kind: KindId, method: &'static MethodInfo) -> Option<Registered> {
        self.implementations.get(&(kind, MethodRef(method))).copied()
    }

    /// The kinds that have an implementation of a method, in the order of their numbers.
    pub fn implementers(&self, method: &'static MethodInfo) -> Vec<KindId> {
        let keys = self.implementations.keys().filter(|(_, of)| *of == MethodRef(method));
        let mut kinds: Vec<KindId> = keys.map(|(kind, _)| *kind).collect();
        kinds.sort_unstable();
        kinds
    }

    /// The implementation of a method on a kind: its own, or one that passes the call to the kind's interceptor.
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
        let unknown = |name: &String, place| known(name.target(), place).err();
        let fault = self.faults.first().cloned();
        fault
            .or_else(|| unknown(self.environment.backend.as_ref()?, BACKEND))
            .or_else(|| unknown(self.environment.blocked.first()?, BLOCK))
    }
}

/// A domain and its parents, innermost first: `numpy.fft`, `numpy`.
pub(super) fn lineage(domain: &'static str) -> impl Iterator<Item = &'static str> {
    std::iter::successors(Some(domain), |domain| domain.rfind('.').map(|dot| &domain[..dot]))
}

/// The argument of a link-time registration.
pub struct Registrar<'a>(&'a mut Tables);

impl Registrar<'_> {
    /// Adds an implementation of `M` to a kind, linked or not. A second one makes every call return the error that names
    /// both places, because there is no caller yet to return it to.
    #[track_caller]
    pub fn register<M: Method>(&mut self, kind: &str, implementation: M::Fn) {
        let kind = KindId::intern(kind);
        if let Err(fault) = self.0.add::<M>(kind, implementation, Location::caller(), false) {
            self.0.faults.push(fault);
        }
    }

    /// Adds an implementation of `M`, or replaces the present one.
    #[track_caller]
    pub fn replace<M: Method>(&mut self, kind: &str, implementation: M::Fn) {
        let kind = KindId::intern(kind);
        if let Err(fault) = self.0.add::<M>(kind, implementation, Location::caller(), true) {
            self.0.faults.push(fault);
        }
    }

    /// Passes every call of `domain`, and of the domains inside it, for which the kind has no implementation of its own to
    /// `interceptor`, whose type the methods' packed form knows. Replaces an earlier one.
    #[track_caller]
    pub fn intercept(&mut self, kind: &str, domain: &'static str, interceptor: &'static Erased) {
        let kind = KindId::intern(kind);
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
        let kind = KindId::intern(kind);
        tables.intercept(kind, domain, interceptor, at);
    });
}

/// Enrols a backend in a running program (tests, plug-ins); linked ones need no call.
///
/// # Errors
/// If another one has its name, or it serves no domain.
pub fn enrol(backend: &'static dyn BackendKind) -> Result<Kind, Error> {
    serves_a_domain(backend)?;
    change(|tables| {
        let kind = kind::enrol(backend).ok_or(Error::EnrolledTwice { name: backend.name() })?;
        tables.serve(kind);
        tables.apply();
        Ok(kind.into())
    })
}

/// Without a domain no call would ever reach it.
fn serves_a_domain(backend: &'static dyn BackendKind) -> Result<(), Error> {
    let (name, domains) = (backend.name(), backend.domains());
    let well_named = |domain: &&str| domain.split('.').all(|word| !word.is_empty());
    if domains.is_empty() || !domains.iter().all(well_named) {
        return Err(Error::Domains { name, domains });
    }
    Ok(())
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

/// Changes the tables, and invalidates the caches.
pub(super) fn change<R>(f: impl FnOnce(&mut Tables) -> R) -> R {
    let mut tables = TABLES.write();
    let result = f(&mut tables);
    GENERATION.fetch_add(1, Ordering::Release);
    result
}

/// The backend of a target, or the error that lists those enrolled.
pub(super) fn known(target: Target, place: &'static str) -> Result<&'static dyn BackendKind, Error> {
    target.kind.backend().ok_or_else(|| {
        let names: Vec<&str> = kinds().iter().map(|kind| kind.name()).collect();
        let known = if names.is_empty() { "none, link a backend's crate".into() } else { names.join(", ") };
        let known = known + kind::unlinked(target.kind.name());
        Error::UnknownBackend { name: target.kind.name().into(), place, known: known.into() }
    })
}

pub(super) fn globals() -> &'static Globals {
    read(Tables::globals)
}

/// An error unless this instance exists.
pub(super) fn require_instance(instance: Instance, place: &'static str) -> Result<(), Error> {
    // May open devices: only where one was named by number.
    let known = instance.kind.backend().map(|backend| backend.instances()).unwrap_or_default();
    if usize::from(instance.index) < known.len() {
        return Ok(());
    }
    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    Err(Error::UnknownBackend { name: instance.name().into(), place, known: known.into() })
}

impl Kind {
    /// The kind with this name among those enrolled.
    pub fn named(name: &str) -> Result<Kind, Error> {
        let kind = Kind::from(KindId::intern(name));
        known(kind.target(), "the program")?;
        Ok(kind)
    }

    /// Adds an implementation of `M`.
    ///
    /// A second one is an error that names both places, unless [`Kind::replace`] says that it replaces.
    /// Where the kind serves neither the method's domain nor one around it, only calls under its pin ask it.
    /// A wrong signature does not compile: see [`method!`](super::method!).
    #[track_caller]
    pub fn register<M: Method>(self, implementation: M::Fn) -> Result<(), Error> {
        let at = Location::caller();
        change(|tables| tables.add::<M>(self.id(), implementation, at, false))
    }

    /// Adds an implementation of `M`, or replaces the present one.
    #[track_caller]
    pub fn replace<M: Method>(self, implementation: M::Fn) -> Result<(), Error> {
        let at = Location::caller();
        change(|tables| tables.add::<M>(self.id(), implementation, at, true))
    }
}

/// What a kind had for a method before another implementation took its place.
pub(crate) type StandIn = Option<Registered>;

/// Has a method's packed form serve it on a kind; returns what did.
#[track_caller]
pub(crate) fn stand_in(method: &'static MethodInfo, kind: KindId) -> StandIn {
    let at = Location::caller();
    change(|tables| {
        let function = method.packed?;
        tables.implementations.insert((kind, MethodRef(method)), Registered { function, at })
    })
}

/// Ends what [`stand_in`] began.
pub(crate) fn restore(method: &'static MethodInfo, kind: KindId, before: StandIn) {
    change(|tables| match before {
        Some(before) => tables.implementations.insert((kind, MethodRef(method)), before),
        None => tables.implementations.remove(&(kind, MethodRef(method))),
    });
}

impl Instance {
    /// The instance with this name (`"gpu:1"`, or a kind's name for its default instance), if it exists.
    pub fn named(name: &str) -> Result<Instance, Error> {
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

/// Enrols a backend at link time: it is present in every program that links the crate.
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

/// Registers implementations at link time, for any kind of any crate:
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

    #[test]
    fn an_unknown_name_lists_the_known() {
        let environment = Environment { backend: Some("no such".into()), blocked: vec![] };
        let mut tables = Tables { environment, ..Tables::default() };
        tables.apply();
        let error = tables.fault().expect("every call returns it").to_string();
        assert!(error.contains(BACKEND) && error.contains("`no such`") && error.contains("known"), "{error}");
    }
}
