/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What a hostile server does with one connection. Each attack goes on until the client has left.
 */

#include <openssl/ssl.h>
#include <stdbool.h>

struct attack {
	const char *name;
	int version;		       /* of TLS; 0: any */
	void (*prepare)(SSL_CTX *tls); /* before the handshake; NULL: nothing */
	void (*raw)(int fd);	       /* instead of a handshake; NULL: there is one */
	void (*act)(SSL *ssl);	       /* instead of an answer, when the request is there */
};

/* NULL: no attack has that name. */
const struct attack *attack_find(const char *name);
void attack_print_names(void);
