import numpy as np

from sharpfit.files.cfl import write_cfl
from sharpfit.files.readers import bart


def test_what_is_written_is_read_back(tmp_path):
    rng = np.random.default_rng(0)
    values = rng.standard_normal((6, 4, 1, 3, 2)).view(np.complex128)[..., 0].astype(np.complex64)
    write_cfl(tmp_path / "k", values)
    found = bart.read(tmp_path / "k.cfl", None)
    assert found.axes == ("ky", "kx", "coil")
    assert np.array_equal(found.values, values[:, :, 0])
