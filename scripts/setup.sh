#!/usr/bin/env bash
# Installs what the project needs on Debian 12, by package name. Does nothing where all is there.
#   scripts/setup.sh          what building and testing needs
#   scripts/setup.sh --demo   and what the demo needs
#   scripts/setup.sh --dev    and clang, clang-format, clang-tidy, libFuzzer, llvm-mca, a browser without a window
#   scripts/setup.sh --arm    and cross compilers, qemu and the libraries of arm64 and armhf in build/sysroot
# As root, or through sudo; never asks.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(cmake ninja-build g++ make ccache pkg-config git ca-certificates
  libflatbuffers-dev flatbuffers-compiler flatbuffers-compiler-dev
  libprotobuf-dev protobuf-compiler libonnx-dev nlohmann-json3-dev libcli11-dev libspdlog-dev zlib1g-dev
  libgtest-dev libgmock-dev libbenchmark-dev libonnx-testdata python3 python3-venv)
demo_packages=(fonts-dejavu-core fonts-dejavu-extra fonts-liberation espeak-ng)
dev_packages=(clang-14 lld-14 libclang-rt-14-dev clang-format-14 clang-tidy-14 llvm-19 python3-yaml
  chromium-headless-shell)
arm_packages=(g++-aarch64-linux-gnu g++-arm-linux-gnueabihf qemu-user)
# Libraries of the target, unpacked into a sysroot and never installed: some are not Multi-Arch, so
# installing the arm64 package would remove the machine's own.
sysroot_packages=(libflatbuffers-dev libflatbuffers2 libgtest-dev
  libgmock-dev libprotobuf-dev libprotobuf32 zlib1g-dev zlib1g libonnx-dev nlohmann-json3-dev libcli11-dev
  libspdlog-dev libspdlog1.10 libfmt-dev libfmt9)

arm=false
for option in "$@"; do
  case "$option" in
    --demo) packages+=("${demo_packages[@]}") ;;
    --dev) packages+=("${dev_packages[@]}") ;;
    --arm) packages+=("${arm_packages[@]}"); arm=true ;;
    *) sed -n '2,7s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
  esac
done

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

apt() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 -o Acquire::Retries=3 "$@" </dev/null
}

missing=()
for package in "${packages[@]}"; do
  status=$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null || true)
  [ "$status" = "install ok installed" ] || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  echo "setup: installing ${missing[*]}"
  # A mirror in the middle of a sync fails one index of several; the install decides.
  apt update || echo "setup: apt-get update was incomplete" >&2
  apt install -y --no-install-recommends "${missing[@]}" >/dev/null
fi

# unpack ARCHITECTURE: the sysroot's packages, by an apt state of its own, into build/sysroot/ARCHITECTURE.
unpack() {
  local architecture=$1 root=$PWD/build/sysroot/$1
  [ -e "$root/.complete" ] && [ "$(cat "$root/.complete")" = "${sysroot_packages[*]}" ] && return
  echo "setup: unpacking $architecture libraries into build/sysroot"
  rm -rf "$root" "$root.apt"
  mkdir -p "$root" "$root.apt/lists/partial" "$root.apt/cache/archives/partial"
  : >"$root.apt/status"
  local state=(-qq -o "APT::Architecture=$architecture" -o "APT::Architectures=$architecture"
    -o "Dir::State::lists=$root.apt/lists" -o "Dir::State::status=$root.apt/status"
    -o "Dir::Cache=$root.apt/cache" -o APT::Sandbox::User=root -o Acquire::Retries=3)
  apt-get "${state[@]}" update || echo "setup: apt-get update was incomplete" >&2
  (cd "$root.apt" && apt-get "${state[@]}" download "${sysroot_packages[@]}")
  for file in "$root.apt"/*.deb; do dpkg-deb -x "$file" "$root"; done
  rm -rf "$root.apt"
  echo "${sysroot_packages[*]}" >"$root/.complete"
}
if $arm; then
  unpack arm64
  unpack armhf
fi
echo "setup: complete"
