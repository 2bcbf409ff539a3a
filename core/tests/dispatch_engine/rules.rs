//! The exact rules of dispatch, one by one.
use crate::fakes::*;
use polyarray_core::dispatch::{self, Cx, Error, Options, Stop, with_backend};

type Answer = Result<Value, Stop<Error>>;

dispatch::method! {
    domain "numpy";
    /// No default.
    pub fn plain(x: &Value) -> Result<Value, Error>;
    /// A default in terms of `plain`.
    pub fn composed(x: &Value, times: i64) -> Result<Value, Error> {
        let mut value = x.clone();
        for _ in 0..times {
            value = plain(&value)?;
        }
        Ok(value)
    }
}

fn plus_one(cx: Cx, x: &Value) -> Answer {
    Ok(Value { number: x.number + 1, ..at(&cx.instance.name(), 0) })
}

#[test]
fn arguments_select_the_backend_where_they_live() -> Result<(), Error> {
    let (a, b) = (fake("sel-a"), fake("sel-b"));
    a.register::<plain>(plus_one)?;
    b.register::<plain>(plus_one)?;
    alone(&[a, b], || {
        for _ in 0..3 {
            assert_eq!(plain(&at("sel-a", 1))?, at("sel-a", 2));
            assert_eq!(plain(&at("sel-b", 1))?, at("sel-b", 2));
            assert_eq!(plain(&at("sel-b:1", 1))?, at("sel-b:1", 2));
            assert_eq!(composed(&at("sel-b", 1), 3)?, at("sel-b", 4));
        }
        assert!(plain(&at("elsewhere", 1)).unwrap_err().not_found().is_some());
        with_backend(b, Options::COERCE, || {
            let (value, copies) = conversions(|| plain(&at("sel-a", 1)));
            assert_eq!((value?, copies), (at("sel-b", 2), 1));
            Ok(())
        })
    })
}

#[test]
fn what_lives_nowhere_in_particular_goes_to_the_first_registered() -> Result<(), Error> {
    let (a, b) = (fake("none-a"), fake("none-b"));
    a.register::<plain>(plus_one)?;
    b.register::<plain>(plus_one)?;
    alone(&[b, a], || {
        assert_eq!(plain(&scalar(1))?, at("none-b", 2));
        with_backend(a, Options::PLAIN, || assert_eq!(plain(&scalar(1)).ok(), Some(at("none-a", 2))));
        Ok(())
    })
}
