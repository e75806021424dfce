/* SPDX-License-Identifier: MIT */
#include "client/control_client.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/translate.h"

#define HOST_URL "http://localhost"
#define URL_BYTES (sizeof(HOST_URL) + CONTROL_PATH_BYTES)
#define RETRY_PAUSE_MS 250

struct control_client {
	char *socket_path;
	CURL *easy;
	struct curl_slist *headers;
	curl_socket_t socket; /* of the latest connection */
};

static int no_memory(struct err_detail *detail)
{
	return err_set(detail, ERR_NOMEM, _("There is no memory left."));
}

/* What answers is not the daemon. */
static int not_understood(const struct control_client *client, struct err_detail *detail)
{
	return err_set(detail, ERR_DAMAGED, _("What answers at %s does not speak the control API."),
		       client->socket_path);
}

void control_reply_done(struct control_reply *reply)
{
	json_free(reply->body);
	reply->body = NULL;
}

const char *control_reply_code(const struct control_reply *reply)
{
	const char *code = json_get_string(json_get(reply->body, "error"), "code");

	return code ? code : "";
}

bool control_client_may_retry(int code)
{
	return code == ERR_NOT_FOUND || code == ERR_IO || code == ERR_BUSY;
}

void control_client_pause(void)
{
	nanosleep(&(struct timespec){.tv_nsec = RETRY_PAUSE_MS * 1000000L}, NULL);
}

int64_t control_client_now_ms(void)
{
	struct timespec now = {0};

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void control_client_free(struct control_client *client)
{
	if (!client)
		return;
	curl_slist_free_all(client->headers);
	curl_easy_cleanup(client->easy);
	free(client->socket_path);
	free(client);
	curl_global_cleanup();
}

int control_client_new(const char *socket_path, struct control_client **ret_client,
		       struct err_detail *detail)
{
	_cleanup_(control_client_freep) struct control_client *client = NULL;

	if (strlen(socket_path) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
		return err_set(detail, ERR_LIMIT,
			       _("The path %s is too long for a socket. Set XDG_RUNTIME_DIR to a "
				 "shorter one, or use --socket PATH."),
			       socket_path);
	if (curl_global_init(CURL_GLOBAL_NOTHING) != CURLE_OK)
		return err_set(detail, ERR_LIBRARY, _("libcurl could not be started."));
	client = calloc(1, sizeof(*client));
	if (!client) {
		curl_global_cleanup();
		return no_memory(detail);
	}
	client->socket_path = strdup(socket_path);
	client->easy = curl_easy_init();
	/* "Expect:" without a value: a body of this size is sent without asking first. */
	client->headers = curl_slist_append(NULL, "Content-Type: application/json");
	if (!client->socket_path || !client->easy || !client->headers ||
	    !curl_slist_append(client->headers, "Expect:"))
		return no_memory(detail);
	*ret_client = TAKE_PTR(client);
	return 0;
}

const char *control_client_path(const struct control_client *client)
{
	return client->socket_path;
}

/* libcurl asks with the product of SIZE and COUNT; a smaller answer ends the transfer. */
static size_t receive(char *bytes, size_t size, size_t count, void *context)
{
	struct buf *reply = context;

	buf_append(reply, bytes, size * count);
	return buf_error(reply) ? 0 : size * count;
}

/* The first option that libcurl refuses decides. */
#define SET(option, value)                                                         \
	do {                                                                       \
		CURLcode set_ = curl_easy_setopt(client->easy, (option), (value)); \
		if (set_ != CURLE_OK)                                              \
			return set_;                                               \
	} while (0)

static int remember_socket(void *context, curl_socket_t socket, curlsocktype purpose)
{
	struct control_client *client = context;

	(void)purpose;
	client->socket = socket;
	return CURL_SOCKOPT_OK;
}

/* Another user who listens in the daemon's place would learn the request, and could answer with
 * pages of their choice. */
static bool is_own(int fd)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == geteuid();
}

/* Runs before anything is sent. */
/* NOLINTNEXTLINE(readability-non-const-parameter): what libcurl calls */
static int check_peer(void *context, char *address, char *local_address, int port, int local_port)
{
	const struct control_client *client = context;

	(void)address;
	(void)local_address;
	(void)port;
	(void)local_port;
	return is_own(client->socket) ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

static CURLcode prepare(struct control_client *client, const char *method, const char *url,
			const struct buf *body, int64_t timeout_ms, struct buf *reply)
{
	curl_easy_reset(client->easy);
	SET(CURLOPT_URL, url);
	SET(CURLOPT_UNIX_SOCKET_PATH, client->socket_path);
	SET(CURLOPT_SOCKOPTFUNCTION, remember_socket);
	SET(CURLOPT_SOCKOPTDATA, client);
	SET(CURLOPT_PREREQFUNCTION, check_peer);
	SET(CURLOPT_PREREQDATA, client);
	SET(CURLOPT_PROTOCOLS_STR, "http");
	/* http_proxy in the environment must not lead a request away from the socket. */
	SET(CURLOPT_PROXY, "");
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_FORBID_REUSE, 1L);
	SET(CURLOPT_HTTPHEADER, client->headers);
	SET(CURLOPT_TIMEOUT_MS, (long)timeout_ms);
	SET(CURLOPT_WRITEFUNCTION, receive);
	SET(CURLOPT_WRITEDATA, reply);
	SET(CURLOPT_CUSTOMREQUEST, method);
	if (body) {
		SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body->size);
		SET(CURLOPT_POSTFIELDS, buf_text(body));
	}
	return CURLE_OK;
}

static int unreachable(const struct control_client *client, int os_error, struct err_detail *detail)
{
	return err_set(detail, ERR_NOT_FOUND, _("The daemon cannot be reached at %s%s%s."),
		       client->socket_path, os_error ? ": " : "",
		       os_error ? translate_errno(os_error) : "");
}

static int not_yours(const struct control_client *client, struct err_detail *detail)
{
	return err_set(detail, ERR_UNSAFE,
		       _("What listens at %s is not yours: another user made it. Nothing "
			 "was sent to it."),
		       client->socket_path);
}

static int broken_off(const struct control_client *client, const char *how,
		      struct err_detail *detail)
{
	return err_set(detail, ERR_IO, _("The daemon at %s broke the connection off (%s)."),
		       client->socket_path, how);
}

static int transfer_failed(const struct control_client *client, CURLcode code,
			   const struct buf *reply, struct err_detail *detail)
{
	long os_error = 0;

	switch (code) {
	case CURLE_COULDNT_CONNECT:
		if (curl_easy_getinfo(client->easy, CURLINFO_OS_ERRNO, &os_error) != CURLE_OK)
			os_error = 0;
		return unreachable(client, (int)os_error, detail);
	case CURLE_OPERATION_TIMEDOUT:
		return err_set(detail, ERR_BUSY, _("The daemon at %s did not answer in time."),
			       client->socket_path);
	case CURLE_ABORTED_BY_CALLBACK:
		return not_yours(client, detail);
	case CURLE_OUT_OF_MEMORY:
		return no_memory(detail);
	case CURLE_WRITE_ERROR:
		return err_set(detail, reply->error ? reply->error : ERR_IO,
			       _("The daemon's answer is too large, or there is no memory left."));
	default:
		return broken_off(client, curl_easy_strerror(code), detail);
	}
}

static int read_reply(const struct control_client *client, long status, const struct buf *bytes,
		      struct control_reply *ret_reply, struct err_detail *detail)
{
	struct control_reply reply = {.status = status};
	int r = json_parse(buf_text(bytes), bytes->size, BUF_MAX_BYTES, &reply.body, NULL);
	if (r == ERR_NOMEM)
		return no_memory(detail);
	if (r < 0 || !json_is_object(reply.body)) {
		control_reply_done(&reply);
		/* An error such as 413 may come without a body. */
		if (reply.status < 400)
			return not_understood(client, detail);
	}
	*ret_reply = reply;
	return 0;
}

int control_client_request(struct control_client *client, const char *method, const char *path,
			   const struct json *body, int64_t timeout_ms,
			   struct control_reply *ret_reply, struct err_detail *detail)
{
	_cleanup_(buf_done) struct buf sent = {0};
	_cleanup_(buf_done) struct buf received = {0};
	char url[URL_BYTES];
	CURLcode code;
	long status;
	int r;

	if ((size_t)snprintf(url, sizeof(url), HOST_URL "%s", path) >= sizeof(url))
		return err_set(detail, ERR_LIMIT, _("The request's path is too long."));
	if (body) {
		r = json_print(body, false, &sent);
		if (r < 0)
			return err_set(detail, r, _("The request could not be put together: %s."),
				       _(err_text(r)));
	}
	code = prepare(client, method, url, body ? &sent : NULL, timeout_ms, &received);
	if (code != CURLE_OK)
		return err_set(detail, ERR_LIBRARY, _("libcurl refused an option: %s."),
			       curl_easy_strerror(code));
	code = curl_easy_perform(client->easy);
	if (code != CURLE_OK)
		return transfer_failed(client, code, &received, detail);
	if (curl_easy_getinfo(client->easy, CURLINFO_RESPONSE_CODE, &status) != CURLE_OK)
		return err_set(detail, ERR_LIBRARY, _("libcurl does not tell the reply's status."));
	return read_reply(client, status, &received, ret_reply, detail);
}

struct json *control_client_get(struct control_client *client, const char *path)
{
	_cleanup_(control_reply_done) struct control_reply reply = {0};

	if (control_client_request(client, "GET", path, NULL, CONTROL_TIMEOUT_MS, &reply, NULL) ||
	    reply.status != 200)
		return NULL;
	return TAKE_PTR(reply.body);
}

/* ---- Streams ---- */

struct control_stream {
	const struct control_client *client;
	int fd;
	long status; /* of HTTP; 0: its head has not come yet */
	struct buf pending;
};

int control_stream_open(const struct control_client *client, const char *path,
			struct control_stream **ret_stream, struct err_detail *detail)
{
	_cleanup_(control_stream_freep) struct control_stream *stream = calloc(1, sizeof(*stream));
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	/* An answer to HTTP/1.0 has no chunks. */
	char request[URL_BYTES + 32] = "";

	if (!stream)
		return no_memory(detail);
	stream->client = client;
	stream->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* control_client_new() has measured it. */
	strcpy(address.sun_path, client->socket_path);
	if (stream->fd < 0 ||
	    connect(stream->fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return unreachable(client, errno, detail);
	if (!is_own(stream->fd))
		return not_yours(client, detail);
	if (path)
		snprintf(request, sizeof(request), "GET %s HTTP/1.0\r\n\r\n", path);
	if (send(stream->fd, request, strlen(request), MSG_NOSIGNAL) < 0)
		return broken_off(client, translate_errno(errno), detail);
	*ret_stream = TAKE_PTR(stream);
	return 0;
}

int control_stream_fd(const struct control_stream *stream)
{
	return stream->fd;
}

/* "HTTP/1.1 200 OK\r\n…\r\n\r\n" */
static void take_head(struct control_stream *stream)
{
	const char *end = strstr(buf_text(&stream->pending), "\r\n\r\n");

	if (!end)
		return;
	stream->status =
		strtol(stream->pending.bytes + strcspn(stream->pending.bytes, " "), NULL, 10);
	buf_remove_front(&stream->pending, (size_t)(end + 4 - stream->pending.bytes));
}

/* SEARCHED bytes of what is pending have no line's end. */
static int take_lines(struct control_stream *stream, size_t searched,
		      control_line_function *function, void *context, struct err_detail *detail)
{
	size_t begin = 0;
	const char *end;
	int r = 0;

	while (!r && (end = memchr(buf_text(&stream->pending) + searched, '\n',
				   stream->pending.size - searched))) {
		const char *line = stream->pending.bytes + begin;
		_cleanup_(json_freep) struct json *object = NULL;

		r = json_parse(line, (size_t)(end - line), BUF_MAX_BYTES, &object, NULL);
		if (r == 0 && json_is_object(object))
			function(object, context);
		else
			r = r == ERR_NOMEM ? no_memory(detail)
					   : not_understood(stream->client, detail);
		begin = searched = (size_t)(end + 1 - stream->pending.bytes);
	}
	buf_remove_front(&stream->pending, begin);
	return r;
}

int control_stream_read(struct control_stream *stream, control_line_function *function,
			void *context, struct control_reply *ret_reply, struct err_detail *detail)
{
	size_t searched = stream->status == 200 ? stream->pending.size : 0;
	char bytes[16384];
	ssize_t size = recv(stream->fd, bytes, sizeof(bytes), 0);

	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (size <= 0 && stream->status > 200)
		return read_reply(stream->client, stream->status, &stream->pending, ret_reply,
				  detail);
	if (size <= 0)
		return broken_off(stream->client,
				  size < 0 ? translate_errno(errno) : _("it has ended"), detail);
	buf_append(&stream->pending, bytes, (size_t)size);
	if (stream->status == 0)
		take_head(stream);
	if (buf_error(&stream->pending))
		return no_memory(detail);
	return stream->status == 200 ? take_lines(stream, searched, function, context, detail) : 0;
}

void control_stream_free(struct control_stream *stream)
{
	if (!stream)
		return;
	closep(&stream->fd);
	buf_done(&stream->pending);
	free(stream);
}
