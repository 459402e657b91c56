# SPDX-License-Identifier: Apache-2.0
# Thin: everything is done by tools/setup-debian.sh, the CMake presets and ctest.
.DEFAULT_GOAL := help
.PHONY: help demo check check-fast check-deb deb install format coverage fuzz tsan torture trace clean

# make demo ARGS="--scene corridor --seed 7"
ARGS =
# make install DESTDIR=/tmp/stage PREFIX=/usr
PREFIX = /usr/local
# make fuzz FUZZ_SECONDS=60 (for each target)
FUZZ_SECONDS = 10
# make torture TORTURE_SECONDS=3600 TORTURE_KEYS=10000000: whichever comes first
TORTURE_SECONDS = 2400
TORTURE_KEYS = 1000000

help:
	@echo "make demo      install packages, build, run the main job once and tell what happened"
	@echo "make check     install packages, build and run all tests: gcc, clang, sanitizers"
	@echo "make install   build the release preset and install it (PREFIX=$(PREFIX), DESTDIR=)"
	@echo "make deb       the Debian package of the release preset, in build/"
	@echo "make check-deb the package on a new Debian 12 root (debootstrap, root, network)"
	@echo "make format    bring every source into the one formatting"
	@echo "make coverage  branch coverage per layer"
	@echo "make fuzz      every fuzz target for FUZZ_SECONDS=$(FUZZ_SECONDS) seconds"
	@echo "make tsan      the concurrent tests and a load on qwaved under the thread sanitizer"
	@echo "make torture   kill qwaved and PostgreSQL under load for TORTURE_KEYS=$(TORTURE_KEYS), check what clients received"
	@echo "make trace     regenerate docs/trace.md"
	@echo "make clean     remove build/"

# Without a terminal, or under CI, the demo runs once and ends.
demo:
	@tools/setup-debian.sh build
	@mkdir -p build
	@cmake --preset release >build/demo.log 2>&1 || { cat build/demo.log; exit 1; }
	@cmake --build --preset release --target programs
	@once=; if [ ! -t 1 ] || [ -n "$$CI" ]; then once=--once; fi; \
	    build/release/bin/qwave demo $$once $(ARGS)

check:
	@tools/setup-debian.sh build check
	@tools/fetch_kernel
	@tools/check

check-fast:
	@tools/check --fast

install:
	@tools/setup-debian.sh build
	cmake --preset release
	cmake --build --preset release --target programs
	cmake --install build/release --prefix "$(PREFIX)"

deb:
	@tools/setup-debian.sh build
	@cmake --preset release >/dev/null
	@cmake --build --preset release --target programs
	@tools/make_deb build/release build

check-deb:
	@tools/setup-debian.sh build check
	@cmake --preset release >/dev/null
	@cmake --build --preset release --target programs qwave_filtered
	@QWAVE_CLEAN_ROOT=yes QWAVE_FILTERED=$(CURDIR)/build/release/tests/bin/qwave_filtered bash tests/system/69-package.sh build/release/bin

format:
	@tools/check_format --fix

coverage:
	@tools/coverage

fuzz:
	@tools/fuzz $(FUZZ_SECONDS)

tsan:
	@tools/setup-debian.sh build check
	@tools/check_threads

torture:
	@tools/setup-debian.sh build check
	@cmake --preset release >/dev/null
	@cmake --build --preset release --target programs
	@QWAVE_TORTURE_S=$(TORTURE_SECONDS) QWAVE_TORTURE_KEYS=$(TORTURE_KEYS) bash tests/system/25-torture.sh build/release/bin

trace:
	@tools/trace --write

clean:
	rm -rf build
