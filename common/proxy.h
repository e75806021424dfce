/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Whether this process's environment has a proxy for https. Whoever asks servers gets it from there
 * (libcurl reads the same variables), and the daemon's environment is not a shell's.
 */

/* The variable that names the proxy, or NULL. */
const char *proxy_variable(void);
