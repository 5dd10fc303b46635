# Everything is installed below this folder: .work, target and node_modules.
PYTHON ?= python3

# What follows `make version` is a number, and no target.
ifeq (version,$(firstword $(MAKECMDGOALS)))
VERSION := $(word 2,$(MAKECMDGOALS))
.PHONY: $(VERSION)
$(VERSION): ; @:
endif

.PHONY: demo test lint docs api bench instructions storm model simulate fuzz mutants audit version release release-check clean

demo: ## build both packages and play the same five checkouts from Python and from Node
	@$(PYTHON) tools/demo.py

test: ## what CI runs: every suite, against the packages as users install them
	@$(PYTHON) tools/test.py

lint: ## formatting, lints and types alone
	@$(PYTHON) tools/test.py --only lint

docs: ## the site: builds it into .work/site/html, and checks each link
	@$(PYTHON) tools/docs.py

api: ## the public API of the Python package and the Rust crates, written anew into tests/api
	@$(PYTHON) tools/api.py

storm: ## the storm, the killed jobs, worker threads and memory, at full size
	@NETGIRO_STORM=full $(PYTHON) tools/test.py --only rust --only python --only node

model: ## every schedule of each model, within larger bounds than the tests': states, depth and time
	@cargo run --quiet --profile model --package netgiro-verification --bin model

simulate: ## shops, queues and servers on one clock, by seed, until stopped or for COUNT checkouts; SEED, ONLY and FAULTS replay
	@cargo run --quiet --locked --profile model --package netgiro-verification --bin simulate -- \
		$(if $(SEED),--seed $(SEED)) $(if $(ONLY),--only $(ONLY)) $(if $(FAULTS),--faults $(FAULTS)) $(if $(TRACE),--trace) \
		$(if $(FIRST),--first $(FIRST)) $(if $(COUNT),--count $(COUNT))

bench: ## netgiro beside its peers: medians and ratios, into docs/benchmarks
	@$(PYTHON) benches/run.py --rounds $(or $(ROUNDS),5)

instructions: ## of what needs no network, counted: fails where one takes 5 % more than the committed baseline
	@$(PYTHON) benches/instructions.py

fuzz: ## each fuzz target for SECONDS seconds
	@$(PYTHON) tools/fuzz.py $(or $(SECONDS),60)

mutants: ## COUNT changes to the core's decisions, drawn by SEED: how many does a test notice?
	@$(PYTHON) tools/mutants.py --seed $(or $(SEED),1) --count $(or $(COUNT),300) $(if $(FILES),--files $(FILES)) $(if $(MISSED),--missed)

audit: ## licences, sources and advisories of the dependencies
	@$(PYTHON) tools/audit.py

version: ## the version of everything, and a draft of what has changed: make version X.Y.Z
	@PYTHONPATH=tools $(PYTHON) -m release version $(VERSION)

release-check: ## what the release's workflow does, as far as this machine goes: each platform built, played, checked only, or not here
	@PYTHONPATH=tools $(PYTHON) -m release check

release: ## the tag that releases this commit once it is pushed; or what is missing
	@PYTHONPATH=tools $(PYTHON) -m release tag

clean:
	rm -rf .work target dist node/dist node_modules
