# The index of commands; `make` alone prints it. Everything runs in .venv, which the first call makes.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
# Extra arguments for pip or uv, such as the index of CPU-only builds that PyTorch's installation page names.
PIP_ARGS ?=
INSTALL = $(BIN)/python tools/install.py $(PIP_ARGS) -c constraints.txt
export PATH := $(CURDIR)/$(BIN):$(PATH)
# Every job is a process of its own. uv leaves compiling to the first import, and where an environment forbids
# Python to keep what it compiled, as images of containers do, each job would compile torch anew: 3 s of CPU.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run ship docs test quick lint format bench calibrate mutants fuzz audit pins real clean

help: ## print this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

run: $(VENV)/installed ## install, then compute the default study and print its table
	@snakemake --cores all

ship: $(VENV)/installed ## compute the default study and stage the numbers it is committed with
	dvc repro
	git add dvc.lock results/README.md results/summary.json results/metrics.json

docs: $(VENV)/installed-docs ## write the pages of sharpfit.api to docs/api, from its docstrings
	PYTHONPATH=workflow PDOC_ALLOW_EXEC=1 pdoc --docformat numpy --output-directory docs/api sharpfit.api

test: $(VENV)/installed-test lint ## run every check and test, two at a time
	pytest -n 2 --dist worksteal

quick: $(VENV)/installed-test lint ## run the tests that take seconds
	pytest -m "not slow and not workflow and not browser and not real"

lint: $(VENV)/installed-test ## check format, style, types and rules
	ruff format --check .
	ruff check .
	mypy
	snakefmt --check Snakefile workflow/rules

format: $(VENV)/installed-test ## format code and rules
	ruff format .
	ruff check --fix .
	snakefmt Snakefile workflow/rules

bench: $(VENV)/installed-test ## measure fits, coil maps, starts, no-op runs and scale; writes benchmarks/results
	PYTHONPATH=workflow $(BIN)/python benchmarks/judged.py > benchmarks/results/judged.md
	PYTHONPATH=workflow $(BIN)/python benchmarks/peers.py benchmarks/results/peers.md
	PYTHONPATH=workflow $(BIN)/python benchmarks/coil_maps.py > benchmarks/results/coil_maps.md
	$(BIN)/python benchmarks/starts.py

calibrate: $(VENV)/installed-test ## put the judge to 100 new cases with known truth (half an hour); writes benchmarks/results
	PYTHONPATH=workflow $(BIN)/python benchmarks/verdicts/trajectories.py --split fresh --cases 100 --out .cache/verdicts
	PYTHONPATH=workflow $(BIN)/python benchmarks/verdicts/table.py .cache/verdicts/fresh_* --out benchmarks/results/verdicts.md --picture benchmarks/results/verdicts.png --reliability benchmarks/results/reliability.png

mutants: $(VENV)/installed-test ## change the code in 200 random places and list what no test notices (an hour)
	$(INSTALL) -e '.[mutants]'
	$(BIN)/python tools/mutants.py --number 200 > benchmarks/results/mutants.md

fuzz: $(VENV)/installed-test ## try fifty times as many hostile inputs as the tests do, at random (an hour)
	FUZZ_TIMES=50 pytest tests/fuzz

audit: $(VENV)/installed ## look the pinned packages up in the public list of known holes, or compare their hashes
	$(INSTALL) pip-audit
	$(BIN)/python tools/audit.py

pins: $(VENV)/installed ## write the hashes of what constraints.txt pins anew
	$(BIN)/uv pip compile --quiet --generate-hashes --no-deps --no-annotate --custom-compile-command 'make pins' \
		--output-file hashes.txt constraints.txt

real: $(VENV)/installed ## run the workflow on measured brains, where ../shared/data holds them
	@test -d ../shared/data || { echo "../shared/data, the measured k-space, is not on this machine"; exit 1; }
	@snakemake --cores all --directory studies/real

clean: ## delete what runs leave besides results: logs, caches, Snakemake's records
	rm -rf logs .cache .snakemake .pytest_cache .ruff_cache .mypy_cache

$(VENV)/installed: pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing sharpfit into $(VENV)"
	@$(INSTALL) -e .
	@touch $@

$(VENV)/installed-test: $(VENV)/installed
	@echo "Installing what the tests need into $(VENV)"
	@$(INSTALL) -e '.[test]'
	@touch $@

$(VENV)/installed-docs: $(VENV)/installed
	@echo "Installing what the pages need into $(VENV)"
	@$(INSTALL) -e '.[docs]'
	@touch $@

