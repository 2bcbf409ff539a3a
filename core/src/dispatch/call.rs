//! A call, where the front cache had no answer or its answer declined.
use std::any::Any;
use std::cell::Cell;
use std::sync::Arc;
use std::thread::LocalKey;

use smallvec::SmallVec;

use super::argument::{Argument, Dispatchable, Held};
use super::cache::Front;
use super::decline::{Decline, Refusal, Stop};
use super::error::{DispatchError, Error, Inside};
use super::key::Key;
use super::kind::{Fit, Instance};
use super::method::{Method, MethodInfo, MethodRef};
use super::plan::{PinnedDefault, Plan, Ready, Verdict};
use super::registry::Erased;
use super::report::{self, Seen};
use super::state::{self, Entered, Pin};
use super::trace::{self, Event, Sink};

/// What an implementation is told about its call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cx {
    /// The instance that it runs on.
    pub instance: Instance,
}

/// Calls nested under a pin beyond this many are taken for a method that calls itself.
const MOST_NESTED: u32 = 96;

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

/// Where the slow way begins.
pub enum Resume {
    /// At the first candidate.
    Start,
    /// Behind the implementation of the first candidate that accepts the arguments: it has declined.
    Declined(Decline),
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
    Convert(Instance, &'a [Fit]),
    Serve(&'a Erased, Cx),
    /// With the converted arguments, or with the caller's own.
    Default {
        converted: bool,
    },
}

enum Reply {
    /// Converted, or the result is there (an error that goes to the caller is one).
    Done,
    /// The result is there, and is an error.
    Failed,
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
    resume: Resume,
    convert: &dyn Fn(&mut Fits<'_>) -> Result<H, Refusal>,
    serve: &dyn Fn(M::Fn, Cx, &H) -> Result<Out, Stop<E>>,
    default: &dyn Fn(M::Default, Option<&H>) -> Result<Out, E>,
) -> Result<Out, E> {
    let mut held = None;
    let mut result = None;
    let mut work = |job: Job<'_>| match job {
        Job::Convert(to, fits) => {
            let mut fits = Fits { to, fits, at: 0 };
            match convert(&mut fits) {
                Ok(converted) => {
                    held = Some(converted);
                    Reply::Done
                }
                Err(refusal) => Reply::Refused(fits.at, refusal),
            }
        }
        Job::Serve(function, cx) => {
            let (Some(function), Some(held)) = ((function as &dyn Any).downcast_ref::<M::Fn>(), &held) else {
                return Reply::Declined(Decline::new("registered with another signature"));
            };
            match serve(*function, cx, held) {
                Ok(out) => {
                    result = Some(Ok(out));
                    Reply::Done
                }
                Err(Stop::Declined(decline)) => Reply::Declined(decline),
                Err(Stop::Failed(error)) => {
                    result = Some(Err(failed::<M, E>(cx, error)));
                    Reply::Failed
                }
            }
        }
        Job::Default { converted } => {
            let Some(&body) = M::DEFAULTS.first() else {
                return Reply::Declined(Decline::new("has no default"));
            };
            match default(body, held.as_ref().filter(|_| converted)) {
                Ok(out) => {
                    result = Some(Ok(out));
                    Reply::Done
                }
                Err(error) => match error.dispatch_error() {
                    Some(Error::NotFound(report)) if report.inside.get().is_none() => {
                        Reply::NotFound(Error::NotFound(Arc::clone(report)))
                    }
                    _ => {
                        result = Some(Err(error));
                        Reply::Failed
                    }
                },
            }
        }
    };
    let walk = state::walk();
    let outcome = front
        .with(|front| front.plan(walk, M::info(), keys))
        .and_then(|plan| Call { plan: &plan, arguments, sink: state::sink() }.run(resume, &mut work));
    match (result, outcome) {
        (Some(result), _) => result,
        (None, Err(error)) => Err(error.into()),
        (None, Ok(())) => unreachable!("a call that went well has left its result"),
    }
}

/// An implementation's error on its way to the caller. Something that was not found inside of it is
/// no longer a matter of choosing a backend.
#[cold]
pub fn failed<M: Method, E: DispatchError>(cx: Cx, error: E) -> E {
    if let Some(Error::NotFound(report)) = error.dispatch_error() {
        let inside = || Inside { method: M::info().to_string(), backend: cx.instance };
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
    fn run(&self, resume: Resume, work: &mut dyn FnMut(Job<'_>) -> Reply) -> Result<(), Error> {
        let pin = self.plan.walk.pin;
        let Some(_depth) = Depth::if_pinned(pin.is_some()) else {
            return Err(self.reentered(pin, "calls nested too deep under a pin"));
        };
        let mut resume = match resume {
            Resume::Start => None,
            Resume::Declined(decline) => Some(decline),
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
            match self.ask(n, ready, resume.take(), work)? {
                None => return Ok(()),
                Some(answer) => {
                    self.considered(n, Some(&answer));
                    seen.push((n, answer));
                }
            }
        }
        let unpinned = if self.method().has_default && !self.plan.ended {
            if self.plan.walk.is_running(MethodRef(self.method()), None) {
                return Err(self.reentered(None, "its default, run without a pin, called it again"));
            }
            self.emit(|| Event::RanUnpinned);
            let _entered = Entered::walk(self.plan.default_walk(None));
            match work(Job::Default { converted: false }) {
                Reply::NotFound(error) => Some(error),
                Reply::Done | Reply::Failed | Reply::Refused(..) | Reply::Declined(_) => return Ok(()),
            }
        } else {
            None
        };
        self.emit(|| Event::NotFound);
        Err(report::not_found(self, &seen, unpinned))
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
        match work(Job::Convert(ready.to, &ready.fits)) {
            Reply::Refused(at, Refusal::Declined(decline)) => return Ok(Some(Seen::Refused(at, decline))),
            Reply::Refused(at, Refusal::Failed(source)) => {
                self.considered(n, Some(&Seen::Failed));
                return Err(report::conversion(self, at, ready.to, source));
            }
            _ => {}
        }
        let implementation = match (declined, ready.implementation) {
            (Some(declined), _) => Some(declined),
            (None, None) => None,
            (None, Some(registered)) => {
                match work(Job::Serve(registered.function, Cx { instance: ready.to })) {
                    Reply::Declined(decline) => Some(decline),
                    Reply::Failed => {
                        self.considered(n, Some(&Seen::Failed));
                        return Ok(None);
                    }
                    _ => {
                        self.considered(n, Some(&Seen::Ran));
                        return Ok(None);
                    }
                }
            }
        };
        let pin = match ready.default {
            PinnedDefault::Absent => return Ok(Some(Seen::Declined { implementation, default: None })),
            PinnedDefault::Reentered => {
                let pin = Pin { to: ready.to, coerce: false };
                return Err(self.reentered(Some(pin), "its own default called it"));
            }
            PinnedDefault::Run(pin) => pin,
        };
        let reply = {
            let _entered = Entered::walk(self.plan.default_walk(Some(pin)));
            work(Job::Default { converted: true })
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
            method: self.method().to_string(),
            pin: pin.map_or_else(|| "no backend".to_owned(), |pin| pin.to.name()),
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
