from pathlib import Path

from sharpfit.stub_text import text

from sharpfit.errors import InputError

STYLE = "whitened"


def main(*, name: str, scan: dict, held_out: dict, readers: dict, raw: list[Path], output: Path) -> None:
    data = "+".join(path.read_text() for path in raw)
    if "NaN" in data:
        raise InputError(f"{raw[0]}: holds NaN; this is no k-space")
    output.write_text(f"{STYLE} {name} {text(scan)} {text(held_out)} of <{data}>")
