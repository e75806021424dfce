/* SPDX-License-Identifier: MIT */
/*
 * usage: hostile_tls CERTIFICATE KEY BACKEND-PORT ATTACK FROM
 *        hostile_tls --list
 *
 * TLS in front of a plain HTTP server on 127.0.0.1. The first FROM - 1 connections are served well,
 * all others are attacked. Prints its port, and then "request NUMBER TARGET" for each request.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "attacks.h"

static const char *certificate_file, *key_file;
static in_port_t backend_port;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static struct sockaddr_in loopback(in_port_t port)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
				    .sin_port = htons(port),
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static int listen_anywhere(void)
{
	struct sockaddr_in address = loopback(0);
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) < 0 || listen(fd, 64) < 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &size) < 0)
		die("listen");
	printf("%u\n", (unsigned)ntohs(address.sin_port));
	return fd;
}

static int connect_backend(void)
{
	struct sockaddr_in address = loopback(backend_port);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		die("connect");
	return fd;
}

static SSL *shake_hands(int fd, const struct attack *attack)
{
	SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
	SSL *ssl;

	if (SSL_CTX_use_certificate_chain_file(tls, certificate_file) != 1 ||
	    SSL_CTX_use_PrivateKey_file(tls, key_file, SSL_FILETYPE_PEM) != 1)
		die("certificate");
	if (attack->version)
		(void)(SSL_CTX_set_min_proto_version(tls, attack->version) &&
		       SSL_CTX_set_max_proto_version(tls, attack->version));
	if (attack->prepare)
		attack->prepare(tls);
	ssl = SSL_new(tls);
	SSL_set_fd(ssl, fd);
	return SSL_accept(ssl) == 1 ? ssl : NULL;
}

/* Both ways, until one side closes. BYTES have been read already. */
static void relay(SSL *ssl, const char *bytes, int size)
{
	struct pollfd ends[] = {{.fd = SSL_get_fd(ssl), .events = POLLIN},
				{.fd = connect_backend(), .events = POLLIN}};
	char more[65536];

	while (size > 0 && write(ends[1].fd, bytes, (size_t)size) == size) {
		bytes = more;
		while (!SSL_pending(ssl) && poll(ends, 2, -1) > 0 && !ends[0].revents) {
			ssize_t got = read(ends[1].fd, more, sizeof(more));

			if (got <= 0 || SSL_write(ssl, more, (int)got) <= 0) {
				(void)SSL_shutdown(ssl);
				return;
			}
		}
		size = SSL_read(ssl, more, sizeof(more));
	}
}

static void serve(int fd, int number, const struct attack *attack)
{
	char request[8192] = "";
	SSL *ssl;
	int size;

	if (attack->raw) {
		attack->raw(fd);
		return;
	}
	ssl = shake_hands(fd, attack);
	size = ssl ? SSL_read(ssl, request, sizeof(request) - 1) : 0;
	if (size <= 0)
		return;
	printf("request %d %.*s\n", number, (int)strcspn(request + 5, " "), request + 5);
	if (attack->act)
		attack->act(ssl);
	else
		relay(ssl, request, size);
}

int main(int argc, char **argv)
{
	const struct attack *attack = argc == 6 ? attack_find(argv[4]) : NULL;
	int listener;

	if (argc == 2 && strcmp(argv[1], "--list") == 0) {
		attack_print_names();
		return 0;
	}
	if (!attack) {
		fputs("usage: hostile_tls CERTIFICATE KEY BACKEND-PORT ATTACK FROM\n", stderr);
		return 2;
	}
	certificate_file = argv[1];
	key_file = argv[2];
	backend_port = (in_port_t)atoi(argv[3]);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	setvbuf(stdout, NULL, _IOLBF, 0);
	listener = listen_anywhere();
	for (int number = 1;; number++) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0)
			die("accept");
		if (fork() == 0) {
			close(listener);
			serve(fd, number, number < atoi(argv[5]) ? attack_find("none") : attack);
			_exit(0);
		}
		close(fd);
	}
}
