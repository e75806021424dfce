#!/bin/sh
# SPDX-License-Identifier: MIT
#
# A hook of misskey-authd that keeps pass(1) current: the entry misskey/ACCOUNT holds the account's
# JSON as long as its credential is good. In the configuration:
#
#     on_credential_changed = /usr/share/doc/misskey-authd/examples/hooks/pass.sh
#
# PASS_PREFIX is another folder than misskey. docs/integrations.md says more.
set -eu

entry=${PASS_PREFIX:-misskey}/$MISSKEY_ACCOUNT

case $MISSKEY_STATE in
verified | unverified)
    # The JSON goes from standard input into gpg, and is in no argument.
    exec pass insert --multiline --force "$entry"
    ;;
*)
    [ ! -e "${PASSWORD_STORE_DIR:-$HOME/.password-store}/$entry.gpg" ] || exec pass rm --force "$entry"
    ;;
esac
