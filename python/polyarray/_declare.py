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


def _method(method):
    """The method that a name or a function means."""
    if isinstance(method, (_native.Method, _native.Multimethod)):
        return method
    from . import _domains as domains

    if isinstance(method, str):
        domain, _, name = method.rpartition(".")
        found = domains.get(domain or "numpy", {}).get(name)
    else:
        # A function that chooses among several methods: the one that is called as it.
        name = getattr(method, "__name__", None)
        found = next((functions[name] for functions in domains.values() if name in functions), None)
    if found is None:
        raise ValueError(f"there is no method {method!r}; name it with its domain, as \"numpy.linalg.svd\"")
    return found


def implementation(method, backend, function):
    """Has a function implement a method for a kind of backends, ``"cpu"``, ``"gpu"``, or one that ``declare_backend`` made.

    It is in force until its ``undo()``, or the end of a block: ``with implementation(xp.median, "cpu", mine):``. The method is
    a function of this package, or a name with its domain. The function gets the method's arrays, and its options as
    keywords. Where it returns ``NotImplemented`` the method's default runs, or the next backend.
    """
    return _method(method)._implementation(backend, function)
