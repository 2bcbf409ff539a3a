//! The slow path of a call: the front cache has no implementation, or that declined.
use std::any::Any;
use std::sync::Arc;
use std::thread::LocalKey;

use smallvec::SmallVec;

use super::argument::{Argument, Dispatchable, Held};
use super::cache::{Front, planned};
use super::cx::{Cx, Depth, ENDLESS, TOO_DEEP};
use super::decline::{Decline, FIXED, Refusal, Stop};
use super::error::{DispatchError, Error, Inside};
use super::identity::{Erased, MethodInfo, MethodRef};
use super::key::Key;
use super::kind::{Fit, Instance};
use super::plan::{Fallback, PinnedDefault, Plan, Ready, Verdict};
use super::raise::caught;
use super::report::{self, Seen};
use super::sink::{Event, Sink, deeper};
use super::state::{self, Entered};
use super::walk::Pin;

/// The arguments of one attempt, converted where necessary.
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

/// A request of the untyped half of a call to the typed one.
enum Job<'a> {
    /// Convert the arguments, and call the implementation with them if there is one to try.
    Serve(Cx, &'a [Fit], Option<&'a Erased>),
    /// Run the default with the arguments as converted last.
    PinnedDefault,
    /// Run the default with the caller's own arguments.
    Default,
}

enum Reply {
    /// The call succeeded.
    Done,
    /// The call failed.
    Failed,
    /// The arguments were converted, and there was no implementation to try.
    Converted,
    Refused(usize, Refusal),
    Declined(Decline),
    /// A default called a method that no backend ran.
    NotFound(Error),
}

/// The typed half of a call: kept small, as it is instantiated for every method.
#[cold]
#[inline(never)]
#[expect(clippy::type_complexity, reason = "spelled once, filled in by the macro")]
#[expect(clippy::too_many_arguments, reason = "spelled once, filled in by the macro")]
pub fn slow<F: Copy + 'static, D: Copy, H, Out, E: DispatchError, const N: usize>(
    method: &'static MethodInfo,
    body: Option<D>,
    front: Option<&'static LocalKey<Front<F, N>>>,
    keys: &[Key; N],
    arguments: &[&dyn Argument; N],
    declined: Option<(Decline, Instance)>,
    convert: &dyn Fn(&mut Fits<'_>) -> Result<H, Refusal>,
    serve: &dyn Fn(F, Cx, &H) -> Result<Out, Stop<E>>,
    default: &dyn Fn(D, Option<&H>) -> Result<Out, E>,
) -> Result<Out, E> {
    let walk = state::walk();
    let plan = match front {
        Some(front) => front.with(|front| front.plan(walk, method, keys))?,
        None => planned(walk, method, keys)?,
    };
    let mut asked: SmallVec<[Asked; 4]> =
        declined.into_iter().map(|(decline, on)| (on, Seen::declined(Some(decline)))).collect();
    // While there is no listener and the arguments are native, implementations and the first default only have to be called:
    // without the bookkeeping of a walk that takes a third less time.
    let mut direct = plan.ready().take_while(|ready| ready.native() && state::fast_id() != 0);
    let first = direct.next().filter(|first| match asked.first() {
        Some((on, _)) => first.to == *on,
        None => first.implementation.is_none(),
    });
    if let Some(first) = first {
        if let Some(body) = body {
            if let PinnedDefault::Run(pin) = first.default
                && let Some(_depth) = Depth::enter(true)
            {
                let result = {
                    let _entered = Entered::walk(plan.default_walk(Some(pin)));
                    caught(|| default(body, None))
                };
                let Some(error) = not_found(&result) else { return result };
                let implementation = asked.pop().and_then(|(_, seen)| seen.decline());
                asked.push((pin.to, Seen::Declined { implementation, default: Some(error) }));
            }
        } else if let Ok(held) = convert(&mut Fits { to: first.to, fits: &[Fit::Native; N], at: 0 }) {
            let typed =
                |ready: &Ready| Some((*ready.implementation?.function.downcast_ref::<F>()?, ready.to));
            for (function, instance) in direct.map_while(typed) {
                match serve(function, Cx::new(instance), &held) {
                    Ok(out) => return Ok(out),
                    Err(Stop::Declined(decline)) => asked.push((instance, Seen::declined(Some(decline)))),
                    Err(Stop::Failed(error)) => return Err(failed(method, Cx::new(instance), error)),
                }
            }
        }
    }
    walked(body, &plan, arguments, asked, convert, serve, default)
}

/// A candidate that was tried before there was a plan, and its outcome.
type Asked = (Instance, Seen);

/// The whole walk, by the plan. Candidates in `asked` are not tried again. They are matched by instance: the first may have
/// been found in an older plan.
#[inline(never)]
#[expect(clippy::type_complexity, reason = "the macro's closures, passed on")]
fn walked<F: Copy + 'static, D: Copy, H, Out, E: DispatchError, const N: usize>(
    body: Option<D>,
    plan: &Plan,
    arguments: &[&dyn Argument; N],
    mut asked: SmallVec<[Asked; 4]>,
    convert: &dyn Fn(&mut Fits<'_>) -> Result<H, Refusal>,
    serve: &dyn Fn(F, Cx, &H) -> Result<Out, Stop<E>>,
    default: &dyn Fn(D, Option<&H>) -> Result<Out, E>,
) -> Result<Out, E> {
    let mut held = None;
    let mut result = None;
    let mut work = |job: Job<'_>| {
        let body = match (&job, body) {
            (Job::Serve(cx, fits, function), _) => {
                let mut fits = Fits { to: cx.instance, fits, at: 0 };
                let held = match convert(&mut fits) {
                    Ok(converted) => held.insert(converted),
                    Err(refusal) => return Reply::Refused(fits.at, refusal),
                };
                let Some(function) = function else { return Reply::Converted };
                let Some(function) = (*function as &dyn Any).downcast_ref::<F>() else {
                    return Reply::Declined(Decline::new("registered with another signature"));
                };
                return match serve(*function, *cx, held) {
                    Ok(out) => {
                        result = Some(Ok(out));
                        Reply::Done
                    }
                    Err(Stop::Declined(decline)) => Reply::Declined(decline),
                    Err(Stop::Failed(error)) => {
                        result = Some(Err(failed(plan.method.0, *cx, error)));
                        Reply::Failed
                    }
                };
            }
            (_, Some(body)) => body,
            (_, None) => return Reply::Declined(Decline::new("has no default")),
        };
        let converted = held.as_ref().filter(|_| matches!(job, Job::PinnedDefault));
        let outcome = caught(|| default(body, converted));
        match not_found(&outcome) {
            Some(error) => Reply::NotFound(error),
            None => {
                let reply = if outcome.is_ok() { Reply::Done } else { Reply::Failed };
                result = Some(outcome);
                reply
            }
        }
    };
    let outcome = Call { plan, arguments, sink: state::sink() }.run(&mut asked, &mut work);
    match (result, outcome) {
        (Some(result), _) => result,
        (None, Err(error)) => Err(error.into()),
        (None, Ok(())) => unreachable!("a call that went well has left its result"),
    }
}

/// The not-found error that a default stopped with, if it did; one that surfaced inside an implementation is a failure
/// like any other.
fn not_found<Out, E: DispatchError>(result: &Result<Out, E>) -> Option<Error> {
    match result.as_ref().err()?.dispatch_error()? {
        Error::NotFound(report) if report.inside.get().is_none() => Some(Error::NotFound(Arc::clone(report))),
        _ => None,
    }
}

/// Marks an implementation's not-found error as surfaced inside it: it is then a failure, no longer a matter of choosing
/// a backend.
#[cold]
pub fn failed<E: DispatchError>(method: &'static MethodInfo, cx: Cx, error: E) -> E {
    if let Some(Error::NotFound(report)) = error.dispatch_error() {
        let inside = || Inside { method, backend: cx.instance };
        report.inside.get_or_init(inside);
    }
    error
}

/// The untyped half of a call.
struct Call<'a> {
    plan: &'a Plan,
    arguments: &'a [&'a dyn Argument],
    sink: Option<Arc<Sink>>,
}

impl Call<'_> {
    fn method(&self) -> &'static MethodInfo {
        self.plan.method.0
    }

    /// Tries one candidate after the other. If it returns `Ok`, the typed half has the result.
    fn run(
        &self,
        asked: &mut SmallVec<[Asked; 4]>,
        work: &mut dyn FnMut(Job<'_>) -> Reply,
    ) -> Result<(), Error> {
        let pin = self.plan.walk.pin;
        let Some(_depth) = Depth::enter(pin.is_some()) else {
            let first = self.plan.ready().next().map(|ready| Pin { to: ready.to, coerce: false });
            return Err(self.reentered(pin.or(first), if pin.is_some() { TOO_DEEP } else { ENDLESS }));
        };
        let _deeper = self.sink.as_ref().map(|_| deeper());
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
            let Some(_depth) = Depth::enter(true) else {
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
        if self.fallback(&mut seen, work) {
            return Ok(());
        }
        self.emit(|| Event::NotFound);
        Err(report::not_found(self.plan, self.arguments, &seen, unpinned))
    }

    /// Runs the fallback of the first candidate that has one; false where there is none, or it declines too, which is added
    /// to what was seen of the candidate.
    fn fallback(&self, seen: &mut [(usize, Seen)], work: &mut dyn FnMut(Job<'_>) -> Reply) -> bool {
        for (n, row) in self.plan.rows.iter().enumerate() {
            let Verdict::Ready(ready) = &row.verdict else { continue };
            if ready.fallback != Fallback::Allowed {
                continue;
            }
            let cx = Cx::falling_back(ready.to);
            match work(Job::Serve(cx, &ready.fits, self.method().packed)) {
                Reply::Done => {
                    self.considered(n, Some(&Seen::FellBack));
                    return true;
                }
                Reply::Failed => {
                    self.considered(n, Some(&Seen::Failed));
                    return true;
                }
                Reply::Declined(why) => {
                    let of = seen.iter_mut().find(|(row, _)| *row == n);
                    if let Some((_, Seen::Declined { implementation, .. })) = of {
                        *implementation = Some(Decline::fallback(implementation.take(), why));
                    }
                }
                _ => {}
            }
        }
        false
    }

    /// Tries one candidate; none if the typed half has the result.
    fn ask(
        &self,
        n: usize,
        ready: &Ready,
        declined: Option<Decline>,
        work: &mut dyn FnMut(Job<'_>) -> Reply,
    ) -> Result<Option<Seen>, Error> {
        let fixed =
            |(fit, argument): (&Fit, &&dyn Argument)| *fit == Fit::Copy && !argument.may_be_copied(ready.to);
        if let Some(at) = ready.fits.iter().zip(self.arguments).position(fixed) {
            return Ok(Some(Seen::Refused(at, Decline::new(FIXED))));
        }
        let function = ready.implementation.filter(|_| declined.is_none()).map(|found| found.function);
        let implementation = match work(Job::Serve(Cx::new(ready.to), &ready.fits, function)) {
            Reply::Refused(at, Refusal::Declined(decline)) => return Ok(Some(Seen::Refused(at, decline))),
            Reply::Refused(at, Refusal::Failed(source)) => {
                self.considered(n, Some(&Seen::Failed));
                return Err(report::conversion(self.method(), self.arguments, at, ready.to, source));
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
        let Some(_depth) = Depth::enter(true) else {
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
            let tried = report::tried(self.plan, n, seen);
            Event::Considered { backend: tried.backend, origin: tried.origin, outcome: tried.outcome }
        });
    }
}
