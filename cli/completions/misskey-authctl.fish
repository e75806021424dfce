# SPDX-License-Identifier: MIT
#
# Completions of misskey-authctl for fish.

# The words before the cursor that are neither options nor their values: the command, and its arguments.
function __misskey_authctl_arguments
    set -l is_value no

    for word in (commandline -opc)[2..]
        if test $is_value = yes
            set is_value no
        else if contains -- $word --socket --color --as --user --permission --method --timeout --limit --port
            set is_value yes
        else if not string match -q -- '-*' $word
            echo $word
        end
    end
end

function __misskey_authctl_has_command
    set -l arguments (__misskey_authctl_arguments)

    set -q arguments[1]
end

function __misskey_authctl_is
    set -l arguments (__misskey_authctl_arguments)

    contains -- "$arguments[1]" $argv
end

function __misskey_authctl_needs_account
    set -l arguments (__misskey_authctl_arguments)

    switch "$arguments"
        case login
            not __fish_seen_argument -l missing
        case logout rename show verify 'verify *'
            true
        case '*'
            false
    end
end

# Not those that are on the line already. A program that is not there is a message that no redirection takes away.
function __misskey_authctl_accounts
    set -l arguments (__misskey_authctl_arguments)

    command -q misskey-token
    and for name in (misskey-token --list 2>/dev/null)
        contains -- $name $arguments; or echo $name
    end
end

# Those whose login waits.
function __misskey_authctl_pending
    command -q misskey-authctl
    and misskey-authctl list 2>/dev/null | string match -r -g -- '^(\S+) .* waiting$'
end

function __misskey_authctl_cancels
    set -l arguments (__misskey_authctl_arguments)

    test "$arguments" = cancel
end

# A list, each with the + or - that is typed already.
function __misskey_authctl_permissions
    command -q misskey-authctl; or return
    set -l permissions (misskey-authctl login --permission help 2>/dev/null)

    set -l sign (string match -r -- '(?:^|,|=)([+-])[^,]*$' (commandline -ct))[2]
    set -q sign[1]; or set sign ''
    __fish_append , $sign$permissions
end

complete -c misskey-authctl -f
complete -c misskey-authctl -l socket -r -F -d "The daemon's control socket"
complete -c misskey-authctl -l color -x -a 'auto always never' -d 'Colours on standard output'
complete -c misskey-authctl -s h -l help -d 'Show a summary'
complete -c misskey-authctl -l version -d 'Show the version'

# Also those that help explains.
function __misskey_authctl_needs_command
    set -l arguments (__misskey_authctl_arguments)

    contains -- "$arguments" '' help
end

set -l none __misskey_authctl_needs_command
complete -c misskey-authctl -n $none -a login -d 'Sign in, by one click in a web browser'
complete -c misskey-authctl -n $none -a cancel -d 'End a login that waits for consent'
complete -c misskey-authctl -n $none -a logout -d "Remove an account's credential from this computer"
complete -c misskey-authctl -n $none -a rename -d 'Give an account another name'
complete -c misskey-authctl -n $none -a list -d 'The accounts and their states'
complete -c misskey-authctl -n $none -a show -d 'All about one account'
complete -c misskey-authctl -n $none -a status -d 'The daemon, what is wrong with it, and the accounts'
complete -c misskey-authctl -n $none -a verify -d 'Ask the servers whether credentials still work'
complete -c misskey-authctl -n $none -a watch -d 'Show what happens to the accounts, as it happens'
complete -c misskey-authctl -n $none -a callback -d 'Finish a login with the address that your browser could not open'
complete -c misskey-authctl -n $none -a enable -d 'Have systemd start the daemon when it is needed'
complete -c misskey-authctl -n $none -a disable -d 'Stop the daemon, and keep systemd from starting it'
complete -c misskey-authctl -n $none -a reload -d 'Have the daemon read its config again'
complete -c misskey-authctl -n $none -a doctor -d 'Look for what is wrong, and say what to do'
complete -c misskey-authctl -n $none -a help -d 'What misskey-authctl can do, or what a command does'

complete -c misskey-authctl -n '__misskey_authctl_has_command; and not __misskey_authctl_is enable disable help' -l json -d 'Print JSON'
complete -c misskey-authctl -n __misskey_authctl_needs_account -a '(__misskey_authctl_accounts)'

complete -c misskey-authctl -n __misskey_authctl_cancels -a '(__misskey_authctl_pending)'

set -l login '__misskey_authctl_is login'
complete -c misskey-authctl -n $login -l missing -d 'Every account of the config that has no credential'
complete -c misskey-authctl -n $login -l limit -x -d 'With --missing, at most so many'
complete -c misskey-authctl -n $login -l unattended -d 'Open each page once, and do not wait'
complete -c misskey-authctl -n $login -l as -x -d 'What to call the account on this computer'
complete -c misskey-authctl -n $login -l user -x -d 'Who has to consent'
complete -c misskey-authctl -n $login -l permission -x -a '(__misskey_authctl_permissions)' -d 'What scripts may do'
complete -c misskey-authctl -n $login -l method -x -a 'auto app miauth' -d 'How to ask for consent'
complete -c misskey-authctl -n $login -l replace -d 'The account may get another user than it has'
complete -c misskey-authctl -n $login -l if-needed -d 'Do nothing if there is a credential that works'
complete -c misskey-authctl -n $login -l browser -d "Open a browser here, also in an SSH session"
complete -c misskey-authctl -n $login -l no-browser -d "Show the page's URL, to open it on any device"
complete -c misskey-authctl -n $login -l no-wait -d "Print the page's URL, open nothing, do not wait"
complete -c misskey-authctl -n $login -l timeout -x -d 'How long to wait for the consent: 90s, 15m'

set -l enable '__misskey_authctl_is enable'
complete -c misskey-authctl -n $enable -l port -x -d 'The port that browsers come back to'
complete -c misskey-authctl -n $enable -l at-login -d 'Open the pages of accounts without a credential when a desktop session starts'
complete -c misskey-authctl -n $enable -l verify-daily -d 'Ask the servers daily whether the credentials still work'
