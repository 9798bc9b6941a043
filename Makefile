# `make help` lists the targets. CI calls the same ones.
SHELL := /bin/bash
export CGO_ENABLED ?= 0
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
CLIENTS ?= $(CURDIR)/.clients
SCANNERS ?= $(CURDIR)/.clients-scanners
NODE_CLIENTS ?= $(CURDIR)/.clients-node
MAVEN_CLIENTS ?= $(CURDIR)/.clients-maven
GO_CLIENTS ?= $(CURDIR)/.clients-go
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
# SQLite in Go is translated C: its memory is none of Go's, so the detector sees
# nothing of it, and calling the detector for each access costs four times the time.
UNWATCHED = -gcflags=modernc.org/sqlite/lib=-race=false -gcflags=modernc.org/libc=-race=false
race:
	CGO_ENABLED=1 go test -race $(UNWATCHED) -timeout 20m ./...

clients: $(CLIENTS)/bin/.ready $(SCANNERS)/bin/.ready $(NODE_CLIENTS)/.ready $(GO_CLIENTS)/.ready $(MAVEN_CLIENTS)/.ready ## install the real clients and scanners into .clients and the folders beside it

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

$(GO_CLIENTS)/.ready: test/clients/golang.txt
	mkdir -p $(GO_CLIENTS)
	set -e; grep -v '^#' test/clients/golang.txt | while read -r program; do GOBIN=$(GO_CLIENTS) GOFLAGS= go install "$$program"; done
	touch $@

# Maven by Maven, by what its settings on this machine ask: the two that Debian has not,
# then into a local repository what the goals of the tests need, so that the tests stay
# on loopback. Without the notes on where each file came from it counts as installed.
MVN_GET = org.apache.maven.plugins:maven-dependency-plugin:3.6.1
MVN_DEPLOY = org.apache.maven.plugins:maven-deploy-plugin:3.1.2
$(MAVEN_CLIENTS)/.ready: test/clients/maven/sums.sha512 test/clients/maven/pom.xml
	rm -rf $(MAVEN_CLIENTS) && mkdir -p $(MAVEN_CLIENTS)
	for v in $$(sed -E 's/.*apache-maven-(.*)-bin.*/\1/' test/clients/maven/sums.sha512); do \
	  mvn -q -B -Dmaven.repo.local=$(MAVEN_CLIENTS)/repository $(MVN_GET):copy -Dartifact=org.apache.maven:apache-maven:$$v:tar.gz:bin -DoutputDirectory=$(MAVEN_CLIENTS) || exit 1; done
	cd $(MAVEN_CLIENTS) && sha512sum --quiet -c $(CURDIR)/test/clients/maven/sums.sha512 && for f in *.tar.gz; do tar xzf $$f; done
	for mvn in mvn $(MAVEN_CLIENTS)/apache-maven-*/bin/mvn; do \
	  $$mvn -q -B -f test/clients/maven/pom.xml -Dmaven.repo.local=$(MAVEN_CLIENTS)/repository $(MVN_GET):resolve $(MVN_DEPLOY):deploy-file \
	    -Dfile=$(CURDIR)/test/clients/maven/pom.xml -DpomFile=$(CURDIR)/test/clients/maven/pom.xml -Durl=file://$(MAVEN_CLIENTS)/deployed || exit 1; done
	find $(MAVEN_CLIENTS)/repository \( -name _remote.repositories -o -name '*.lastUpdated' -o -name resolver-status.properties \) -delete
	rm -rf $(MAVEN_CLIENTS)/deployed $(MAVEN_CLIENTS)/repository/org/apache/maven/apache-maven $(MAVEN_CLIENTS)/*.tar.gz
	touch $@

conformance: build clients ## the real clients against the real binary, on loopback
	GATEHOUSE_TEST_BINARY=$(CURDIR)/bin/gatehouse GATEHOUSE_TEST_CLIENTS=$(CLIENTS)/bin GATEHOUSE_TEST_PYTHON=$(CLIENTS)/bin/python \
	GATEHOUSE_TEST_SCANNERS=$(SCANNERS)/bin GATEHOUSE_TEST_MAVEN_CLIENTS=$(MAVEN_CLIENTS) GATEHOUSE_TEST_NODE_CLIENTS=$(NODE_CLIENTS)/node_modules/.bin GATEHOUSE_TEST_GO_CLIENTS=$(GO_CLIENTS) go test -count=1 -tags conformance -timeout 40m ./test/conformance/... ./test/browser/...

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

bench: build ## what the gate costs beside nginx, each client's direct way and osv-scanner, as ratios and beside our aims (many minutes; Linux)
	GATEHOUSE_TEST_BINARY=$(CURDIR)/bin/gatehouse go test -v -run '^$$' -bench '^BenchmarkGate$$' -benchtime 1x -timeout 15m ./bench
	GATEHOUSE_TEST_BINARY=$(CURDIR)/bin/gatehouse go test -v -run '^$$' -bench '^BenchmarkThrough$$' -benchtime 1x -timeout 30m ./bench
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
	rm -rf bin .clients .clients-scanners .clients-node .clients-go .clients-maven
