"""What NumPy calls the methods that move, create, count, search and summarise: for `compare.py`."""

import re

import numpy as np


def axes(over):
    return None if over.axes is None else tuple(over.axes)


def over(f):
    return lambda x, o: np.asarray(f(x, axis=axes(o), keepdims=o.keepdims))


def several(value):
    return None if not value else tuple(value)


def updated(f):
    """What NumPy writes in place, as a copy."""

    def run(x, *args):
        x = x.copy()
        f(x, *args)
        return x

    return run


UFUNCS = {"Add": np.add, "Multiply": np.multiply, "Minimum": np.minimum, "Maximum": np.maximum}
FOLDS = {"Sum": np.add, "Prod": np.multiply, "Min": np.minimum, "Max": np.maximum}


def update(x, at, values, by):
    at = tuple(at) if isinstance(at, list) else at
    values = np.asarray(values).astype(x.dtype)
    if by == "Put":
        x[at] = values
    else:
        UFUNCS[by].at(x, at, values)


def scatter(x, at, values, by):
    if x.ndim == 0:
        flat = x.reshape(1)
        update(flat, at, values, by)
        x[...] = flat[0]
    else:
        flat = x.ravel()
        update(flat, at, values, by)
        x[...] = flat.reshape(x.shape)


def segments(x, starts, ends, op):
    return np.array([FOLDS[op].reduce(x[a:b], dtype=x.dtype) for a, b in zip(starts, ends)], x.dtype)


def reduceat(x, at, op, axis):
    whole = op in ("Sum", "Prod") and x.dtype.kind in "bui"
    dtype = (np.uint64 if x.dtype.kind == "u" else np.int64) if whole else None
    return FOLDS[op].reduceat(x, at, axis=axis, dtype=dtype)


PAD = {"Edge": "edge", "Maximum": "maximum", "Mean": "mean", "Minimum": "minimum", "Reflect": "reflect",
       "Symmetric": "symmetric", "Wrap": "wrap"}


def pad(x, width, mode):
    width = width[0] if len(width) == 1 else width
    if hasattr(mode, "end"):
        return np.pad(x, width, "linear_ramp", end_values=mode.end)
    if isinstance(mode, str) and mode.endswith("Odd"):
        return np.pad(x, width, PAD[mode[:-3]], reflect_type="odd")
    if isinstance(mode, str):
        return np.pad(x, width, PAD[mode])
    return np.pad(x, width, constant_values=mode)


def masked(f):
    return lambda x, mask, o: np.asarray(f(x, axis=axes(o), keepdims=o.keepdims, where=mask))


def masked_extreme(f):
    return lambda x, mask, first, o: np.asarray(
        f(x, axis=axes(o), keepdims=o.keepdims, where=mask, initial=x.dtype.type(first)))


def masked_spread(f):
    return lambda x, mask, v: np.asarray(f(x, axis=axes(v.axes), keepdims=v.axes.keepdims, ddof=v.ddof, where=mask))


def unique_along(x, axis):
    values, *rest = np.unique(x, axis=axis, return_index=True, return_inverse=True, return_counts=True)
    return (values, *[part.ravel() for part in rest])


def polydiv(a, b):
    """With the zeros that NumPy leaves out of the remainder."""
    quotient, rest = np.polydiv(a, b)
    left = min(len(a), len(b) - 1)
    return quotient, np.concatenate([np.zeros(left, rest.dtype), rest])[-left:] if left else rest[:0]


def topk(x, k, top):
    x, axis = np.asarray(x), top.axis
    # Stable and NaN last in either direction: by rank.
    flat = np.unique(x[~np.isnan(x)] if x.dtype.kind == "f" else x)
    rank = np.searchsorted(flat, x)
    if not top.smallest:
        rank = -rank
    if x.dtype.kind == "f":
        rank = np.where(np.isnan(x), len(flat) + 1, rank)
    at = np.take(np.argsort(rank, axis=axis, stable=True), np.arange(k), axis=axis)
    return np.take_along_axis(x, at, axis), at


def snake(name):
    return re.sub("(?<=[a-z])(?=[A-Z])", "_", name).lower()


def quantile(f, scale):
    def run(x, q, o):
        of = q.q[0] if q.single else np.array(q.q)
        return np.asarray(f(x, of, axis=axes(o), keepdims=o.keepdims, method=snake(q.method)))

    return run


def weighted(f):
    def run(x, weights, q, o):
        of = q.q[0] if q.single else np.array(q.q)
        return np.asarray(f(x, of, axis=axes(o), keepdims=o.keepdims, weights=weights, method="inverted_cdf"))

    return run


def spread(f):
    return lambda x, v: np.asarray(f(x, axis=axes(v.axes), keepdims=v.axes.keepdims, ddof=v.ddof))


def average(x, weights, axis):
    return np.asarray(np.average(x, axis=axis, weights=weights))


def bins(b):
    return (snake(b.binning) if isinstance(b.binning, str) else b.binning), b.range


def unique_inverse(x):
    """NumPy's, by a stable order: NaNs, each of which is a value of its own, keep theirs."""
    order = np.argsort(x, axis=None, kind="stable")
    ordered = x.ravel()[order]
    first = np.concatenate([[True], ordered[1:] != ordered[:-1]])[: x.size]
    inverse = np.empty(x.size, np.int64)
    inverse[order] = np.cumsum(first) - 1
    return ordered[first], inverse.reshape(x.shape)


def double(x):
    """Edges are computed in double precision: NumPy's of float32 add up the errors of a rounded step."""
    return x.astype(np.float64) if x.dtype == np.float32 else x


def histogram(x, *rest):
    b = rest[-1]
    count, limits = bins(b)
    weights = rest[0] if len(rest) == 2 else None
    counts, edges = np.histogram(double(x), count, range=limits, density=b.density, weights=weights)
    return counts, edges.astype(float_of(x, b))


def histogram2d(x, y, bx, by):
    h, ex, ey = np.histogram2d(x, y, [np.histogram_bin_edges(v, *bins(b)) for v, b in [(x, bx), (y, by)]],
                               density=bx.density or by.density)
    return h, ex.astype(float_of(x, bx)), ey.astype(float_of(y, by))


def histogramdd(x, b):
    h, edges = np.histogramdd(x, [np.histogram_bin_edges(v, *bins(b)) for v in x.T], density=b.density)
    return (h, *[edge.astype(float_of(x, b)) for edge in edges])


def float_of(x, b=None):
    given = b is not None and isinstance(b.binning, list)
    return x.dtype if x.dtype.kind == "f" and not given else np.float64


def gradient(x, spacing, named):
    out = np.gradient(x, *spacing.steps, axis=several(named), edge_order=spacing.edge_order)
    return list(out) if isinstance(out, (tuple, list)) else [out]


def argwhere(x):
    return np.argwhere(x)


def nanarg(f):
    return lambda x, o: np.asarray(f(x, axis=None if o.axes is None else o.axes[0], keepdims=o.keepdims))


CALLS = {
    "take": lambda x, at, g: np.take(x, at, axis=g.axis, mode=g.bounds.lower()),
    "reshape": lambda x, shape: np.reshape(x, shape),
    "permute_dims": lambda x, a: np.permute_dims(x, several(a) or tuple(reversed(range(x.ndim)))),
    "transpose": lambda x, a: np.transpose(x, several(a)),
    "moveaxis": np.moveaxis,
    "swapaxes": np.swapaxes,
    "squeeze": lambda x, a: np.squeeze(x, several(a)),
    "expand_dims": lambda x, a: np.expand_dims(x, tuple(a)),
    "broadcast_to": lambda x, shape: np.broadcast_to(x, shape),
    "broadcast_arrays": lambda arrays: list(np.broadcast_arrays(*arrays)),
    "flip": lambda x, a: np.flip(x, several(a)),
    "rot90": lambda x, k, a: np.rot90(x, k, several(a) or (0, 1)),
    "unstack": lambda x, axis: list(np.unstack(x, axis=axis)),
    "roll": lambda x, by, a: np.roll(x, several(by) if len(a) > 1 and len(by) > 1 else by[0] if len(by) == 1 else by, several(a)),
    "tile": lambda x, reps: np.tile(x, reps),
    "resize": lambda x, shape: np.resize(x, shape),
    "repeat": lambda x, n, axis: np.repeat(x, n, axis=axis),
    "append": lambda x, v, axis: np.append(x, np.asarray(v).astype(np.result_type(x, v)), axis=axis),
    "insert": lambda x, at, v, axis: np.insert(x, at, np.asarray(v).astype(x.dtype), axis=axis),
    "delete": lambda x, at, axis: np.delete(x, np.array(at, int) if isinstance(at, list) else at, axis=axis),
    "trim_zeros": lambda x, trim: np.trim_zeros(x, {"Both": "fb", "Front": "f", "Back": "b"}[trim]),
    "pad": pad,
    "meshgrid": lambda arrays, indexing: list(np.meshgrid(*arrays, indexing=indexing.lower())),
    "vander": lambda x, p: np.vander(x, p.columns, p.increasing),
    "searchsorted": lambda x, v, side: np.searchsorted(x, v, side=side.lower()),
    "searchsorted_by": lambda x, by, v, side: np.searchsorted(x, v, side=side.lower(), sorter=by),
    "scatter": updated(scatter),
    "update_items": updated(update),
    "get_items": lambda x, at: x[tuple(at)],
    "reduce_segments": segments,
    "reduceat": reduceat,
    "put": updated(lambda x, at, v, bounds: np.put(x, at, v, mode=bounds.lower())),
    "place": updated(np.place),
    "putmask": updated(np.putmask),
    "put_along_axis": updated(np.put_along_axis),
    "partition": lambda x, kth, axis: np.sort(x, axis=axis),
    "argpartition": lambda x, kth, axis: np.argsort(x, axis=axis, stable=True),
    "order_statistics": lambda x, ranks, axis: np.take(np.sort(x, axis=axis), ranks, axis=axis),
    "topk": topk,
    "lexsort": lambda keys, axis: np.lexsort(keys, axis=axis),
    "unique": np.unique,
    "unique_values": lambda x: np.sort(np.unique_values(x), axis=None),
    "unique_counts": lambda x: tuple(np.unique_counts(x)),
    "unique_inverse": unique_inverse,
    "unique_all": lambda x: tuple(np.unique_all(x)),
    "isin": lambda x, v, invert: np.isin(x, v, invert=invert),
    "argwhere": argwhere,
    "compress": lambda c, x, axis: np.compress(c, x, axis=axis),
    "select_first": lambda c, x, default: np.select(np.broadcast_arrays(*c), np.broadcast_arrays(*x), default),
    "choose": lambda at, x, bounds: np.choose(at, x, mode=bounds.lower()),
    "nanargmin": nanarg(np.nanargmin),
    "nanargmax": nanarg(np.nanargmax),
    "median": over(np.median),
    "nanmedian": over(np.nanmedian),
    "quantile": quantile(np.quantile, 1),
    "nanquantile": quantile(np.nanquantile, 1),
    "percentile": quantile(np.percentile, 100),
    "nanpercentile": quantile(np.nanpercentile, 100),
    "ptp": over(np.ptp),
    "average": average,
    "cov": lambda x, c: np.cov(x, rowvar=not c.columns, ddof=c.ddof, dtype=np.result_type(x, x.dtype.type(0))),
    "corrcoef": lambda x, c: np.corrcoef(x, rowvar=not c.columns),
    "nansum": over(np.nansum), "nanprod": over(np.nanprod), "nanmin": over(np.nanmin), "nanmax": over(np.nanmax),
    "nanmean": over(np.nanmean), "nanvar": spread(np.nanvar), "nanstd": spread(np.nanstd),
    "sum_where": masked(np.sum), "prod_where": masked(np.prod), "any_where": masked(np.any),
    "all_where": masked(np.all), "mean_where": masked(np.mean),
    "min_where": masked_extreme(np.min), "max_where": masked_extreme(np.max),
    "var_where": masked_spread(np.var), "std_where": masked_spread(np.std),
    "unique_along": unique_along,
    "quantile_weighted": weighted(np.quantile),
    "percentile_weighted": weighted(np.percentile),
    # In float16 NumPy's has another meaning.
    "spacing": lambda x: None if x.dtype == np.float16 else np.spacing(x),
    "polymul": np.convolve,
    "polydiv": polydiv,
    "polyder": lambda p, times: np.polyder(p, 1 if times is None else times),
    "polyint": lambda p, times: np.polyint(p, 1 if times is None else times),
    # In no order, or solved for.
    "roots": lambda p: None,
    "polyfit": lambda x, y, degree: None,
    "unravel_index": lambda x, shape: list(map(np.asarray, np.unravel_index(x, tuple(shape)))),
    "ravel_multi_index": lambda along, shape, bounds: np.asarray(
        np.ravel_multi_index([at.astype(np.int64) for at in along], tuple(shape), mode=bounds.lower())),
    "ix_": lambda vectors: list(np.ix_(*vectors)),
    "fill_diagonal": updated(np.fill_diagonal),
    "packbits": lambda x, axis, order: np.packbits(x, axis=axis, bitorder=order.lower()),
    "unpackbits": lambda x, axis, count, order: np.unpackbits(x, axis=axis, count=count, bitorder=order.lower()),
    "nancumsum": lambda x, s: np.nancumsum(x, axis=s.axis),
    "nancumprod": lambda x, s: np.nancumprod(x, axis=s.axis),
    "bincount": lambda x, n: np.bincount(x.astype(np.int64), minlength=n),
    "bincount_weighted": lambda x, w, n: np.bincount(x.astype(np.int64), w, n).astype(float_of(w)),
    "histogram": histogram,
    "histogram_weighted": histogram,
    "histogram_bin_edges": lambda x, b: np.histogram_bin_edges(double(x), *bins(b)).astype(float_of(x, b)),
    "histogram2d": histogram2d,
    "histogramdd": histogramdd,
    "diff": lambda x, n, axis: np.diff(x, n, axis=axis),
    "gradient": gradient,
    "gradient_at": lambda x, at, axis, order: np.gradient(x, at.astype(x.dtype) if x.dtype.kind in "fc" else at,
                                                          axis=axis, edge_order=order),
    "trapezoid": lambda y, dx, axis: np.asarray(np.trapezoid(y, dx=dx, axis=axis)),
    "trapezoid_at": lambda y, x, axis: np.asarray(np.trapezoid(y, x, axis=axis)),
    "interp": lambda x, xp, fp, b: np.asarray(np.interp(x, xp, fp, b.left, b.right)),
    "unwrap": lambda x, p, axis: np.unwrap(x, p.discontinuity, axis, period=int(p.period) if x.dtype.kind in "iu" else p.period),
    "convolve": lambda a, v, mode: np.convolve(a, v, mode.lower()),
    "correlate": lambda a, v, mode: np.correlate(a, v, mode.lower()),
    "sliding_window_view": lambda x, n, axis: np.lib.stride_tricks.sliding_window_view(x, n, axis),
}

# Computed in NumPy's own format: in a wider one elements lie on other sides of edges, or an average is another.
SAME_FORMAT = {
    "histogram", "histogram_weighted", "histogram_bin_edges", "histogram2d", "histogramdd", "pad", "scatter",
    "update_items", "put", "place", "putmask", "put_along_axis", "reduce_segments", "insert", "append", "interp", "digitize", "bincount",
    "bincount_weighted", "choose", "nextafter", "spacing", "frexp", "gcd", "lcm", "packbits", "unpackbits",
    "quantile_weighted", "percentile_weighted", "unravel_index", "ravel_multi_index", "fill_diagonal",
}
# Sums of many terms.
SUMS = {"nansum", "nanmean", "nanvar", "nanstd", "nancumsum", "average", "trapezoid", "trapezoid_at", "convolve",
        "correlate", "cov", "corrcoef", "scatter", "update_items", "reduce_segments", "reduceat", "bincount_weighted",
        "histogram_weighted", "gradient", "gradient_at", "interp", "quantile", "nanquantile", "percentile",
        "nanpercentile", "median", "nanmedian", "unwrap", "sum_where", "mean_where", "var_where", "std_where", "polyval",
        "polymul", "polydiv", "poly"}
PRODUCTS = {"nanprod", "nancumprod", "prod_where"}
# Results of float32 are float32, where NumPy computes in float64, or as its list of quantiles is.
OTHER_DTYPE = {"interp", "histogram", "histogram_bin_edges", "histogram2d", "histogramdd", "histogram_weighted", "average",
               "cov", "corrcoef", "quantile", "percentile", "nanquantile", "nanpercentile", "choose", "polydiv",
               "polyder", "polyint", "poly"}
# NumPy computes edges of float32 in float32.
ROUGHER = {"histogram": 8, "histogram_bin_edges": 8, "histogram_weighted": 8, "histogram2d": 8, "histogramdd": 8}
