"""A scratch study with stub scripts, and an independent account of what each of its results must be."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
STUBS = Path(__file__).parent / "stubs"
EVERYTHING = {
    "simulate made",
    *(f"preprocess {scan}" for scan in ("synthetic", "measured")),
    *(
        f"{rule} {scan}/{regime}"
        for rule in ("reconstruct", "evaluate")
        for scan in ("synthetic", "measured")
        for regime in ("slow", "fast")
    ),
    "summarise",
    "report",
}


def jobs(
    *, regime: str = "", scan: str = "", rules: tuple[str, ...] = ("reconstruct", "evaluate")
) -> set[str]:
    """Jobs of the full study that belong to a regime or a scan, with summary and report."""
    chosen = {
        name
        for name in EVERYTHING
        if name.split()[0] in rules
        and (not regime or name.endswith(f"/{regime}"))
        and (not scan or name.split()[-1].split("/")[0] == scan)
    }
    return chosen | {"summarise", "report"}


@dataclass
class Scratch:
    """A folder with the repository's workflow around stub scripts.

    ``env`` is added to the environment; ``commands`` is where `call` looks for snakemake and dvc first.
    """

    root: Path
    env: dict[str, str] = field(default_factory=dict)
    commands: Path = Path(sys.executable).parent

    def call(self, *command: str, ok: bool = True) -> subprocess.CompletedProcess[str]:
        environment = self.environment()
        done = subprocess.run(
            command,
            cwd=self.root,
            env=environment | {"PATH": f"{self.commands}:{environment['PATH']}"},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert not ok or done.returncode == 0, f"{' '.join(command)}\n{done.stdout}"
        return done

    def environment(self) -> dict[str, str]:
        here = os.environ | {
            "DVC_NO_ANALYTICS": "1",
            "DVC_SITE_CACHE_DIR": str(self.root.parent / "dvc_site"),
        }
        here.pop("PYTHONPATH", None)
        return here | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"} | self.env

    def take_real_code(self) -> None:
        """Put the repository's scripts and core in the place of the stubs, and torch itself."""
        for name in ("scripts", "sharpfit", "torch"):
            shutil.rmtree(self.root / "workflow" / name)
        for name in ("scripts", "sharpfit"):
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(REPOSITORY / "workflow" / name, self.root / "workflow" / name, ignore=ignored)

    def git(self, *arguments: str) -> str:
        return self.call("git", *arguments).stdout

    def commit(self, message: str) -> None:
        self.git("add", "-A")
        self.git("commit", "-qm", message)

    def run(self, *command: str, ok: bool = True) -> set[str]:
        """Run a command; returns the jobs that ran, seen from their logs."""
        before = self._logs()
        self.output = self.call(*command, ok=ok).stdout
        after = self._logs()
        return {name for name, written in after.items() if before.get(name) != written}

    def snakemake(self, *arguments: str, ok: bool = True) -> set[str]:
        return self.run("snakemake", "--cores", "2", *arguments, ok=ok)

    def repro(self) -> set[str]:
        return self.run("dvc", "repro")

    def make(self, command: str) -> set[str]:
        """Bring the study up to date by either command."""
        return self.snakemake() if command == "snakemake" else self.repro()

    def _logs(self) -> dict[str, int]:
        folder = self.root / "logs"
        logs = folder.rglob("*.log")
        return {
            str(log.relative_to(folder).with_suffix("")).replace("/", " ", 1): log.stat().st_mtime_ns
            for log in logs
        }

    def params(self) -> dict:
        return yaml.safe_load((self.root / "params.yaml").read_text())

    def edit(self, key: str, value: object) -> None:
        """Set one dotted key of params.yaml; None deletes it."""
        params = self.params()
        *parents, last = key.split(".")
        inner = params
        for parent in parents:
            inner = inner[parent]
        if value is None:
            del inner[last]
        else:
            inner[last] = value
        (self.root / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))

    def replace(self, file: str, old: str, new: str) -> None:
        path = self.root / file
        content = path.read_text()
        assert old in content, f"{file} has no {old!r}"
        path.write_text(content.replace(old, new))

    def check(self, flavour: str = "plain", style: str = "whitened") -> None:
        """Hold every result against what it must be."""
        wanted = expected(self, flavour, style)
        for file, content in wanted.items():
            assert (self.root / file).read_text() == content, file

    def snapshot(self) -> dict[str, bytes]:
        """Bytes of all results and sidecars."""
        files = [*self.root.glob("results/**/*"), *self.root.glob("data/simulated/**/*")]
        return {
            str(file.relative_to(self.root)): file.read_bytes()
            for file in files
            if file.is_file() and file.name != ".snakemake_timestamp"
        }


def expected(study: Scratch, flavour: str, style: str) -> dict[str, str]:
    """What every result must hold, from params.yaml and the raw files alone."""

    def text(value: object) -> str:
        return json.dumps(value, sort_keys=True)

    params = study.params()
    made = {f"data/simulated/{name}.h5": f"simulated {text(p)}" for name, p in params["simulations"].items()}
    made = {
        name: content
        for name, content in made.items()
        if name in {s["file"] for s in params["scans"].values()}
    }
    rows, images, histories, scans = [], [], [], []
    for scan, settings in params["scans"].items():
        raw = made.get(settings["file"]) or (study.root / settings["file"]).read_text()
        data = f"{style} {scan} {text(settings)} {text(params['held_out'])} of <{raw}>"
        made[f"results/preprocess/{scan}.h5"] = data
        scans.append(data)
        for name, regime in params["regimes"].items():
            image = f"image {flavour} {text(regime)} {text(params['measures'])} of <{data}>"
            history = "iteration,chi2\n" + "".join(
                f"{t},{10 / (t + 1)}\n" for t in range(regime["n_iterations"])
            )
            folder, judged = f"results/reconstruct/{scan}/{name}", f"results/evaluate/{scan}/{name}"
            row = {
                "scan": scan,
                "regime": name,
                "verdict": "sharper",
                "chi2": regime.get("optimizer", {}).get("lr", 1.0),
            }
            row["seen"] = f"{data} {image} {history}"
            made |= {f"{folder}/reconstruction.h5": image, f"{folder}/history.csv": history}
            made |= {f"{judged}/evaluation.json": text(row), f"{judged}/picked.h5": f"picked {image}"}
            made |= {f"{judged}/picked.png": f"picture {image}"}
            made |= {
                f"{judged}/figures/{kind}.png": f"{kind} {image}"
                for kind in ("images", "curves", "sharpness")
            }
            rows.append(row)
            images.append(image)
            histories.append(history)
    table = "".join(f"{row['scan']},{row['regime']},{row['verdict']},{row['chi2']}\n" for row in rows)
    made["results/summary.csv"] = f"scan,regime,verdict,chi2\n{table}"
    made["results/summary.json"] = text({row["scan"]: {row["regime"]: {"chi2": row["chi2"]}} for row in rows})
    made["results/metrics.json"] = text({f"{row['scan']}.{row['regime']}": row["chi2"] for row in rows})
    for row, image in zip(rows, images, strict=True):
        made[f"results/plots/{row['scan']}/{row['regime']}.png"] = f"picked {image}"
    parts = [*map(text, rows), *images, *histories, *scans, made["results/summary.csv"]]
    made["results/report.html"] = "<pre>" + "\n".join(parts) + "</pre>"
    return made


def build(root: Path, commands: Path = Scratch.commands) -> Scratch:
    """A new study in a git repository with DVC, nothing computed yet."""
    root.mkdir(parents=True)
    for name in ("Snakefile", "dvc.yaml", ".dvcignore", ".gitignore"):
        shutil.copy(REPOSITORY / name, root)
    for name in ("profiles", "workflow"):
        shutil.copytree(REPOSITORY / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    (root / ".dvc").mkdir()
    for name in ("config", ".gitignore"):
        shutil.copy(REPOSITORY / ".dvc" / name, root / ".dvc")
    shutil.rmtree(root / "workflow" / "scripts")
    shutil.copytree(STUBS / "scripts", root / "workflow" / "scripts")
    for name in ("sharpfit", "torch"):
        shutil.copytree(STUBS / name, root / "workflow" / name, dirs_exist_ok=True)
    shutil.copy(STUBS / "params.yaml", root)
    (root / "data" / "raw").mkdir(parents=True)
    shutil.copy(REPOSITORY / "data" / "raw" / ".gitignore", root / "data" / "raw")
    (root / "data" / "raw" / "measured.npy").write_text("echoes")
    study = Scratch(root, commands=commands)
    study.git("init", "-q", "-b", "main")
    study.git("config", "user.name", "Tester")
    study.git("config", "user.email", "tester@example.org")
    study.call("dvc", "add", "-q", "data/raw/measured.npy")
    study.commit("Begin")
    return study
