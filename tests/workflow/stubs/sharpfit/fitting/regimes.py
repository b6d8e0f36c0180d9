"""Stands for the check of regimes against torch: accepts all, in no time."""


def check_regime(name: str, regime: dict) -> None:
    pass
