/* SPDX-License-Identifier: MIT */

/*
 * usage: bare_server
 *
 * What libmicrohttpd can do at best, in the mode in which misskey-authd uses it: its epoll
 * descriptor waited for by the program itself, every connection closed after its reply. Reads from
 * standard input what to answer: the status, the header fields, an empty line, the body. Prints the
 * port of 127.0.0.1 at which it answers that to everybody, until it is killed.
 */

#include <arpa/inet.h>
#include <microhttpd.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define FIELDS_MAX 32
#define LINE_BYTES 1024
#define BODY_BYTES 65536
/* As the daemon's. */
#define CONNECTIONS_MAX 64
#define CONNECTION_BYTES 65536
#define BACKLOG 4096

struct answer {
	unsigned status;
	size_t field_count;
	char names[FIELDS_MAX][LINE_BYTES];
	char *values[FIELDS_MAX]; /* into names */
	size_t body_size;
	char body[BODY_BYTES];
};

static int answer_read(struct answer *answer, FILE *in)
{
	char line[LINE_BYTES];

	if (!fgets(line, sizeof(line), in))
		return -1;
	answer->status = (unsigned)strtoul(line, NULL, 10);
	while (answer->field_count < FIELDS_MAX && fgets(line, sizeof(line), in) && *line != '\n') {
		char *name = strcpy(answer->names[answer->field_count], line);
		char *colon = strstr(name, ": ");

		name[strcspn(name, "\n")] = '\0';
		if (!colon)
			return -1;
		*colon = '\0';
		answer->values[answer->field_count++] = colon + 2;
	}
	answer->body_size = fread(answer->body, 1, sizeof(answer->body), in);
	return answer->status > 0 ? 0 : -1;
}

static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *url,
			      const char *method, const char *version, const char *upload,
			      size_t *upload_size, void **request)
{
	struct answer *answer = context;
	struct MHD_Response *response;
	enum MHD_Result result;

	(void)url;
	(void)method;
	(void)version;
	(void)upload;
	(void)upload_size;
	if (!*request) {
		*request = answer;
		return MHD_YES;
	}
	response = MHD_create_response_from_buffer(answer->body_size, answer->body,
						   MHD_RESPMEM_MUST_COPY);
	if (!response)
		return MHD_NO;
	(void)MHD_add_response_header(response, "Connection", "close");
	for (size_t i = 0; i < answer->field_count; i++)
		(void)MHD_add_response_header(response, answer->names[i], answer->values[i]);
	result = MHD_queue_response(connection, answer->status, response);
	MHD_destroy_response(response);
	return result;
}

static int listen_anywhere(unsigned *ret_port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) < 0 || listen(fd, BACKLOG) < 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &size) < 0)
		return -1;
	*ret_port = ntohs(address.sin_port);
	return fd;
}

static int serve(struct answer *answer, int listen_fd)
{
	struct MHD_Daemon *daemon = MHD_start_daemon(
		MHD_USE_EPOLL, 0, NULL, NULL, handle, answer, MHD_OPTION_LISTEN_SOCKET, listen_fd,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES, MHD_OPTION_END);
	const union MHD_DaemonInfo *info;
	struct pollfd wait = {.events = POLLIN};

	if (!daemon)
		return 1;
	info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);
	wait.fd = info->epoll_fd;
	for (;;) {
		MHD_UNSIGNED_LONG_LONG timeout;
		int wait_ms = MHD_get_timeout(daemon, &timeout) == MHD_YES ? (int)timeout : -1;

		(void)poll(&wait, 1, wait_ms);
		(void)MHD_run(daemon);
	}
}

int main(void)
{
	static struct answer answer;
	unsigned port;
	int fd;

	if (answer_read(&answer, stdin) < 0) {
		fputs("bare_server: what is to be answered cannot be understood\n", stderr);
		return 2;
	}
	fd = listen_anywhere(&port);
	if (fd < 0) {
		perror("bare_server: cannot listen");
		return 1;
	}
	printf("%u\n", port);
	fflush(stdout);
	return serve(&answer, fd);
}
