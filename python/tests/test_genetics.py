"""PLINK's files, and the whole analysis of a data set, beside NumPy's."""

import numpy as np
import pytest

import polyarray as xp

VARIANTS, SAMPLES = 40, 13
# The last two are on no autosome.
CHROMOSOMES = ["1"] * 20 + ["22"] * 18 + ["X", "0"]
RESULTS = "allele_counts variant_counts call_rate het_obs het_exp grm".split()
# Codes of a .bed for 0, 1, 2 copies of A1, and for a missing call.
CODES = np.array([3, 2, 0, 1], dtype=np.uint8)


@pytest.fixture(scope="module")
def dosages():
    rng = np.random.default_rng(3)
    frequency = rng.uniform(0.1, 0.9, size=(VARIANTS, 1))
    drawn = rng.binomial(2, frequency, size=(VARIANTS, SAMPLES)).astype(np.int8)
    drawn[rng.random(drawn.shape) < 0.05] = -1
    return drawn


@pytest.fixture(scope="module")
def prefix(dosages, tmp_path_factory):
    at = tmp_path_factory.mktemp("plink") / "small"
    codes = CODES[dosages]
    padded = np.zeros((VARIANTS, -(-SAMPLES // 4) * 4), dtype=np.uint8)
    padded[:, :SAMPLES] = codes
    rows = (padded.reshape(VARIANTS, -1, 4) << np.array([0, 2, 4, 6], dtype=np.uint8)).sum(axis=2, dtype=np.uint8)
    at.with_suffix(".bed").write_bytes(bytes([0x6C, 0x1B, 1]) + rows.tobytes())
    at.with_suffix(".bim").write_text("".join(f"{c}\tv{i}\t0\t{i + 1}\tA\tG\n" for i, c in enumerate(CHROMOSOMES)))
    at.with_suffix(".fam").write_text("".join(f"f{i} s{i} 0 0 0 -9\n" for i in range(SAMPLES)))
    return at


def expected(dosages, related):
    """Counts, ratios and relationships by NumPy."""
    called = dosages >= 0
    counts = np.stack([called.sum(1)] + [(dosages == n).sum(1) for n in (0, 1, 2)], axis=1)
    alleles = np.stack([2 * counts[:, 1] + counts[:, 2], 2 * counts[:, 3] + counts[:, 2]], axis=1)
    share = alleles / alleles.sum(1, keepdims=True)
    x, here = dosages[related].astype(float), called[related]
    p = np.where(here, x, 0).sum(1) / here.sum(1) / 2
    centred = np.where(here, x - 2 * p[:, None], 0)
    weight = here.T.astype(float) @ (here * (2 * p * (1 - p))[:, None])
    return {
        "variant_counts": counts,
        "allele_counts": alleles,
        "call_rate": called.mean(1),
        "het_obs": counts[:, 2] / counts[:, 0],
        "het_exp": 1 - (share**2).sum(1),
        "grm": centred.T @ centred / weight,
    }


def same(analysis, want, values, rtol):
    for name, value in want.items():
        np.testing.assert_allclose(values(getattr(analysis, name)), value, rtol=rtol, atol=rtol, err_msg=name)


def test_a_data_set_is_read(prefix, dosages, values):
    dataset = xp.genetics.read_plink(prefix)
    np.testing.assert_array_equal(values(dataset.dosages), dosages)
    assert dataset.genotypes.dtype == np.uint32 and dataset.genotypes.shape == (VARIANTS, 1)
    assert dataset.samples == [f"s{i}" for i in range(SAMPLES)]
    assert dataset.variants["chromosome"] == CHROMOSOMES and dataset.variants["id"][3] == "v3"
    assert dataset.variants["position"][0] == 1 and dataset.variants["a1"][0] == "A"
    assert len(xp.genetics.read_plink(str(prefix), chromosomes="22,X").variants["id"]) == 19


@pytest.mark.parametrize("dtype", [None, "float32"])
def test_an_analysis_of_files(prefix, dosages, device, dtype, values):
    seen = []
    with xp.set_backend("cpu" if device == "host" else "gpu", coerce=True):
        analysis = xp.genetics.run_analysis(prefix, dtype=dtype, progress=seen.append)
    assert analysis.grm.device == device and analysis.grm_variants == 38
    assert analysis.grm.dtype == np.dtype(dtype or analysis.het_obs.dtype)
    same(analysis, expected(dosages, slice(0, 38)), values, 1e-12 if analysis.grm.dtype == np.float64 else 1e-5)
    assert [name for name, _ in analysis.steps] == seen and all(seconds >= 0 for _, seconds in analysis.steps)


def test_an_analysis_of_arrays(prefix, dosages, device, values):
    want = expected(dosages, slice(None))
    dataset = xp.genetics.read_plink(prefix)
    for analysis in (
        xp.genetics.run_analysis(xp.asarray(dosages, device=device), dtype="float64"),
        xp.genetics.run_analysis(dataset.genotypes.to_device(device), samples=SAMPLES, dtype="float64"),
    ):
        assert analysis.grm.device == device and analysis.grm_variants == VARIANTS
        same(analysis, want, values, 1e-12)
    same(xp.genetics.run_analysis(dataset, all_chromosomes=True), want, values, 1e-12)


def test_results_are_saved_all_or_none(prefix, tmp_path, values):
    analysis = xp.genetics.run_analysis(prefix)
    paths = analysis.save(tmp_path)
    assert sorted(path.name for path in paths) == sorted(f"{n}.npy" for n in RESULTS)
    np.testing.assert_array_equal(np.load(tmp_path / "grm.npy"), values(analysis.grm))
    with pytest.raises(FileExistsError):
        analysis.save(tmp_path)
    analysis.save(tmp_path, replace=True)


def test_what_is_wrong_is_said(prefix, tmp_path):
    with pytest.raises(FileNotFoundError, match="bim"):
        (tmp_path / "half.bed").write_bytes(prefix.with_suffix(".bed").read_bytes())
        xp.genetics.read_plink(tmp_path / "half")
    with pytest.raises(ValueError, match="chromosome selection"):
        xp.genetics.read_plink(prefix, chromosomes="7-5")
    with pytest.raises(TypeError, match="samples"):
        xp.genetics.run_analysis(xp.zeros((2, 1), dtype="uint32"))
    with pytest.raises(TypeError):
        xp.genetics.run_analysis(xp.zeros((2, 2)))
    with pytest.raises(ValueError):
        xp.genetics.run_analysis(xp.zeros((2, 2, 2), dtype="int8"))
    with pytest.raises(ZeroDivisionError):
        xp.genetics.run_analysis(prefix, progress=lambda step: 1 / 0)
