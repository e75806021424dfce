# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# What scripts/readme runs inside of its root directory: a test server, a browser, and a reader who types.
set -euo pipefail

HOME=/home/alice
CERTIFICATE=/usr/local/share/ca-certificates/misskey.example.crt
# What the reader's shell has besides. PERSON is who is signed in at the server.
READER=(env -i "HOME=$HOME" USER=alice LANG=C.UTF-8 PATH=/usr/local/bin:/usr/bin:/bin
    XDG_RUNTIME_DIR=/run/user/1000 DISPLAY=:9 BROWSER=/usr/local/bin/browser)

prepare() {
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -q
    apt-get install -q -y --no-install-recommends sudo git curl python3 openssl
    useradd --create-home --uid 1000 --shell /bin/bash alice
    echo 'alice ALL=(ALL) NOPASSWD:ALL' >/etc/sudoers.d/alice
    # Questions of apt are answered as a reader answers them.
    echo 'APT::Get::Assume-Yes "true";' >/etc/apt/apt.conf.d/99yes
    chown -R alice /src
}

start_server() {
    echo '127.0.0.1 misskey.example' >>/etc/hosts
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=misskey.example \
        -addext subjectAltName=DNS:misskey.example -keyout /root/key -out "$CERTIFICATE" 2>/dev/null
    update-ca-certificates >/dev/null 2>&1
    python3 /opt/misskey_server --port 443 --tls "$CERTIFICATE" /root/key --public-host misskey.example &
    until curl -fsS -o /dev/null https://misskey.example/auth/x 2>/dev/null; do
        kill -0 $!
        sleep 0.1
    done
}

# Follows the link, signs in as $PERSON, presses Accept and goes back, with the cookie of the link.
make_browser() {
    cat >/usr/local/bin/browser <<'END'
#!/bin/sh
set -eu
jar=$(mktemp)
api() {
    curl -fsS -H 'Content-Type: application/json' -d "$2" "https://misskey.example/api/$1"
}
page=$(curl -sSL -H 'Accept: text/html' -b "$jar" -c "$jar" -o /dev/null -w '%{url_effective}' "$1")
i=$(api signin-flow "{\"username\":\"$PERSON\",\"password\":\"$PERSON-password\"}" | sed 's/.*"i": *"\([^"]*\)".*/\1/')
api auth/accept "{\"token\":\"${page##*/}\",\"i\":\"$i\"}"
curl -sS -H 'Accept: text/html' -b "$jar" -o /dev/null "http://127.0.0.1:41987/callback?token=${page##*/}"
END
    chmod 755 /usr/local/bin/browser
}

# type DIRECTORY FILE: each command of the file in one shell, which ends with the first that fails.
type_commands() {
    local where=$1 commands=$2

    sed 's/^/$ /' "$commands"
    runuser -u alice -- "${READER[@]}" "PERSON=${PERSON:-alice}" bash -euo pipefail -c \
        "cd '$where' && . '$commands'" <<</src
}

# docs/install.md, "Without systemd": `enable` needs a user manager, which does not run in a root directory.
start_daemon() {
    mkdir -p /run/user; install -d -o alice -m 700 /run/user/1000
    runuser -u alice -- "${READER[@]}" misskey-authd 2>/root/daemon.log &
    until runuser -u alice -- "${READER[@]}" misskey-authctl status >/dev/null 2>&1; do
        kill -0 $! 2>/dev/null || { cat /root/daemon.log && exit 1; }
        sleep 0.1
    done
}

prepare
grep -v '^misskey-authctl enable$' /readme/1 >/readme/build
type_commands "$HOME" /readme/build
dpkg-query --show misskey-authd
start_server
make_browser
start_daemon
type_commands "$HOME" /readme/2
cp /readme/hello.py "$HOME"
type_commands "$HOME" /readme/3
PERSON=bob type_commands "$HOME" /readme/4
type_commands "$HOME" /readme/5
runuser -u alice -- "${READER[@]}" misskey-authctl list
echo "Every command of README.md ended with 0; misskey-authctl enable was not typed."
