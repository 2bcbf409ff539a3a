//! Scopes that are not left in the order in which they were entered, as by tasks that share a thread; and what stays in
//! memory of states that were left.
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use polyarray_core::dispatch::{
    self, Cx, Error, GlobalOptions, Kind, Options, State, Stop, block, explain, scope, set_global, states,
    with_backend,
};

use crate::fakes::*;

dispatch::method! {
    domain "numpy";
    /// Where it ran.
    pub fn here(x: &Value) -> Result<Value, Error>;
    /// A default that captures the state it runs in.
    pub fn captures(x: &Value) -> Result<Value, Error> {
        CAPTURED.with_borrow_mut(|captured| *captured = Some(State::current()));
        here(x)
    }
}

thread_local! {
    static CAPTURED: std::cell::RefCell<Option<State>> = const { std::cell::RefCell::new(None) };
}

fn there(cx: Cx, x: &Value) -> Result<Value, Stop<Error>> {
    Ok(Value { home: at(&cx.instance.name(), 0).home, ..x.clone() })
}

fn ran_on() -> &'static str {
    here(&scalar(1)).map_or("nothing", |value| value.home.name())
}

fn kinds<const N: usize>(names: [&'static str; N]) -> [Kind; N] {
    names.map(|name| {
        let kind = fake(name);
        kind.register::<here>(there).expect("a new kind");
        kind
    })
}

/// Returns to the executor this many times.
async fn wait(times: usize) {
    let mut left = times;
    poll_fn(|cx| {
        cx.waker().wake_by_ref();
        left = left.wrapping_sub(1);
        if left == usize::MAX { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// A task that does wrong on one thread: it holds a scope while others run.
async fn holds(kind: Kind, waits: usize) -> [&'static str; 2] {
    scope!(kind);
    let before = ran_on();
    wait(waits).await;
    [before, ran_on()]
}

fn poll<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// The message of the panic that `f` must end in.
fn loud(f: impl FnOnce()) -> String {
    let payload = catch_unwind(AssertUnwindSafe(f)).expect_err("it is loud");
    match payload.downcast::<String>() {
        Ok(text) => *text,
        Err(payload) => payload.downcast_ref::<&str>().map_or_else(String::new, |text| (*text).to_owned()),
    }
}

#[test]
fn tasks_that_leave_their_scopes_in_the_wrong_order_are_loud_and_leave_no_scope() {
    let [a, b, c, d] = kinds(["order-a", "order-b", "order-c", "order-d"]);
    alone(&[a], || {
        let outside = State::current();
        let mut first = Box::pin(holds(b, 1));
        let mut second = Box::pin(holds(c, 1));
        let mut third = Box::pin(holds(d, 1));
        for task in [&mut first, &mut second, &mut third] {
            assert!(poll(task.as_mut()).is_pending());
        }
        assert_eq!(ran_on(), "order-d");
        let said = loud(|| assert!(poll(first.as_mut()).is_pending()));
        assert!(said.contains("order-b") && said.contains("State::wrap"), "{said}");
        assert_eq!(ran_on(), "order-d", "the others' scopes are still in force");
        // Dropped in the middle, in the wrong order again.
        assert!(loud(|| drop(second)).contains("order-c"));
        assert_eq!(ran_on(), "order-d");
        assert_eq!(poll(third.as_mut()), Poll::Ready(["order-d", "order-d"]));
        assert_eq!(State::current(), outside);
    });
}

#[test]
fn a_scope_that_outlives_the_state_it_was_entered_in_is_loud_and_leaves_nothing() {
    let [a, b, c] = kinds(["outlives-a", "outlives-b", "outlives-c"]);
    alone(&[a], || {
        let outside = State::current();
        let state = with_backend(c, Options::PLAIN, State::current);
        let mut task = Box::pin(holds(b, 1));
        assert!(loud(|| state.enter(|| assert!(poll(task.as_mut()).is_pending()))).contains("outlives-b"));
        assert_eq!(State::current(), outside);
        assert!(loud(|| assert!(poll(task.as_mut()).is_pending())).contains("outlives-b"));
        assert_eq!(State::current(), outside);

        // The other way round: left inside a state that was entered after it.
        let mut task = Box::pin(holds(b, 1));
        assert!(poll(task.as_mut()).is_pending());
        state.enter(|| assert!(loud(|| assert!(poll(task.as_mut()).is_pending())).contains("outlives-b")));
        assert_eq!(State::current(), outside);
        // Scopes entered afterwards are as ever.
        with_backend(b, Options::PLAIN, || {
            state.enter(|| assert_eq!(ran_on(), "outlives-c"));
            assert_eq!(ran_on(), "outlives-b");
        });
        assert_eq!(State::current(), outside);
        // A task that ends while a call is explained.
        let mut task = Box::pin(holds(b, 1));
        assert!(poll(task.as_mut()).is_pending());
        let (result, _) = explain(|| poll(task.as_mut()));
        assert_eq!(result, Poll::Ready(["outlives-b", "outlives-b"]));
        assert_eq!(State::current(), outside);
    });
}

#[test]
fn a_wrapped_future_keeps_its_scopes_to_itself_and_gives_them_back_when_dropped() {
    let [a, b, c] = kinds(["wrapped-a", "wrapped-b", "wrapped-c"]);
    alone(&[a], || {
        let outside = State::current();
        let state = with_backend(c, Options::PLAIN, State::current);
        let (mut first, mut second) = (pin!(state.wrap(holds(b, 1))), pin!(state.wrap(holds(c, 2))));
        assert!(poll(first.as_mut()).is_pending() && poll(second.as_mut()).is_pending());
        assert_eq!(ran_on(), "wrapped-a");
        // In its own scope again after it waited; in the order in which they were entered, which is the wrong one.
        assert_eq!(poll(first.as_mut()), Poll::Ready(["wrapped-b", "wrapped-b"]));
        assert!(poll(second.as_mut()).is_pending());
        assert_eq!(poll(second), Poll::Ready(["wrapped-c", "wrapped-c"]));
        assert_eq!(State::current(), outside);

        // Dropped in the middle.
        let mut dropped = Box::pin(state.wrap(holds(b, 1)));
        assert!(poll(dropped.as_mut()).is_pending());
        drop(dropped);
        assert_eq!(State::current(), outside);

        // What a dropped future's own values do on their way out, they do in its state.
        struct Says;
        impl Drop for Says {
            fn drop(&mut self) {
                assert_eq!(ran_on(), "wrapped-c");
            }
        }
        let says = Says;
        drop(state.wrap(async move {
            wait(1).await;
            drop(says);
        }));

        // A panic inside, and one outside while it waits.
        let panics = async {
            scope!(b);
            wait(1).await;
            std::panic::resume_unwind(Box::new(()));
        };
        let mut panics = Box::pin(state.wrap(panics));
        assert!(poll(panics.as_mut()).is_pending());
        assert!(catch_unwind(AssertUnwindSafe(|| poll(panics.as_mut()))).is_err());
        assert_eq!(State::current(), outside);
        let result = catch_unwind(AssertUnwindSafe(|| {
            let mut waits = Box::pin(state.wrap(holds(b, 1)));
            assert!(poll(waits.as_mut()).is_pending());
            std::panic::resume_unwind(Box::new(()));
        }));
        assert!(result.is_err());
        assert_eq!(State::current(), outside);
    });
}

#[test]
fn settings_changed_to_and_fro_make_no_new_states() {
    let [a, b] = kinds(["flat-a", "flat-b"]);
    let options = GlobalOptions::default();
    let round = || {
        for kind in [a, b] {
            set_global(kind, options).unwrap();
            assert_eq!(ran_on(), kind.name());
            with_backend(a, Options::PLAIN, || {
                set_global(b, GlobalOptions { try_last: true, ..options }).unwrap();
                assert_eq!(ran_on(), "flat-a");
            });
            explain(|| set_global(kind, options)).0.unwrap();
            let state = State::current();
            state.enter(|| with_backend(b, Options::PLAIN, || set_global(a, options)).unwrap());
            with_backend(b, Options::PLAIN, || State::current().enter(|| set_global(a, options))).unwrap();
        }
    };
    alone(&[a, b], || {
        round();
        let before = states();
        (0..100_000).for_each(|_| round());
        // The other tests of this process make a few.
        assert!(states() - before < 50_000, "{} states", states() - before);
    });
}

#[test]
fn a_setting_made_while_a_call_is_explained_stays() {
    let [a, b] = kinds(["explains-a", "explains-b"]);
    alone(&[a], || {
        explain(|| set_global(b, GlobalOptions::default())).0.unwrap();
        assert_eq!(ran_on(), "explains-b");
        let (result, _) = explain(|| block(b));
        result.unwrap();
        assert_eq!(ran_on(), "explains-a");
    });
    assert_ne!(ran_on(), "explains-b", "it was the entered state's own");
}

#[test]
fn a_state_captured_inside_a_default_does_not_remember_the_default() {
    let [a] = kinds(["captures-a"]);
    alone(&[a], || {
        captures(&scalar(1)).unwrap();
        let state = CAPTURED.with_borrow_mut(Option::take).expect("the default has run");
        for _ in 0..200 {
            let again = state.enter(|| captures(&scalar(1)));
            assert_eq!(again.map(|value| value.home.name()).map_err(|e| e.to_string()), Ok("captures-a"));
        }
        // Its pin is part of it.
        let pin = CAPTURED.with_borrow_mut(Option::take).expect("the default has run");
        with_backend("captures-a", Options::PLAIN, || assert_eq!(pin.enter(ran_on), "captures-a"));
        // A service: each task hands its state to the next, for ever.
        let mut state = State::current();
        for _ in 0..300 {
            state.enter(|| captures(&scalar(1))).unwrap();
            state = CAPTURED.with_borrow_mut(Option::take).expect("the default has run");
        }
    });
}
