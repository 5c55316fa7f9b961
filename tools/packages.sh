# Sourced by demo.sh and test.sh: `need PACKAGE...` installs what is missing from Debian's packages, and says so.
need() {
  local missing=()
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  echo "Installing from Debian's packages: ${missing[*]}"
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "viseme: cannot install ${missing[*]}: not root and no sudo: install them and run again" >&2; exit 1; }
    as_root=(sudo)
  fi
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

BUILD_PACKAGES="g++ cmake ninja-build pkg-config libopencv-dev opencv-data libavformat-dev libavcodec-dev libavutil-dev libswscale-dev
  libswresample-dev libxtensor-dev libboost-program-options-dev nlohmann-json3-dev libzip-dev libssl-dev
  libonnx-dev libprotobuf-dev"
