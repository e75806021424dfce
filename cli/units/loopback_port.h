/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Which ports of 127.0.0.1 are free.
 */

/* 0 if the daemon could listen on PORT now, else errno. Nothing listens afterwards. */
int loopback_port_error(unsigned port);

/* The first free one above PORT that needs no privileges; 0 if there is none. */
unsigned loopback_port_free(unsigned port);
