import pytest

from sharpfit.errors import InputError
from sharpfit.running.compute import resolve


def test_a_device_that_is_not_there_is_one_line():
    with pytest.raises(InputError, match="device 'cuda:77' cannot be used"):
        resolve("cuda:77")
    assert resolve("cpu") == "cpu"
