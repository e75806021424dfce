#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// usage: post-note.mjs [ACCOUNT [TEXT]]
//
// Posts a note with the credential that misskey-token has for ACCOUNT, and prints the note's id. Without ACCOUNT, or with
// an empty one, it is the only account. Where there is no credential, misskey-token's message and exit status are this
// program's; where the server refuses the note, the exit status is 1.
import { spawnSync } from "node:child_process";
import process from "node:process";

import { api } from "misskey-js";

const TEXT = "Hello Misskey API World with My Application!";

/** Says what is wrong, and ends. */
function fail(status, message) {
    console.error(message);
    process.exit(status);
}

/** {account, server, user, i, permission, state} */
function readCredential(account) {
    const done = spawnSync("misskey-token", [...(account ? [account] : []), "--json"], {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "inherit"],
    });

    if (done.error) fail(1, `post-note.mjs: misskey-token cannot be started: ${done.error.code}`);
    if (done.status !== 0) process.exit(done.status ?? 1); // it has said why
    return JSON.parse(done.stdout);
}

/** The server's words, or those of the network below. */
function explain(error) {
    if (api.isAPIError(error)) return `${error.code}: ${error.message}`;
    return error.cause?.message ?? error.message;
}

const [account, text = TEXT, ...more] = process.argv.slice(2);
if (more.length > 0 || account?.startsWith("-")) fail(2, "usage: post-note.mjs [ACCOUNT [TEXT]]");

// misskey-js sends the credential as `i` in the body, where every version of Misskey takes it from.
const { server, i } = readCredential(account);
const client = new api.APIClient({ origin: server, credential: i });

try {
    const { createdNote } = await client.request("notes/create", { text });
    console.log(createdNote.id);
} catch (error) {
    fail(1, `post-note.mjs: ${server} refused the note, or could not be reached: ${explain(error)}`);
}
