"""The stub that is delivered is the one that the functions declare."""

import ast
import os
import pathlib

import polyarray
import stubs


def test_the_stub_is_up_to_date():
    at = pathlib.Path(polyarray.__file__).with_name("__init__.pyi")
    text = stubs.stub()
    ast.parse(text)
    source = pathlib.Path(__file__).parents[1] / "polyarray" / "__init__.pyi"
    if os.environ.get("POLYARRAY_RENEW"):
        source.write_text(text)
        return
    assert at.read_text() == text, "renew it: POLYARRAY_RENEW=1 pytest test_stubs.py"
