# The front door: `make help` lists what there is. Each target first installs what it lacks (tools/bootstrap).
.DEFAULT_GOAL := help
.PHONY: help run build dev web test test-long bench lint format fuzz clean

FUZZ_SECONDS ?= 10

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Build, then try it: Postroom and a simulated Microsoft 365 tenant, with mail in it
	tools/bootstrap run
	tools/build release postroom
	$(MAKE) --no-print-directory web
	tools/run

build: ## Build the program as it is installed: build/release/postroom
	tools/build release postroom

dev: ## Build program and tests quickly, for work: build/dev
	tools/build dev

test: ## All tests under address and undefined behaviour sanitizers, real mail servers and a browser among them
	FUZZ_SECONDS=$(FUZZ_SECONDS) tools/stages test

test-long: ## What is too slow for every change: thread sanitizer, all of clang-tidy, long fuzzing
	tools/stages test-long

bench: ## Benchmarks: ratios, measured beside a peer or a limit
	tools/stages bench

lint: ## Format, layers, coroutines, words, headers, clang-tidy on what changed, the pages' types
	tools/stages lint

format: ## Format all C++ in place
	tools/bootstrap build
	tools/lint-format --fix

fuzz: ## Fuzz every parser for FUZZ_SECONDS (10) each, in an optimised build
	tools/build fuzz fuzzers
	tools/fuzz fuzz $(FUZZ_SECONDS)

clean: ## Remove what was built, but not what was installed
	rm -rf build web/dist

# The console's pages, built anew only when one of their sources is newer.
web: $(if $(wildcard web/package.json),web/dist/index.html)

web/dist/index.html: api/openapi.yaml $(if $(wildcard web/package.json),$(shell find web -type f -not -path '*/node_modules/*' -not -path 'web/dist/*'))
	tools/bootstrap run
	cd web && npm run --silent build
