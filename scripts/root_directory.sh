# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# A Debian or Ubuntu in a directory: SUITE, MIRROR and DIRECTORY are the caller's. Sourced after lib.sh.

# The archive of this machine's own release; those of its updates and of others' packages are not meant.
find_mirror() {
    local codename

    codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
    # shellcheck disable=SC2016 # for apt-get
    apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
        sed -n "s/^$codename main //p" | head -n 1
}

# The root directory of $SUITE in $DIRECTORY, with the packages of $MIRROR.
make_root() {
    local new=$DIRECTORY.new

    rm -rf --one-file-system "$new"
    mkdir -p "$new"
    say "Making a root directory of $SUITE from $MIRROR (minutes)"
    quietly "$DIRECTORY.log" debootstrap --variant=minbase --include=ca-certificates "$SUITE" "$new" "$MIRROR" ||
        die "debootstrap failed"
    # How this machine reaches mirrors: proxies, what apt does not check, and authorities of its own.
    apt-config dump | grep '^Acquire::' >"$new/etc/apt/apt.conf.d/99machine" || true
    cp -R /usr/local/share/ca-certificates/. "$new/usr/local/share/ca-certificates" 2>/dev/null || true
    quietly "$DIRECTORY.log" chroot "$new" update-ca-certificates || true
    echo force-unsafe-io >"$new/etc/dpkg/dpkg.cfg.d/unsafe-io"
    # Installing a package starts no service.
    printf '#!/bin/sh\nexit 101\n' >"$new/usr/sbin/policy-rc.d"
    chmod 755 "$new/usr/sbin/policy-rc.d"
    mv "$new" "$DIRECTORY"
}

# Makes $DIRECTORY unless it is there.
need_root_directory() {
    local scripts=/usr/share/debootstrap/scripts

    [ "$(id -u)" = 0 ] || die "only root can make a root directory and use it: sudo scripts/${0##*/}"
    has_apt || die "debootstrap needs apt-get, which this system does not have"
    install_packages debootstrap
    [ -e "$scripts/$SUITE" ] || die "this machine's debootstrap does not know $SUITE; see $scripts"
    [ ! -d "$DIRECTORY" ] || return 0
    MIRROR=${MIRROR:-$(find_mirror)}
    [ -n "$MIRROR" ] || die "where are the packages of $SUITE? Say so with --mirror URL"
    make_root
}

# With mounts and processes of its own, which are gone when it ends, however it ends. The root is exchanged,
# not only changed by chroot, from which a process that enters a mount namespace comes out again.
run_inside() {
    # shellcheck disable=SC2016 # for the shell inside
    unshare --mount --pid --fork --kill-child bash -euc '
        cd "$1"
        shift
        mount --bind . .
        cd "$PWD"
        mount --rbind /dev dev
        mount -t proc proc proc
        mount -t tmpfs -o mode=755 tmpfs run
        pivot_root . mnt
        umount --lazy /mnt
        exec "$@"
    ' - "$DIRECTORY" env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        HOME=/root LANG=C.UTF-8 ${CI:+"CI=$CI"} "$@"
}
