from pathlib import Path


def main(
    *,
    name: str,
    regime_name: str,
    image: str,
    formats: list[str],
    scan: Path,
    source: Path,
    account: Path,
    images: Path,
) -> None:
    seen = f"{image} {scan.read_text()} {source.read_text()}"
    account.write_text(f"{name} {regime_name} {seen}")
    images.mkdir()
    for kind in formats:
        (images / kind).write_text(f"{kind} {seen}")
