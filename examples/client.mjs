#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// usage: client.mjs SERVER [TEXT]: posts a note as an account of SERVER, and has somebody log in first if there is none.
import { spawn } from "node:child_process";
import { request } from "node:http";

const [server, text = "Hello", ...more] = process.argv.slice(2);
const end = (message) => (console.error(message), process.exit(1));
if (!server || more.length > 0) end("usage: client.mjs SERVER [TEXT]");

/** One request to the daemon, which answers in JSON. */
const ask = (method, path, body) => new Promise((resolve) => {
    const socketPath = `${process.env.XDG_RUNTIME_DIR}/misskey-authd/control.sock`;
    const call = request({ socketPath, method, path: `/v1/accounts${path}` }, async (reply) => {
        const answer = JSON.parse(Buffer.concat(await reply.toArray()));
        answer.error ? end(answer.error.message) : resolve(answer);
    });
    call.on("error", (error) => end(error.message)).end(body && JSON.stringify(body));
});

const { accounts } = await ask("GET", `?${new URLSearchParams({ server, permission: "write:notes" })}`);
// A new account is called after its server. One that may not write notes yet keeps what it may.
const name = accounts[0]?.account ?? server.replace(/^.*:\/\/|^@|\/$/g, "");
const browser = Boolean(process.env.DISPLAY ?? process.env.WAYLAND_DISPLAY);
const wish = { server, permission: "+write:notes", if_needed: true, browser, name: "My program" };
let page;
let login = accounts.length > 0 ? null : await ask("POST", `/${name}/login`, wish);
while (login && login.state !== "finished") {
    const before = page;
    page = login.start_url ?? login.consent_url;
    const show = () => console.error("Open this page and press Accept:", page);
    if (login.open) spawn("xdg-open", [page], { stdio: "ignore", detached: true }).on("error", show).unref();
    else if (login.consent_url && page !== before) show();
    login = await ask("GET", `/${name}/login?wait=60&revision=${login.revision}`);
}
if (login?.message) end(login.message);
const mine = await ask("GET", `/${name}/token`);
const body = JSON.stringify({ i: mine.i, text });
const reply = await fetch(`${mine.server}/api/notes/create`, { method: "POST", headers: { "Content-Type": "application/json" }, body });
if (!reply.ok) end(`${mine.server} refused the note: ${await reply.text()}`);
console.log((await reply.json()).createdNote.id);
