# Thin wrappers; everything they do is in scripts/, CMakePresets.json and demo/.
.PHONY: help setup build demo test bench compare accuracy format lint size clean
.DEFAULT_GOAL := help

help: ## print this
	@sed -n 's/^\([a-z]*\):.*## /make \1\t/p' Makefile

setup: ## install the system packages that building and testing need (Debian 12)
	@scripts/setup.sh

build: setup ## build everything into build/release
	@cmake --preset release
	@cmake --build --preset release

demo: ## build, fetch real models, run them on images, text and sound
	@scripts/setup.sh --demo
	@cmake --preset release
	@cmake --build --preset release --target pare pare_shared pare-run pare-bench
	@demo/run.sh

test: build ## build and run every test
	@ctest --preset release

bench: build ## benchmark the kernels
	@for f in build/release/bench/bench_*; do [ -x $$f ] && [ -f $$f ] && $$f; done

compare: build ## time Pare beside other runtimes (fetches them from the package index)
	@bench/compare/run.sh

accuracy: build ## measure what quantization costs on real models, beside another quantizer
	@scripts/setup.sh --demo
	@bench/accuracy/run.sh

format: ## format the sources in place
	@scripts/check_format.sh --fix

lint: build ## clang-format, clang-tidy, line budget, instruction-set check
	@scripts/setup.sh --dev
	@scripts/check_format.sh
	@scripts/check_lines.sh
	@scripts/check_isa.sh build/release
	@scripts/check_tidy.py build/release

size: build ## print the size of the stripped runtime, and check it
	@scripts/check_size.sh

clean: ## remove build/
	@rm -rf build
