"""Fuzzers: a fixed number of inputs in every run, more by `make fuzz`; a run ends with how many."""

import os
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import SearchStrategy

MORE = int(os.environ.get("FUZZ_TIMES", "1"))

Tried = Callable[[int, SearchStrategy, Callable[[Any], None]], None]


@pytest.fixture
def tried(record_property: Callable[[str, object], None]) -> Tried:
    """Put so many inputs of a strategy to a check, always the same ones unless more are asked for."""

    def run(n_inputs: int, inputs: SearchStrategy, check: Callable[[Any], None]) -> None:
        count = 0

        @settings(
            max_examples=n_inputs * MORE,
            deadline=None,
            derandomize=MORE == 1,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(inputs)
        def counted(value: Any) -> None:
            nonlocal count
            count += 1
            check(value)

        counted()
        record_property("inputs", count)

    return run


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Tell how many inputs every fuzzer tried."""
    for report in terminalreporter.stats.get("passed", []):
        for name, value in getattr(report, "user_properties", []):
            if name == "inputs" and report.when == "call":
                terminalreporter.write_line(f"{report.nodeid}: {value} inputs")
