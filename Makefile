# What can be done here; `make help` lists it.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory --silent
.DEFAULT_GOAL := help
.PHONY: help build package release-check image test demo bench fleet soak lint clean

help:  ## list the targets
	printf 'vault-cipher: make TARGET\n\n'
	sed -nE 's/^([a-z-]+):.*## (.*)/  \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 16

build:  ## the jar, in build/libs
	tests/tools/install.sh build
	tests/tools/gradle.sh jar
	ls build/libs/*.jar

package:  ## what is released, in build/dist: the jar for all platforms and more (PLATFORMS="linux-x86_64 …": for these)
	tests/tools/install.sh package
	packaging/package.sh --incomplete $(PLATFORMS)

release-check:  ## the same, complete, and each library tried where it will run (an hour)
	tests/tools/install.sh test
	tests/tools/gradle.sh testClasses platformTestClasses testLibs
	packaging/package.sh $(PLATFORMS)
	source packaging/platforms.sh; tests/platforms/run.sh $(or $(PLATFORMS),"$${linux_built[@]}")
	tests/platforms/reproduce.sh linux-x86_64 linux-aarch64

image:  ## what `make package` made as an image to copy the jar from, in build/image
	packaging/image.sh

test:  ## everything, against real servers; one line counts the outcome (tests/run.sh STAGE… runs a part)
	tests/run.sh

demo:  ## a server gets its database password from a real Vault, shown step by step
	tests/tools/install.sh demo
	tests/tools/gradle.sh jar testClasses testLibs
	source tests/tools/common.sh; source tests/tools/environment.sh; export_demo_environment; \
		JAVA_HOME=$$(build_jdk) exec tests/host/demo.sh

bench:  ## how fast and how small it is, beside others and beside its goals (minutes); makes docs/performance.md
	tests/tools/install.sh bench
	tests/tools/gradle.sh jar testClasses testLibs benchClasses benchLibs
	benches/run.sh

fleet:  ## a thousand servers start at once under a rate limit; figures and plot go to docs/fleet.md
	tests/tools/install.sh bench
	tests/tools/gradle.sh jar testClasses testLibs
	source tests/tools/common.sh; source tests/tools/environment.sh; export_demo_environment; \
		JAVA_HOME=$$(build_jdk) cargo bench --quiet --profile dev --locked --bench fleet

soak:  ## a million calls, with restarts of Vault and web applications that come and go; figures and plot go to docs/soak.md
	tests/tools/install.sh test
	tests/tools/gradle.sh jar testClasses testLibs
	SOAK_PAGE=1 SOAK_CALLS=1000000 SOAK_APPLICATIONS=200 LIMIT=7200 \
		tests/run-java.sh "$$(tests/tools/jdks.sh 17 | cut -d= -f2)" SoakTest

lint:  ## formatting and warnings, of Rust, Java and shell
	cargo fmt --check
	cargo clippy --quiet --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS=-Dwarnings cargo doc --quiet --workspace --no-deps --locked
	tests/tools/gradle.sh compileJava testClasses benchClasses
	benches/run.sh --check
	if type -P shellcheck >/dev/null; then find tests benches packaging .ci -name '*.sh' -o -path .ci/run | xargs shellcheck -x; \
	else echo 'shellcheck is not installed: the shell scripts were not checked' >&2; fi

clean:  ## remove what was built here (built servers stay in the cache, see tests/tools/common.sh)
	rm -rf build .gradle target
