"""Pages of made-up studies, and what their scripts see."""

import base64
import gzip
import json
import re
from dataclasses import replace
from io import BytesIO

import h5py
import numpy as np
from made_study import make_study
from PIL import Image

from sharpfit.reporting.page import build
from sharpfit.reporting.page.build import write_report
from sharpfit.reporting.page.fits import read_fit
from sharpfit.results.evaluation_file import read_evaluation
from sharpfit.results.scan_file import read_scan

HOSTILE = '"><script>document.title="owned"</script><img src=x onerror=alert(1)>'


def inputs(root):
    """Return write_report's lists of files for a made-up study."""
    evaluations = sorted(root.glob("results/evaluate/*/*/evaluation.json"))
    folders = [root / "results/reconstruct" / file.parts[-3] / file.parts[-2] for file in evaluations]
    return (
        evaluations,
        [folder / "reconstruction.h5" for folder in folders],
        [folder / "history.csv" for folder in folders],
        sorted((root / "results/preprocess").glob("*.h5")),
    )


def page_of(root):
    write_report(root / "report.html", *inputs(root))
    return (root / "report.html").read_text(encoding="utf-8")


def unpacked(text):
    return gzip.decompress(base64.b64decode(text)).decode()


def scans_of(page):
    """What the scripts see of every scan."""
    return [json.loads(unpacked(text)) for text in re.findall(r'class="packed">(.*?)</script>', page, re.S)]


def decoded(scan, number):
    """A picture of a scan, (y, x) of 0 to 255."""
    return np.asarray(Image.open(BytesIO(base64.b64decode(scan["images"][number])))).astype(float)


def many_scans(folder, n_scans=50):
    """A page of many scans of four slices, 7 regimes each, as noisy as can be; return its file."""
    root = make_study(folder, ("one",), ("a", "b"), size=128, n_slices=4)
    scan = read_scan(root / "results/preprocess/one.h5")
    evaluations, reconstructions, histories, _ = inputs(root)
    fits = [
        read_fit(
            regime, scan, read_evaluation(evaluations[at % 2]), reconstructions[at % 2], histories[at % 2]
        )
        for at, regime in enumerate("abcdefg")
    ]
    rng = np.random.default_rng(0)
    groups = []
    for place in range(n_scans):
        noisy = [replace(fit, seen=noisier(fit.seen, rng)) for fit in fits]
        groups.append((replace(scan, name=f"scan {place}"), noisy))
    build.write_page(root / "page.html", "many", groups, {scan.name: "said" for scan, _ in groups})
    return root / "page.html"


def noisier(seen, rng):
    noise = rng.standard_normal((*seen.images.shape, 2)).astype(np.float32)
    return replace(seen, images=seen.images + noise[..., 0] + 1j * noise[..., 1])


def rewritten(root, value):
    """Write one value into all series of a fit: history, curves, measures, and pictures unless infinite."""
    fit, judged = root / "results/reconstruct/a/b", root / "results/evaluate/a/b/evaluation.json"
    header, *rows = (fit / "history.csv").read_text().splitlines()
    of_row = [f"{row.split(',')[0]},{','.join([str(value)] * header.count(','))}" for row in rows]
    (fit / "history.csv").write_text("\n".join([header, *of_row]) + "\n")
    content = json.loads(judged.read_text())
    told = value if np.isfinite(value) else None  # as evaluation.json holds what is not finite
    for name, curve in content["trajectory"].items():
        content["trajectory"][name] = curve if name in ("iteration", "weight") else [told] * len(curve)
    for end in ("picked", "last"):
        content[end] = dict.fromkeys(content[end], told)
    judged.write_text(json.dumps(content))
    with h5py.File(fit / "reconstruction.h5", "r+") as file:
        pictures = () if np.isinf(value) else ("images", "noise_map")  # a fit keeps its last finite image
        for name in (*pictures, *(f"measures/{name}" for name in file["measures"])):
            file[name][...] = value
        file.attrs["travel_needed"] = value
