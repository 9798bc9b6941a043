# `make help` lists the targets. CI calls the same ones.
SHELL := /bin/bash
export CGO_ENABLED ?= 0
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
CLIENTS ?= $(CURDIR)/.clients
SCANNERS ?= $(CURDIR)/.clients-scanners
NODE_CLIENTS ?= $(CURDIR)/.clients-node
ADVISORIES := $(wildcard ../shared/advisories)
ifneq ($(ADVISORIES),)
export GATEHOUSE_TEST_ADVISORIES ?= $(abspath $(ADVISORIES))
endif

.PHONY: help build test vet race conformance live quality quality-corpus bench bench-scan bench-all fuzz demo clients clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | column -t -s "$$(printf '\t')"

build: ## build the static binary into bin/gatehouse
	go build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o bin/gatehouse ./cmd/gatehouse

test: vet race ## vet, and every test that needs nothing but Go

vet:
	@test -z "$$(gofmt -l bench cmd examples internal test)" || { gofmt -l bench cmd examples internal test; echo 'run gofmt -w on these'; exit 1; }
	go vet ./...
	go vet -tags conformance,live,quality ./test/...

# The race detector needs cgo for its runtime; the program itself is built without.
race:
	CGO_ENABLED=1 go test -race -timeout 20m ./...

clients: $(CLIENTS)/bin/.ready $(SCANNERS)/bin/.ready $(NODE_CLIENTS)/.ready ## install the real clients and scanners into .clients, .clients-scanners and .clients-node

$(CLIENTS)/bin/.ready: test/clients/requirements.txt
	python3 -m venv $(CLIENTS)
	$(CLIENTS)/bin/python -m pip install --quiet --disable-pip-version-check -r test/clients/requirements.txt
	touch $@

$(SCANNERS)/bin/.ready: test/clients/scanners.txt
	python3 -m venv $(SCANNERS)
	$(SCANNERS)/bin/python -m pip install --quiet --disable-pip-version-check -r test/clients/scanners.txt
	touch $@

$(NODE_CLIENTS)/.ready: test/clients/package.json test/clients/package-lock.json
	mkdir -p $(NODE_CLIENTS)
	cp test/clients/package.json test/clients/package-lock.json $(NODE_CLIENTS)
	# Not npm ci: it wants every platform of an optional package, which mirrors may lack.
	cd $(NODE_CLIENTS) && npm install --no-save --ignore-scripts --no-audit --no-fund
	# No install scripts run; bun's and pnpm's would put their programs here.
	cd $(NODE_CLIENTS)/node_modules && ln -sf ../$$(ls -d @oven/bun-*/bin/bun | head -1) .bin/bun && ln -sf ../$$(ls -d @pnpm/exe.*/pnpm | head -1) .bin/pnpm
	touch $@

conformance: build clients ## the real clients against the real binary, on loopback
	GATEHOUSE_TEST_BINARY=$(CURDIR)/bin/gatehouse GATEHOUSE_TEST_CLIENTS=$(CLIENTS)/bin GATEHOUSE_TEST_PYTHON=$(CLIENTS)/bin/python \
	GATEHOUSE_TEST_SCANNERS=$(SCANNERS)/bin GATEHOUSE_TEST_NODE_CLIENTS=$(NODE_CLIENTS)/node_modules/.bin go test -count=1 -tags conformance -timeout 40m ./test/conformance/... ./test/browser/...

live: build clients ## tests that read the public index through the installed clients' configuration
	GATEHOUSE_TEST_BINARY=$(CURDIR)/bin/gatehouse GATEHOUSE_TEST_CLIENTS=$(CLIENTS)/bin GATEHOUSE_TEST_PYTHON=$(CLIENTS)/bin/python \
	  go test -count=1 -tags live -timeout 30m ./test/live/...

# HALF=tune measures only the half that rules are tuned on; CORPUS keeps what was fetched.
QUALITY = GATEHOUSE_TEST_BINARY=$(CURDIR)/bin/gatehouse GATEHOUSE_TEST_CLIENTS=$(CLIENTS)/bin GATEHOUSE_TEST_CORPUS=$(CORPUS) GATEHOUSE_TEST_QUALITY_HALF=$(HALF)
CORPUS ?= $(CLIENTS)/corpus
HALF ?=

quality: build clients ## precision and recall of the malware detection, and false positives on real packages; writes docs/quality.md
	$(QUALITY) GATEHOUSE_TEST_QUALITY_DOCS=$(CURDIR)/docs/quality.md go test -v -count=1 -tags quality -timeout 90m -run 'TestQuality|TestDisguisesChangeNothing|TestCodeIsCode' ./test/quality/...

quality-corpus: build clients ## false positives on a few real packages, as CI measures them
	$(QUALITY) go test -v -count=1 -tags quality -timeout 20m -run TestCorpusSlice ./test/quality

bench: build ## what the gate costs beside nginx, pip and osv-scanner, as ratios and beside our aims (some minutes; Linux)
	GATEHOUSE_TEST_BINARY=$(CURDIR)/bin/gatehouse go test -v -run '^$$' -bench '^BenchmarkGate$$' -benchtime 1x -timeout 15m ./bench
	GATEHOUSE_TEST_BINARY=$(CURDIR)/bin/gatehouse go test -v -run '^$$' -bench 'Audit|Start|Sync' -benchtime 5x ./bench

bench-scan: build clients ## what a scan of real packages costs beside GuardDog, as ratios (some minutes; Linux)
	GATEHOUSE_TEST_BINARY=$(CURDIR)/bin/gatehouse GATEHOUSE_TEST_CORPUS=$(CORPUS) go test -v -run '^$$' -bench '^BenchmarkScan$$' -benchtime 1x -timeout 30m ./bench

bench-all: ## every benchmark of the packages
	go test -run '^$$' -bench . -benchmem ./internal/...

fuzz: ## every fuzz target for FUZZTIME (default 30s) each
	@set -e; for p in $$(go list ./...); do for f in $$(go test -list '^Fuzz' $$p | grep '^Fuzz' || true); do echo "== $$p $$f"; go test -run '^$$' -fuzz "^$$f$$" -fuzztime $${FUZZTIME:-30s} $$p; done; done

demo: ## the main job, on data of its own
	go run ./cmd/gatehouse demo

clean: ## remove what was built and installed here
	rm -rf bin .clients .clients-scanners .clients-node
