import json as json_module
from pathlib import Path

from sharpfit.stub_text import text


def main(
    *, evaluations: list[Path], picked: list[Path], csv: Path, json: Path, metrics: Path, plots: Path
) -> None:
    rows = [json_module.loads(path.read_text()) for path in evaluations]
    csv.write_text(
        "scan,regime,verdict,chi2\n"
        + "".join(f"{row['scan']},{row['regime']},{row['verdict']},{row['chi2']}\n" for row in rows)
    )
    json.write_text(text({row["scan"]: {row["regime"]: {"chi2": row["chi2"]}} for row in rows}))
    metrics.write_text(text({f"{row['scan']}.{row['regime']}": row["chi2"] for row in rows}))
    for row, image in zip(rows, picked, strict=True):
        (plots / row["scan"]).mkdir(parents=True, exist_ok=True)
        (plots / row["scan"] / f"{row['regime']}.png").write_text(image.read_text())
