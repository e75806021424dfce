#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""usage: client.py SERVER [TEXT]: posts a note as an account of SERVER, and has somebody log in first if there is none."""
import http.client, json, os, socket, sys, urllib.parse, urllib.request, webbrowser

if not 2 <= len(sys.argv) <= 3:
    sys.exit(__doc__)
server, text = sys.argv[1], (sys.argv[2:] or ["Hello"])[0]


def ask(method, path, body=None):
    """One request to the daemon, which answers in JSON."""
    connection = http.client.HTTPConnection("localhost")
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(os.environ["XDG_RUNTIME_DIR"] + "/misskey-authd/control.sock")
    connection.request(method, "/v1/accounts" + path, body and json.dumps(body))
    answer = json.load(connection.getresponse())
    return sys.exit(answer["error"]["message"]) if "error" in answer else answer


found = ask("GET", "?" + urllib.parse.urlencode({"server": server, "permission": "write:notes"}))["accounts"]
# A new account is called after its server. One that may not write notes yet keeps what it may.
name = found[0]["account"] if found else server.split("://")[-1].strip("@/")
desktop = "DISPLAY" in os.environ or "WAYLAND_DISPLAY" in os.environ
wish = {"server": server, "permission": "+write:notes", "if_needed": True, "browser": desktop, "name": "My program"}
login, page = None if found else ask("POST", f"/{name}/login", wish), None
while login and login["state"] != "finished":
    before, page = page, login["start_url"] or login["consent_url"]
    if (login["open"] and not webbrowser.open(page)) or (login["consent_url"] and page != before):
        print("Open this page and press Accept:", page, file=sys.stderr, flush=True)
    login = ask("GET", f"/{name}/login?wait=60&revision={login['revision']}")
if login and login["message"]:
    sys.exit(login["message"])
mine = ask("GET", f"/{name}/token")
note = urllib.request.Request(mine["server"] + "/api/notes/create", json.dumps({"i": mine["i"], "text": text}).encode())
note.add_header("Content-Type", "application/json")
print(json.load(urllib.request.urlopen(note))["createdNote"]["id"])
