# SPDX-License-Identifier: MIT
#
# Completions of misskey-authd for fish.

complete -c misskey-authd -f
complete -c misskey-authd -s c -l config -r -F -d 'Read this config instead of the usual one'
complete -c misskey-authd -l check-config -d 'Say whether the config is good, and end'
complete -c misskey-authd -l idle-exit -x -d 'End when there was nothing to do for so long: 30s, 5m'
complete -c misskey-authd -l log-level -x -a 'error warning info debug' -d 'The least important messages to log'
complete -c misskey-authd -l no-agent -d 'Start no misskey-authd-agent'
complete -c misskey-authd -s h -l help -d 'Show a summary'
complete -c misskey-authd -s V -l version -d 'Show the version'
