# SPDX-License-Identifier: MIT
#
# Completions of misskey-token for fish.

# A word that is neither an option nor an option's value is the account.
function __misskey_token_needs_account
    set -l previous
    __fish_seen_argument -l list; and return 1
    for word in (commandline -opc)[2..]
        not string match -q -- '-*' $word
        and not contains -- "$previous" --set --format --credential-helper
        and return 1
        set previous $word
    end
    return 0
end

# Also if the value of one is wanted.
function __misskey_token_needs_mode
    contains -- (commandline -opc)[-1] --format --credential-helper
    or not string match -qr -- '^--(json|env|header|server|path|list|format|credential-helper)(=|$)' (commandline -opc)
end

# The fields of VARIABLE=FIELD.
function __misskey_token_sets
    set -l parts (string split -m 1 = (string replace -r '^--set=' '' -- (commandline -ct)))
    set -q parts[2]; or return
    printf "$parts[1]=%s\n" token server url host account user user_id permission state
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
complete -c misskey-token -n "$mode" -l json -d 'An object with account, server, user, i, permission and state'
complete -c misskey-token -n "$mode" -l env -d 'MISSKEY_STATE=… and so on, one a line'
complete -c misskey-token -n "$mode" -l header -d 'Authorization: Bearer …, for Misskey 2025 and newer'
complete -c misskey-token -n "$mode" -l server -d "The server's address"
complete -c misskey-token -n "$mode" -l path -d 'The path of the file that has the credential alone'
complete -c misskey-token -n "$mode" -l list -d 'The names of all accounts'
complete -c misskey-token -n "$mode" -l format -x -d "TEXT with a field's value for each {FIELD}"
complete -c misskey-token -n "$mode" -l credential-helper -x -a 'get store erase' -d 'Answer git'
complete -c misskey-token -n "$mode" -l set -x -a '(__misskey_token_sets)' -d 'Give the command a field as VARIABLE=FIELD'
complete -c misskey-token -n "$mode" -l exec -d 'Run a command with the credential in its environment'
