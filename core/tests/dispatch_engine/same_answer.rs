//! The cached answer, the walked answer and the rules as a person would write them down are the same.
use std::cell::{Cell, RefCell};
use std::sync::LazyLock;

use polyarray_core::dispatch::{
    self, Clear, Cx, Error, GlobalOptions, Kind, Options, Stop, Target, clear, pinned, set_global, skip,
    uncached, with_backend,
};
use proptest::prelude::*;

use crate::fakes::*;

type Answer = Result<Value, Stop<Error>>;

dispatch::method! {
    domain "numpy";
    /// Registered on all kinds.
    fn everywhere(x: &Value) -> Result<Value, Error>;
    /// Registered on two kinds; the default is one further call.
    fn somewhere(x: &Value) -> Result<Value, Error> {
        everywhere(x)
    }
}

dispatch::method! {
    domain "numpy.fft";
    /// Registered on the other two.
    fn both(x: &Value, y: &Value) -> Result<Value, Error>;
    /// Registered nowhere; the default crosses domains, and comes back to itself now and then.
    fn nowhere(x: &Value, y: &Value) -> Result<Value, Error> {
        if RETURNS.get() { nowhere(&somewhere(x)?, y) } else { both(&somewhere(x)?, y) }
    }
}

const METHODS: [&str; 4] = ["everywhere", "somewhere", "both", "nowhere"];
const NAMES: [&str; 4] = ["same-0", "same-1", "same-2", "same-3"];
const DOMAINS: [&[&str]; 4] = [&["numpy"], &["numpy"], &["numpy.fft"], &["numpy", "numpy.fft"]];
const REGISTERED: [[bool; 4]; 4] = [
    [true, true, false, false],
    [true, false, true, false],
    [true, true, false, false],
    [true, false, true, false],
];
const HOMES: [&str; 7] = ["", "same-0", "same-0:1", "same-1", "same-2", "same-3", "same-elsewhere"];

thread_local! {
    /// What an implementation does: 0 serves, 1 declines, 2 fails.
    static BEHAVIOUR: Cell<[[u8; 4]; 4]> = const { Cell::new([[0; 4]; 4]) };
    static RETURNS: Cell<bool> = const { Cell::new(false) };
    /// Which implementations were asked.
    static TRAIL: RefCell<Vec<(String, &'static str)>> = const { RefCell::new(Vec::new()) };
}

fn answer(cx: Cx, method: usize) -> Answer {
    let name = cx.instance.name();
    let kind = NAMES.iter().position(|&kind| kind == cx.instance.kind.name()).expect("one of ours");
    TRAIL.with_borrow_mut(|trail| trail.push((name.clone(), METHODS[method])));
    match BEHAVIOUR.get()[kind][method] {
        0 => Ok(at(&name, 0)),
        1 => Err(Stop::declined("not today")),
        // Any error that is not "not found".
        _ => Err(Error::EnrolledTwice { name: "failed" }.into()),
    }
}

static KINDS: LazyLock<[Kind; 4]> = LazyLock::new(|| {
    let kinds = [0, 1, 2, 3].map(|n| fake_with(NAMES[n], DOMAINS[n], &[]).0);
    for (n, kind) in kinds.into_iter().enumerate() {
        kind.register::<everywhere>(|cx, _| answer(cx, 0)).expect("the first");
        if REGISTERED[n][1] {
            kind.register::<somewhere>(|cx, _| answer(cx, 1)).expect("the first");
        }
        if REGISTERED[n][2] {
            kind.register::<both>(|cx, _, _| answer(cx, 2)).expect("the first");
        }
    }
    kinds
});

#[derive(Clone, Copy, Debug)]
enum Step {
    Scope(usize, Option<u16>, Options),
    Skip(usize, Option<u16>),
    Pin(usize, u16, bool),
    Global(usize, GlobalOptions),
}

#[derive(Clone, Debug)]
struct Case {
    registered: Vec<usize>,
    steps: Vec<Step>,
    behaviour: [[u8; 4]; 4],
    returns: bool,
    homes: [usize; 2],
    method: usize,
}

fn cases() -> impl Strategy<Value = Case> {
    let kind = 0..4usize;
    let index = prop_oneof![3 => Just(None), 1 => Just(Some(0)), 1 => Just(Some(1))];
    let options =
        prop_oneof![3 => Just(Options::PLAIN), 1 => Just(Options::ONLY), 2 => Just(Options::COERCE)];
    let global = (any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(only, coerce, try_last)| {
        GlobalOptions { only: only && coerce, coerce: coerce && !only, try_last }
    });
    let step = prop_oneof![
        4 => (kind.clone(), index.clone(), options).prop_map(|(k, i, o)| Step::Scope(k, i, o)),
        1 => (kind.clone(), index).prop_map(|(k, i)| Step::Skip(k, i)),
        1 => (kind.clone(), 0..2u16, any::<bool>()).prop_map(|(k, i, c)| Step::Pin(k, i, c)),
        1 => (kind.clone(), global).prop_map(|(k, g)| Step::Global(k, g)),
    ];
    let behaviour =
        prop::array::uniform4(prop::array::uniform4(prop_oneof![4 => Just(0u8), 3 => Just(1), 1 => Just(2)]));
    let homes = [0..HOMES.len(), 0..HOMES.len()];
    (
        prop::collection::vec(kind, 0..5),
        prop::collection::vec(step, 0..5),
        behaviour,
        prop::bool::weighted(0.2),
        homes,
        0..4usize,
    )
        .prop_map(|(registered, steps, behaviour, returns, homes, method)| Case {
            registered,
            steps,
            behaviour,
            returns,
            homes,
            method,
        })
}

/// What came of a call, told so that all three ways can tell it.
#[derive(Clone, Debug, PartialEq)]
enum Told {
    RanOn(String),
    NotFound,
    Failed,
    Reentered,
}

fn value(home: usize) -> Value {
    if HOMES[home].is_empty() { scalar(0) } else { at(HOMES[home], 0) }
}

/// Goes into the scopes one by one, and calls.
fn call(case: &Case, steps: &[Step]) -> (Told, Vec<(String, &'static str)>) {
    let Some((step, rest)) = steps.split_first() else {
        TRAIL.take();
        let (x, y) = (value(case.homes[0]), value(case.homes[1]));
        let result = match case.method {
            0 => everywhere(&x),
            1 => somewhere(&x),
            2 => both(&x, &y),
            _ => nowhere(&x, &y),
        };
        let told = match result {
            Ok(value) => Told::RanOn(value.home.name().to_owned()),
            Err(Error::NotFound(_)) => Told::NotFound,
            Err(Error::Reentered { .. }) => Told::Reentered,
            Err(_) => Told::Failed,
        };
        return (told, TRAIL.take());
    };
    let target = |kind: usize, index| Target { kind: KINDS[kind].id(), index };
    match *step {
        Step::Scope(kind, index, options) => with_backend(target(kind, index), options, || call(case, rest)),
        Step::Skip(kind, index) => skip(target(kind, index), || call(case, rest)),
        Step::Pin(kind, index, coerce) => pinned(KINDS[kind].instance(index), coerce, || call(case, rest)),
        Step::Global(kind, options) => {
            set_global(KINDS[kind], options).expect("a known kind");
            call(case, rest)
        }
    }
}

/// The rules written down again, with nothing clever.
#[derive(Clone, Default)]
struct Rules {
    scopes: Vec<(usize, Option<u16>, Options)>,
    skipped: Vec<(usize, Option<u16>)>,
    pin: Option<(usize, u16, bool)>,
    /// Per domain, `numpy` and `numpy.fft`.
    globals: [Option<(usize, GlobalOptions)>; 2],
    registered: [Vec<usize>; 2],
    running: Vec<(usize, Option<(usize, u16)>)>,
}

impl Rules {
    fn of(case: &Case) -> Rules {
        let mut rules = Rules::default();
        for &kind in &case.registered {
            for (n, domain) in ["numpy", "numpy.fft"].iter().enumerate() {
                if DOMAINS[kind].contains(domain) && !rules.registered[n].contains(&kind) {
                    rules.registered[n].push(kind);
                }
            }
        }
        for step in &case.steps {
            match *step {
                Step::Scope(kind, index, options) => rules.scopes.push((kind, index, options)),
                Step::Skip(kind, index) => rules.skipped.push((kind, index)),
                Step::Pin(kind, index, coerce) => rules.pin_to(kind, index, coerce),
                Step::Global(kind, options) => {
                    for (n, domain) in ["numpy", "numpy.fft"].iter().enumerate() {
                        if DOMAINS[kind].contains(domain) {
                            rules.globals[n] = Some((kind, options));
                        }
                    }
                }
            }
        }
        rules
    }

    fn pin_to(&mut self, kind: usize, index: u16, coerce: bool) {
        self.pin = Some((kind, index, coerce));
        self.skipped.clear();
    }

    /// Kind, instance, coerce, and whether it ends the walk.
    fn order(&self, domain: usize) -> Vec<(usize, Option<u16>, bool, bool)> {
        if let Some((kind, index, coerce)) = self.pin {
            return vec![(kind, Some(index), coerce, true)];
        }
        let mut order = Vec::new();
        for n in (0..=domain).rev() {
            let name = ["numpy", "numpy.fft"][n];
            for &(kind, index, options) in self.scopes.iter().rev() {
                if DOMAINS[kind].contains(&name) {
                    order.push((kind, index, options.coerce, options.only || options.coerce));
                }
            }
            let global = self.globals[n].map(|(kind, o)| (kind, None, o.coerce, o.only || o.coerce));
            let last = self.globals[n].is_some_and(|(_, options)| options.try_last);
            let registered = self.registered[n].iter().map(|&kind| (kind, None, false, false));
            if last {
                order.extend(registered.chain(global));
            } else {
                order.extend(global.into_iter().chain(registered));
            }
        }
        order
    }

    fn call(
        &self,
        case: &Case,
        method: usize,
        homes: [String; 2],
        trail: &mut Vec<(String, &'static str)>,
    ) -> Told {
        let homes_used = if method < 2 { &homes[..1] } else { &homes[..] };
        let name_of = |kind: usize, index: u16| {
            if index == 0 { NAMES[kind].to_owned() } else { format!("{}:{index}", NAMES[kind]) }
        };
        let has_default = method % 2 == 1;
        let mut asked: Vec<(usize, u16, bool)> = Vec::new();
        let mut ended = false;
        for (kind, index, coerce, ends) in self.order(method / 2) {
            // Arguments that live on one of its instances select that; two of them select none.
            let mut own: Vec<u16> = (0..2).filter(|&i| homes_used.contains(&name_of(kind, i))).collect();
            let selected = match (index, own.len()) {
                (Some(index), _) => Some(index),
                (None, 0) => Some(0),
                (None, 1) => own.pop(),
                _ => None,
            };
            let skipped = self
                .skipped
                .iter()
                .any(|&(k, i)| k == kind && (i.is_none() || (selected.is_some() && i == selected)));
            if skipped {
                ended |= self.pin.is_some();
                continue;
            }
            let again = selected
                .is_some_and(|s| asked.iter().any(|&(k, i, c)| (k, i) == (kind, s) && (c || !coerce)));
            let home = selected.map(|index| name_of(kind, index));
            let fits = home
                .as_ref()
                .is_some_and(|own| homes_used.iter().all(|home| home.is_empty() || home == own || coerce));
            if let Some(selected) = selected {
                asked.push((kind, selected, coerce));
            }
            if let (true, false, Some(index), Some(home)) = (fits, again, selected, home) {
                if REGISTERED[kind][method] {
                    trail.push((home.clone(), METHODS[method]));
                    match case.behaviour[kind][method] {
                        0 => return Told::RanOn(home),
                        1 => {}
                        _ => return Told::Failed,
                    }
                }
                if has_default {
                    if self.running.contains(&(method, Some((kind, index)))) {
                        return Told::Reentered;
                    }
                    let mut inside = self.clone();
                    inside.running.push((method, Some((kind, index))));
                    if inside.pin != Some((kind, index, coerce)) {
                        inside.pin_to(kind, index, coerce);
                    }
                    let there = |at: &String| if at.is_empty() { String::new() } else { home.clone() };
                    match inside.run_default(case, method, [there(&homes[0]), there(&homes[1])], trail) {
                        Told::NotFound => {}
                        told => return told,
                    }
                }
            }
            if ends {
                ended = true;
                break;
            }
        }
        if !has_default || ended {
            return Told::NotFound;
        }
        if self.running.contains(&(method, None)) {
            return Told::Reentered;
        }
        let mut inside = self.clone();
        inside.running.push((method, None));
        inside.run_default(case, method, homes, trail)
    }

    fn run_default(
        &self,
        case: &Case,
        method: usize,
        homes: [String; 2],
        trail: &mut Vec<(String, &'static str)>,
    ) -> Told {
        if method == 1 {
            return self.call(case, 0, homes, trail);
        }
        match self.call(case, 1, homes.clone(), trail) {
            Told::RanOn(home) => {
                self.call(case, if case.returns { 3 } else { 2 }, [home, homes[1].clone()], trail)
            }
            told => told,
        }
    }
}

fn check(case: &Case) {
    LazyLock::force(&KINDS);
    BEHAVIOUR.set(case.behaviour);
    RETURNS.set(case.returns);
    let registered: Vec<Kind> = case.registered.iter().map(|&n| KINDS[n]).collect();
    let enter = || {
        alone(&registered, || {
            let called = call(case, &case.steps);
            // What was set globally is not left to the next round.
            clear("numpy", Clear { registered: false, global: true });
            called
        })
    };
    let walked = uncached(enter);
    let cached = [enter(), enter(), enter()];
    let mut trail = Vec::new();
    let homes = case.homes.map(|home| HOMES[home].to_owned());
    let told = Rules::of(case).call(case, case.method, homes, &mut trail);
    assert_eq!(walked, (told, trail), "walked, and by the rules");
    for cached in cached {
        assert_eq!(cached, walked, "cached, and walked");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn cached_and_walked_and_the_rules_agree(case in cases()) {
        check(&case);
    }
}

#[test]
fn the_caches_survive_more_states_than_they_have_room_for() {
    // Every state and home in turn and again: slots are taken over, and taken back.
    let steps = |n: usize| {
        let options = [Options::PLAIN, Options::ONLY, Options::COERCE][n % 3];
        vec![Step::Scope(n / 3 % 4, None, options), Step::Scope(n / 12 % 4, None, Options::PLAIN)]
    };
    for n in 0..48 {
        for pair in 0..2 * HOMES.len() * HOMES.len() {
            let homes = [pair % HOMES.len(), pair / HOMES.len() % HOMES.len()];
            let behaviour = [[(n % 2) as u8, 0, 0, 0]; 4];
            let steps = steps(n);
            check(&Case {
                registered: vec![0, 1, 3],
                steps,
                behaviour,
                returns: false,
                homes,
                method: n % 4,
            });
        }
    }
}
