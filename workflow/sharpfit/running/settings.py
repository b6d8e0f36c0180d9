"""What a command line or a profile says of a run by ``--config``: its device, and whether code may run."""

from typing import Any

from sharpfit.errors import InputError
from sharpfit.study import paths
from sharpfit.study.foreign_code import ALLOW


def settings_of(workflow: Any) -> tuple[str, bool]:
    """Device and permission to run a study's code, from ``--config`` or a profile alone.

    Raises
    ------
    InputError
        For any other key, and for a permission that is neither true nor false.
    """
    settings = dict(workflow.config_settings.overwrite_config)
    device = str(settings.pop("device", "auto"))
    allow_code = str(settings.pop(ALLOW, False)).lower()  # a command line says true, a profile True
    if settings:
        raise InputError(
            f"--config {next(iter(settings))}: only device and {ALLOW} are given so; parameters stand in "
            f"{paths.PARAMS}"
        )
    if allow_code not in ("true", "false"):
        raise InputError(f"--config {ALLOW}={allow_code}: should be true or false")
    return device, allow_code == "true"
