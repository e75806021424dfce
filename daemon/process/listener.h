/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Makes the two listening sockets.
 */

#include "common/err.h"
#include "store/registry.h"

/* Listens on 127.0.0.1:PORT (0: any free port), and on no other address. ERR_BUSY: somebody else
 * has the port; DETAIL says how to change it. The caller closes *ret_fd. */
int listener_callback(unsigned port, int *ret_fd, struct err_detail *detail) _must_check_;

/* The callbackUrl of a socket of 127.0.0.1, from its real address. Misskey appends "?token=…"
 * blindly: no query, no fragment. ERR_INVALID for any other socket. */
int listener_callback_url(int fd, char ret_url[static REGISTRY_CALLBACK_URL_BYTES],
			  struct err_detail *detail) _must_check_;

/* Listens on the Unix socket PATH with mode 0600, in a directory of 0700 that is made if missing. A
 * socket that nobody listens on any more is replaced. ERR_BUSY: another daemon listens there;
 * ERR_LIMIT: PATH is too long for a socket. */
int listener_control(const char *path, int *ret_fd, struct err_detail *detail) _must_check_;
