# Two commands do everything: `make book` and `make test`. Each makes .venv first if it is not there.
# Options: PROFILE=default|smoke|full|paper|...  CORES=2  PARAMS="n=3000 encoder=tfidf"  PYTHON=python3.12

PROFILE ?= default
CORES ?= 2
PARAMS ?=
PORT ?= 8000
NOTES ?=
NB ?=
CHAPTERS ?= 01 06 04
ANSWERS ?=
# What the user gives is taken letter by letter, by make as by the shell: recipes read it from the environment only.
GIVEN := PROFILE CORES PARAMS PORT NOTES NB ANSWERS CHAPTERS
$(foreach name,$(GIVEN),$(eval override $(name) := $$(value $(name))))
export $(GIVEN)

VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed
LAB := .lab

# The first interpreter from 3.11 to 3.13 that can make virtual environments.
SUITABLE := import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(firstword $(foreach p,python3.11 python3.12 python3.13 python3,\
  $(shell $(p) -c '$(SUITABLE)' >/dev/null 2>&1 && echo $(p))))

# Nothing outside the environment may take the place of what is pinned in it.
export PYTHONNOUSERSITE := 1
unexport PYTHONPATH PYTHONHOME

.DEFAULT_GOAL := help
.PHONY: help book pdf test test-fast coverage lint publish-check serve exercises check lab deck handout session clean

help: ## Show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16
	@echo 'Options:  PROFILE=default|smoke|full|paper|own-example|mimic-synthetic|mimic|meds-synthetic  CORES=2  PARAMS="n=3000 encoder=tfidf"  PYTHON=python3.12'

book: $(STAMP) ## Run the study and build the book (goes on where it stopped); ANSWERS=yes: for teachers
	@export WHO_TO_TREAT_ANSWERS="$$ANSWERS"; exec $(PY) workflow/run.py --parent $$PPID --profile="$$PROFILE" --cores="$$CORES" --params="$$PARAMS"

pdf: $(STAMP) ## Print the book of PROFILE into one file, runs/PROFILE/book.pdf (needs Chromium)
	@$(PY) workflow/paper.py --profile="$$PROFILE"

# One thread a process: on small matrices threads only get in the way. A file's tests stay together for their fixtures.
PYTEST := OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(PY) -m pytest -n "$$CORES" --dist loadfile

test: $(STAMP) ## Run all tests
	@$(PYTEST) --durations=15

test-fast: $(STAMP) ## Run all tests but the slow ones
	@$(PYTEST) -m 'not slow'

coverage: $(STAMP) ## Run all tests and say what share of the library they run
	@$(PYTEST) --cov --cov-report=term

lint: $(STAMP) ## Check style, layers and types
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(VENV)/bin/lint-imports
	@$(PY) -m mypy src/helpers/stats src/helpers/data src/helpers/effects src/helpers/policy

publish-check: $(STAMP) ## Look for words of your notes in the book of PROFILE: NOTES=folder or table
	@test -n "$$NOTES" || { echo 'Name your notes, as in: make publish-check NOTES=/path/to/mimic PROFILE=smoke'; exit 1; }
	@book=$$($(PY) workflow/run.py --profile="$$PROFILE" --where) && \
	  exec $(VENV)/bin/who-to-treat publish-check --book="$$book" --notes="$$NOTES"

serve: $(STAMP) ## Show the book of PROFILE at http://localhost:8000
	@book=$$($(PY) workflow/run.py --profile="$$PROFILE" --where) && \
	  exec $(PY) -m http.server --bind 127.0.0.1 --directory "$$book" -- "$$PORT"

exercises: $(STAMP) ## Write exercise sheets into exercises/; those you worked on are kept
	@$(PY) workflow/sheets.py write --params="$$PARAMS"

check: $(STAMP) ## Run one exercise sheet and grade it: NB=exercises/01_data_preparation.ipynb
	@$(PY) workflow/sheets.py check -- "$$NB"

lab: exercises $(LAB)/.installed ## Open the exercise sheets in JupyterLab
	@exec $(LAB)/bin/jupyter-lab --notebook-dir=exercises

deck handout: $(STAMP) ## Write slides, or a handout to print, of the run of PROFILE
	@$(PY) workflow/deck.py $@ --profile="$$PROFILE"

session: $(STAMP) ## Write what a session hands out into session/: CHAPTERS="01 06 04" names the notebooks
	@$(PY) workflow/session.py --profile="$$PROFILE" --chapters="$$CHAPTERS"

clean: ## Remove the environment; run products and caches are kept
	rm -rf $(VENV) $(LAB) src/*.egg-info

# JupyterLab lives beside, for its server slows every start of a kernel; the kernel it offers is that of the environment.
$(LAB)/.installed: constraints.txt $(STAMP)
	@echo 'Installing JupyterLab into $(LAB) (about 250 MB)'
	@$(PYTHON) -m venv --clear $(LAB)
	@$(LAB)/bin/python -m pip install -qq --disable-pip-version-check -c constraints.txt jupyterlab
	@$(PY) -m ipykernel install --prefix $(LAB) --name python3 --display-name 'Who to treat' >/dev/null
	@touch $@

# The stamp is written last: an install that was interrupted is taken up again by the next command.
$(STAMP): constraints.txt pyproject.toml
	@rm -f $@
	@test -n "$(PYTHON)" || { echo 'No Python from 3.11 to 3.13 with venv and ensurepip was found.'; \
	  echo 'Install one (Debian: apt install python3 python3-venv) or name it: make PYTHON=/path/to/python3.11'; exit 1; }
	@$(PYTHON) -c '$(SUITABLE)' || { echo '$(PYTHON) is not a Python from 3.11 to 3.13 with venv and ensurepip.'; exit 1; }
	@$(PY) -m pip --version >/dev/null 2>&1 || { echo 'Making $(VENV) with $(PYTHON)'; $(PYTHON) -m venv --clear $(VENV); }
	@echo 'Installing the pinned packages into $(VENV) (about 2.5 GB, some minutes)'
	@$(PY) -m pip install -qq --disable-pip-version-check -c constraints.txt setuptools wheel
	@$(PY) -m pip install -qq --disable-pip-version-check --no-build-isolation -c constraints.txt -e '.[book,dev]'
	@touch $@
