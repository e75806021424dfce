# SPDX-License-Identifier: MIT
#
# Completions of misskey-token for fish.

function __misskey_token_needs_account
    not __fish_seen_argument -l list
    and not string match -qv -- '-*' (commandline -opc)[2..]
end

function __misskey_token_needs_mode
    not string match -qr -- '^--(json|env|header|server|path|list)$' (commandline -opc)
end

# A program that is not there is a message that no redirection takes away.
function __misskey_token_accounts
    command -q misskey-token; and misskey-token --list 2>/dev/null
end

# What stands after --exec is a command line of its own.
function __misskey_token_complete_command
    set -l words (commandline -opc)
    set -e words[1..(contains -i -- --exec $words)]
    test "$words[1]" != --; or set -e words[1]
    complete -C (string join -- ' ' (string escape -- $words) (commandline -ct))
end

complete -c misskey-token -f
complete -c misskey-token -n '__fish_seen_argument -l exec' -a '(__misskey_token_complete_command)'

set -l own 'not __fish_seen_argument -l exec'
complete -c misskey-token -n "$own; and __misskey_token_needs_account" -a '(__misskey_token_accounts)'
complete -c misskey-token -n "$own" -s h -l help -d 'Show a summary'
complete -c misskey-token -n "$own" -l version -d 'Show the version'

set -l mode "$own; and __misskey_token_needs_mode"
complete -c misskey-token -n "$mode" -l json -d 'An object with account, server, user, state and token'
complete -c misskey-token -n "$mode" -l env -d 'MISSKEY_STATE=… and so on, one a line'
complete -c misskey-token -n "$mode" -l header -d 'Authorization: Bearer …, for Misskey 2025 and newer'
complete -c misskey-token -n "$mode" -l server -d "The server's address"
complete -c misskey-token -n "$mode" -l path -d 'The path of the file that has the credential alone'
complete -c misskey-token -n "$mode" -l list -d 'The names of all accounts'
complete -c misskey-token -n "$mode" -l exec -d 'Run a command with the credential in its environment'
