# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# What the scripts share. Sourced, with `set -euo pipefail` in force.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)

say() {
    printf '%s\n' "$*" >&2
}

die() {
    say "${0##*/}: $*"
    exit 1
}

# The text of --help: the comment after the licence, at the top of the script.
print_help() {
    sed -n '3,/^[^#]/s/^#\( \|$\)//p' "$0"
}

# Debian's packages that a build needs; CMakeLists.txt asks for the same libraries.
# shellcheck disable=SC2034 # for the scripts that source this
BUILD_PACKAGES=(
    gcc libc6-dev cmake ninja-build pkgconf
    libmicrohttpd-dev libcurl4-openssl-dev libcjson-dev libssl-dev libinih-dev libsystemd-dev
)

is_installed() {
    dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed
}

missing_packages() {
    local package

    for package; do
        is_installed "$package" || printf '%s\n' "$package"
    done
}

# As root, directly or by sudo.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

# Installs exactly those packages that are missing. Says which ones where that is not possible.
install_packages() {
    local missing

    if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
        say "This is not Debian or Ubuntu, so nothing is installed. What is needed goes by these names there:"
        say "  $*"
        return 0
    fi
    mapfile -t missing < <(missing_packages "$@")
    [ "${#missing[@]}" -gt 0 ] || return 0
    if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
        die "these packages are missing, and only root can install them: apt-get install ${missing[*]}"
    fi
    say "Installing: ${missing[*]}"
    as_root apt-get update -q >&2 ||
        say "apt-get update failed; going on with the lists that are there"
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -q -y --no-install-recommends "${missing[@]}" >&2 ||
        die "the packages could not be installed; try: apt-get install ${missing[*]}"
}

# The same for packages that some distributions lack: what cannot be installed is named, and that is all.
install_optional_packages() {
    local package wanted=()

    command -v apt-cache >/dev/null || return 0
    for package in $(missing_packages "$@"); do
        if [ -n "$(apt-cache policy "$package" | sed -n 's/^  Candidate: \((none)\)\?//p')" ]; then
            wanted+=("$package")
        else
            say "There is no package $package here."
        fi
    done
    [ "${#wanted[@]}" = 0 ] || install_packages "${wanted[@]}"
}

# Runs a command quietly; shows what it wrote if it fails. LOG is kept until then.
quietly() {
    local log=$1 status=0

    shift
    "$@" >"$log" 2>&1 || status=$?
    [ "$status" = 0 ] && return 0
    cat "$log" >&2
    say "failed ($status): $*"
    return "$status"
}
