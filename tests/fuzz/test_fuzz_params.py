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
            if regime != DEFAULT["regimes"].get(name):
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
        params = {"all": copy.deepcopy(DEFAULT)}
        inner: Any = params
        for key in ("all", *where)[:-1]:
            inner = inner[key]
        inner[("all", *where)[-1]] = value
        text = yaml.dump(params["all"], Dumper=DUMPER, allow_unicode=True)
        answer(lambda: parse(text.encode("utf-8", errors="surrogatepass")))

    tried(400, st.tuples(st.sampled_from(places(DEFAULT)), VALUES), check)


def test_names(tried) -> None:
    def check(names: tuple[str, str, str]) -> None:
        simulation, scan, regime = names
        params = copy.deepcopy(DEFAULT)
        params["simulations"][simulation] = params["simulations"]["head"]
        params["scans"][scan] = {"file": f"data/simulated/{simulation}.h5"}
        params["regimes"][regime] = params["regimes"]["constant"]
        answer(lambda: params)

    tried(400, st.tuples(NAMES, NAMES, NAMES), check)
