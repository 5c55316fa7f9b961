#!/usr/bin/env bash
# Everything that a GPU has to say of the cuda and cudnn backends, in ten minutes or so: every kernel and layer against `reference`, rendered frames and
# coded video against the host's, whole nets against the golden numbers where $VISEME_GOLDEN names them, compute-sanitizer on the small cases, times
# beside PyTorch where a python3 with a GPU's torch is there, and which library and, on Hopper, which kernel is the fastest for each convolution: the
# lines to record in backends/cudnn/choices.hpp and backends/simt/product_choices.hpp. cuDNN and cuBLAS are the machine's, else those that came with
# PyTorch.
#   bench/gpu.sh [BUILD [RESULTS.json]]      BUILD: default build/release, with VISEME_TESTS and VISEME_BENCH, made where nvcc is found
#   (on a machine without a GPU with -DVISEME_GPU_TESTS=ON -DCMAKE_CUDA_ARCHITECTURES=90, then brought over)
set -uo pipefail
cd "$(dirname "$0")/.."
build=${1:-build/release}
gpu=$(nvidia-smi --query-gpu=name --format=csv,noheader 2>/dev/null | head -1)
[ -n "$gpu" ] || { echo "bench/gpu.sh: no GPU is found: run it on a machine with one" >&2; exit 1; }
results=${2:-bench/results/$(echo "$gpu" | tr 'A-Z ' 'a-z-').json}
tests=$build/bin/test-gpu nets=$build/bin/test-nets pipeline=$build/bin/test-pipeline media=$build/bin/test-media bench=$build/bin/viseme-bench
for program in "$tests" "$bench"; do
  [ -x "$program" ] || { echo "$program: it is missing: cmake --preset release -DVISEME_GPU_TESTS=ON && cmake --build --preset release" >&2; exit 1; }
done
failed=0
lines=()

opens_libraries() { why_not=$("$bench" --backend cudnn --list --filter '^net/' 2>&1 >/dev/null); }
backends=(cuda)
if ! opens_libraries; then
  with_torch=$(python3 - 2>/dev/null <<'FOLDERS'
import glob, importlib.util, os
names = ('libcudnn.so.9', 'libcublasLt.so.13', 'libnvrtc.so.13')
roots = importlib.util.find_spec('nvidia').submodule_search_locations
print(':'.join(sorted({os.path.dirname(f) for r in roots for n in names for f in glob.glob(f'{r}/**/{n}', recursive=True)})))
FOLDERS
  )
  [ -n "$with_torch" ] && export LD_LIBRARY_PATH="$with_torch${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
fi
if opens_libraries; then backends+=(cudnn); else lines+=("skipped  cudnn: $why_not"); fi

step() {  # step NAME COMMAND...: runs it, keeps one line of the table
  local name=$1 log start=$SECONDS
  shift
  log=$(mktemp)
  if timeout 400 "$@" >"$log" 2>&1; then
    if grep -q 'skipped: needs ' "$log"; then lines+=("skipped  $name: $(grep -m1 -o 'needs .*' "$log")"); else lines+=("passed   $name ($((SECONDS - start)) s)"); fi
  else
    failed=1
    lines+=("FAILED   $name ($((SECONDS - start)) s)")
    tail -25 "$log"
  fi
  rm -f "$log"
}

step "kernels and layers against reference" "$tests"
[ -x "$tests-cudnn" ] && step "the libraries' convolutions against reference" "$tests-cudnn"
[ -x "$tests-frames" ] && step "frames drawn on the GPU against the host's" "$tests-frames"
[ -x "$pipeline" ] && step "whole renders against the host's" "$pipeline" --run_test=device_painter_gpu
[ -x "$media" ] && step "video by the GPU's encoder and decoder, or what takes their places" "$media" --run_test='encoder/without_an_encoder*:decoder/a_gpu_or*'
if [ -x "$nets" ]; then
  step "nets replayed as CUDA graphs against the same run once" "$nets" --run_test=replays_gpu
  step "nets against the golden numbers" "$nets" --run_test=golden_gpu
  step "nets with the libraries against the golden numbers" "$nets" --run_test=golden_cudnn
fi
if command -v compute-sanitizer >/dev/null; then
  for tool in memcheck racecheck; do
    step "compute-sanitizer $tool" compute-sanitizer --tool $tool --error-exitcode 1 "$tests" --run_test='conv2d/whole_vectors:depthwise3x3:batch_norm:resample:inverted_residual:products/odd_sizes'
  done
  [ -x "$tests-frames" ] && step "compute-sanitizer memcheck, frames" compute-sanitizer --tool memcheck --error-exitcode 1 "$tests-frames"
else
  lines+=("skipped  compute-sanitizer: it is not installed")
fi

part=$(mktemp -d)
trap 'rm -rf "$part"' EXIT
for backend in "${backends[@]}"; do
  for type in fp32 bf16 fp16; do
    peers=()
    if [ $backend$type = cudabf16 ] && python3 -c 'import torch; assert torch.cuda.is_available()' 2>/dev/null; then peers=(--peers=pytorch_cuda); fi
    step "times of $backend in $type" "$bench" --backend $backend --dtype $type --filter '^net/' --seconds 2 --json "$part/$backend-$type.json" ${peers[@]+"${peers[@]}"}
  done
  [ $backend = cudnn ] && step "convolutions by library in bf16" "$bench" --backend cudnn --dtype bf16 --filter '^convolution/' --json "$part/libraries.json"
done
if [ -n "$("$bench" --backend cuda --dtype bf16 --list --filter '^product/')" ]; then
  step "1x1 products by kernel in bf16" "$bench" --backend cuda --dtype bf16 --filter '^product/' --json "$part/products.json"
fi
mkdir -p "$(dirname "$results")"
python3 - "$results" "$part"/*.json <<'TABLE' || failed=1
import json, sys
parts = [json.load(open(name)) for name in sys.argv[2:]]
whole = parts[0]
for part in parts[1:]:
    whole['cases'] += part['cases']
whole['command'] = 'bench/gpu.sh'
json.dump(whole, open(sys.argv[1], 'w'), indent=1)
for case in whole['cases']:
    if case['name'].startswith('convolution/') and case['peers']:
        library, best = min(case['peers'].items(), key=lambda peer: peer[1]['median_ms'])
        if best['median_ms'] < 0.95 * case['median_ms']:
            print(f'    recorded_choice{{"{case["name"][12:]}", convolution_library::{library}}},  // {best["ratio"]:.2f} x as fast as the choice')
for case in whole['cases']:
    if case['name'].startswith('product/'):
        wgmma = case['peers']['wgmma']['median_ms']
        if wgmma < 0.95 * case['median_ms']:
            print(f'    product_sizes{{{case["name"].split("/")[1].replace("x", ", ")}}},  // by wgmma {case["median_ms"] / wgmma:.2f} x as fast')
print(f"{'case':60} {'median ms':>10} {'samples/s':>10}  beside")
for case in whole['cases']:
    if case['name'].startswith(('convolution/', 'product/')):
        continue
    batch = int(case['name'].rsplit('batch', 1)[1])
    peers = ', '.join(f"{name} {p['median_ms']:.3f}" for name, p in case['peers'].items())
    print(f"{case['name']:60} {case['median_ms']:10.3f} {batch * 1e3 / case['median_ms']:10.0f}  {peers}")
TABLE
echo "$gpu"
printf '%s\n' "${lines[@]}"
exit $failed
