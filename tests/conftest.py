"""What every test shares."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))

from warm_commands import warm_commands

SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(autouse=True, scope="session")
def _one_thread():
    torch.set_num_threads(1)


@pytest.fixture
def shared_data():
    """The folder of measured k-space beside the repository."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the measured k-space (../shared/data) is not on this machine")
    return SHARED_DATA


@pytest.fixture(scope="session")
def warm() -> Iterator[Path]:
    """The folder of commands that have imported their libraries already."""
    with warm_commands() as folder:
        yield folder
