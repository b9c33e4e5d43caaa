# Everything a newcomer runs; `make help` lists it. Python 3.11 or newer and make are all that must be there.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
WORKERS ?= auto

.DEFAULT_GOAL := help
.PHONY: help install demo demo-stuck demo-stateful test test-slow check asl-validator unit bench examples approve docs
.PHONY: proof hostile conformance lock mutants audit nag newest release site clean iac

DEFINITIONS := statemachine/*.asl.json examples/*/*.asl.json

help: ## Say what each target does
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1|\2/' | column -t -s '|'

$(VENV)/installed: requirements.lock
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; call make with PYTHON=python3.11, say") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@ln -sf ../../ecs-drainer $(VENV)/bin/ecs-drainer
	@touch $@

# What locks, audits and mutates; nothing else needs it.
$(VENV)/tools: $(VENV)/installed tools.lock
	$(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes -r tools.lock
	@touch $@

install: $(VENV)/installed ## Create the environment in .venv

demo: install ## Deploy into an embedded AWS, scale in, and watch the drain
	@$(RUN) -m stories.demo

demo-stuck: install ## The same with a service that can't move: what holds the drain, and what frees it
	@$(RUN) -m stories.demo stuck

demo-stateful: install ## Replace five instances under a quorum store and a queue consumer
	@$(RUN) -m stories.demo stateful

test: check ## Lint, types and every tier of tests
	$(VENV)/bin/pytest -q -n $(WORKERS) -m "not slow"

test-slow: install ## The tests that take long by themselves, which CI runs as well
	$(VENV)/bin/pytest -q -n $(WORKERS) -m slow

check: install ## Lint, types, definitions and generated documents
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy .
	$(RUN) -m statemachine.definition_check $(DEFINITIONS)

build/npm/node_modules/asl-validator: Makefile
	npm install --prefix build/npm --silent --no-save --no-package-lock --no-audit --no-fund asl-validator@4.0.0
	@touch $@

asl-validator: install build/npm/node_modules/asl-validator ## Check the definitions with asl-validator, which needs npm
	$(RUN) -m statemachine.asl_validator build/npm/node_modules/.bin/asl-validator $(DEFINITIONS)

# Half a gigabyte that nothing else needs.
build/nag/installed: nag.lock
	$(PYTHON) -m venv --clear build/nag
	build/nag/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r nag.lock
	@touch $@

nag: install build/nag/installed ## Hold stack and roles against cdk-nag's AwsSolutions rules, which need node
	$(RUN) -m statemachine.nag build/nag/bin/python

# Not in the locks: the CDK needs node, and SAM's translator another release of pydantic than moto.
build/iac/bin/python: Makefile
	$(PYTHON) -m venv build/iac
	$@ -m pip install --quiet --disable-pip-version-check aws-cdk-lib==2.275.0 aws-sam-translator==1.115.0
	@touch $@

# The commands that people type; each brings a hundred packages, and a prefix of its own keeps npm from removing another's.
build/cdk/node_modules/aws-cdk: Makefile
	npm install --prefix build/cdk --silent --no-save --no-package-lock --no-audit --no-fund aws-cdk@2.1148.1
	@touch $@

build/sam/bin/sam: Makefile
	$(PYTHON) -m venv build/sam
	build/sam/bin/python -m pip install --quiet --disable-pip-version-check aws-sam-cli==1.170.0
	@touch $@

iac: install build/iac/bin/python build/cdk/node_modules/aws-cdk build/sam/bin/sam ## Deploy by Terraform, CDK and SAM; needs terraform with its AWS provider, node and npm
	$(VENV)/bin/pytest -q -n $(WORKERS) tests/deploy/test_terraform.py tests/deploy/test_cdk.py tests/deploy/test_sam.py \
		tests/deploy/test_cdk_command.py tests/deploy/test_sam_command.py

unit: install ## The tests that need neither a server nor much time
	$(VENV)/bin/pytest -q -n $(WORKERS) -m "not deploy and not slow"

bench: install ## Compare the drain with fixed polls, and measure fleets of drains
	@$(RUN) -m benchmarks

proof: install ## Let every call, event and service of the scenarios fail in every way; PROOF="--help" says how much
	@$(RUN) -m proof $(PROOF)

conformance: install ## Run recordings of the real Step Functions on the embedded AWS
	$(RUN) -m embedded_aws.conformance --differences

hostile: install ## Knock at every door with CASES=10000 hostile cases each; DOOR=ledger for some of them
	@$(RUN) -m tests.hostile --cases $(or $(CASES),10000) --door "$(DOOR)"

examples: install ## Run every example state machine on the embedded AWS
	@$(RUN) -m examples run

approve: install ## Write the approved timelines anew; read their diff
	APPROVE=1 $(VENV)/bin/pytest -q -n $(WORKERS) tests/scenarios

docs: install ## Write the generated parts of the documents anew
	$(RUN) -m docs.generate --demo

# The site is built in an environment of its own: nothing else needs what MkDocs brings.
SITE := build/site-env

$(SITE)/installed: site.lock
	$(PYTHON) -m venv --clear $(SITE)
	$(SITE)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r site.lock
	@touch $@

site: $(SITE)/installed ## Build the documents as a site in build/site, every link checked
	NO_MKDOCS_2_WARNING=1 $(SITE)/bin/mkdocs build --strict --quiet
	@echo "open build/site/index.html"

LOCK := $(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--custom-compile-command "make lock" $(UPGRADE)

lock: $(VENV)/tools ## Write the locks anew from pyproject.toml; UPGRADE=--upgrade takes what is newest
	$(LOCK) pyproject.toml --extra sandbox --extra console --group dev --group lambda --output-file requirements.lock
	$(LOCK) --group tools --constraints requirements.lock --output-file tools.lock
	$(LOCK) --group lambda --constraints requirements.lock --output-file requirements.txt
	$(LOCK) --group nag --output-file nag.lock
	$(LOCK) --group site --output-file site.lock

audit: $(VENV)/tools ## Ask for known faults of every locked package; fails where nobody answers
	$(VENV)/bin/pip-audit --strict --disable-pip --require-hashes -r requirements.lock -r tools.lock -r site.lock $(AUDIT)

NEWEST := build/newest
CONTRACTS := tests/deploy tests/embedded_aws tests/gateways tests/definition tests/iam

newest: ## Run the contract tests against the newest Chalice, moto and botocore
	$(PYTHON) -m venv --clear $(NEWEST)
	$(NEWEST)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(NEWEST)/bin/python -m pip install --quiet --disable-pip-version-check --upgrade chalice 'moto[server,all]' boto3 botocore
	$(NEWEST)/bin/python -m pip list --disable-pip-version-check | grep -E '^(chalice|moto|boto3|botocore) '
	$(NEWEST)/bin/pytest -q -n $(WORKERS) $(CONTRACTS)

release: $(VENV)/tools ## Make wheel, Lambda zip, template, bill of materials and checksums in dist/
	@$(RUN) -m release

MUTANTS := build/mutants

mutants: $(VENV)/tools ## Change decisions in small ways and see whether a test notices; ONLY='*wake*' for some of them
	rm -rf $(MUTANTS) && mkdir -p $(MUTANTS)
	git ls-files -z --deduplicate | xargs -0 cp --parents -t $(MUTANTS)
	cd $(MUTANTS) && $(abspath $(VENV))/bin/mutmut run $(ONLY) && $(abspath $(VENV))/bin/mutmut results

clean: ## Remove the environment and everything that was made
	rm -rf $(VENV) .sandbox .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist
