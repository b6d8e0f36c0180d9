"""Hold an HDF5 file to its own content: raw data and results alike."""

from pathlib import Path

import h5py

from sharpfit.errors import InputError

MAX_ITEMS = 100_000  # datasets, groups and links; each one is looked at


def check_own(path: Path, file: h5py.File) -> None:
    """Refuse a file whose links, external storage or virtual datasets show the content of other files.

    Only the file itself is digested, so a change of the others would go unnoticed; and they may be any
    file of this machine. Soft links stay within the file.

    Raises
    ------
    InputError
        naming the first such link or dataset, or if there are too many to look at
    """
    seen = 0

    def foreign_link(name: str, link: object) -> str | None:
        nonlocal seen
        seen += 1
        if seen > MAX_ITEMS:
            return f"holds more than {MAX_ITEMS} items; save the k-space alone"
        if not isinstance(link, h5py.ExternalLink):
            return None
        return f"{name} is a link to {link.filename}; store the data themselves in this file"

    def foreign_data(name: str, item: h5py.HLObject) -> str | None:
        if not isinstance(item, h5py.Dataset) or not (item.is_virtual or item.external):
            return None
        how = "a virtual dataset, made of others" if item.is_virtual else f"stored in {item.external[0][0]}"
        return f"{name} is {how}; store the data themselves in this file"

    if found := file.visititems_links(foreign_link) or file.visititems(foreign_data):
        raise InputError(f"{path}: {found}")
