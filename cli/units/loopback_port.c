/* SPDX-License-Identifier: MIT */
#include "units/loopback_port.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>

#include "common/cleanup.h"

int loopback_port_error(unsigned port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)},
	};
	_cleanup_(closep) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int one = 1;

	/* As the daemon does: connections of the one before are not in its way. */
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return errno;
	return 0;
}

unsigned loopback_port_free(unsigned port)
{
	for (port = port < IPPORT_RESERVED ? IPPORT_RESERVED : port + 1; port <= UINT16_MAX; port++)
		if (loopback_port_error(port) == 0)
			return port;
	return 0;
}
