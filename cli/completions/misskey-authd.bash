# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Completions of misskey-authctl, misskey-token and misskey-authd for bash. One file for the three, which is installed
# under each of their names. It needs nothing but bash, and uses bash-completion where that is loaded.

# What the functions share, as local variables of the outermost:
#   words       the words up to the cursor, as the program would get them
#   starts      where each begins in COMP_WORDS
#   cur         the last of them, which is to be completed, without an opening quote
#   kept        the beginning of cur that readline leaves alone
#   arguments   those before it that are neither options nor options' values
#   option      the option whose value cur is, or empty
#   only_words  not empty after "--": what follows is no option
#   command_at  after --exec of misskey-token: the index of its command in words

# COMP_WORDS is cut at COMP_WORDBREAKS, and so are misskey.example:3000 and @alice@misskey.example.
_misskey_join_words() {
    local rest=${COMP_LINE:0:COMP_POINT} blanks piece i

    words=() starts=()
    for ((i = 0; i <= COMP_CWORD; i++)); do
        blanks=${rest%%[![:space:]]*}
        rest=${rest#"$blanks"}
        piece=${COMP_WORDS[i]}
        # The cursor is in the middle of it.
        [[ $rest == "$piece"* ]] || piece=$rest
        rest=${rest#"$piece"}
        if [[ $i == 0 || $blanks ]]; then
            words+=("$piece")
            starts+=("$i")
        else
            words[-1]+=$piece
        fi
    done
}

_misskey_read_current() {
    local i

    cur=${words[-1]} kept=
    # Within quotes nothing breaks a word.
    if [[ $cur == [\"\']* ]]; then
        cur=${cur:1}
        return
    fi
    for ((i = ${#cur}; i > 0; i--)); do
        if [[ $COMP_WORDBREAKS == *"${cur:i-1:1}"* ]]; then
            # A host's name is completed with its "@".
            [[ ${cur:i-1:1} != @ ]] || ((i--))
            kept=${cur:0:i}
            return
        fi
    done
}

_misskey_takes_value() {
    [[ $1 == --@(socket|color|as|user|permission|method|timeout|limit|port|config|log-level|idle-exit|set|format|credential-helper) || $1 == -c ]]
}

_misskey_read_line() {
    local last i

    _misskey_join_words
    _misskey_read_current
    arguments=() option='' only_words='' command_at=0
    last=$((${#words[@]} - 1))
    for ((i = 1; i < last; i++)); do
        if [[ $only_words || ${words[i]} != -* ]]; then
            arguments+=("${words[i]}")
        elif [[ ${words[i]} == -- ]]; then
            only_words=yes
        elif _misskey_takes_value "${words[i]}"; then
            ((++i < last)) || option=${words[i - 1]}
        elif [[ ${words[i]} == --exec ]]; then
            command_at=$((i + 1))
            [[ ${words[command_at]} != -- || $command_at == "$last" ]] || ((command_at++))
            return
        fi
    done
    if [[ ! $only_words && $cur == --*=* ]]; then
        option=${cur%%=*}
    fi
}

# Whether one of these words is on the line, before the one that is completed.
_misskey_given() {
    local IFS=' ' word

    for word; do
        [[ " ${words[*]:1:${#words[@]}-2} " != *" $word "* ]] || return 0
    done
    return 1
}

# Completes cur to those of these words that are not on the line already.
_misskey_offer() {
    local word

    for word; do
        if [[ $word == "$cur"* ]] && ! _misskey_given "$word"; then
            COMPREPLY+=("${word#"$kept"}")
        fi
    done
}

_misskey_offer_accounts() {
    local names

    mapfile -t names < <(misskey-token --list 2>/dev/null)
    _misskey_offer "${names[@]}"
}

# Those whose login waits.
_misskey_offer_pending() {
    local lines line

    mapfile -t lines < <(misskey-authctl list 2>/dev/null)
    for line in "${lines[@]}"; do
        [[ $line != *' waiting' ]] || _misskey_offer "${line%% *}"
    done
}

# Readline's own completion of files knows best how to quote them. A test without readline has no compopt.
_misskey_offer_files() {
    compopt -o default 2>/dev/null
}

# Completes the last of a list of permissions, each with the + or - that is typed already.
_misskey_offer_permissions() {
    local before=$1 permission permissions sign=

    mapfile -t permissions < <(misskey-authctl login --permission help 2>/dev/null)
    compopt -o nospace 2>/dev/null
    [[ $cur == *,* ]] && before=${cur%,*},
    [[ ${cur#"$before"} != [+-]* ]] || sign=${cur#"$before"} sign=${sign:0:1}
    for permission in "${permissions[@]}"; do
        [[ ,${before#"$1"} == *",$sign$permission,"* ]] || _misskey_offer "$before$sign$permission"
    done
}

# Completes the field of VARIABLE=FIELD.
_misskey_offer_fields() {
    local variable=${cur#"$1"}

    [[ $variable != *=* ]] ||
        _misskey_offer "$1${variable%%=*}="{token,server,url,host,account,user,user_id,permission,state}
}

_misskey_offer_value() {
    local before=

    [[ $cur != "$option="* ]] || before=$option=
    case $option in
    --socket | --config | -c) _misskey_offer_files ;;
    --color) _misskey_offer "$before"{auto,always,never} ;;
    --log-level) _misskey_offer "$before"{error,warning,info,debug} ;;
    --permission) _misskey_offer_permissions "$before" ;;
    --method) _misskey_offer "$before"{auto,app,miauth} ;;
    --set) _misskey_offer_fields "$before" ;;
    --credential-helper) _misskey_offer "$before"{get,store,erase} ;;
    esac
}

# Completes the command after --exec, and its arguments as that command's.
_misskey_offer_command() {
    local at=${starts[command_at]}

    if declare -F _comp_command_offset >/dev/null; then
        _comp_command_offset "$at"
    elif declare -F _command_offset >/dev/null; then
        _command_offset "$at"
    elif ((command_at == ${#words[@]} - 1)); then
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -c -d -- "$cur")
    else
        _misskey_offer_files
    fi
}

_misskey_authd() {
    local words starts cur kept arguments option only_words command_at

    COMPREPLY=()
    _misskey_read_line
    if [[ $option ]]; then
        _misskey_offer_value
    elif [[ $cur == -* ]]; then
        _misskey_offer -c --config --check-config --log-level --idle-exit --no-agent -h --help -V --version
    fi
}

_misskey_token() {
    local words starts cur kept arguments option only_words command_at
    local modes=(--json --env --header --server --path --list --format --credential-helper --exec)

    COMPREPLY=()
    _misskey_read_line
    if ((command_at)); then
        _misskey_offer_command
    elif [[ $option ]]; then
        _misskey_offer_value
    elif [[ ! $only_words && $cur == -* ]]; then
        _misskey_given "${modes[@]}" || _misskey_offer "${modes[@]}" --set
        _misskey_offer -h --help --version
    elif [[ ${#arguments[@]} == 0 ]] && ! _misskey_given --list; then
        _misskey_offer_accounts
    fi
}

_misskey_authctl_options() {
    case ${arguments[0]-} in
    login) _misskey_offer --missing --limit --unattended --as --user --replace --permission --method --if-needed --browser --no-browser --no-wait --timeout --json ;;
    enable) _misskey_offer --port --at-login --verify-daily ;;
    disable | help) ;;
    ?*) _misskey_offer --json ;;
    esac
    _misskey_offer -h --help --version --socket --color
}

_misskey_authctl() {
    local words starts cur kept arguments option only_words command_at
    local commands=(
        login cancel logout rename list show status verify watch callback enable disable reload doctor help
    )

    COMPREPLY=()
    _misskey_read_line
    if [[ $option ]]; then
        _misskey_offer_value
    elif [[ ! $only_words && $cur == -* ]]; then
        _misskey_authctl_options
    elif [[ ${#arguments[@]} == 0 || ${arguments[*]} == help ]]; then
        _misskey_offer "${commands[@]}"
    elif [[ ${arguments[*]} == cancel ]]; then
        _misskey_offer_pending
    elif [[ ${arguments[*]} == @(login|logout|rename|show) ]] && ! _misskey_given --missing; then
        _misskey_offer_accounts
    elif [[ ${arguments[0]} == verify ]]; then
        _misskey_offer_accounts
    fi
}

complete -F _misskey_authd misskey-authd
complete -F _misskey_token misskey-token
complete -F _misskey_authctl misskey-authctl
