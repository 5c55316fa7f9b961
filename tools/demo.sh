#!/usr/bin/env bash
# Installs what is missing, builds, and renders the demo person saying something they were not trained on.
#   tools/demo.sh [OUT.mp4]
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/packages.sh

out=${1:-build/demo.mp4}
need $BUILD_PACKAGES
cmake --preset release -DVISEME_TESTS=OFF -DVISEME_BENCH=OFF >/dev/null
cmake --build --preset release --target viseme-render
build/release/bin/viseme-render --dataset weights/demo/person --checkpoint weights/demo/person.safetensors \
  --audio weights/demo/hello.wav --out "$out"
echo "Done: $out"
