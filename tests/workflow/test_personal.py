"""What a raw file says of the person scanned stays in it: nothing that a study makes holds a word of it."""

import gzip
import io
import shutil
import sys
import zipfile
from pathlib import Path

import h5py
import made_mrd
import made_patient
import numpy as np
import pytest
import yaml
from ismrmrd import xsd
from scratch import REPOSITORY, Scratch, build

pytestmark = [pytest.mark.workflow, pytest.mark.slow]
SHARPFIT = (sys.executable, "-c", "from sharpfit.cli import app; app()")
# Planted by made_mrd, made_twix and below: name, number, dates of birth and of the study, referrer, site.
PLANTED = (
    b"doe^jane",
    b"id-4711",
    b"1970-01-31",
    b"31.01.1970",
    b"2026-11-27",
    b"referrer^roe",
    b"clinic-of-noe",
)
SETTINGS = {
    "simulations": {},
    "held_out": {"fraction": 0.08, "seed": 11},
    "regimes": {"cg": {"solver": {"name": "cg"}, "start": "zero", "n_iterations": 4}},
    "measures": {"n_checkpoints": 3, "n_replicas": 1, "seed": 7},
    "export": {"image": "picked", "formats": ["nifti", "dicom", "bart", "png"]},
}


def texts(content: bytes) -> list[bytes]:
    """All that a file's bytes say, unpacked as far as they are packed."""
    if content.startswith(b"\x1f\x8b"):
        return [content, *texts(gzip.decompress(content))]
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return [part for name in archive.namelist() for part in texts(archive.read(name))]
    if not content.startswith(b"\x89HDF"):
        return [content]
    found = [content]
    with h5py.File(io.BytesIO(content)) as file:

        def collect(_name: str, item: h5py.HLObject) -> None:
            found.append(repr(dict(item.attrs)).encode())
            if isinstance(item, h5py.Dataset):
                found.append(np.asarray(item[()]).tobytes() + repr(item[()]).encode())

        found.append(repr(dict(file.attrs)).encode())
        file.visititems(collect)
    return found


def planted_in(content: bytes) -> set[bytes]:
    said = [text.lower() for text in texts(content)]
    both = [*said, *(text.replace(b"\0", b"") for text in said)]  # UTF-16 too
    return {word for word in PLANTED if any(word in text for text in both)}


def give_raw_files(folder: Path) -> dict[str, dict]:
    """Write an ISMRMRD, a twix and a fastMRI file with personal fields; return their scans."""
    positions = [np.zeros(3), np.array([0, 0, 6.0])]
    mrd = made_patient.scan(folder / "a.h5", "axial", positions=positions, noise=0.02)
    study = "<studyInformation><studyDate>2026-11-27</studyDate><studyID>ID-4711</studyID></studyInformation>"
    with h5py.File(mrd, "r+") as file:
        header = file["dataset/xml"][0].replace(b"1970-01-31", b"31.01.1970")
        file["dataset/xml"][0] = header.replace(
            b"</subjectInformation>", f"</subjectInformation>{study}".encode()
        ).replace(b"<systemModel>", b"<institutionName>Clinic-of-Noe</institutionName><systemModel>")
    made_patient.twix_scan(folder / "b.dat", "sagittal", positions=positions)
    limit = xsd.limitType(minimum=0, maximum=47, center=24)
    head = made_mrd.header((40, 48, 1), (40, 48, 1), limits={"kspace_encoding_step_1": limit})
    rng = np.random.default_rng(3)
    noise = 0.02 * (rng.standard_normal((1, 1, 40, 48)) + 1j * rng.standard_normal((1, 1, 40, 48)))
    with h5py.File(folder / "c.h5", "w") as file:
        file.create_dataset(
            "kspace", data=(noise + _centre(noise.shape)).astype(np.complex64), compression="gzip"
        )
        file["ismrmrd_header"] = xsd.ToXML(head)
        file.attrs.update(patient_id="ID-4711", referrer="Referrer^Roe")
    level = {"noise_std": 0.02}
    return {f"scan_{name[0]}": {"file": f"data/raw/{name}"} | level for name in ("a.h5", "b.dat", "c.h5")}


def _centre(shape):
    bump = (
        np.exp(-(np.linspace(-4, 4, shape[-1]) ** 2)) * np.exp(-(np.linspace(-4, 4, shape[-2]) ** 2))[:, None]
    )
    return np.broadcast_to(bump, shape) * 9


@pytest.fixture
def computed(tmp_path: Path, warm: Path) -> Scratch:
    """A study of three scanners' files, run, packed and looked at with every command."""
    study = build(tmp_path / "study", warm)
    study.take_real_code()
    study.call("dvc", "remove", "data/raw/measured.npy.dvc")
    scans = give_raw_files(study.root / "data/raw")
    (study.root / "params.yaml").write_text(yaml.safe_dump(SETTINGS | {"scans": scans}))
    shutil.copy(REPOSITORY / "constraints.txt", study.root)
    study.env["PYTHONPATH"] = str(study.root / "workflow")
    said = [study.call("snakemake", "--cores", "2").stdout]
    for scan in scans.values():
        said.append(study.call(*SHARPFIT, "inspect", scan["file"]).stdout)
    said.append(study.call(*SHARPFIT, "init", "../other", "data/raw/a.h5").stdout)
    said += [study.call(*SHARPFIT, *words).stdout for words in (("show",), ("why",), ("compare", ".", "."))]
    said.append(study.call(*SHARPFIT, "export", "scan_a/cg", "--to", "image.nii.gz").stdout)
    said.append(study.call(*SHARPFIT, "export", "scan_b/cg", "--to", "series", "--image", "last").stdout)
    if _can_pack():
        study.call(*SHARPFIT, "pack", "study.zip")
    (study.root / "said.txt").write_text("\n".join(said))
    return study


def _can_pack() -> bool:
    try:
        import rocrate  # noqa: F401
    except ImportError:
        return False
    return True


def test_nothing_a_study_makes_holds_a_personal_field(computed: Scratch) -> None:
    files = [file for file in computed.root.parent.rglob("*") if file.is_file()]
    raw = [file for file in files if file.parent.name == "raw"]
    made = [file for file in files if file.parent.name != "raw"]
    names = {file.relative_to(computed.root.parent).as_posix() for file in made}
    for expected in (
        *("study/results/report.html", "study/results/export/scan_a/cg/images/scan_a_cg.nii.gz"),
        *("study/results/export/scan_a/cg/images/dicom/1.dcm", "study/logs/preprocess/scan_c.log"),
        *("study/series/2.dcm", "study/said.txt", "study/a.preview.png"),
    ):
        assert expected in names
    assert any(name.startswith("study/.snakemake/log/") for name in names)
    assert {file.name: planted_in(file.read_bytes()) for file in made if planted_in(file.read_bytes())} == {}
    there = {file.name: planted_in(file.read_bytes()) for file in raw}
    assert all(there[name] for name in ("a.h5", "b.dat", "c.h5"))  # the search finds what is there
    assert there["a.h5"] >= {b"doe^jane", b"id-4711", b"31.01.1970", b"2026-11-27", b"clinic-of-noe"}


def test_the_search_sees_into_what_is_packed(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file.create_dataset("note", data=np.frombuffer(b"..Doe^Jane" * 50, "u1"), compression="gzip")
        file.create_group("inner").attrs["who"] = "ID-4711"
    inner = (tmp_path / "x.h5").read_bytes()
    assert b"Doe^Jane" not in inner
    assert planted_in(inner) == {b"doe^jane", b"id-4711"}
    assert planted_in(gzip.compress(inner)) == {b"doe^jane", b"id-4711"}
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("deep/x.gz", gzip.compress(inner))
    assert planted_in((tmp_path / "x.zip").read_bytes()) == {b"doe^jane", b"id-4711"}
