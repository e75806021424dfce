#!/bin/sh
# SPDX-License-Identifier: MIT
#
# A hook of misskey-authd that keeps etcd current, for those who have many machines: the key
# /misskey/ACCOUNT holds the account's JSON as long as its credential is good. In the configuration:
#
#     on_credential_changed = /usr/share/doc/misskey-authd/examples/hooks/etcd.sh
#
# Where etcd is and how it knows you is for ETCDCTL_ENDPOINTS, ETCDCTL_CACERT and the like, see
# etcdctl(1). ETCD_PREFIX is another one than /misskey. docs/integrations.md says more.
set -eu

key=${ETCD_PREFIX:-/misskey}/$MISSKEY_ACCOUNT
export ETCDCTL_API=3

case $MISSKEY_STATE in
verified | unverified)
    # Without a value etcdctl reads it from standard input: it is in no argument.
    exec etcdctl put "$key"
    ;;
*)
    exec etcdctl del "$key"
    ;;
esac
