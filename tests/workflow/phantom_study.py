"""A small study that the real solver fits: one analytic phantom, four coils, R = 2."""

from pathlib import Path
from typing import Any

import yaml
from scratch import Scratch, build


def params(regimes: dict[str, Any], *, size: int = 32, n_checkpoints: int = 5) -> str:
    """Return the text of its params.yaml."""
    phantom = {
        "object": "ellipses",
        "matrix": [size, size],
        "n_coils": 4,
        "noise_level": 0.03,
        "noise_correlation": 0.2,
        "seed": 1,
    }
    sampling = {"pattern": "lines", "acceleration": 2, "n_calibration": 16, "seed": 0}
    return yaml.safe_dump(
        {
            "simulations": {"phantom": phantom},
            "scans": {"phantom": {"file": "data/simulated/phantom.h5", "sampling": sampling}},
            "held_out": {"fraction": 0.08, "seed": 11},
            "regimes": regimes,
            "measures": {"n_checkpoints": n_checkpoints, "n_replicas": 1, "seed": 7},
        },
        sort_keys=False,
    )


def build_phantom(root: Path, commands: Path, written: str) -> Scratch:
    """Return a new study with the repository's own code and these parameters, nothing computed yet."""
    study = build(root, commands)
    study.take_real_code()
    (study.root / "params.yaml").write_text(written)
    study.call("dvc", "remove", "data/raw/measured.npy.dvc")
    return study
