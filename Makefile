# Everything that a newcomer or a build machine does with Heed. `make help` lists it.

SWIFT ?= swift
PREFIX ?= /usr/local
DESTDIR ?=
# STRICT=1 turns warnings into errors, as the build machine does; C's are errors in `make lint`.
STRICT ?=

BUILD_FLAGS = -c release
ifneq ($(STRICT),)
BUILD_FLAGS += -Xswiftc -warnings-as-errors
endif
# STATIC=1 links Swift's libraries into the program, which then runs where no Swift is installed.
STATIC ?=
ifneq ($(STATIC),)
BUILD_FLAGS += --static-swift-stdlib
endif
TEST_FLAGS = $(BUILD_FLAGS) --disable-testable-imports --disable-xctest

# The clang of the Swift toolchain, which also builds the package's C.
CLANG ?= $(dir $(realpath $(shell command -v $(SWIFT))))clang
C_FLAGS = -std=gnu17 -O2 -D_GNU_SOURCE -DNDEBUG -Wall -Wextra -Werror

C_SOURCES = $(shell find Sources Tests Fuzzing -name '*.c' -o -name '*.h' -o -name '*.inc')
SWIFT_FOLDERS = $(wildcard Sources Tests Fuzzing Examples Benchmarks)

# The peers' virtual environment; PEER_PYTHON names another Python that has what Benchmarks/requirements.txt lists.
PEERS = .build/peers
PEER_PYTHON ?= $(PEERS)/bin/python
PIP_OPTIONS ?=
# The fuzzers that `make fuzz` runs; all of them when empty.
TARGETS ?=
WORKLOADS ?=
BENCH_OPTIONS ?=

# For `make sanitize`: kernels, memcheck, address, thread, quick.
WHAT ?=
# The folder of another oneDNN than the system's, with include and lib, for `make test-kernels`.
DNNL ?=

.PHONY: help build bench costs examples demo docs pictures test test-kernels browser soak fuzz fuzzers aarch64 sanitize api lint format install dependencies check-dependencies

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

dependencies: ## install what is missing on this machine (apt-get)
	Tools/install-dependencies.sh

check-dependencies:
	@Tools/install-dependencies.sh --check

build: check-dependencies ## build the program, optimised
	$(SWIFT) build $(BUILD_FLAGS) --product heed

bench: build $(if $(filter $(PEERS)/%,$(PEER_PYTHON)),$(PEERS)/installed) ## measure Heed beside its peers: WORKLOADS="train-* ..."
	$(PEER_PYTHON) Benchmarks/run.py --heed "$$($(SWIFT) build $(BUILD_FLAGS) --show-bin-path)/heed" \
		--work .build/benchmarks $(BENCH_OPTIONS) $(WORKLOADS)

$(PEERS)/installed: Benchmarks/requirements.txt
	python3 -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install $(PIP_OPTIONS) --requirement Benchmarks/requirements.txt
	touch $@

costs: build ## how the time of an update grows with its sizes
	python3 Benchmarks/costs.py --heed "$$($(SWIFT) build $(BUILD_FLAGS) --show-bin-path)/heed" $(BENCH_OPTIONS) $(WORKLOADS)

examples: check-dependencies ## build the programs in Examples, in a package of their own
	SWIFT=$(SWIFT) Tools/build-examples.sh

demo: dependencies build ## look at what the program does
	@Tools/demo.sh "$$($(SWIFT) build $(BUILD_FLAGS) --show-bin-path)/heed"

docs: build ## build the documentation of the libraries: .build/documentation
	$(SWIFT) build $(BUILD_FLAGS) --target HeedTestSupport
	SWIFT=$(SWIFT) Tools/build-documentation.sh "$$($(SWIFT) build $(BUILD_FLAGS) --show-bin-path)" .build/documentation

pictures: build ## draw the pictures of docs/lecture.md and docs/attention.md anew
	@heed="$$($(SWIFT) build $(BUILD_FLAGS) --show-bin-path)/heed"; mkdir -p docs/images; \
	"$$heed" explain | while read -r topic rest; do \
		"$$heed" explain "$$topic" --output "docs/images/$$topic.svg" && echo "docs/images/$$topic.svg"; done; \
	"$$heed" attend --source 'Hast du meinen Schlüssel gesehen?' --kind cross --layer 2 --head 2 --head 3 \
		--output docs/images/cross-attention.svg && echo docs/images/cross-attention.svg

test: dependencies test-kernels examples browser ## run every test
	$(SWIFT) test $(TEST_FLAGS)

# Without it the tests of pages say that they did not run.
browser:
	@if [ "$$(id -u)" -eq 0 ] || sudo -n true 2>/dev/null; then \
		Tools/install-dependencies.sh --browser || echo "no browser: pages will not be tested" >&2; \
	elif ! Tools/install-dependencies.sh --browser --check; then \
		echo "no browser: pages will not be tested" >&2; \
	fi

test-kernels: check-dependencies ## run the tests of the C kernels, products and threads
	$(MAKE) --directory Tests/CKernelDriver test CC=$(CLANG) DNNL=$(abspath $(DNNL)) \
		BUILD=$(CURDIR)/.build/kernel-tests$(if $(DNNL),-other)

soak: check-dependencies ## kill trainings by the hundred, fail each call on files, fill a disk
	CLANG=$(CLANG) SWIFT=$(SWIFT) Tools/soak.sh $(TEST_FLAGS)

fuzz: ## fuzz each reader of files for 20 seconds: FUZZ_SECONDS=, FUZZ_RUNS=, TARGETS="json ..."
	SWIFT=$(SWIFT) Fuzzing/run.sh $(TARGETS)

fuzzers: check-dependencies ## compile the fuzzers, without sanitizers
	HEED_FUZZING=1 $(SWIFT) build $(BUILD_FLAGS) --target heed-fuzz

aarch64: ## compile the C for aarch64, and run its tests there under qemu-user
	CC=$(CLANG) Tests/CKernelDriver/aarch64.sh $(CURDIR)/.build/aarch64

sanitize: check-dependencies ## run the tests under sanitizers and valgrind: WHAT="kernels memcheck address thread quick"
	SWIFT=$(SWIFT) CLANG=$(CLANG) Tools/sanitize.sh $(WHAT)

api: ## compare the public interfaces with those of the last version
	SWIFT=$(SWIFT) Tools/check-api.sh

lint: ## check the form of Swift and C
	$(SWIFT) format lint --strict --parallel --recursive Package.swift $(SWIFT_FOLDERS)
	clang-format --dry-run -Werror $(C_SOURCES)
	$(CLANG) $(C_FLAGS) -ISources/CHeedKernels/include -ISources/CHeedMemory/include -fsyntax-only $(filter Sources/%.c,$(C_SOURCES))

format: ## bring Swift and C into form
	$(SWIFT) format --in-place --parallel --recursive Package.swift $(SWIFT_FOLDERS)
	clang-format -i $(C_SOURCES)

install: build ## install under PREFIX (/usr/local)
	@Tools/install.sh "$$($(SWIFT) build $(BUILD_FLAGS) --show-bin-path)" "$(DESTDIR)$(PREFIX)"
