# make help lists the targets. Everything here runs from the repository's root.

GO        ?= go
# Long tests and fuzzing: make soak SOAK=1h, make fuzz FUZZTIME=5m
SOAK      ?= 10m
FUZZTIME  ?= 1m
# Packages in which several goroutines meet: make race runs these. It leaves out
# long stories that one goroutine tells: the detector makes them ten times as
# slow and has nothing to find in them.
RACE      ?= ./alerts/... ./archive/... ./collectors ./collectors/twitter ./index ./signin ./store ./web ./internal/... ./cmd/...
RACE_SKIP ?= PowerLoss|Killed|Replay|OrderDoesNotMatter|EveryPage|DemoOpens|LeaveAndComeBack|BundlesOfACase|BundlesForOthers|OfARecordedCase|ViewOfTheFirst
VERSION   ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
# The linter that .golangci.yml is written for; make lint-install builds it in
# about three minutes.
LINT      := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
LINTER    := $(firstword $(shell command -v golangci-lint; ls "$$($(GO) env GOBIN)/golangci-lint" "$$($(GO) env GOPATH)/bin/golangci-lint" 2>/dev/null))

# Debian packages that the tests use beside Go.
PACKAGES  := ca-certificates chromium fonts-noto-color-emoji fonts-noto-core gcc git libc6-dev openssl postfix poppler-utils postgresql python3 qemu-user qpdf zstd
PROGRAMS  := chromium gcc git initdb openssl pdfinfo pdftotext postfix python3 qemu-aarch64 qpdf zstd

# The recordings are not part of the repository; where they lie beside it, tests
# replay them, and then nothing at all may be skipped.
TESTDATA  := $(or $(DAYBOOK_TESTDATA),$(abspath $(wildcard ../shared)))
REQUIRE   := $(if $(TESTDATA),all,tools)
WITH_ALL  := DAYBOOK_REQUIRE=$(REQUIRE) DAYBOOK_TESTDATA=$(TESTDATA)

.DEFAULT_GOAL := help
.PHONY: help
help: ## what can be made
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 16

.PHONY: check
check: ## format, vet, and lint where golangci-lint is installed
	@unformatted=$$(gofmt -l $$(find . -name '*.go' -not -path './.git/*')); \
		if [ -n "$$unformatted" ]; then echo "error: not formatted:" $$unformatted >&2; echo "hint: gofmt -w ." >&2; exit 1; fi
	$(GO) vet ./...
	@if [ -n "$(LINTER)" ]; then $(MAKE) --no-print-directory lint; else echo "golangci-lint is not installed: not linted (make lint-install)" >&2; fi

.PHONY: lint
lint: ## golangci-lint with .golangci.yml
	$(or $(LINTER),golangci-lint) run ./...

.PHONY: lint-install
lint-install: ## build the linter, in the version that the configuration is for
	$(GO) install $(LINT)

.PHONY: test
test: test-programs ## all tests, with everything that they can use: nothing is skipped
	$(WITH_ALL) $(GO) test ./...

# On Debian, as root, what is missing is installed; elsewhere it is named.
.PHONY: test-programs
test-programs:
	@missing=; for p in $(PROGRAMS); do \
		command -v $$p >/dev/null || ls /usr/sbin/$$p /usr/lib/postgresql/*/bin/$$p >/dev/null 2>&1 || missing="$$missing $$p"; done; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "installing, because these are missing:$$missing" >&2; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(PACKAGES); \
	else \
		echo "error: these programs are missing:$$missing" >&2; \
		echo "hint: on Debian: sudo apt-get install --no-install-recommends $(PACKAGES)" >&2; \
		echo "hint: go test ./... runs without them and says what it skips with -v" >&2; exit 1; \
	fi

.PHONY: race
race: ## the packages in which goroutines meet, with the race detector
	$(WITH_ALL) $(GO) test -race -timeout 30m -skip '$(RACE_SKIP)' $(RACE)

# What detection finds must not depend on the machine: a processor that adds and
# multiplies in one step would change the last bits of a sum.
.PHONY: machines
machines: test-programs ## the goldens of detection on other machines: the same bits
	GOARCH=386 CGO_ENABLED=0 $(GO) test -run Golden ./detect/...
	GOAMD64=v3 CGO_ENABLED=0 $(GO) test -run Golden ./detect/...
	GOARCH=arm64 CGO_ENABLED=0 $(GO) test -exec qemu-aarch64 -run Golden ./detect/...

# GO is handed on, so that the same Go makes the bundles.
.PHONY: bundle-check
bundle-check: test-programs ## bundles, checked with sha256sum, openssl and python3, and every attack on them
	GO='$(GO)' .ci/bundle

# What is found lies in testdata/fuzz and fails again; a fuzzer that only missed
# its own deadline, which happens on a machine that is busy, does not. All are
# run, whatever one of them finds.
.PHONY: fuzz
fuzz: ## every fuzz test for FUZZTIME
	@found=; \
	for pkg in $$(grep -rl --include='*_test.go' '^func Fuzz' . | xargs -r -n1 dirname | sort -u); do \
		for name in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz'); do \
			echo "== $$pkg $$name"; \
			set -- $(GO) test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x -parallel 2 $$pkg; \
			"$$@" || "$$@" || found="$$found $$pkg:$$name"; \
		done; \
	done; \
	if [ -n "$$found" ]; then echo "found something:$$found"; exit 1; fi

.PHONY: soak
soak: ## the tests that go on for longer when DAYBOOK_SOAK is set
	$(WITH_ALL) DAYBOOK_SOAK=$(SOAK) $(GO) test -v -count=1 -timeout 24h -run 'Soak|Killed|PowerLoss' ./...

.PHONY: bench
bench: ## ratios, one JSON line each (docs/benchmarks.md says what they mean)
	@$(WITH_ALL) $(GO) test -run '^$$' -bench 'Ratio|Against' -benchtime 1x -timeout 2h ./... | \
		awk '/^\{/ { print; next } !/no test files/ { print > "/dev/stderr" } /^(FAIL|---)/ { bad = 1 } END { exit bad }'

.PHONY: dev
dev: ## the made-up case on localhost, made anew in dev/
	rm -rf dev
	$(GO) run ./cmd/daybook demo --keep dev

.PHONY: pictures
pictures: ## the README's pictures, taken anew from the demo
	DAYBOOK_SHOTS=$(CURDIR)/docs/pictures $(GO) test -count 1 -run DemoOpens ./cmd/daybook
	rm -f docs/pictures/timeline.png

.PHONY: dist
dist: ## a static binary in dist/
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o dist/daybook ./cmd/daybook
	@ls -l dist/daybook | awk '{ printf "dist/daybook  $(VERSION)  %.1f MB\n", $$5/1e6 }'

.PHONY: requirements
requirements: ## which requirements have a test, which have none
	@$(GO) run ./internal/requirements
