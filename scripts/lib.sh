# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# What the scripts share. Sourced, with `set -euo pipefail` in force.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
export PYTHONDONTWRITEBYTECODE=1

# Debian's packages of Python modules belong to the distribution's own python3, and another may be first on PATH.
PYTHON=/usr/bin/python3
[ -x "$PYTHON" ] || PYTHON=python3

# What a build needs, by Debian's names. CMakeLists.txt asks for the same libraries.
BUILD_PACKAGES=(
    gcc libc6-dev cmake gettext ninja-build pkgconf
    libmicrohttpd-dev libcurl4-openssl-dev libcjson-dev libssl-dev libsystemd-dev
    libqrencode-dev libseccomp-dev libidn2-dev
)

# The references of scripts/bench, and its tools.
BENCH_PACKAGES=(python3 python3-pytest strace wrk oidc-agent-cli gnuplot-nox)
export ROOT PYTHON BUILD_PACKAGES BENCH_PACKAGES

say() {
    printf '%s\n' "$*" >&2
}

die() {
    say "${0##*/}: $*"
    exit 1
}

# The text of --help: the comment that follows the licence at the top of the script.
print_help() {
    sed -n '3,/^[^#]/s/^#\( \|$\)//p' "$0"
}

usage_error() {
    say "${0##*/}: $*"
    say "See: ${0##*/} --help"
    exit 2
}

# Sets the array `missing` to those of the packages that are not installed.
find_missing() {
    local package

    missing=()
    for package; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
            missing+=("$package")
    done
}

has_apt() {
    command -v dpkg-query >/dev/null && command -v apt-get >/dev/null
}

# As root, directly or by sudo.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

may_be_root() {
    [ "$(id -u)" = 0 ] || command -v sudo >/dev/null
}

LISTS_UPDATED=no
update_lists() {
    [ "$LISTS_UPDATED" = no ] || return 0
    LISTS_UPDATED=yes
    as_root apt-get update -q >&2 || say "apt-get update failed; going on with the lists that are there."
}

apt_install() {
    local options=(install --no-install-recommends --no-remove)

    say "Installing: $*"
    as_root env LC_ALL=C apt-get "${options[@]}" --assume-no "$@" 2>/dev/null |
        sed -n '/newly installed/p; /^Need to get/p; /^After this/p' >&2
    as_root env DEBIAN_FRONTEND=noninteractive apt-get "${options[@]}" -q -y "$@" >&2
}

# without_service NAME COMMAND…: COMMAND installs that service without starting or enabling it. A
# service that is installed already stays as it is.
without_service() {
    local service=$1.service

    shift
    if ! command -v systemctl >/dev/null || [ -e "/lib/systemd/system/$service" ] || ! may_be_root; then
        "$@"
        return
    fi
    as_root systemctl --quiet mask "$service"
    "$@"
    as_root systemctl --quiet unmask "$service"
    as_root systemctl --quiet disable "$service" 2>/dev/null || true
}

# no: --no-install was given.
INSTALL=yes

# Installs exactly those of the packages that are missing, or names them if it cannot.
install_packages() {
    local missing

    if [ "$INSTALL" = no ]; then
        return 0
    elif ! has_apt; then
        say "This is not a Debian or Ubuntu, so nothing is installed. What is needed is called there:"
        say "  $*"
        return 0
    fi
    find_missing "$@"
    [ "${#missing[@]}" -gt 0 ] || return 0
    may_be_root ||
        die "only root can install what is missing, and there is no sudo: apt-get install ${missing[*]}"
    update_lists
    apt_install "${missing[@]}" || die "these packages could not be installed: ${missing[*]}"
}

# The same for optional packages of some tests: goes on without them, and names them.
install_optional_packages() {
    local missing package candidate available=()

    [ "$INSTALL" = yes ] && has_apt || return 0
    find_missing "$@"
    [ "${#missing[@]}" -gt 0 ] || return 0
    if ! may_be_root; then
        say "Going on without these packages, which only root can install: ${missing[*]}"
        return 0
    fi
    update_lists
    for package in "${missing[@]}"; do
        candidate=$(LC_ALL=C apt-cache policy "$package" | sed -n 's/^  Candidate: //p')
        if [ -n "$candidate" ] && [ "$candidate" != "(none)" ]; then
            available+=("$package")
        else
            say "Going on without the package $package, which this distribution does not have."
        fi
    done
    [ "${#available[@]}" = 0 ] || apt_install "${available[@]}" ||
        say "Going on without these packages, which could not be installed: ${available[*]}"
}

# quietly LOG COMMAND…: shows what the command wrote only if it fails.
quietly() {
    local log=$1 status=0

    shift
    mkdir -p "$(dirname "$log")"
    "$@" >"$log" 2>&1 || status=$?
    [ "$status" = 0 ] && return 0
    cat "$log" >&2
    say "Failed with $status: $*"
    return "$status"
}

# build DIRECTORY PRESET [OPTION…]: configures and builds, quietly.
build() {
    local directory=$1 preset=$2

    shift 2
    say "Building $directory"
    (
        cd "$ROOT" || exit
        quietly "$directory/configure.log" cmake --preset "$preset" -B "$directory" "$@" &&
            quietly "$directory/build.log" cmake --build "$directory" --parallel "$(nproc)"
    )
}
