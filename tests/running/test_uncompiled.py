import subprocess
import sys

import h5py

SCRIPT = """
import sys
import torch
from sharpfit.running.uncompiled import leave_the_compiler_out
if {leave_out}:
    leave_the_compiler_out()
c = torch.ones(3, dtype=torch.complex64, requires_grad=True)
optimizer = torch.optim.{optimizer}([c], lr=0.1)
schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
for step in range(3):
    optimizer.zero_grad()
    c.grad = c.detach() * (1 + 2j) - step
    optimizer.step()
    schedule.step()
optimizer.load_state_dict(optimizer.state_dict())
print(c.tolist(), "sympy" in sys.modules)
if {leave_out}:
    import torch._dynamo.config
    print(torch.compile(lambda x: 2 * x, backend="eager")(torch.ones(1)).item())
"""


def run(optimizer: str, *, leave_out: bool) -> list[str]:
    script = SCRIPT.format(optimizer=optimizer, leave_out=leave_out)
    return subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    ).stdout.splitlines()


def test_an_optimizer_does_the_same_without_the_compiler_which_comes_when_it_is_asked_for():
    compiled, without = run("Adam", leave_out=False), run("Adam", leave_out=True)
    assert compiled[0].endswith("True")
    assert without == [compiled[0].replace("True", "False"), "2.0"]


def test_a_job_that_lists_what_it_loaded_does_not_thereby_load_the_compiler():
    script = (
        "import sys, torch; from sharpfit.running.uncompiled import leave_the_compiler_out as leave\n"
        "from sharpfit.provenance.attest import loaded_code\n"
        "leave(); assert 'sharpfit/running/uncompiled.py' in loaded_code(), loaded_code()\n"
        "assert 'sympy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_the_reconstruct_script_is_deterministic_and_does_not_load_the_compiler(tmp_path):
    h5py.File(tmp_path / "scan.h5", "w").close()
    script = (
        "import runpy, sys; from pathlib import Path\n"
        "job = runpy.run_path('workflow/scripts/reconstruct.py')['main']\n"
        "import torch; from sharpfit.running.uncompiled import leave_the_compiler_out as leave; leave()\n"
        "def look(*_, **__): raise SystemExit(\n"
        "    f'{torch.are_deterministic_algorithms_enabled()} {\"sympy\" in sys.modules}')\n"
        "job.__globals__['reconstruct'] = look\n"
        "job(scan=Path(sys.argv[1]), regime={}, measures={}, reconstruction=None, history=None,\n"
        "    device='cpu', state=None, on_row=None, pause=None, tell=None)"
    )
    said = subprocess.run(
        [sys.executable, "-c", script, tmp_path / "scan.h5"], capture_output=True, text=True, check=False
    ).stderr
    assert said.strip() == "True False"


def test_a_process_without_torch_stays_without():
    script = (
        "import sys; from sharpfit.running.uncompiled import leave_the_compiler_out as leave\n"
        "leave(); assert not [name for name in sys.modules if name.startswith('torch')]"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
