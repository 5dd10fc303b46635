# Everything is installed below this folder: .work, target and node_modules.
PYTHON ?= python3

.PHONY: demo test lint clean

demo: ## build both packages and play the same five checkouts from Python and from Node
	@$(PYTHON) tools/demo.py

test: ## what CI runs: every suite, against the packages as users install them
	@$(PYTHON) tools/test.py

lint: ## formatting, lints and types alone
	@$(PYTHON) tools/test.py --only lint

clean:
	rm -rf .work target dist node_modules
