"""What every test shares."""

import sys
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))

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
