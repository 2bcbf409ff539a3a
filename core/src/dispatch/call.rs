//! A call, where the front cache had no answer or its answer declined.
use std::any::{Any, TypeId};
use std::cell::Cell;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};
use std::thread::LocalKey;

use parking_lot::RwLock;
use smallvec::SmallVec;

use super::argument::{Argument, Dispatchable, Held};
use super::cache::Front;
use super::decline::{Decline, Refusal, Stop};
use super::error::{DispatchError, Error, Inside};
use super::key::Key;
use super::kind::{Fit, Instance, KindId};
use super::method::{Erased, Method, MethodInfo, MethodRef};
use super::plan::{Fallback, PinnedDefault, Plan, Ready, Verdict};
use super::report::{self, Seen};
use super::state::{self, Entered, Pin};
use super::trace::{self, Event, Sink};

/// What an implementation is told about its call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cx {
    /// The instance that it runs on.
    pub instance: Instance,
    /// Nobody has a result: the packed form runs the call elsewhere.
    falls_back: bool,
}

impl Cx {
    /// A call on this instance.
    #[inline]
    pub const fn new(instance: Instance) -> Cx {
        Cx { instance, falls_back: false }
    }

    /// Is the call to be run elsewhere, its results brought back?
    #[doc(hidden)]
    pub const fn falls_back(self) -> bool {
        self.falls_back
    }

    /// What an instance keeps for its kernels, such as plans of transforms: one value of each type, made when it is
    /// first asked for, and kept as long as the process runs.
    ///
    /// ```
    /// use polyarray_core::dispatch::{Cx, Instance, KindId};
    /// #[derive(Default)]
    /// struct Plans(std::sync::Mutex<Vec<usize>>);
    /// let cx = Cx::new(Instance { kind: KindId::intern("mine"), index: 0 });
    /// cx.state::<Plans>().0.lock().unwrap().push(8);
    /// assert_eq!(*cx.state::<Plans>().0.lock().unwrap(), [8]);
    /// ```
    pub fn state<T: Default + Send + Sync + 'static>(self) -> &'static T {
        static STATES: LazyLock<RwLock<HashMap<(Instance, TypeId), &'static Erased>>> =
            LazyLock::new(Default::default);
        let key = (self.instance, TypeId::of::<T>());
        let known = STATES.read().get(&key).copied();
        // Made outside of the lock; the first one stays.
        let found = known.unwrap_or_else(|| {
            let made = T::default();
            *STATES.write().entry(key).or_insert_with(|| Box::leak(Box::new(made)))
        });
        (found as &dyn Any).downcast_ref().expect("it is kept under its type")
    }
}

/// Calls nested under a pin beyond this many are taken for a method that calls itself.
const MOST_NESTED: u32 = 96;
const TOO_DEEP: &str = "calls are nested too deep under pins and defaults";

thread_local! {
    static NESTED: Cell<u32> = const { Cell::new(0) };
}

/// Counts the calls that are nested under pins on this thread.
pub struct Depth(bool);

impl Depth {
    /// Counts one if `pinned`; nothing when there are too many.
    #[inline(always)]
    pub(super) fn if_pinned(pinned: bool) -> Option<Depth> {
        if pinned {
            let nested = NESTED.get();
            if nested >= MOST_NESTED {
                return None;
            }
            NESTED.set(nested + 1);
        }
        Some(Depth(pinned))
    }
}

impl Drop for Depth {
    #[inline(always)]
    fn drop(&mut self) {
        if self.0 {
            NESTED.set(NESTED.get() - 1);
        }
    }
}

/// What the front cache found.
pub struct Hit<F> {
    /// The implementation.
    pub function: F,
    /// What it is told.
    pub cx: Cx,
    pub(super) _depth: Depth,
}

/// Hands out the arguments of one attempt, converted where they must be.
pub struct Fits<'a> {
    to: Instance,
    fits: &'a [Fit],
    at: usize,
}

impl Fits<'_> {
    /// The next argument.
    pub fn hold<'v, T: Dispatchable + ?Sized>(&mut self, argument: &'v T) -> Result<Held<'v, T>, Refusal> {
        let held = Held::new(argument, self.to, self.fits[self.at])?;
        self.at += 1;
        Ok(held)
    }
}

/// What the typed half of a call is asked to do by the untyped one.
enum Job<'a> {
    /// Convert the arguments, and give them to the implementation if there is one to be asked.
    Serve(Cx, &'a [Fit], Option<&'a Erased>),
    /// Run the default, with the arguments as converted last.
    PinnedDefault,
    /// Run the default, with the caller's own.
    Default,
}

enum Reply {
    /// The result is there.
    Done,
    /// The result is there, and is an error.
    Failed,
    /// Converted, and nobody was to be asked.
    Converted,
    Refused(usize, Refusal),
    Declined(Decline),
    /// A default did not find something.
    NotFound(Error),
}

/// The part of a call that knows the method's types: kept small, there is one per method.
#[cold]
#[inline(never)]
#[expect(clippy::type_complexity, reason = "spelled once, filled in by the macro")]
pub fn slow<M: Method, H, Out, E: DispatchError, const N: usize>(
    front: &'static LocalKey<Front<M::Fn, N>>,
    keys: &[Key; N],
    arguments: &[&dyn Argument; N],
    declined: Option<(Decline, Instance)>,
    convert: &dyn Fn(&mut Fits<'_>) -> Result<H, Refusal>,
    serve: &dyn Fn(M::Fn, Cx, &H) -> Result<Out, Stop<E>>,
    default: &dyn Fn(M::Default, Option<&H>) -> Result<Out, E>,
) -> Result<Out, E> {
    // What the front cache knows is asked here, without a plan; the rest of the way takes it into account.
    let mut asked: SmallVec<[Asked; 4]> =
        declined.into_iter().map(|(decline, on)| (on, Seen::declined(Some(decline)))).collect();
    if let Some(&body) = M::DEFAULTS.first() {
        if let Some(inside) = front.with(|front| front.default(keys, !asked.is_empty()))
            && let Some(pin) = inside.pin
            && let Some(_depth) = Depth::if_pinned(true)
        {
            let result = {
                let _entered = Entered::walk(inside);
                default(body, None)
            };
            let Some(error) = not_found(&result) else { return result };
            let implementation = asked.pop().and_then(|(_, seen)| seen.decline());
            asked.push((pin.to, Seen::Declined { implementation, default: Some(error) }));
        }
    } else if !asked.is_empty() {
        let mut fits = Fits { to: Instance { kind: KindId(0), index: 0 }, fits: &[Fit::Native; N], at: 0 };
        if let Ok(held) = convert(&mut fits) {
            while let Some((function, instance)) = front.with(|front| front.next(keys, asked.len() - 1)) {
                match serve(function, Cx::new(instance), &held) {
                    Ok(out) => return Ok(out),
                    Err(Stop::Declined(decline)) => asked.push((instance, Seen::declined(Some(decline)))),
                    Err(Stop::Failed(error)) => return Err(failed::<M, E>(Cx::new(instance), error)),
                }
            }
        }
    }
    walked::<M, H, Out, E, N>(front, keys, arguments, asked, convert, serve, default)
}

/// A candidate that was asked before there was a plan, and its answer.
type Asked = (Instance, Seen);

/// The whole way, by the plan. What was asked is not asked again, and is matched by the instance: an
/// implementation may have registered another one meanwhile, and so may another thread.
#[inline(never)]
#[expect(clippy::type_complexity, reason = "the macro's closures, handed on")]
fn walked<M: Method, H, Out, E: DispatchError, const N: usize>(
    front: &'static LocalKey<Front<M::Fn, N>>,
    keys: &[Key; N],
    arguments: &[&dyn Argument; N],
    mut asked: SmallVec<[Asked; 4]>,
    convert: &dyn Fn(&mut Fits<'_>) -> Result<H, Refusal>,
    serve: &dyn Fn(M::Fn, Cx, &H) -> Result<Out, Stop<E>>,
    default: &dyn Fn(M::Default, Option<&H>) -> Result<Out, E>,
) -> Result<Out, E> {
    let mut held = None;
    let mut result = None;
    let mut work = |job: Job<'_>| {
        let body = match (&job, M::DEFAULTS.first()) {
            (Job::Serve(cx, fits, function), _) => {
                let mut fits = Fits { to: cx.instance, fits, at: 0 };
                let held = match convert(&mut fits) {
                    Ok(converted) => held.insert(converted),
                    Err(refusal) => return Reply::Refused(fits.at, refusal),
                };
                let Some(function) = function else { return Reply::Converted };
                let Some(function) = (*function as &dyn Any).downcast_ref::<M::Fn>() else {
                    return Reply::Declined(Decline::new("registered with another signature"));
                };
                return match serve(*function, *cx, held) {
                    Ok(out) => {
                        result = Some(Ok(out));
                        Reply::Done
                    }
                    Err(Stop::Declined(decline)) => Reply::Declined(decline),
                    Err(Stop::Failed(error)) => {
                        result = Some(Err(failed::<M, E>(*cx, error)));
                        Reply::Failed
                    }
                };
            }
            (_, Some(body)) => *body,
            (_, None) => return Reply::Declined(Decline::new("has no default")),
        };
        let converted = held.as_ref().filter(|_| matches!(job, Job::PinnedDefault));
        let outcome = default(body, converted);
        match not_found(&outcome) {
            Some(error) => Reply::NotFound(error),
            None => {
                let reply = if outcome.is_ok() { Reply::Done } else { Reply::Failed };
                result = Some(outcome);
                reply
            }
        }
    };
    let walk = state::walk();
    let outcome = front
        .with(|front| front.plan(walk, M::info(), keys))
        .and_then(|plan| Call { plan: &plan, arguments, sink: state::sink() }.run(&mut asked, &mut work));
    match (result, outcome) {
        (Some(result), _) => result,
        (None, Err(error)) => Err(error.into()),
        (None, Ok(())) => unreachable!("a call that went well has left its result"),
    }
}

/// What a default did not find, if that is why it stopped: something that an implementation within it
/// did not find is a failure like any other.
fn not_found<Out, E: DispatchError>(result: &Result<Out, E>) -> Option<Error> {
    match result.as_ref().err()?.dispatch_error()? {
        Error::NotFound(report) if report.inside.get().is_none() => Some(Error::NotFound(Arc::clone(report))),
        _ => None,
    }
}

/// An implementation's error on its way to the caller. Something that was not found inside of it is
/// no longer a matter of choosing a backend.
#[cold]
pub fn failed<M: Method, E: DispatchError>(cx: Cx, error: E) -> E {
    if let Some(Error::NotFound(report)) = error.dispatch_error() {
        let inside = || Inside { method: M::info(), backend: cx.instance };
        report.inside.get_or_init(inside);
    }
    error
}

/// The part of a call that knows no types.
pub(super) struct Call<'a> {
    pub plan: &'a Plan,
    pub arguments: &'a [&'a dyn Argument],
    pub sink: Option<Arc<Sink>>,
}

impl Call<'_> {
    fn method(&self) -> &'static MethodInfo {
        self.plan.method.0
    }

    /// Asks one candidate after the other. When it returns `Ok`, the typed half has the result.
    fn run(
        &self,
        asked: &mut SmallVec<[Asked; 4]>,
        work: &mut dyn FnMut(Job<'_>) -> Reply,
    ) -> Result<(), Error> {
        let pin = self.plan.walk.pin;
        let Some(_depth) = Depth::if_pinned(pin.is_some()) else {
            return Err(self.reentered(pin, TOO_DEEP));
        };
        let _deeper = self.sink.as_ref().map(|_| trace::deeper());
        self.emit(|| Event::Called {
            method: self.method().to_string(),
            operands: report::operands(self.method(), self.arguments),
        });
        let mut seen: SmallVec<[(usize, Seen); 4]> = SmallVec::new();
        for (n, row) in self.plan.rows.iter().enumerate() {
            let Verdict::Ready(ready) = &row.verdict else {
                self.considered(n, None);
                continue;
            };
            let known = asked.iter().position(|(on, _)| ready.native() && *on == ready.to);
            let answer = match (known.map(|at| asked.remove(at).1), ready.default) {
                (Some(answer @ Seen::Declined { default: Some(_), .. }), _)
                | (Some(answer), PinnedDefault::Absent) => answer,
                (answer, _) => match self.ask(n, ready, answer.and_then(Seen::decline), work)? {
                    Some(answer) => answer,
                    None => return Ok(()),
                },
            };
            self.considered(n, Some(&answer));
            seen.push((n, answer));
        }
        let unpinned = if self.method().has_default && !self.plan.ended {
            if self.plan.walk.is_running(MethodRef(self.method()), None) {
                return Err(self.reentered(None, "its default, run without a pin, called it again"));
            }
            let Some(_depth) = Depth::if_pinned(true) else {
                return Err(self.reentered(None, TOO_DEEP));
            };
            self.emit(|| Event::RanUnpinned);
            let _entered = Entered::walk(self.plan.default_walk(None));
            match work(Job::Default) {
                Reply::NotFound(error) => Some(error),
                _ => return Ok(()),
            }
        } else {
            None
        };
        if self.fallback(work)? {
            return Ok(());
        }
        self.emit(|| Event::NotFound);
        Err(report::not_found(self, &seen, unpinned))
    }

    /// Has the first candidate that does so run the call elsewhere; false where there is none, or that declines too.
    fn fallback(&self, work: &mut dyn FnMut(Job<'_>) -> Reply) -> Result<bool, Error> {
        for (n, row) in self.plan.rows.iter().enumerate() {
            let Verdict::Ready(ready) = &row.verdict else { continue };
            if ready.fallback != Fallback::Allowed {
                continue;
            }
            let cx = Cx { instance: ready.to, falls_back: true };
            match work(Job::Serve(cx, &ready.fits, self.method().packed)) {
                Reply::Done => {
                    self.considered(n, Some(&Seen::FellBack));
                    return Ok(true);
                }
                Reply::Failed => {
                    self.considered(n, Some(&Seen::Failed));
                    return Ok(true);
                }
                _ => {}
            }
        }
        Ok(false)
    }

    /// Asks one candidate; nothing means that the result is there.
    fn ask(
        &self,
        n: usize,
        ready: &Ready,
        declined: Option<Decline>,
        work: &mut dyn FnMut(Job<'_>) -> Reply,
    ) -> Result<Option<Seen>, Error> {
        let copied = |(fit, argument): (&Fit, &&dyn Argument)| *fit == Fit::Copy && !argument.coercible();
        if let Some(at) = ready.fits.iter().zip(self.arguments).position(copied) {
            return Ok(Some(Seen::Refused(at, Decline::new("may never be copied to another residency"))));
        }
        let function = ready.implementation.filter(|_| declined.is_none()).map(|found| found.function);
        let implementation = match work(Job::Serve(Cx::new(ready.to), &ready.fits, function)) {
            Reply::Refused(at, Refusal::Declined(decline)) => return Ok(Some(Seen::Refused(at, decline))),
            Reply::Refused(at, Refusal::Failed(source)) => {
                self.considered(n, Some(&Seen::Failed));
                return Err(report::conversion(self, at, ready.to, source));
            }
            Reply::Failed => {
                self.considered(n, Some(&Seen::Failed));
                return Ok(None);
            }
            Reply::Done => {
                self.considered(n, Some(&Seen::Ran));
                return Ok(None);
            }
            Reply::Declined(decline) => Some(decline),
            Reply::Converted | Reply::NotFound(_) => declined,
        };
        let pin = match ready.default {
            PinnedDefault::Absent => return Ok(Some(Seen::declined(implementation))),
            PinnedDefault::Reentered => {
                let pin = Pin { to: ready.to, coerce: false };
                return Err(self.reentered(Some(pin), "its own default called it"));
            }
            PinnedDefault::Run(pin) => pin,
        };
        let Some(_depth) = Depth::if_pinned(true) else {
            return Err(self.reentered(Some(pin), TOO_DEEP));
        };
        let reply = {
            let _entered = Entered::walk(self.plan.default_walk(Some(pin)));
            work(Job::PinnedDefault)
        };
        match reply {
            Reply::NotFound(error) => Ok(Some(Seen::Declined { implementation, default: Some(error) })),
            Reply::Failed => {
                self.considered(n, Some(&Seen::Failed));
                Ok(None)
            }
            _ => {
                self.considered(n, Some(&Seen::RanDefault(implementation)));
                Ok(None)
            }
        }
    }

    fn reentered(&self, pin: Option<Pin>, why: &'static str) -> Error {
        Error::Reentered {
            method: self.method(),
            pin: pin.map_or_else(|| "no backend".into(), |pin| pin.to.name().into()),
            why,
        }
    }

    #[inline]
    fn emit(&self, event: impl FnOnce() -> Event) {
        if let Some(sink) = &self.sink {
            sink.emit(event());
        }
    }

    fn considered(&self, n: usize, seen: Option<&Seen>) {
        self.emit(|| {
            let tried = report::tried(self, n, seen);
            Event::Considered { backend: tried.backend, origin: tried.origin, outcome: tried.outcome }
        });
    }
}
