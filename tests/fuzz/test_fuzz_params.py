"""Whatever stands in params.yaml, the answer is a list of jobs or one line."""

import copy
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
import yaml
from hypothesis import strategies as st

from sharpfit.errors import InputError
from sharpfit.fitting.regimes import check_regime
from sharpfit.provenance.sidecar import canonical
from sharpfit.study.jobs import jobs_of
from sharpfit.study.params import validate
from sharpfit.study.params_file import parse, read_params

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
SCHEMA = ROOT / "workflow" / "schemas" / "params.schema.yaml"
TEXT = (ROOT / "params.yaml").read_text(encoding="utf-8")
DEFAULT = read_params(ROOT / "params.yaml")
# Every key that the schema knows and the default study does without.
FULL = copy.deepcopy(DEFAULT)
FULL["scans"]["full"] = {
    "file": "data/raw/full.npy",
    "format": "npy",
    "dataset": "kspace",
    "axes": ["coil", "ky", "kx"],
    "select": {"slice": [0, 2], "contrast": 0, "phase": 0, "set": 0, "repetition": "mean"},
    "sampling": {"pattern": "full"},
    **{key: {"file": f"{key}.npy", "axes": ["y", "x"]} for key in ("noise", "csm", "mask", "reference")},
    "coil_compression": 4,
    "noise_std": 0.1,
    "added_noise": {"level": 0.01, "seed": 3},
    "pixel_spacing_mm": [1.0, 1],
}
FULL["regimes"]["full"] = {
    **copy.deepcopy(DEFAULT["regimes"]["warmup_cosine"]),
    "basis": {"name": "dct"},
    "stop": {"rule": "judged", "rise": 0.1, "patience": 10},
}
FULL["regimes"]["own"] = {
    "solver": {"file": "mine.py", "function": "fit", "lr": 0.1},
    "start": "zero",
    "n_iterations": 3,
}
FULL["regimes"]["command"] = {
    "solver": {"command": "bart pics -r {weight} {kspace} {maps} {image}", "weight": [2, 1]},
    "start": "zero",
    "n_iterations": 2,
}
FULL["export"] = {"image": "picked", "formats": ["nifti", "png"]}
DUMPER = getattr(yaml, "CDumper", yaml.Dumper)
TOKENS = [
    *(b"&a ", b"*a", b"!!binary ", b"!!python/name:os.system ", b"<<: ", b"? ", b": ", b"- ", b"\t", b"\r"),
    *(b"{", b"}", b"[", b"]", b"'", b'"', b"|", b">", b"%YAML 1.1\n", b"---\n", b"...\n", b"\xff", b"\0"),
    *(b"1e999", b"0x", b"__use_yte__: true\n", b"\n", b"  ", b"#", b"@", b"`", b"\xe2\x80\xa8", b"9" * 60),
    b"\xef\xbb\xbf",
]
NAMES = st.text(max_size=120) | st.from_regex(r"[A-Za-z0-9_.{}$/ -]{1,8}\n?", fullmatch=True)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | NAMES
    | st.sampled_from([10**400, 1e308, -0.0, "../x", "results/summary.csv", "a.cfl", "x.h5", "\x1b[2J", ""])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=8,
)


def places(value: Any, where: tuple = ()) -> list[tuple]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [where, *(place for key, item in items for place in places(item, (*where, key)))]


def answer(read: Any) -> None:
    """Plan as far as it goes without files; hold what comes out against what is promised."""
    try:
        params = read()
        validate(params, SCHEMA)
        jobs = jobs_of(params)
        for name, regime in params["regimes"].items():
            if regime != FULL["regimes"].get(name):
                check_regime(name, regime | {"n_iterations": 3})
    except InputError as error:
        assert str(error).isprintable(), str(error)
        assert len(str(error)) < 1000, str(error)
        return
    written = [path for job in jobs for path in (*job.outputs.values(), job.sidecar)]
    assert len({path.casefold() for path in written}) == len(written)
    for path in written:
        parts = PurePosixPath(path).parts
        assert parts[0] in ("results", "data")
        assert ".." not in parts
        assert all(len(part.encode()) < 250 for part in parts)
    canonical([job.params for job in jobs])


def test_the_full_study_uses_every_key() -> None:
    validate(FULL, SCHEMA)
    schema = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))
    for kind in ("scan", "regime"):
        used = {key for entry in FULL[f"{kind}s"].values() for key in entry}
        assert used >= set(schema["$defs"][kind]["properties"]) - {"basis"}
    assert set(FULL) == set(schema["properties"])
    assert jobs_of(FULL)


def test_bytes(tried) -> None:
    edits = st.tuples(
        st.integers(0, len(TEXT)), st.integers(0, 40), st.sampled_from(TOKENS) | st.binary(max_size=8)
    )

    def check(changes: list[tuple[int, int, bytes]]) -> None:
        content = TEXT.encode()
        for at, length, new in changes:
            content = content[:at] + new + content[at + length :]
        answer(lambda: parse(content))

    tried(400, st.lists(edits, min_size=1, max_size=4), check)


def test_values(tried) -> None:
    def check(change: tuple[tuple, Any]) -> None:
        where, value = change
        params = {"all": copy.deepcopy(FULL)}
        inner: Any = params
        for key in ("all", *where)[:-1]:
            inner = inner[key]
        inner[("all", *where)[-1]] = value
        text = yaml.dump(params["all"], Dumper=DUMPER, allow_unicode=True)
        answer(lambda: parse(text.encode("utf-8", errors="surrogatepass")))

    tried(400, st.tuples(st.sampled_from(places(FULL)), VALUES), check)


def test_names(tried) -> None:
    def check(names: tuple[str, str, str]) -> None:
        simulation, scan, regime = names
        params = copy.deepcopy(DEFAULT)
        params["simulations"][simulation] = params["simulations"]["head"]
        params["scans"][scan] = {"file": f"data/simulated/{simulation}.h5"}
        params["regimes"][regime] = params["regimes"]["constant"]
        answer(lambda: params)

    tried(400, st.tuples(NAMES, NAMES, NAMES), check)
