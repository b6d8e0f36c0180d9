"""Reasons as people read them: what many files have in common is said once."""

import pytest

from sharpfit.provenance.why import by_reason, closely, folded
from sharpfit.study.jobs import Job


def job(rule, name):
    return Job(rule=rule, name=name, params={}, inputs={}, outputs={})


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["a.py changed"], ["a.py changed"]),
        (["a.h5 is to be made anew", "b.h5 is to be made anew"], ["a.h5, b.h5 are to be made anew"]),
        ([f"{n}.py changed" for n in range(9)], ["0.py, 1.py, 2.py and 6 more changed"]),
        (["a b.npy has other content", "c has other content"], ["a b.npy, c have other content"]),
        (["a was changed after it was made"] * 2, ["a, a were changed after they were made"]),
        (["lr: 1 → 2", "a.py changed", "was never made"], ["lr: 1 → 2", "a.py changed", "was never made"]),
        ([], []),
    ],
)
def test_what_is_said_of_many_files_is_one_line_in_the_right_number(lines, expected):
    assert folded(lines) == expected


def test_a_job_tells_its_own_differences_each_and_what_follows_once():
    own = ["regimes.a.lr: 1 → 2", "a.py changed", "b.py changed"]
    numbers = [f"inputs.evaluations[{n}]: {n} → {n + 1}" for n in range(9)]
    read = ["results/evaluate/a is read now", "results/evaluate/b is to be made anew"]
    assert closely([*numbers, *own, *read]) == [*own, *read]
    assert closely(numbers[:2]) == numbers[:2]


def test_jobs_of_one_rule_with_the_same_reasons_stand_together():
    jobs = [job("reconstruct", f"head/{name}") for name in "abcd"] + [job("summarise", "")]
    told = list(by_reason(jobs, lambda one: ["after it"] if one.rule == "summarise" else ["lr: 1 → 2"]))
    assert told == [
        ("reconstruct head/a, head/b, head/c and 1 more", ["lr: 1 → 2"]),
        ("summarise", ["after it"]),
    ]
