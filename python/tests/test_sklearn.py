"""scikit-learn's metrics and estimators on our arrays: its own results, on the device of the data."""

import numpy as np
import pytest

import polyarray as xp

sklearn = pytest.importorskip("sklearn")

from sklearn import calibration, decomposition, kernel_approximation, linear_model, metrics, mixture  # noqa: E402
from sklearn import model_selection, naive_bayes, pipeline, preprocessing  # noqa: E402
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis  # noqa: E402

rng = np.random.default_rng(0)
X = rng.normal(size=(60, 6))
POSITIVE = np.abs(X)
Y = X @ rng.normal(size=6) + 0.1 * rng.normal(size=60)
BOTH = np.stack([Y, 2 * Y + rng.normal(size=60)], axis=1)
COUNTS = np.round(np.exp(0.3 * X[:, 0]))
TWO = (X[:, 0] + 0.3 * rng.normal(size=60) > 0).astype(np.int64)
THREE = rng.integers(0, 3, 60)
SHARE = 1 / (1 + np.exp(-X[:, 0]))
GUESS, GUESSES = (SHARE > 0.5).astype(np.int64), rng.integers(0, 3, 60)
SHARES = rng.dirichlet([1, 1, 1], 60)
LABELS, OTHERS = rng.integers(0, 2, (60, 4)), rng.integers(0, 2, (60, 4))
WEIGHT = rng.random(60)

# Name, arrays, options.
METRICS = [
    *((name, (TWO, GUESS), {}) for name in """accuracy_score balanced_accuracy_score cohen_kappa_score confusion_matrix f1_score
        hamming_loss jaccard_score matthews_corrcoef multilabel_confusion_matrix precision_score recall_score zero_one_loss
        precision_recall_fscore_support class_likelihood_ratios""".split()),
    *((name, (THREE, GUESSES), {"average": "macro"}) for name in "precision_score recall_score f1_score jaccard_score".split()),
    *((name, (LABELS, OTHERS), {}) for name in "accuracy_score hamming_loss zero_one_loss multilabel_confusion_matrix".split()),
    ("f1_score", (LABELS, OTHERS), {"average": "samples"}), ("fbeta_score", (THREE, GUESSES), {"beta": 2, "average": "weighted"}),
    ("confusion_matrix", (THREE, GUESSES), {"sample_weight": WEIGHT}),
    *((name, (TWO, SHARE), {}) for name in """average_precision_score brier_score_loss log_loss d2_brier_score d2_log_loss_score
        roc_auc_score roc_curve precision_recall_curve det_curve confusion_matrix_at_thresholds""".split()),
    *((name, (THREE, SHARES), {}) for name in "log_loss brier_score_loss d2_log_loss_score".split()),
    *((name, (X, THREE), {}) for name in "calinski_harabasz_score davies_bouldin_score".split()),
    *((name, (Y, Y + WEIGHT), {}) for name in """explained_variance_score max_error mean_absolute_error
        mean_absolute_percentage_error mean_squared_error median_absolute_error r2_score root_mean_squared_error mean_pinball_loss
        d2_absolute_error_score d2_pinball_score""".split()),
    *((name, (BOTH, BOTH + 0.1), {"sample_weight": WEIGHT}) for name in "explained_variance_score mean_squared_error r2_score".split()),
    *((name, (np.abs(Y) + 0.1, np.abs(Y) + WEIGHT), {}) for name in """mean_gamma_deviance mean_poisson_deviance
        mean_squared_log_error root_mean_squared_log_error mean_tweedie_deviance d2_tweedie_score""".split()),
    *((name, (POSITIVE, POSITIVE[::-1].copy()), {}) for name in """additive_chi2_kernel chi2_kernel cosine_similarity
        cosine_distances laplacian_kernel linear_kernel manhattan_distances polynomial_kernel rbf_kernel sigmoid_kernel
        paired_cosine_distances paired_euclidean_distances paired_manhattan_distances""".split()),
    *(("pairwise_distances", (X, X[:7] + 1), {"metric": name}) for name in "cosine euclidean manhattan".split()),
]  # fmt: skip

# What is fitted, to what, and what is asked of it.
ESTIMATORS = {
    "PCA, full": (lambda: decomposition.PCA(3, svd_solver="full"), (X,), ["explained_variance_", "get_covariance"]),
    "PCA, by covariance": (lambda: decomposition.PCA(3, svd_solver="covariance_eigh"), (X,), ["explained_variance_", "score"]),
    "Ridge": (lambda: linear_model.Ridge(solver="svd"), (X, Y), ["coef_", "intercept_", "predict"]),
    "Ridge of two": (lambda: linear_model.Ridge(solver="svd"), (X, BOTH), ["predict"]),
    "RidgeCV": (lambda: linear_model.RidgeCV(), (X, Y), ["alpha_", "predict"]),
    "RidgeClassifier": (lambda: linear_model.RidgeClassifier(solver="svd"), (X, THREE), ["predict", "decision_function"]),
    "RidgeClassifierCV": (lambda: linear_model.RidgeClassifierCV(), (X, THREE), ["predict"]),
    "LogisticRegression": (lambda: linear_model.LogisticRegression(), (X, THREE), ["predict", "predict_proba"]),
    "PoissonRegressor": (lambda: linear_model.PoissonRegressor(), (X, COUNTS), ["predict"]),
    "discriminants": (lambda: LinearDiscriminantAnalysis(), (X, THREE), ["predict", "predict_proba"]),
    "GaussianNB": (lambda: naive_bayes.GaussianNB(), (X, THREE), ["predict", "predict_proba"]),
    "mixture": (lambda: mixture.GaussianMixture(2, covariance_type="diag", init_params="random", random_state=0, max_iter=5), (X,), ["predict_proba"]),
    "Nystroem": (lambda: kernel_approximation.Nystroem(n_components=8, random_state=0), (X,), ["transform"]),
    "StandardScaler": (lambda: preprocessing.StandardScaler(), (X,), ["mean_", "transform"]),
    "MinMaxScaler": (lambda: preprocessing.MinMaxScaler(clip=True), (X,), ["transform"]),
    "MaxAbsScaler": (lambda: preprocessing.MaxAbsScaler(), (X,), ["transform"]),
    "Normalizer": (lambda: preprocessing.Normalizer("l1"), (X,), ["transform"]),
    "Binarizer": (lambda: preprocessing.Binarizer(), (X,), ["transform"]),
    "PolynomialFeatures": (lambda: preprocessing.PolynomialFeatures(2), (X,), ["transform"]),
    "KernelCenterer": (lambda: preprocessing.KernelCenterer(), (X @ X.T,), ["transform"]),
    "LabelEncoder": (lambda: preprocessing.LabelEncoder(), (THREE + 5,), ["classes_", "transform"]),
    "LabelBinarizer": (lambda: preprocessing.LabelBinarizer(), (THREE,), ["transform"]),
    "calibration": (lambda: calibration.CalibratedClassifierCV(LinearDiscriminantAnalysis(), method="temperature"), (X, THREE), ["predict_proba"]),
    "pipeline": (lambda: pipeline.make_pipeline(preprocessing.StandardScaler(), linear_model.Ridge(solver="svd")), (X, Y), ["predict"]),
    "GridSearchCV": (lambda: model_selection.GridSearchCV(linear_model.Ridge(solver="svd"), {"alpha": [0.1, 1]}, cv=3), (X, Y), ["predict"]),
}  # fmt: skip


def flat(result):
    """The arrays and numbers of a result, in order."""
    if isinstance(result, (tuple, list, dict)):
        parts = result.values() if isinstance(result, dict) else result
        return [one for part in parts for one in flat(part)]
    return [result]


def asked(estimator, question, data):
    answer = getattr(estimator, question)
    if not callable(answer):
        return answer
    return answer() if question.startswith("get_") else answer(data)


def same(got, want, device, values):
    got, want = flat(got), flat(want)
    assert len(got) == len(want)
    for one, other in zip(got, want):
        if isinstance(one, xp.Array):
            assert one.device == device
        np.testing.assert_allclose(values(one), other, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("number", range(len(METRICS)))
def test_metrics(number, device, values):
    name, arrays, options = METRICS[number]
    metric = getattr(metrics, name, None) or getattr(metrics.pairwise, name)

    def called(a):
        return metric(*map(a, arrays), **{key: a(v) if isinstance(v, np.ndarray) else v for key, v in options.items()})

    want = called(lambda a: a)
    with sklearn.config_context(array_api_dispatch=True):
        got = called(lambda a: xp.asarray(a, device=device))
    same(got, want, device, values)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_estimators(name, device, values):
    make, data, questions = ESTIMATORS[name]
    want = [asked(make().fit(*data), question, data[0]) for question in questions]
    with sklearn.config_context(array_api_dispatch=True):
        ours = [xp.asarray(a, device=device) for a in data]
        got = [asked(make().fit(*ours), question, ours[0]) for question in questions]
    same(got, want, device, values)


@pytest.mark.parametrize("solver", ["full", "randomized"])
def test_principal_components_but_for_their_signs(solver, device, values):
    options = dict(n_components=3, svd_solver=solver, random_state=0, power_iteration_normalizer="QR")
    want = decomposition.PCA(**options).fit(X)
    with sklearn.config_context(array_api_dispatch=True):
        x = xp.asarray(X, device=device)
        got = decomposition.PCA(**options).fit(x)
        moved = got.transform(x)
    assert isinstance(got.components_, xp.Array) and got.components_.device == device
    np.testing.assert_allclose(values(got.explained_variance_), want.explained_variance_, rtol=1e-8)
    np.testing.assert_allclose(np.abs(values(moved)), np.abs(want.transform(X)), atol=1e-7)


def test_parts_for_training_and_for_tests(device, values):
    want = model_selection.train_test_split(X, TWO, random_state=0)
    with sklearn.config_context(array_api_dispatch=True):
        got = model_selection.train_test_split(xp.asarray(X, device=device), xp.asarray(TWO, device=device), random_state=0)
    same(got, want, device, values)
