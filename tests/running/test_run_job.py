"""The guards inside a job, and what leaves results stale: two scripts, one made from the other's result."""

import json
import shutil
import sys
import time
from pathlib import Path

import pytest

from sharpfit.errors import InputError
from sharpfit.provenance import attest
from sharpfit.provenance.code import Code
from sharpfit.provenance.digests import DigestCache
from sharpfit.provenance.sidecar import write_spec
from sharpfit.provenance.stale import Provenance
from sharpfit.running import compute, run_job
from sharpfit.running.pausing import StoppedError
from sharpfit.study import paths
from sharpfit.study.jobs import Job

JOBS = [
    Job("first", "", {"number": 7}, {"raw": "data/raw/scan"}, {"output": "results/first.txt"}),
    Job("second", "", {}, {"made": "results/first.txt"}, {"output": "results/second.txt"}),
]
SCRIPTS = {
    "first": "from toy import words\n\n\ndef main(*, number, raw, output):\n"
    "    output.write_text(f'{words.SAID} {raw.read_text()} {number}')\n",
    "second": "def main(*, made, output):\n    output.write_text('of ' + made.read_text())\n",
}
OWN = ("toy", "toys", "job_first", "job_second")
SECOND = (
    "{import_line}def main(*, made, output):\n    {body}\n    output.write_text('of ' + made.read_text())\n"
)


class OwnModules:
    """What this process has loaded of the study's workflow; to look through all the others takes time."""

    @property
    def modules(self):
        names = [name for name in sys.modules if name.split(".")[0] in OWN]
        return {name: sys.modules[name] for name in names}


class Study:
    """A folder with a workflow of its own; this process plays one job after the other."""

    def __init__(self, root: Path, monkeypatch) -> None:
        self.workflow, self._monkeypatch = root / "workflow", monkeypatch
        monkeypatch.chdir(root)
        for name, text in SCRIPTS.items():
            self.write(f"scripts/{name}.py", text)
        for package in ("toy", "toys"):
            self.write(f"{package}/__init__.py", "")
        self.write("toy/words.py", "SAID = 'echoes'\n")
        Path("data/raw").mkdir(parents=True)
        Path("data/raw/scan").write_text("raw")
        monkeypatch.syspath_prepend(str(self.workflow))
        for module in (attest, run_job):
            monkeypatch.setattr(module, "WORKFLOW", self.workflow)
        monkeypatch.setattr(attest, "sys", OwnModules())
        monkeypatch.setattr(compute, "fix_threads", lambda: None)

    def starts(self) -> None:
        """Let a process begin now, a moment after all that was written so far."""
        started = time.time() + 0.02
        time.sleep(0.04)
        self._monkeypatch.setattr(attest, "process_start", lambda: started)
        for name in OwnModules().modules:
            self._monkeypatch.delitem(sys.modules, name)

    def write(self, file: str, text: str) -> None:
        path = self.workflow / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def provenance(self) -> Provenance:
        return Provenance(JOBS, Code(self.workflow, Path(paths.CODE)), DigestCache(Path(paths.DIGESTS)))

    def plan(self, rule: str) -> Path:
        spec = self.provenance().specs[f"results/{rule}.txt.prov.json"]
        return Path(paths.spec(write_spec(spec)))

    def make(self, *rules: str) -> None:
        """Plan and run jobs, each in a process of its own."""
        for rule in rules:
            self.starts()
            run_job._run(self.plan(rule), "cpu")

    def stale(self) -> dict[str, str]:
        return {Path(path).name.split(".")[0]: reason for path, reason in self.provenance().stale().items()}


@pytest.fixture
def study(tmp_path, monkeypatch) -> Study:
    return Study(tmp_path, monkeypatch)


def leaves_nothing(rule: str) -> bool:
    """Neither a result nor a sidecar nor a temporary file of the job."""
    left = {path.name for path in Path("results").rglob("*") if path.is_file()}
    return not any(name.startswith(rule) for name in left) and not list(Path("results/.tmp").glob("*"))


def test_a_job_makes_its_results_and_says_what_from(study):
    assert study.stale() == {"first": "no provenance", "second": "no provenance"}
    study.make("first", "second")
    assert Path("results/second.txt").read_text() == "of echoes raw 7"
    assert study.stale() == {}
    sidecar = json.loads(Path("results/second.txt.prov.json").read_text())
    digest = DigestCache(Path("nowhere")).digest
    assert sidecar["results"] == {"results/second.txt": digest("results/second.txt")}
    assert sidecar["upstream"] == {"results/first.txt": digest("results/first.txt")}
    assert set(sidecar["spec"]["code"]) == {"scripts/second.py"}
    assert leaves_nothing("third")


def test_another_result_upstream_leaves_downstream_stale_though_its_sidecar_came_along(study):
    """As a run on another machine could bring both: the sidecar is right, its bytes are others."""
    study.make("first", "second")
    result, file = Path("results/first.txt"), Path("results/first.txt.prov.json")
    result.write_text("other bytes of the same fingerprint")
    content = json.loads(file.read_text())
    content["results"] = {str(result): DigestCache(Path("nowhere")).digest(str(result))}
    file.write_text(json.dumps(content))
    assert study.stale() == {"second": "upstream bytes changed"}


@pytest.mark.parametrize(
    ("file", "stale"),
    [
        ("results/first.txt", {"first": "bytes changed", "second": "upstream bytes changed"}),
        ("results/second.txt", {"second": "bytes changed"}),
        ("data/raw/scan", {"first": "made from something else", "second": "made from something else"}),
        (
            "workflow/toy/words.py",
            {"first": "made from something else", "second": "made from something else"},
        ),
        ("workflow/scripts/second.py", {"second": "made from something else"}),
    ],
)
def test_what_was_edited_is_stale_and_so_is_what_follows(study, file, stale):
    study.make("first", "second")
    Path(file).write_text(Path(file).read_text() + "\nX = 1\n")
    assert study.stale() == stale


def test_a_raw_file_changed_after_planning_is_refused(study):
    spec = study.plan("first")
    Path("data/raw/scan").write_text("other")
    with pytest.raises(InputError, match=r"data/raw/scan is not the file this job was planned with"):
        run_job._run(spec, "cpu")
    assert leaves_nothing("first")


def test_a_raw_file_changed_while_the_job_reads_it_leaves_nothing(study):
    study.write(
        "scripts/first.py", "def main(*, number, raw, output):\n    raw.write_text('b')\n    output.touch()\n"
    )
    with pytest.raises(InputError, match=r"data/raw/scan is not the file this job was planned with"):
        study.make("first")
    assert leaves_nothing("first")


def test_an_upstream_result_changed_after_planning_is_refused(study):
    study.make("first")
    spec = study.plan("second")
    Path("results/first.txt").write_text("edited")
    with pytest.raises(InputError, match=r"results/first\.txt is missing or was changed after it was made"):
        run_job._run(spec, "cpu")
    Path("results/first.txt").unlink()
    with pytest.raises(InputError, match=r"results/first\.txt is missing"):
        run_job._run(spec, "cpu")


def test_an_upstream_result_made_anew_by_other_code_is_refused(study):
    study.make("first")
    spec = study.plan("second")
    study.write("toy/words.py", "SAID = 'others'\n")
    study.make("first")
    with pytest.raises(
        InputError, match=r"first\.txt\.prov\.json is not the result this job was planned with"
    ):
        run_job._run(spec, "cpu")
    assert leaves_nothing("second")


def test_an_upstream_result_replaced_while_the_job_runs_leaves_nothing(study):
    body = "made.write_text('replaced')"
    study.write("scripts/second.py", SECOND.format(import_line="", body=body))
    study.make("first")
    with pytest.raises(InputError, match=r"results/first\.txt is missing or was changed"):
        study.make("second")
    assert leaves_nothing("second")


def test_code_edited_after_planning_is_refused(study):
    spec = study.plan("first")
    study.write("toy/words.py", "SAID = 'edited'\n")
    study.starts()
    with pytest.raises(InputError, match=r"^toy/words\.py changed"):
        run_job._run(spec, "cpu")
    assert leaves_nothing("first")


def test_code_edited_while_a_job_starts_is_refused_though_it_was_edited_back(study):
    """Python may have read the file in between, so what runs is not known."""
    study.starts()
    spec = study.plan("first")
    study.write("toy/words.py", (study.workflow / "toy" / "words.py").read_text())
    with pytest.raises(InputError, match=r"^toy/words\.py changed"):
        run_job._run(spec, "cpu")


def test_code_edited_while_a_job_runs_counts_where_it_was_not_loaded_yet(study):
    late = "import importlib\n    from pathlib import Path\n    Path({file!r}).write_text('SAID = 2')"
    body = late.format(file=str(study.workflow / "toy" / "words.py"))
    imported = "from toy import words\n\n\n"
    study.write("scripts/second.py", SECOND.format(import_line=imported, body=body))
    study.make("first")
    study.make("second")  # it had loaded the file before
    study.write("toy/words.py", "SAID = 'echoes'\n")
    study.write("scripts/second.py", SECOND.format(import_line="", body=f"{body}\n    from toy import words"))
    study.make("first")
    with pytest.raises(InputError, match=r"^toy/words\.py changed"):
        study.make("second")
    assert not Path("results/.tmp").exists() or not list(Path("results/.tmp").iterdir())


def test_a_module_outside_the_fingerprint_is_refused(study):
    study.write("toys/hidden.py", "SAID = 'hidden'\n")
    body = "import importlib\n    importlib.import_module('toys.hidden')"
    study.write("scripts/second.py", SECOND.format(import_line="", body=body))
    study.make("first")
    with pytest.raises(InputError, match=r"^toys/__init__\.py, toys/hidden\.py computed here but is no part"):
        study.make("second")
    assert leaves_nothing("second")


def test_a_script_that_forgets_a_result_leaves_nothing(study):
    study.write("scripts/first.py", "def main(*, number, raw, output):\n    pass\n")
    with pytest.raises(InputError, match=r"the script did not write results/first\.txt"):
        study.make("first")
    assert leaves_nothing("first")


@pytest.mark.parametrize("code", [0, 2, "install scipy"])
def test_a_job_whose_code_ends_the_process_is_an_error_that_says_so(study, code):
    study.write("scripts/first.py", f"def main(*, number, raw, output):\n    raise SystemExit({code!r})\n")
    with pytest.raises(InputError, match=rf"^the study's code ended the job: sys\.exit\({code!r}\)"):
        study.make("first")
    assert leaves_nothing("first")


def test_a_job_that_was_asked_to_end_is_no_error(study):
    body = "from sharpfit.running.pausing import StoppedError\n    raise StoppedError(15, 'paused')"
    study.write("scripts/first.py", f"def main(*, number, raw, output):\n    {body}\n")
    with pytest.raises(StoppedError, match="143"):
        study.make("first")
    assert leaves_nothing("first")


@pytest.mark.parametrize("damage", [lambda text: text.replace("7", "8"), lambda _text: "{"])
def test_a_spec_that_was_edited_or_damaged_is_refused(study, damage):
    spec = study.plan("first")
    spec.write_text(damage(spec.read_text()))
    with pytest.raises(InputError, match="was damaged; run snakemake again"):
        run_job._run(spec, "cpu")
    assert leaves_nothing("first")


@pytest.mark.parametrize("place", [".cache", ".cache/state"])
def test_a_fit_needs_no_cache_for_its_state(study, place, capsys):
    study.write(
        "scripts/second.py",
        "def main(*, made, output, state):\n    state.mkdir()\n    (state / 'seen').touch()\n"
        "    output.write_text('of ' + made.read_text())\n",
    )
    study.make("first")
    shutil.rmtree(".cache", ignore_errors=True)
    Path(place).parent.mkdir(exist_ok=True)
    Path(place).write_text("no folder")
    study.make("second")
    assert Path("results/second.txt").read_text() == "of echoes raw 7"
    assert not study.stale()
    assert not list(Path("results/.tmp").glob("*"))
    assert "a killed fit will begin anew" in capsys.readouterr().out
