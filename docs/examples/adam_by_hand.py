"""Adam by hand: the loop that one writes first, judged as it is."""

import torch


def fit(A, y, start, *, lr):
    """Minimise ‖A c − y‖² with Adam and yield c after every step."""
    c = torch.zeros(start.shape, dtype=torch.complex64, device=y.device, requires_grad=True)
    opt = torch.optim.Adam([c], lr=lr)
    while True:
        opt.zero_grad()
        loss = (A(c) - y).abs().square().sum()
        loss.backward()
        opt.step()
        yield c
