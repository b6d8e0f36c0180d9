import json as json_module
from pathlib import Path

from sharpfit import job


def main(*, evaluations: list[Path], csv: Path, json: Path) -> None:
    rows = [json_module.loads(path.read_text()) for path in evaluations]
    csv.write_text(
        "scan,regime,verdict,seen\n" + "".join(f"{r['scan']},{r['regime']},{r['verdict']},\n" for r in rows)
    )
    json.write_text(json_module.dumps(rows) + "\n")


if __name__ == "__main__":
    job.run(main)
