# make demo   environment, installation, the main job: four scenarios, a table, a report
# make test   the whole test suite with linter, type checker and coverage
# make pictures  draws the figures of the READMEs anew
# make clean  removes the environment and all caches

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
MODEL := models/regional_capability
DRAWN := $(MODEL)/pictures

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
	$(BIN)/capdyn explain $(MODEL) -o $(DRAWN) || test $$? = 1  # 1: a loop that is named and not closed
	for map in capability trust firms; do $(BIN)/capdyn map $(MODEL)/studies/threshold_$$map.toml -o runs/pictures/maps || exit; done
	cp runs/pictures/maps/threshold_*.svg $(DRAWN)/
	$(BIN)/capdyn hysteresis $(MODEL) --levers third -o $(DRAWN)
	$(BIN)/capdyn policy $(MODEL) --draws 500 -o runs/pictures/generations
	$(BIN)/capdyn policy $(MODEL) --packages $(MODEL)/policies.toml --budget 1.1e7 -o runs/pictures/packages
	$(BIN)/capdyn policy $(MODEL) --pairs -o runs/pictures/pairs
	cp runs/pictures/generations/worlds.svg $(DRAWN)/
	cp runs/pictures/packages/policy.svg $(DRAWN)/packages.svg
	cp runs/pictures/pairs/policy.svg $(DRAWN)/pairs.svg
	$(BIN)/capdyn study $(MODEL)/studies/drivers.toml --out runs/pictures/drivers
	$(BIN)/capdyn study extend runs/pictures/drivers --size 2
	$(BIN)/capdyn study $(MODEL)/studies/third_generation.toml --out runs/pictures/third
	cp runs/pictures/drivers/figures/total-innovation-capability-at-year-30-in-third-generation.svg docs/pictures/study-drivers.svg
	cp runs/pictures/drivers/figures/fan-relative-capability-home-innovation.svg docs/pictures/study-fan.svg
	cp runs/pictures/third/figures/box-no-take-off-in-third-generation.svg docs/pictures/study-box.svg
	$(BIN)/capdyn search $(MODEL)/studies/packages.toml --budget 8e5 -o runs/pictures/search $(foreach lever,conditional_procurement=3e5 external_nexus=4e5 quality_channels=3.5e5 systemic_coordination=1.5e5 worker_training=4e5,--lever "Lever intensity[$(word 1,$(subst =, ,$(lever))),Home]=$(word 2,$(subst =, ,$(lever)))")
	cp runs/pictures/search/front.svg docs/pictures/study-front.svg

$(STAMP): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "capdyn needs Python 3.11 or later; call: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $(STAMP)

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage
