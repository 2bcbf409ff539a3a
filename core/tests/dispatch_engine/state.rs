//! States: scopes that end, other threads, futures, pins that meet themselves.
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use polyarray_core::dispatch::{
    self, Cx, Error, Explanation, Options, State, Stop, detached, explain, pinned, scope, with_backend,
};

use crate::fakes::*;

type Answer = Result<Value, Stop<Error>>;

dispatch::method! {
    domain "numpy";
    /// Where it ran.
    pub fn here(x: &Value) -> Result<Value, Error>;
    /// A default that comes back to itself.
    pub fn circular(x: &Value) -> Result<Value, Error> {
        circular(x)
    }
    /// A default that comes back to itself in another state.
    pub fn escaping(x: &Value) -> Result<Value, Error> {
        State::empty().enter(|| escaping(x))
    }
    /// A default that another part of itself needs, and that ends.
    pub fn halves(x: &Value) -> Result<Value, Error> {
        halves(&Value { number: x.number / 2, ..x.clone() })
    }
}

dispatch::method! {
    domain "numpy";
    /// Named apart from its handle, as a macro that wraps `method!` does.
    fn wrapped_erased handle wrapped(x: &Value, times: i64) -> Result<Value, Error>;
}

fn there(cx: Cx, x: &Value) -> Answer {
    Ok(Value { home: at(&cx.instance.name(), 0).home, ..x.clone() })
}

fn ran_on(result: Result<Value, Error>) -> &'static str {
    result.map_or("nothing", |value| value.home.name())
}

#[test]
fn a_scope_ends_with_its_block_also_in_a_panic() -> Result<(), Error> {
    let (a, b) = (fake("block-a"), fake("block-b"));
    a.register::<here>(there)?;
    b.register::<here>(there)?;
    alone(&[a], || {
        let outside = State::current();
        {
            scope!(b);
            assert_eq!(ran_on(here(&scalar(1))), "block-b");
            scope!("block-a", only);
            assert_eq!(ran_on(here(&scalar(1))), "block-a");
            scope!(b.instance(1), coerce);
            assert_eq!(ran_on(here(&at("far", 1))), "block-b:1");
        }
        assert_eq!(State::current(), outside);
        let panicked = std::panic::catch_unwind(|| {
            scope!(b);
            with_backend("block-a", Options::ONLY, || std::panic::resume_unwind(Box::new(())));
        });
        assert!(panicked.is_err());
        assert_eq!(State::current(), outside);
        assert_eq!(ran_on(here(&scalar(1))), "block-a");
        Ok(())
    })
}

#[test]
fn a_state_is_the_same_on_every_thread_and_mixes_with_none() -> Result<(), Error> {
    let (a, b) = (fake("thread-a"), fake("thread-b"));
    a.register::<here>(there)?;
    b.register::<here>(there)?;
    alone(&[a], || {
        let state = with_backend(b, Options::PLAIN, State::current);
        assert_eq!(state, with_backend(b, Options::PLAIN, State::current), "interned");
        std::thread::scope(|threads| {
            for _ in 0..4 {
                threads.spawn(|| {
                    for _ in 0..200 {
                        state.enter(|| {
                            assert_eq!(ran_on(here(&scalar(1))), "thread-b");
                            detached(|| assert_ne!(State::current(), state));
                            assert_eq!(State::current(), state);
                        });
                    }
                });
            }
            assert_eq!(ran_on(here(&scalar(1))), "thread-a");
        });
        Ok(())
    })
}

/// Pending once, and then the backend that a call runs on.
async fn two_polls() -> &'static str {
    let mut polled = false;
    std::future::poll_fn(|cx| {
        cx.waker().wake_by_ref();
        if std::mem::replace(&mut polled, true) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    ran_on(here(&scalar(1)))
}

#[test]
fn a_wrapped_future_is_polled_in_its_state() -> Result<(), Error> {
    let (a, b) = (fake("future-a"), fake("future-b"));
    a.register::<here>(there)?;
    b.register::<here>(there)?;
    alone(&[a], || {
        let state = with_backend(b, Options::PLAIN, State::current);
        let (inside, outside) = (state.wrap(two_polls()), two_polls());
        let (mut inside, mut outside) = (pin!(inside), pin!(outside));
        let mut cx = Context::from_waker(Waker::noop());
        // Polled in turns on one thread.
        assert!(inside.as_mut().poll(&mut cx).is_pending() && outside.as_mut().poll(&mut cx).is_pending());
        assert_eq!(inside.poll(&mut cx), Poll::Ready("future-b"));
        assert_eq!(outside.poll(&mut cx), Poll::Ready("future-a"));
        Ok(())
    })
}

#[test]
fn a_method_that_meets_itself_is_an_error_and_no_overflow() -> Result<(), Error> {
    let (a, wrapper) = (fake("loop-a"), fake("loop-wrapper"));
    // A wrapper that forgets to pin its inner backend: its own pin stands before any scope.
    wrapper.register::<here>(|_, x| Ok(with_backend("loop-a", Options::PLAIN, || here(x))?))?;
    a.register::<here>(there)?;
    alone(&[a], || {
        for _ in 0..2 {
            assert!(matches!(circular(&scalar(1)), Err(Error::Reentered { .. })));
            assert!(matches!(escaping(&scalar(1)), Err(Error::Reentered { .. })));
            let stuck = pinned(wrapper.instance(0), false, || here(&scalar(1))).unwrap_err();
            assert!(matches!(stuck, Error::Reentered { .. }) && stuck.to_string().contains("loop-wrapper"));
        }
        alone(&[], || assert!(matches!(circular(&scalar(1)), Err(Error::Reentered { .. }))));
        // A wrapper that pins what it holds is well, pinned itself or not.
        wrapper.replace::<here>(|cx, x| {
            let inner = dispatch::Kind::named("loop-a")?.instance(cx.instance.index);
            Ok(pinned(inner, false, || here(x))?)
        })?;
        pinned(wrapper.instance(0), false, || assert_eq!(ran_on(here(&scalar(1))), "loop-a"));
        with_backend(wrapper, Options::PLAIN, || assert_eq!(ran_on(here(&scalar(1))), "loop-a"));
        // An implementation that takes the smaller half ends the default's recursion before it is one.
        a.register::<halves>(|cx, x| match x.number {
            0..8 => there(cx, x),
            _ => Err(Stop::Declined(dispatch::Decline::limit("too large", x.number, 7))),
        })?;
        assert_eq!(halves(&scalar(15))?.number, 7);
        assert!(matches!(halves(&scalar(31)), Err(Error::Reentered { .. })));
        Ok(())
    })
}

/// As a thread that waits in a pool does: while one pinned call waits, the next task runs on the same stack.
#[test]
fn tasks_that_a_waiting_thread_picks_up_are_not_nested() -> Result<(), Error> {
    let a = fake("stolen-a");
    a.register::<here>(|cx, x| {
        let rest = Value { number: x.number - 1, ..x.clone() };
        if x.number == 0 {
            there(cx, x)
        } else {
            detached(|| Ok(pinned(cx.instance, false, || here(&rest))?))
        }
    })?;
    alone(&[a], || {
        pinned(a.instance(0), false, || here(&scalar(120)))?;
        // A call that waits for itself, its state handed on, is nested.
        a.replace::<here>(|_, x| {
            let state = State::current();
            detached(|| Ok(state.enter(|| here(x))?))
        })?;
        let error = pinned(a.instance(0), false, || here(&scalar(1))).unwrap_err();
        assert!(matches!(error, Error::Reentered { .. }), "{error}");
        // The count is what it was.
        a.replace::<here>(there)?;
        pinned(a.instance(0), false, || here(&scalar(1))).map(|_| ())
    })
}

#[test]
fn a_handle_may_be_named_apart() -> Result<(), Error> {
    let a = fake("apart-a");
    a.register::<wrapped>(|_, x, times| Ok(Value { number: x.number * times, ..x.clone() }))?;
    alone(&[a], || {
        assert_eq!(wrapped_erased(&at("apart-a", 2), 3)?.number, 6);
        let error = wrapped_erased(&at("far", 2), 3).unwrap_err().to_string();
        assert!(error.contains("numpy.wrapped"), "{error}");
        Ok(())
    })
}

fn explained(x: &Value) -> (Result<Value, Error>, Explanation) {
    explain(|| here(x))
}

#[test]
fn a_listener_goes_with_the_state_and_hears_nothing_else() -> Result<(), Error> {
    let a = fake("listen-a");
    a.register::<here>(|cx, x| {
        if let Some(sink) = dispatch::trace::current_sink() {
            sink.note("copied 8 bytes");
            sink.count("bytes", 8);
        }
        there(cx, x)
    })?;
    alone(&[a], || {
        let sink = dispatch::trace::Sink::new();
        let state = State::current().with_sink(Some(std::sync::Arc::clone(&sink)));
        here(&scalar(1))?;
        std::thread::scope(|threads| {
            threads.spawn(|| state.enter(|| with_backend("listen-a", Options::PLAIN, || here(&scalar(1)))));
            threads.spawn(|| here(&scalar(1)).is_ok());
        });
        assert_eq!(sink.counter("bytes"), 8, "the entered call, and no other");
        // A listener inside another: both hear.
        let (result, inner) = state.enter(|| explained(&at("listen-a", 1)));
        result?;
        assert_eq!((inner.counters["bytes"], sink.counter("bytes")), (8, 16));
        assert!(dispatch::trace::current_sink().is_none());
        Ok(())
    })
}

dispatch::method! {
    domain "numpy";
    /// Has no default.
    fn grows(x: &Value) -> Result<Value, Error>;
    /// Has one, that fails to find anything.
    fn grows_too(x: &Value) -> Result<Value, Error> {
        grows(x)
    }
}

#[test]
fn nobody_is_asked_twice_when_the_registry_changes_under_a_call() -> Result<(), Error> {
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    /// Declines, and enrols a backend on its way in every third call, as another thread may.
    fn growing(_: Cx, _: &Value) -> Answer {
        let n = ASKED.fetch_add(1, Relaxed);
        let call = CALLS.load(Relaxed);
        if call % 3 == 2 {
            fake(format!("grown-{call}-{n}").leak());
        }
        Err(Stop::declined("busy"))
    }
    let (first, second) = (fake("grows-a"), fake("grows-b"));
    for kind in [first, second] {
        kind.register::<grows>(growing)?;
    }
    first.register::<grows_too>(growing)?;
    let asked = |method: fn(&Value) -> Result<Value, Error>| {
        CALLS.fetch_add(1, Relaxed);
        ASKED.store(0, Relaxed);
        assert_eq!(ran_on(method(&scalar(1))), "nothing");
        ASKED.load(Relaxed)
    };
    alone(&[first, second], || {
        for _ in 0..9 {
            assert_eq!(asked(grows), 2, "two candidates, one question each");
        }
        for _ in 0..9 {
            // The first one itself, `grows` on each under its pin, and on both without one.
            assert_eq!(asked(grows_too), 5);
        }
        Ok(())
    })
}
