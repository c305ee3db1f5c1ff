# One place for each command: people, CI and the handbook call these targets.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

# The machine's own uv, or one of the project's in .tools/.
UV := $(or $(shell command -v uv 2>/dev/null),.tools/bin/uv)
RUN := $(UV) run --locked
PORT ?= 8000
# Processes that the tests run in.
JOBS ?= auto
# What must pass before a release.
UPDATE_TESTS ?= tests/test_updates.py tests/test_update_command.py tests/test_lived_in.py tests/test_upgrading.py

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  \033[1m%-8s\033[0m %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: .venv ## Copy the template with the example marketplace, and serve the result (PORT=8001 for another port)
	@$(RUN) python scripts/demo.py --port $(PORT) $(if $(DEMO_EXIT),--exit)

.PHONY: test
test: .venv ## Run all tests (ARGS="-k name" for some of them, JOBS=4 for more processes)
	$(RUN) pytest --numprocesses $(JOBS) --maxschedchunk 1 $(ARGS)

.PHONY: lint
lint: .venv ## Check style and types of the template's own code
	$(RUN) ruff check
	$(RUN) ruff format --check
	$(RUN) tombi format --offline --check --quiet pyproject.toml
	$(RUN) yamllint --strict copier.yml questions .github .pre-commit-config.yaml
	$(RUN) mypy

.PHONY: format
format: .venv ## Correct what a program can correct, and write the generated files again
	$(RUN) ruff check --fix-only
	$(RUN) ruff format
	$(RUN) tombi format --offline --quiet pyproject.toml
	$(RUN) python -m scripts.reference
	$(RUN) python -m scripts.diagrams
	$(RUN) python -m scripts.cookiecutter_json

.PHONY: docs
docs: .venv ## Build the handbook into build/docs; a warning is an error
	$(RUN) sphinx-build --fail-on-warning --keep-going --quiet docs build/docs
	@echo "build/docs/index.html"

# Of the learner, with the example marketplace.
PROJECT ?= ../my-service

.PHONY: exercise
exercise: | $(UV) ## Mark your work on an exercise of docs/learn (N=1 PROJECT=../my-service; without N, on all)
	@[ -f "$(PROJECT)/manage.py" ] || { echo "There is no project in $(PROJECT): name yours with PROJECT=../my-service."; exit 1; }
	@$(UV) run --quiet --directory "$(PROJECT)" python "$(CURDIR)/exercises/mark.py" $(N)

.PHONY: render
render: .venv ## Render the working tree into build/project in a second (DATA="-d preset=minimal")
	@rm -rf build/project
	@$(RUN) python -W ignore -m copier copy --quiet --defaults --vcs-ref HEAD $(DATA) . build/project
	@echo "build/project"

.PHONY: example
example: .venv ## Write what the handbook shows of the example: its models and its OpenAPI document
	@$(RUN) python -m scripts.example
	@$(RUN) python -m scripts.diagrams

.PHONY: drills
drills: .venv ## Take each service down under load, and write what happens into the template's docs
	NEXUS_WRITE_DRILLS=1 $(RUN) pytest --numprocesses 0 tests/test_containers.py

.PHONY: waiting
waiting: .venv ## Compare processes, threads, coroutines and a queue, while they wait (needs Redis)
	@$(RUN) python -m scripts.waiting

.PHONY: bench
bench: .venv ## Compare web servers on a generated project (needs PostgreSQL on this machine, and wrk)
	@$(RUN) python scripts/bench.py

.PHONY: release
release: .venv ## Release what is committed, if the updates to it work (VERSION=1.2.0)
	@$(RUN) python scripts/release.py "$(VERSION)" $(UPDATE_TESTS)

.PHONY: clean
clean: ## Remove what the other targets have built
	rm -rf build .venv .tools uv.lock

.venv: pyproject.toml | $(UV)
	@echo "Installing the tools of this repository"
	@$(UV) lock --quiet
	@$(UV) sync --locked --quiet
	@touch .venv

.tools/bin/uv:
	@echo "Installing uv into .tools"
	@python3 -m venv .tools
	@.tools/bin/pip install --quiet --disable-pip-version-check 'uv>=0.9'

ifneq ($(UV),.tools/bin/uv)
$(UV):
endif
