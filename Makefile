# Needs make and python3 (3.11 or newer, with venv). Everything else is installed into .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/requirements.txt
DEVELOPMENT := $(VENV)/requirements-dev.txt

# The checks below read the settings, which want a key and a database. Tests have their own server, never the CRM's.
checks messages: export SECRET_KEY ?= only-for-checks-and-tests-not-for-a-server
checks messages: export DATABASE_URL ?= $(shell $(BIN)/python -m crm_project.database.embedded --test url)

# App Connect's server, against which our connector is tested: installed once, outside the checkout.
APP_CONNECT := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/crm/app-connect
APP_CONNECT_SERVER := $(APP_CONNECT)/installed.json

# Texts of these folders are not for those who use the CRM.
UNTRANSLATED := $(addprefix --ignore=,.venv bench node_modules tests var)

.PHONY: help run stop test faults test-integrations app-connect lint format messages bench install checks clean

help: ## Show this list.
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 26

run: $(RUNTIME) ## Start the whole CRM on this machine: database, web server, worker. Ctrl-C stops it.
	@exec env CRM_PARENT_PID=$$PPID $(BIN)/python -m crm_project.run

stop: $(RUNTIME) ## Stop what `make run`, commands and tests have left running.
	@$(BIN)/python -m crm_project.run stop

test: $(DEVELOPMENT) ## Run the tests on a database of their own; args="tests/contacts -k merge" picks some.
	@$(BIN)/python -m pytest -n 2 $(args)

faults: $(DEVELOPMENT) ## Kill workers and databases at work, and simulate months: the tests that take minutes.
	@$(BIN)/python -m pytest -m faults $(args)

test-integrations: $(DEVELOPMENT) app-connect ## Run the tests with App Connect's own server. Needs npm.
	@NODE_PATH=$(APP_CONNECT)/node_modules $(BIN)/python -m pytest tests/integrations $(args)

app-connect: $(APP_CONNECT_SERVER) ## Install App Connect's own server into the user's cache.

$(APP_CONNECT_SERVER): integrations/app-connect/package.json
	@command -v npm >/dev/null || { echo "npm is missing; on Debian and Ubuntu: apt install npm"; exit 1; }
	@echo "Installing App Connect's server into $(APP_CONNECT). This takes some minutes, once: a part of it is compiled."
	@mkdir -p $(APP_CONNECT) && cp $< $(APP_CONNECT)/package.json
	@npm install --prefix $(APP_CONNECT) --no-audit --no-fund --loglevel=error
	@cp $< $@

lint: $(DEVELOPMENT) ## Check style, types, migrations and the API document.
	@$(MAKE) --no-print-directory checks

checks:
	@echo "== ruff check" && $(BIN)/python -m ruff check .
	@echo "== ruff format" && $(BIN)/python -m ruff format --check .
	@echo "== manage.py check" && $(BIN)/python manage.py check
	@echo "== mypy" && $(BIN)/python -m mypy
	@echo "== manage.py makemigrations" && $(BIN)/python manage.py makemigrations --check --dry-run
	@echo "== manage.py spectacular" && $(BIN)/python manage.py spectacular --validate --fail-on-warn --file /dev/null

format: $(DEVELOPMENT) ## Put the code into its style.
	@$(BIN)/python -m ruff check --fix .
	@$(BIN)/python -m ruff format .

messages: $(RUNTIME) ## Collect the texts to translate into the .po files and compile these. Needs gettext.
	@command -v msgmerge >/dev/null || { echo "gettext is missing; on Debian and Ubuntu: apt install gettext"; exit 1; }
	@$(BIN)/python manage.py makemessages --locale ru --no-obsolete --no-wrap --add-location file $(UNTRANSLATED)
	@find */locale -name '*.po' -exec sed -i.bak '/^"POT-Creation-Date/d' {} \; -exec rm {}.bak \;
	@$(BIN)/python manage.py compilemessages --locale ru $(UNTRANSLATED)

bench: $(DEVELOPMENT) ## Measure speed; args="--help" shows what can be chosen.
	@$(BIN)/python -m bench $(args)

install: $(DEVELOPMENT) ## Make the virtual environment with everything that tests and checks need.

clean: ## Remove the virtual environment and caches. The data in var/ stay.
	@rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp in the environment remembers which packages are installed, so that a second start takes seconds.
$(RUNTIME): requirements.txt
$(DEVELOPMENT): requirements.txt requirements-dev.txt
$(RUNTIME) $(DEVELOPMENT):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed as '$(PYTHON)'. Another one: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "Python's venv is missing. On Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@echo "Installing the packages of $(@F) into $(VENV). This takes a minute or two, once."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-input --root-user-action=ignore -r $(@F)
	@cp $^ $(@D)
