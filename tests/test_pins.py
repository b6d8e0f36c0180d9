"""constraints.txt pins what is installed, each package to an allowed version; hashes.txt its files."""

import importlib.util
import json
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]


def pins_of(file: str) -> dict[str, str]:
    found = re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)
    return {canonicalize_name(name): version for name, version in found}


def test_every_pin_has_hashes():
    assert pins_of("hashes.txt") == pins_of("constraints.txt")
    text = (ROOT / "hashes.txt").read_text(encoding="utf-8").replace("\\\n", "")
    entries = [line for line in text.splitlines() if not line.startswith("#")]
    pattern = r"\S+==\S+( +--hash=sha256:[0-9a-f]{64})+"
    assert [entry.split()[0] for entry in entries if not re.fullmatch(pattern, entry)] == []


@pytest.fixture
def audit():
    found = importlib.util.spec_from_file_location("audit", ROOT / "tools" / "audit.py")
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def test_what_was_not_looked_up_is_not_taken_for_sound(audit):
    sound = {"name": "one", "version": "1", "vulns": []}
    bad = {"name": "two", "version": "2", "vulns": [{"id": "CVE-1", "fix_versions": ["3"]}]}
    skipped = {"name": "three", "skip_reason": "not found"}
    assert audit.read_report(json.dumps({"dependencies": [sound, skipped, skipped]})) == (1, 3, [])
    assert audit.read_report(json.dumps({"dependencies": [sound, bad]})) == (
        2,
        2,
        ["two 2: CVE-1, fixed in 3"],
    )
    assert audit.read_report("") == (0, 0, [])


def test_every_requirement_is_pinned_to_a_version_it_allows():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line.split(";")[0].strip() for line in lines if line.strip() and not line.startswith("#")]
    assert [pin for pin in pins if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!_-]+", pin)] == []
    versions = {canonicalize_name(name): version for name, version in (pin.split("==") for pin in pins)}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["test"]]
    for requirement in map(Requirement, wanted):
        version = versions.get(canonicalize_name(requirement.name))
        assert version, f"{requirement.name} is not pinned"
        assert requirement.specifier.contains(version), f"{requirement} does not allow {version}"
