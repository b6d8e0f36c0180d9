from pathlib import Path


def main(
    *,
    evaluations: list[Path],
    reconstructions: list[Path],
    histories: list[Path],
    scans: list[Path],
    summary: Path,
    html: Path,
) -> None:
    parts = [path.read_text() for path in (*evaluations, *reconstructions, *histories, *scans, summary)]
    html.write_text("<pre>" + "\n".join(parts) + "</pre>")
