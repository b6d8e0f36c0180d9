"""Solvers that a study brings along: functions of its own, and command lines."""

import random
import shutil
import sys

import numpy as np
import pytest
import torch
from small_problem import CPU, MEASURES, SGD, small

from sharpfit.errors import InputError
from sharpfit.fitting.command_line import CommandLine
from sharpfit.fitting.reconstruct import reconstruct
from sharpfit.fitting.regimes import check_regime
from sharpfit.fitting.solving import Objective, make_solver

needs_bart = pytest.mark.skipif(shutil.which("bart") is None, reason="BART is not installed")
DESCENT = """
import torch

def descent(A, y, start):
    x = start
    while True:
        x = x - A.H(A(x) - y)
        yield x

def once(A, y, start):
    yield A.H(y)

def real(A, y, start):
    yield A.H(y).real

def drawn(A, y, start, of, after=0):
    import random
    import numpy as np
    draw = {
        "torch": lambda: torch.randn(1),
        "numpy": lambda: torch.from_numpy(np.random.standard_normal(1)),
        "python": lambda: torch.tensor(random.random()),
        "its own": lambda: torch.from_numpy(np.random.default_rng().standard_normal(1)),
    }[of]
    for t in range(10):
        yield (start + (draw() if t >= after else 1)).to(start.dtype)

kept = {}

def memo(A, y, start):
    back = kept.setdefault("A.H(y)", A.H(y))
    while True:
        yield back

def not_finite(A, y, start):
    for t in range(3):
        yield start + (float("nan") if t == 1 else 1)
"""
ZERO_FILLED = """
import sys
import numpy as np

def read(name):
    shape = [int(n) for n in open(name + ".hdr").read().split()[2:]]
    return np.fromfile(name + ".cfl", "<c8").reshape(shape, order="F")

kspace, maps, image, factor = *map(read, sys.argv[1:3]), sys.argv[3], float(sys.argv[4])
axes = (0, 1)
coils = np.fft.fftshift(np.fft.ifft2(np.fft.ifftshift(kspace, axes), axes=axes, norm="ortho"), axes)
found = factor * (maps.conj() * coils).sum(3).squeeze()
open(image + ".hdr", "w").write("# Dimensions\\n%d %d\\n" % found.shape)
found.astype("<c8").ravel("F").tofile(image + ".cfl")
"""


@pytest.fixture
def study(tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text(DESCENT)
    (tmp_path / "tool.py").write_text(ZERO_FILLED)
    monkeypatch.chdir(tmp_path)


def function(name, n=3, **arguments):
    solver = {"file": "mine.py", "function": name, **arguments}
    return {"solver": solver, "start": "zero", "n_iterations": n}


def command(line, **values):
    return {"solver": {"command": line, **values}, "start": "zero", "n_iterations": 1}


def images(scan, regime):
    found, _, _ = reconstruct(scan.scan, scan.attrs, regime, MEASURES, device=CPU)
    return torch.from_numpy(found["images"])


def solver_of(scan, regime):
    problem = scan.problem()
    objective = Objective(problem.normal, problem.data, plain=problem)
    return problem, make_solver(regime, objective, problem.start(regime["start"]))


def steps(problem, solver, n):
    for _ in range(n):
        at = problem.evaluate(solver.c)
        solver.step(at.gradient, at.rss)
    return solver.c


@pytest.mark.parametrize("transposed", [False, True])
def test_every_item_is_handed_out_with_the_data_and_operator_it_is_fitted_with(transposed):
    scan = small(n_slices=2)
    if transposed:
        scan.scan = {name: array.swapaxes(-1, -2).copy() for name, array in scan.scan.items()}
    problem = scan.problem()
    x = torch.randn(problem.replicas.n_items, 2, *scan.scan["csm"].shape[-2:], dtype=torch.complex64)
    gradient = problem.unstage(problem.evaluate(problem.stage(x)).gradient)
    for item in range(problem.replicas.n_items):
        for i in range(2):
            data = problem.acquired(item, i)
            residual = data.A(x[item, i]) - data.kspace
            torch.testing.assert_close(data.A.H(residual), gradient[item, i], rtol=1e-4, atol=1e-4)
    unseen = torch.from_numpy(scan.scan["held_out_mask"])
    assert (problem.acquired(problem.replicas.n_items - 1, 0).kspace[:, unseen] == 0).all()
    assert (problem.acquired(0, 0).kspace[:, unseen] != 0).all()


def test_descent_written_by_hand_is_the_descent_of_torch(study):
    scan = small(n_slices=2)
    torch.testing.assert_close(images(scan, function("descent", 20)), images(scan, SGD), rtol=1e-4, atol=1e-5)


def test_a_function_goes_on_bit_for_bit(study):
    problem, whole = solver_of(small(), function("descent"))
    _, first = solver_of(small(), function("descent"))
    _, second = solver_of(small(), function("descent"))
    steps(problem, first, 2)
    second.load_state_dict(first.state_dict())
    assert torch.equal(steps(problem, second, 3), steps(problem, whole, 5))


def of_everyone():
    """State of the generators that all code shares."""
    numpy = np.random.get_state()  # noqa: NPY002 -- the one that all code shares
    return torch.get_rng_state().tolist(), numpy[1].tolist(), random.getstate()


@pytest.mark.parametrize("of", ["torch", "numpy", "python"])
def test_every_replica_draws_the_same_random_numbers_and_nobody_else_s(study, of):
    outside = of_everyone()
    problem, solver = solver_of(small(), function("drawn", of=of))
    for n in (1, 2):
        c = steps(problem, solver, 1)
        assert (c == c[:1]).all(), n
    assert of_everyone() == outside


def test_what_a_function_s_file_keeps_is_no_other_replica_s(study):
    """A replica that met the main fit's memo would show no noise."""
    problem, solver = solver_of(small(n_slices=2), function("memo"))
    c = steps(problem, solver, 1)
    for item in range(len(c)):
        for i in range(2):
            data = problem.acquired(item, i)
            torch.testing.assert_close(problem.unstage(c)[item, i], data.A.H(data.kspace))


def test_values_that_are_not_finite_end_the_fit_and_are_no_second_image(study):
    found, _, _ = reconstruct(small().scan, small().attrs, function("not_finite"), MEASURES, device=CPU)
    assert len(found["images"]) == 2


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("once", {}, r"mine.py: once ended after 1 iterates"),
        ("real", {}, r"mine.py: real yielded torch.float32 \(24, 20\), but an iterate is torch.complex64"),
        ("drawn", {"of": "its own"}, r"mine.py: drawn makes two iterates of the same data"),
        ("drawn", {"of": "its own", "after": 1}, r"mine.py: drawn makes two iterates of the same data"),
        ("absent", {}, r"mine.py: absent is no function that yields"),
    ],
)
def test_a_function_that_gives_no_iterates_is_told_in_one_line(study, name, arguments, message):
    with pytest.raises(InputError, match=message):
        images(small(), function(name, **arguments))


def test_a_command_walks_along_its_values_and_a_turned_sign_is_turned_back(study):
    scan = small()
    regime = command(f"{sys.executable} tool.py {{kspace}} {{maps}} {{image}} {{factor}}", factor=[-0.5, 1.0])
    found = images(scan, regime | {"n_iterations": 2})
    zero_filled = small().problem().acquired(0, 0)
    expected = zero_filled.A.H(zero_filled.kspace)
    for t, factor in enumerate((0.0, 0.5, 1.0)):
        torch.testing.assert_close(found[t, 0], factor * expected, rtol=1e-4, atol=1e-5)


def test_a_weight_reaches_the_command_in_units_of_the_noise():
    files = {"kspace": "k", "image": "x"}
    line = CommandLine("a -l {weight} -i {n} {kspace} {image}", {"weight": [2, 0.5], "n": 30})
    assert line.n_values == 2
    assert line.words(1, files, 0.25) == ["a", "-l", "0.125", "-i", "30", "k", "x"]


@pytest.mark.parametrize(
    ("values", "weights", "words"),
    [
        ({"weight": 3, "n": 7}, [], [["3", "7"]]),
        ({"weight": [3], "n": 7}, [3], [["3", "7"]]),
        ({"weight": 3, "n": [7]}, [], [["3", "7"]]),
        ({"weight": [3, 1, 0.5], "n": 7}, [3, 1, 0.5], [["3", "7"], ["1", "7"], ["0.5", "7"]]),
        ({"weight": [1, 3, 0.5], "n": 7}, [3, 1, 0.5], [["3", "7"], ["1", "7"], ["0.5", "7"]]),
        ({"weight": 3, "n": [8, 7]}, [], [["3", "8"], ["3", "7"]]),
        ({"weight": 3, "n": [7, 8]}, [], [["3", "7"], ["3", "8"]]),
        ({"n": [7.5, 8]}, [], [["7.5"], ["8"]]),
        ({}, [], [[]]),
    ],
)
def test_a_command_walks_along_its_list_and_keeps_its_numbers(values, weights, words):
    placeholders = "".join(f" {{{name}}}" for name in values)
    line = CommandLine(f"a b{placeholders} {{kspace}} {{image}}", values)
    assert line.n_values == len(words)
    assert line.weights == weights
    assert line.program == ("a", "b")
    files = {"kspace": "k", "maps": "m", "image": "x"}
    for t, numbers in enumerate(words):
        assert line.words(t, files, 1.0) == ["a", "b", *numbers, "k", "x"]


@pytest.mark.parametrize(("name", "told"), [("weight", [2.0, 0.5]), ("n", [])])
def test_only_a_list_of_weights_is_a_path_of_weights(name, told):
    line = f"a -l {{{name}}} {{kspace}} {{image}}"
    _, solver = solver_of(small(), command(line, **{name: [2.0, 0.9, 0.5]}) | {"n_iterations": 3})
    assert solver.weights_at([0, 1, 3])[1:] == told


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("false {kspace} {image}", "`false .*` ended with status 1; what it said stands above in this log"),
        ("true {kspace} {image}", "`true .*` wrote no image: .*image.hdr: no such file"),
        ("cp {kspace}.hdr {kspace}.cfl {image}", "`cp .*` ended with status"),
        (
            "bash -c 'for e in hdr cfl; do cp $0.$e $1.$e; done' {kspace} {image}",
            r"wrote an image of shape \(24.*, but the scan's is \(24, 20\)$",
        ),
        ("no-such-program {kspace} {image}", "`no-such-program .*` cannot be run: No such file"),
    ],
)
def test_a_command_that_writes_no_image_is_told_in_one_line(study, line, message):
    with pytest.raises(InputError, match=message):
        images(small(), command(line))


def test_a_command_that_makes_two_images_of_the_same_data_is_refused(study):
    script = (
        "printf '# Dimensions\\n24 20\\n' > $0.hdr; "
        "head -c $((24*20*8)) /dev/urandom | tr '\\200-\\377' '\\0-\\177' > $0.cfl"
    )
    with pytest.raises(InputError, match="`bash -c` makes two images of the same data"):
        images(small(), command(f"bash -c {script!r} {{image}} {{kspace}}"))


@pytest.mark.parametrize(
    ("line", "values", "message"),
    [
        ("a 'b {kspace} {image}", {}, "solver.command: No closing quotation"),
        ("a {kspace} {image", {}, "solver.command: .*write {{ and }} for braces"),
        ("a {kspace}", {}, "solver.command: has no {image}, the BART file it must write"),
        ("a {kspace} {image} {n}", {}, "solver.command: {n} has no value"),
        ("a {kspace} {image}", {"n": 3}, "solver.n: the command has no {n}"),
        ("a {kspace} {image} {n}", {"n": "3"}, "solver.n: is '3', but should be a number"),
        ("a {kspace} {image} {n}", {"n": []}, r"solver.n: is \[\], but should be a number"),
        ("a {kspace} {image} {n} {m}", {"n": [1], "m": [2]}, "solver.m: n is a list already"),
        ("a {kspace} {image} {n} {m}", {"m": [1], "n": [2, 3]}, "solver.n: m is a list already"),
        ("a {kspace} {image} {n}", {"n": [1, "2"]}, r"solver.n: is \[1, '2'\], but should be a number"),
        ("a {kspace} {image} {n}", {"n": True}, "solver.n: is True, but should be a number"),
        ("a {kspace} {image} {n}", {"n": [1, False]}, r"solver.n: is \[1, False\], but should be a number"),
        ("a {kspace} {image}", {"image": 3}, "solver.image: is a file that sharpfit names"),
        ("a {image}", {}, "solver.command: has no {kspace}, the BART file it must read"),
        (
            "a {kspace} {image} {n} {m}",
            {"n": 1},
            "solver.command: {m} has no value; known here: kspace, maps, image, n$",
        ),
        ("", {}, "solver.command: is empty"),
        ("a {kspace} {image} {n}", {"n": [1, 2]}, "n_iterations: is 1, but the command runs 2 times"),
    ],
)
def test_a_command_line_is_checked_before_any_job_starts(line, values, message):
    with pytest.raises(InputError, match=rf"regimes\.mine\.{message}"):
        check_regime("mine", command(line, **values))


@needs_bart
def test_bart_and_our_conjugate_gradients_find_the_same_images():
    scan = small(shape=(26, 20), sigma=0.02)
    ours = images(scan, {"solver": {"name": "cg"}, "start": "zero", "n_iterations": 6})
    theirs = images(scan, command("bart pics -w 1 -i {n} {kspace} {maps} {image}", n=6))
    torch.testing.assert_close(theirs[-1], ours[-1], rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("shape", [(25, 20), (24, 21)])
def test_bart_is_not_given_the_odd_sides_it_gets_wrong(shape):
    with pytest.raises(InputError, match="`bart pics` moves images with an odd side"):
        images(small(shape=shape), command("bart pics -i 5 {kspace} {maps} {image}"))
