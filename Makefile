# Two commands do everything on a fresh Debian or Ubuntu with git, make and Go: `make run` and `make test`.
SHELL := /bin/bash
.DELETE_ON_ERROR:
BUILD := .build
DATA ?= .data
GO ?= go
export CGO_ENABLED = 1
# Go's FIPS 140-3 module in the version that has its certificate (GOROOT/lib/fips140).
FIPS := v1.0.0
# What reads bytes of strangers: byte gate, envelope, signature, package, MTOM parts, images; and the readers of XML held against each other.
READERS := FuzzWhole FuzzOpen FuzzVerify FuzzPackage FuzzSplit FuzzOf FuzzReadAlike
TOOL := $(GO) tool -modfile=.ci/tools/go.mod

.PHONY: run demo assets test e2e pictures interop check prove attack replay-proof model build deps deps-test bench bench-quick soak outage crowd crowd-search clean

run: build ## a whole exchange on this machine, with samples; Ctrl-C ends it
	$(BUILD)/ccpor sandbox --data $(DATA)/run

demo: build ## the same once; exit status 0 only if every sample ended as its README says
	$(BUILD)/ccpor sandbox --data $(DATA)/demo --once

build: deps assets
	@mkdir -p $(BUILD)
	GOFIPS140=$(FIPS) $(GO) build -o $(BUILD)/ ./cmd/...
	@$(BUILD)/ccpor version | grep -q 'FIPS 140-3 module $(FIPS).*, in use' || { echo "the program does not use the FIPS 140-3 module" >&2; exit 1; }

deps:
	@.ci/deps run

assets: web/site/assets/site.css ## the pages' styles, from USWDS; quick when nothing changed

web/site/assets/site.css: $(shell find web/site/styles -type f) mapping/confirm/sheet.css $(BUILD)/styles/node_modules/.package-lock.json
	node web/site/styles/build.mjs $(BUILD)/styles web/site/assets

$(BUILD)/styles/node_modules/.package-lock.json: web/site/styles/package.json web/site/styles/package-lock.json | deps
	@mkdir -p $(BUILD)/styles
	cp web/site/styles/package.json web/site/styles/package-lock.json $(BUILD)/styles/
	npm ci --silent --no-audit --no-fund --ignore-scripts --omit=optional --prefix $(BUILD)/styles
	@touch $@

deps-test:
	@.ci/deps test

test: deps-test assets ## the whole suite
	CCPOR_REQUIRE_TOOLS=1 $(GO) test -timeout 20m ./...

interop: deps-test ## the clients of others against the hub: Python zeep and node soap, by the WSDL alone
	CCPOR_REQUIRE_TOOLS=1 $(GO) test -count=1 -timeout 10m -run TestInterop -v ./cmd/ccpor

e2e: build $(BUILD)/e2e/node_modules/.package-lock.json $(BUILD)/e2e/provider/node_modules/.package-lock.json ## the pages in a browser without a window, against a whole sandbox; pictures of them in .build/screens
	CCPOR_REQUIRE_TOOLS=1 $(GO) test -count=1 -timeout 60m -parallel 2 -tags e2e ./web/e2e

pictures: build $(BUILD)/e2e/node_modules/.package-lock.json ## the pictures of the documents anew, from a sandbox
	CCPOR_PICTURES=$(CURDIR)/docs/pictures CCPOR_REQUIRE_TOOLS=1 $(GO) test -count=1 -tags e2e -run TestTheHelpDeskAnswers ./web/e2e

$(BUILD)/e2e/node_modules/.package-lock.json: web/e2e/package.json web/e2e/package-lock.json
	@.ci/deps e2e
	@mkdir -p $(BUILD)/e2e
	cp web/e2e/package.json web/e2e/package-lock.json $(BUILD)/e2e/
	npm ci --silent --no-audit --no-fund --ignore-scripts --prefix $(BUILD)/e2e
	@touch $@

$(BUILD)/e2e/provider/node_modules/.package-lock.json: web/e2e/provider/package.json web/e2e/provider/package-lock.json
	@.ci/deps e2e
	@mkdir -p $(BUILD)/e2e/provider
	cp web/e2e/provider/package.json web/e2e/provider/package-lock.json $(BUILD)/e2e/provider/
	npm ci --silent --no-audit --no-fund --ignore-scripts --prefix $(BUILD)/e2e/provider
	@touch $@

prove: deps-test ## the long proofs: ten times the random documents and mutations, every fuzz target for a minute
	CCPOR_REQUIRE_TOOLS=1 CCPOR_HEAVY=10 CCPOR_CHAOS_ORDERS=1000 $(GO) test -count=1 -timeout 60m ./schemas/... ./exchange/sig ./clets/... ./store
	.ci/fuzz 60s

clean: ## forgets what was built and every sandbox
	rm -rf $(BUILD) $(DATA)

check: deps-test ## everything of CI but the suite; every reader of strangers' bytes is fuzzed for a minute
	@bad=$$(gofmt -l $$(git ls-files '*.go')); [ -z "$$bad" ] || { echo "not formatted: $$bad"; exit 1; }
	$(GO) vet ./...
	$(GO) vet -tags e2e ./web/e2e
	$(TOOL) staticcheck ./...
	$(GO) mod verify >/dev/null
	$(GO) mod tidy -diff
	$(GO) test -count=1 . # import rules
	@.ci/generated
	@.ci/vuln
	.ci/fuzz 60s $(READERS)

model: deps-test ## 10,000 random schedules of losses, crashes and two hubs, each judged afterwards, and every planted defect found; SEED and COUNT play others, COUNT=1 tells one
	CCPOR_MODEL_COUNT=$(or $(COUNT),10000) CCPOR_MODEL_SEED=$(or $(SEED),1) $(GO) test -count=1 -timeout 120m -run '^TestModel$(if $(SEED)$(COUNT),$$$$)' -v ./clets/relay

bench: build ## measure intake and relay beside their probes, and search and pages among ten million orders (SEARCH makes it smaller, SEARCH=0 leaves it out); docs/performance.md says how
	$(BUILD)/ccpor-bench run --out bench/latest.json
ifneq ($(SEARCH),0)
	$(BUILD)/ccpor-bench search --count $(or $(SEARCH),10000000) $(if $(KEEP),--keep $(KEEP)) --out bench/search.json
endif
	$(BUILD)/ccpor-bench doc
	$(GO) test -run '^$$' -bench 20KB -benchmem ./exchange/sig

bench-quick: build ## the same in under a minute, into .build
	$(BUILD)/ccpor-bench run --quick --out $(BUILD)/bench.json

crowd: deps-test assets ## how long each kind of search and the pages take with a million submissions stored; COUNT makes it smaller
	CCPOR_CROWD=$(or $(COUNT),1000000) $(GO) test -count=1 -timeout 30m -run 'TestSearchesAreQuick|TestUnservedOrdersAreReadQuickly|TestPagesAreQuick' -v ./store ./web/helpdesk

crowd-search: build ## searches among ten million invented orders, and whom slips still find, beside ILIKE and full text; COUNT makes it smaller, KEEP names a folder in which the database stays
	$(BUILD)/ccpor-bench search --count $(or $(COUNT),10000000) $(if $(KEEP),--keep $(KEEP)) --out bench/search.json
	$(BUILD)/ccpor-bench doc

attack: build ## hostile messages against a running hub: the kept corpus and 10,000 variants; SEED and COUNT make others
	$(BUILD)/ccpor-attack --seed $(or $(SEED),1) --count $(or $(COUNT),10000)

soak: build ## 200,000 orders, and the hub's memory on the way
	$(BUILD)/ccpor-bench soak --out bench/soak.json
	$(BUILD)/ccpor-bench doc

outage: build ## a hub is killed, then the switch is away with 100,000 waiting and comes back; COUNT makes it smaller
	$(BUILD)/ccpor-bench outage --count $(or $(COUNT),100000) --out bench/outage.json
	$(BUILD)/ccpor-bench doc

replay-proof: deps-test ## 10,000 invented packages of every form and action are replayed and end as they did; then one changed crosswalk row shows, and nothing else
	CCPOR_REPLAY=10000 $(GO) test -count=1 -timeout 60m -run TestReplayProof -v ./cmd/ccpor
