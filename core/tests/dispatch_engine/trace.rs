//! What a person reads: explanations and errors, word for word.
use polyarray_core::dispatch::{self, Cx, Error, Options, Stop, explain, skip, with_backend};

use crate::fakes::*;

type Answer = Result<Value, Stop<Error>>;

dispatch::method! {
    domain "numpy.fft";
    /// Served.
    pub fn inner(x: &Value) -> Result<Value, Error>;
    /// By its default.
    pub fn outer(x: &Value, y: &Value) -> Result<Value, Error> {
        inner(x)?;
        inner(y)
    }
    /// Declined by all.
    pub fn nobody(x: &Value, y: &Value) -> Result<Value, Error>;
}

fn there(cx: Cx, x: &Value) -> Answer {
    if x.number > 7 {
        return Err(Stop::Declined(dispatch::Decline::limit("too large", x.number, 7)));
    }
    Ok(Value { home: at(&cx.instance.name(), 0).home, ..x.clone() })
}

#[test]
fn explain_prints_every_candidate_in_order() -> Result<(), Error> {
    let [a, b, c] = ["told-a", "told-b", "told-c"].map(fake);
    a.register::<inner>(there)?;
    c.register::<inner>(there)?;
    let (x, y) = (at("told-a", 1), scalar(2));
    alone(&[c, a, b], || {
        let call = || with_backend(b, Options::PLAIN, || skip(c, || outer(&x, &y)));
        // The same with plans known and unknown.
        for _ in 0..2 {
            let (result, explanation) = explain(call);
            assert_eq!(result?, Value { number: 2, ..at("told-a", 0) });
            assert_eq!(
                explanation.to_string(),
                "\
numpy.fft.outer(x: 1 on told-a, y: 2 on none)
  told-b (scope, numpy): refused: x lives on told-a, and nothing allows to copy it
  told-c (registered, numpy): passed over: inside `skip`
    numpy.fft.inner(x: 1 on told-a)
      told-a (pinned): ran
    numpy.fft.inner(x: 2 on none)
      told-a (pinned): ran
  told-a (registered, numpy): has no implementation; ran the default, pinned here
"
            );
            call()?;
        }
        let (_, explanation) = explain(|| inner(&at("told-a", 9)));
        assert_eq!(
            explanation.to_string(),
            "\
numpy.fft.inner(x: 9 on told-a)
  told-c (registered, numpy): refused: x lives on told-a, and nothing allows to copy it
  told-a (registered, numpy): declined: too large: 9, the limit is 7
  told-b (registered, numpy): refused: x lives on told-a, and nothing allows to copy it
  no backend ran it
"
        );
        Ok(())
    })
}

#[test]
fn the_error_names_candidates_operands_and_the_fix() -> Result<(), Error> {
    let [a, b] = ["err-a", "err-b"].map(fake);
    a.register::<inner>(there)?;
    alone(&[a, b], || {
        let mixed = nobody(&at("err-a", 1), &at("err-b:1", 2)).unwrap_err();
        assert_eq!(
            mixed.to_string(),
            "\
no backend ran numpy.fft.nobody
  operands:
    x: 1 on err-a
    y: 2 on err-b:1
  candidates, in the order tried:
    err-a (registered, numpy): refused: y lives on err-b:1, and nothing allows to copy it
    err-b:1 (registered, numpy): refused: x lives on err-a, and nothing allows to copy it
  fix: y.to(\"err-a\")
  or: scope!(\"err-a\", coerce);
  or: x.to(\"err-b:1\")
  or: scope!(\"err-b\", coerce);"
        );
        let two = nobody(&at("err-b", 1), &at("err-b:1", 2)).unwrap_err().to_string();
        assert!(
            two.contains("err-b (registered, numpy): refused: the arguments live on two instances"),
            "{two}"
        );
        let lacking = with_backend(b, Options::ONLY, || nobody(&scalar(1), &scalar(2))).unwrap_err();
        let text = lacking.to_string();
        assert!(text.contains("err-b (scope, numpy): has no implementation"), "{text}");
        assert!(text.contains("the walk ended at err-b: it is `only`, or coerces"), "{text}");
        assert!(text.contains("fix: leave the scope without `only`"), "{text}");
        let report = lacking.not_found().expect("it is that error");
        assert_eq!((report.operands.len(), report.tried.len()), (2, 1));
        // The cached way tells the same story.
        let declined = || inner(&at("err-a", 9)).unwrap_err().to_string();
        let first = declined();
        assert!(first.contains("declined: too large: 9, the limit is 7"), "{first}");
        assert_eq!((declined(), dispatch::uncached(declined)), (first.clone(), first));
        Ok(())
    })
}
