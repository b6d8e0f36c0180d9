import numpy as np
import pytest
import yaml
from made_mrd import header, lines_of, oversampled, write
from PIL import Image
from typer.testing import CliRunner

from sharpfit.cli import app
from sharpfit.commands.asking import parsed, scan_name
from sharpfit.reporting.preview import save_preview
from sharpfit.simulation.simulate import simulate

SCAN = simulate(
    object="ellipses", matrix=[32, 32], n_coils=4, noise_level=0.02, noise_correlation=0.1, seed=3
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save("measured.npy", SCAN.kspace[0].transpose(1, 2, 0))
    write(tmp_path / "scan.h5", header((64, 32, 1), (32, 32, 1)), lines_of(oversampled(SCAN.kspace[0])))
    return tmp_path


def call(*words, typed=None):
    return CliRunner().invoke(app, [*map(str, words)], input=typed)


def test_a_scanners_file_is_told_with_its_lines_and_its_picture(folder):
    result = call("inspect", "scan.h5")
    assert result.exit_code == 0, result.output
    for words in (
        *(
            "scan.h5: ismrmrd",
            "made test",
            "phantom",
            "cartesian",
            "32 × 32 (ky × kx)",
            "fully sampled (R = 1)",
        ),
        *("6.25 × 6.25 mm", "axial", "readout oversampling removed (64 to 32)"),
    ):
        assert words in result.output
    pasted = yaml.safe_load(result.output[result.output.index("  scan:") :])
    assert pasted == {"scan": {"file": "data/raw/scan.h5"}}
    with Image.open(folder / "scan.preview.png") as image:
        assert image.size == (18 * 32, 18 * 32)
    assert not [word for word in ("Doe", "4711", "1970") if word in result.output]


@pytest.mark.usefixtures("folder")
def test_what_a_file_does_not_say_is_refused_where_nobody_can_be_asked_and_taken_from_options():
    refused = call("inspect", "measured.npy")
    assert refused.exit_code == 1
    assert "may be coils or slices" in refused.output
    told = call("inspect", "measured.npy", "--axes", "ky,kx,coil")
    assert told.exit_code == 0, told.output
    assert "axes: [ky, kx, coil]" in told.output


@pytest.mark.usefixtures("folder")
def test_at_a_terminal_it_is_asked(monkeypatch):
    monkeypatch.setattr("sharpfit.commands.asking.sys", type("Sys", (), {"stdin": Terminal}))
    told = call("inspect", "measured.npy", typed="ky kx slice\n")
    assert told.exit_code == 0, told.output
    assert "axes: [ky, kx, slice]" in told.output


class Terminal:
    isatty = staticmethod(lambda: True)


def test_init_makes_a_study_that_its_own_schema_accepts(folder):
    from sharpfit.provenance.attest import WORKFLOW
    from sharpfit.study.params import validate
    from sharpfit.study.params_file import read_params

    result = call("init", "study", "scan.h5", "measured.npy", "--axes", "")
    assert result.exit_code == 1  # measured.npy is not clear
    assert not (folder / "study").exists()
    result = call("init", "study", "scan.h5")
    assert result.exit_code == 0, result.output
    params = folder / "study" / "params.yaml"
    first = params.read_text().splitlines()[0]
    assert first.startswith("# yaml-language-server: $schema=")
    assert (folder / "study" / first.split("=", 1)[1]).resolve() == WORKFLOW / "schemas/params.schema.yaml"
    read = read_params(params)
    validate(read, WORKFLOW / "schemas" / "params.schema.yaml")
    assert read["scans"] == {"scan": {"file": "data/raw/scan.h5"}}
    assert (folder / "study/data/raw/scan.h5").read_bytes() == (folder / "scan.h5").read_bytes()
    again = call("init", "study", "scan.h5")
    assert again.exit_code == 1
    assert "is there already" in again.output


def test_init_refuses_two_files_that_would_be_one_scan(folder):
    (folder / "other").mkdir()
    (folder / "other" / "scan.mrd").write_bytes((folder / "scan.h5").read_bytes())
    result = call("init", "study", "scan.h5", "other/scan.mrd")
    assert result.exit_code == 1
    assert "other/scan.mrd: scan.h5 is called scan already; rename one of them" in result.stderr
    assert not (folder / "study").exists()


def test_init_refuses_names_that_some_file_systems_take_for_one(folder):
    (folder / "Scan.h5").write_bytes((folder / "scan.h5").read_bytes())
    result = call("init", "study", "scan.h5", "Scan.h5")
    assert result.exit_code == 1
    assert "scans.Scan and scan differ by case only" in result.stderr
    assert not (folder / "study").exists()


@pytest.mark.parametrize(
    ("key", "typed", "value"),
    [
        ("axes", "[ky, kx, coil]", ["ky", "kx", "coil"]),
        ("select", "{contrast: 0}", {"contrast": 0}),
        ("select", "repetition:mean", {"repetition": "mean"}),
        ("select", "contrast=0 set=1", {"contrast": 0, "set": 1}),
        ("select", "slice:3,4", {"slice": [3, 4]}),
        ("select", "{slice: [3, 4], contrast: 0}", {"slice": [3, 4], "contrast": 0}),
        ("select", "slice:-1", {"slice": -1}),
        ("dataset", " kData ", "kData"),
    ],
)
def test_answers_are_read_as_people_type_them(key, typed, value):
    assert parsed(key, typed) == value


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("0", "select: '0' should be names, each once, and their values, such as contrast:0 or slice:3,4"),
        ("slice", "select: 'slice' should be names"),
        ("slice:", "select: 'slice:' should be names"),
        (":0", "select: ':0' should be names"),
        ("contrast:0 contrast:1", "select: 'contrast:0 contrast:1' should be names, each once"),
        ("slice:0:3", "select: 'slice:0:3' should be names"),
        (" ", "select is empty"),
        ("slice:-1", "select.slice: -1 is less than the minimum of 0"),
        ("slice:²", "select.slice = '²' should be a whole number or a list"),
        ("slice:1.5", "select.slice = '1.5' "),
        ("contrast:0,1", "select.contrast = [0, 1] should be a whole number"),
        ("repetition:first", "select.repetition = 'first' should be a whole number or mean"),
        ("slize:0", "select.slize is not known here; did you mean slice?"),
    ],
)
@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("command", [("inspect",), ("init", "study")])
def test_a_selection_is_taken_whole_or_refused_in_one_line(command, typed, told):
    result = call(*command, "scan.h5", "--select", typed)
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert told in result.stderr


def test_a_scans_name_is_one_that_a_folder_can_have(tmp_path):
    assert scan_name(tmp_path / "meas MID00349 (R3).dat") == "meas_MID00349_R3_"


def test_a_preview_has_square_pixels(tmp_path):
    save_preview(tmp_path / "p.png", np.ones((10, 20)), (3.0, 1.5))
    with Image.open(tmp_path / "p.png") as image:
        assert image.size == (600, 600)


def test_a_small_preview_is_enlarged_in_blocks_and_a_large_one_is_left(tmp_path):
    small, large = np.arange(6.0).reshape(2, 3), np.ones((700, 400))
    for name, image in (("small", small), ("large", large)):
        save_preview(tmp_path / f"{name}.png", image, None)
    with Image.open(tmp_path / "large.png") as picture:
        assert picture.size == (400, 700)
    with Image.open(tmp_path / "small.png") as picture:
        pixels = np.asarray(picture)
    assert pixels.shape == (400, 600)
    assert np.array_equal(pixels, np.kron(pixels[::200, ::200], np.ones((200, 200))))
    assert np.all(np.diff(pixels[::200, ::200].ravel().astype(int)) >= 0)
