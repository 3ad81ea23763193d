# The verbs that generated projects use too. uv comes from the path, or through pip into .tools.
UV := $(or $(shell command -v uv),.tools/bin/uv)
RUN := $(UV) run --quiet

check: lint test

setup: $(UV)
	$(UV) sync --quiet
	$(if $(wildcard .git),$(RUN) pre-commit install)

.tools/bin/uv:
	python3 -m venv .tools
	.tools/bin/pip install --quiet "uv>=0.13"

format: setup
	$(RUN) ruff format .
	$(RUN) ruff check --fix .

lint: setup
	$(RUN) ruff format --check .
	$(RUN) ruff check .
	$(RUN) mypy
	$(RUN) python tests/lint_workflows.py

test: setup
	$(RUN) pytest

demo: setup
	$(RUN) python generator/demo.py

bench: setup
	$(RUN) python bench/command_line.py
	$(RUN) python bench/updates.py
	$(RUN) python bench/projects.py

build: setup
	$(UV) build --quiet

clean:
	rm -rf .mypy_cache .pytest_cache .ruff_cache .tools .venv demo dist uv.lock

.PHONY: check setup format lint test bench demo build clean
