import pytest

from sharpfit.study.words import number, some, span


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (125, "2 min 5 s"),
        (3600, "1 h 0 min"),
        (11520, "3 h 12 min"),
    ],
)
def test_a_span_reads_as_people_say_it(seconds, words):
    assert span(seconds) == words


def test_one_thing_is_no_things():
    assert [number(n, "job") for n in (0, 1, 2)] == ["0 jobs", "1 job", "2 jobs"]


def test_many_names_are_cut_and_counted():
    assert some("abc") == "a, b, c"
    assert some("abcde") == "a, b, c and 2 more"
