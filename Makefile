# Relevo. Needs Python 3.11 or newer and make; everything else comes by itself. `make` alone tells the targets.
PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11 python; do command -v $$name && break; done)
ARGS ?=
JOBS ?= 2

PREPARE = exec $(or $(PYTHON),$(error Python 3.11 or newer is needed; none was found)) crm/deploy/bootstrap.py
VENV = .venv/bin/python
# The settings ask for these; nothing is connected to.
CHECKING = RELEVO_MODE=test SECRET_KEY=only-for-checking

.DEFAULT_GOAL := help
.PHONY: help run test soak faults bench shots lint manage backup restore demo-record messages requirements clean

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo '  ARGS="…" passes options on: make run ARGS="--port 9000", make test ARGS="-k queue"'

run: ## Run Relevo with demo data and its own PostgreSQL and Valkey; Ctrl-C stops it
	@$(PREPARE) -- -m crm.deploy.run --with-parent --env-file .env $(ARGS)

test: ## Run the tests (JOBS=2 at a time), in a real browser where there is one
	@$(PREPARE) --tests -- -m crm.deploy.browser
	@exec $(VENV) -m pytest -n $(JOBS) $(ARGS)

soak: ## Run the long forms of tests that `make test` runs short, with their full numbers
	@$(PREPARE) --tests
	@$(VENV) -m pytest -n $(JOBS) -m soak $(ARGS)
	@exec $(VENV) -m pytest -n $(JOBS) -m properties --hypothesis-profile many $(ARGS)

faults: ## Run the long forms of the fault tests, and products with one safety taken out
	@$(PREPARE) --tests
	@exec $(VENV) -m pytest -n $(JOBS) -m long_faults $(ARGS)

bench: ## Measure queries, CPU and time among 10,000 and 100,000 leads: make bench ARGS="--leads 10000 --only queue"
	@$(PREPARE) --tests -- -m tests.bench $(ARGS)

shots: ## Take a picture of every screen into test-results/shots; those of README anew: make shots ARGS=--readme
	@$(PREPARE) --tests -- -m crm.deploy.browser
	@exec $(VENV) -m tests.browser.screens.shots $(ARGS)

lint: ## Check style, templates, types, that no migration is missing and that the demo's recording is fresh
	@$(PREPARE) --tests
	$(VENV) -m ruff check .
	$(VENV) -m ruff format --check .
	find templates -name '*.html' -exec .venv/bin/djade --check --target-version 5.2 {} +
	$(CHECKING) $(VENV) -m mypy
	$(CHECKING) $(VENV) -W ignore manage.py makemigrations --check --dry-run
	$(VENV) -m crm.demo.recording

manage: ## Run a management command on the data of `make run`: make manage ARGS="import_leads FILE …"
	@$(PREPARE) -- -m crm.deploy.run --env-file .env --manage $(ARGS)

backup: ## Write one file with all data and the secret key, also while Relevo runs: make backup FILE=/safe/place/
	@$(PREPARE) -- -m crm.deploy.backups --env-file .env backup $(if $(FILE),"$(FILE)")

restore: ## Put a backup into an empty data folder: make restore FILE=… (RELEVO_DATA names another folder)
	@$(PREPARE) -- -m crm.deploy.backups --env-file .env restore $(if $(FILE),"$(FILE)")

demo-record: ## For developers: record the demo's past anew, after a change of schema or of what writes history
	@$(PREPARE) -- -m crm.demo $(ARGS)

messages: ## For developers: collect and compile the Spanish texts (needs gettext)
	@$(PREPARE) --tests
	$(CHECKING) $(VENV) manage.py makemessages -l es -e html,txt,py,jinja --no-obsolete --no-wrap --add-location file -i '.venv/*' -i 'tests/*'
	$(CHECKING) $(VENV) manage.py compilemessages -v 0 -i '.venv/*'
	$(CHECKING) $(VENV) manage.py compile_variants

requirements: ## For developers: pin the packages anew (needs uv)
	uv pip compile --universal --python-version 3.11 --no-annotate --no-header -o requirements.txt crm/deploy/requirements.in
	uv pip compile --universal --python-version 3.11 --no-annotate --no-header -o tests/requirements.txt tests/requirements.in

clean: ## Stop Relevo and remove its data; tells what was removed
	@$(PREPARE) -- -m crm.deploy.run --env-file .env --remove $(ARGS)
