#!/usr/bin/env bash
# Installs what is missing, builds everything, and runs every test.
#   tools/test.sh [ctest options]
# Tests on real clips need VISEME_TEST_DATA, those on golden numbers VISEME_GOLDEN; where unset they are skipped by name.
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/packages.sh

need $BUILD_PACKAGES libboost-test-dev ffmpeg espeak-ng
cmake --preset release -DVISEME_TESTS=ON -DVISEME_BENCH=ON >/dev/null
cmake --build --preset release
cores=$(nproc)
ctest --preset release --parallel $((cores < 4 ? cores : 4)) "$@"  # some tests take a gigabyte or two
