"""Where the images of a scan lie, as results/preprocess/<scan>.h5 holds it."""

from pathlib import Path

from sharpfit.files.geometry import Geometry
from sharpfit.results import hdf5


def read_place(path: Path) -> tuple[tuple[float, float] | None, Geometry | None]:
    """Read the spacing along y, x in mm and the place in the patient, each None where no file states it."""
    with hdf5.opened(path) as file:
        attrs = dict(file.attrs)
    spacing = attrs.get("pixel_spacing_mm")
    if spacing is None:
        return None, None
    y, x = (float(value) for value in spacing)
    if "slice_centres_mm" not in attrs:
        return (y, x), None
    return (y, x), Geometry(
        centres=attrs["slice_centres_mm"],
        row=attrs["row_direction"],
        column=attrs["column_direction"],
        spacing_mm=(y, x),
        thickness_mm=float(attrs["slice_thickness_mm"]),
    )
