#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: post-note.sh [ACCOUNT [TEXT]]
#
# Posts a note with the credential that misskey-token has for ACCOUNT, and prints the note's id. Without ACCOUNT, or with
# an empty one, it is the only account. Needs curl 7.76. Where there is no credential, misskey-token's message and exit
# status are this script's; where the server refuses the note, the exit status is 1.
set -eu

account=${1:-}
text=${2:-Hello Misskey API World with My Application!}

if [ $# -gt 2 ] || [ "$account" != "${account#-}" ]; then
    echo "usage: post-note.sh [ACCOUNT [TEXT]]" >&2
    exit 2
fi

# Either ends the script if it fails.
i=$(misskey-token ${account:+"$account"})
server=$(misskey-token ${account:+"$account"} --server)

# The text as it stands in a JSON string: line breaks are \n there, and other control characters become blanks.
text=$(printf '%s' "$text" | tr '\001-\011\013-\037' '[ *]' | sed 's/[\\"]/\\&/g; $!s/$/\\n/' | tr -d '\n')

# printf is a shell builtin, so the credential never shows in ps. Every version of Misskey takes it from
# the body.
if ! answer=$(printf '{"i":"%s","text":"%s"}' "$i" "$text" |
    curl -sS --fail-with-body -H 'Content-Type: application/json' -d @- "$server/api/notes/create"); then
    printf 'post-note.sh: %s refused the note, or could not be reached. %s\n' "$server" "$answer" >&2
    exit 1
fi

id=$(printf '%s' "$answer" | sed -n 's/.*"createdNote":{"id":"\([^"]*\)".*/\1/p')
if [ -z "$id" ]; then
    printf 'post-note.sh: the answer of %s has no note in it.\n' "$server" >&2
    exit 1
fi
printf '%s\n' "$id"
