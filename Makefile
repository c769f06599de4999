# make demo   environment, installation, the main job: four scenarios, a table, a report
# make test   the whole test suite with linter, type checker and coverage
# make pictures  draws the README's two figures anew
# make clean  removes the environment and all caches

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo test pictures clean

demo: $(STAMP)
	$(BIN)/capdyn run models/regional_capability -s baseline -s first_generation -s second_generation -s third_generation -o runs/demo
	$(BIN)/capdyn report runs/demo

test: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pytest -n 2 --dist worksteal --cov --cov-report=term
	@for part in lang passes emit solve run; do \
		echo "coverage of $$part, lines and branches:"; \
		$(BIN)/coverage report --include="src/capdyn/$$part/*" --format=total --fail-under=90 || exit 1; \
	done

pictures: $(STAMP)
	$(BIN)/capdyn run models/regional_capability -s baseline -s first_generation -s second_generation -s third_generation -s exit_small -s exit_large -o runs/pictures --report
	cp runs/pictures/figures/relative-capability-production.svg runs/pictures/figures/relative-capability-innovation.svg docs/pictures/

$(STAMP): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "capdyn needs Python 3.11 or later; call: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $(STAMP)

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage
