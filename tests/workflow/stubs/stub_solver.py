"""Stands for the core: what it returns depends on every argument."""


def solve(data: str, regime: dict, measures: dict) -> list[str]:
    lr = regime["optimizer"]["lr"]
    return [
        f"{t}: {lr} {regime.get('schedule')} {measures} on [{data}]" for t in range(regime["n_iterations"])
    ]
