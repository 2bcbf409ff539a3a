"""Decorators that declare methods and interceptors."""

from . import _native


def multimethod(function=None, *, domain, has_default=True):
    """Declares a method of a domain: ``@multimethod(domain="numpy.sk_example")``.

    The function is its default, unless ``has_default`` is false. Arrays among the arguments, also inside lists and tuples,
    decide which implementation runs.
    """
    if function is None:
        return lambda function: _native.Multimethod(function, domain, has_default)
    return _native.Multimethod(function, domain, has_default)


def intercept(backend, domain="numpy"):
    """Decorates a function that receives a backend's calls of a domain, as a ``Call``, and returns the results."""
    return lambda function: _native._intercept(backend, domain, function)
