/* SPDX-License-Identifier: MIT */
#include "common/url.h"

#include <arpa/inet.h>
#include <idn2.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "ascii.h"
#include "common/number.h"
#include "common/text.h"
#include "common/translate.h"

#define PORT_HTTP 80
#define PORT_HTTPS 443
#define PORT_MAX 65535

/* RFC 1035: a label has 63 characters at most. */
#define LABEL_MAX_BYTES 63
/* A character of an international name has 4 bytes at most, and one or more in punycode. */
#define INTERNATIONAL_HOST_BYTES (4 * URL_HOST_BYTES)

/* A part of a text that somebody else owns. */
struct span {
	const char *start;
	size_t size;
};

struct authority {
	char host[URL_HOST_BYTES]; /* normalized; an IPv6 address in its brackets */
	uint16_t port;		   /* 0: none given */
	bool loopback;
};

/* What no part of a URL may hold as it is (RFC 3986), besides what browsers silently repair:
 * they drop tabs and line ends and take a backslash for a slash. */
static int check_characters(const char *text, bool may_be_international, struct err_detail *detail)
{
	if (strlen(text) >= URL_MAX_BYTES)
		return text_err(detail, ERR_LIMIT, text, _("expected fewer than %d characters"),
				URL_MAX_BYTES);
	for (const char *c = text; *c; c++) {
		if ((unsigned char)*c >= 0x80 && !may_be_international)
			return text_err(detail, ERR_SYNTAX, text,
					_("expected ASCII alone; write an international name in "
					  "punycode, as xn--…"));
		if ((unsigned char)*c <= ' ' || *c == 0x7F || strchr("\"'`\\", *c))
			return text_err(detail, ERR_SYNTAX, text,
					_("expected no blanks, quotes, backslashes or control "
					  "characters"));
	}
	return 0;
}

/* Reads decimal digits without leading zeros: "0", or 1 to 65535. */
static bool port_read(struct span text, unsigned *ret_port)
{
	uint64_t port;

	if (!number_read(text.start, text.size, PORT_MAX, &port) ||
	    (text.start[0] == '0' && text.size > 1))
		return false;
	*ret_port = (unsigned)port;
	return true;
}

static bool host_is_localhost(const char *host)
{
	static const char suffix[] = ".localhost";
	size_t size = strlen(host);

	if (strcmp(host, suffix + 1) == 0)
		return true;
	return size >= sizeof(suffix) && strcmp(host + size - (sizeof(suffix) - 1), suffix) == 0;
}

/* Whether browsers would take HOST for an IPv4 address (WHATWG URL, "ends in a number"): then it
 * must be one in the usual notation, for 0177.1 or 2130706433 mean different things to
 * different readers. */
static bool host_ends_in_number(const char *host)
{
	const char *dot = strrchr(host, '.');
	const char *label = dot ? dot + 1 : host;

	if (strncmp(label, "0x", 2) == 0)
		return label[2 + strspn(label + 2, "0123456789abcdef")] == '\0';
	return label[strspn(label, "0123456789")] == '\0';
}

static bool host_has_good_labels(const char *host)
{
	while (true) {
		size_t size = strcspn(host, ".");

		if (size == 0 || size > LABEL_MAX_BYTES || host[0] == '-' || host[size - 1] == '-')
			return false;
		for (size_t i = 0; i < size; i++) {
			if (!ascii_is_alphanumeric(host[i]) && host[i] != '-')
				return false;
		}
		if (host[size] == '\0')
			return true;
		host += size + 1;
	}
}

static bool is_ascii(struct span text)
{
	for (size_t i = 0; i < text.size; i++)
		if ((unsigned char)text.start[i] >= 0x80)
			return false;
	return true;
}

/* Writes an international name in punycode, by the rules that browsers have (UTS 46). */
static bool international_read(struct span text, char ret_host[static URL_HOST_BYTES])
{
	char name[INTERNATIONAL_HOST_BYTES];
	char *ascii = NULL;
	bool good;

	if (text.size >= sizeof(name))
		return false;
	memcpy(name, text.start, text.size);
	name[text.size] = '\0';
	good = idn2_to_ascii_8z(name, &ascii, IDN2_NONTRANSITIONAL) == IDN2_OK &&
	       strlen(ascii) < URL_HOST_BYTES;
	if (good)
		strcpy(ret_host, ascii);
	idn2_free(ascii);
	return good;
}

static bool ascii_read(struct span text, char ret_host[static URL_HOST_BYTES])
{
	if (text.size >= URL_HOST_BYTES)
		return false;
	for (size_t i = 0; i < text.size; i++)
		ret_host[i] = ascii_lower(text.start[i]);
	ret_host[text.size] = '\0';
	return true;
}

static bool name_read(struct span text, struct authority *authority)
{
	bool read = is_ascii(text) ? ascii_read(text, authority->host)
				   : international_read(text, authority->host);
	struct in_addr address;

	if (!read || !host_has_good_labels(authority->host))
		return false;
	if (!host_ends_in_number(authority->host)) {
		authority->loopback = host_is_localhost(authority->host);
		return true;
	}
	if (inet_pton(AF_INET, authority->host, &address) != 1)
		return false;
	authority->loopback = ntohl(address.s_addr) >> 24 == IN_LOOPBACKNET;
	return true;
}

/* TEXT is what stands between the brackets. */
static bool ipv6_read(struct span text, struct authority *authority)
{
	char shown[INET6_ADDRSTRLEN];
	struct in6_addr address;

	if (text.size >= sizeof(shown))
		return false;
	memcpy(shown, text.start, text.size);
	shown[text.size] = '\0';
	if (inet_pton(AF_INET6, shown, &address) != 1 ||
	    !inet_ntop(AF_INET6, &address, shown, sizeof(shown)))
		return false;
	(void)snprintf(authority->host, sizeof(authority->host), "[%s]", shown);
	authority->loopback = IN6_IS_ADDR_LOOPBACK(&address);
	return true;
}

/* Reads host[:port]. WHOLE is quoted in errors. */
static int authority_read(struct span text, const char *whole, struct authority *ret_authority,
			  struct err_detail *detail)
{
	const char *end = text.start + text.size;
	const char *host_end;
	unsigned port = 0;
	bool good;

	if (text.size > 0 && text.start[0] == '[') {
		host_end = memchr(text.start, ']', text.size);
		good = host_end &&
		       ipv6_read((struct span){text.start + 1, (size_t)(host_end - text.start - 1)},
				 ret_authority);
		host_end = host_end ? host_end + 1 : end;
	} else {
		host_end = memchr(text.start, ':', text.size);
		if (!host_end)
			host_end = end;
		good = name_read((struct span){text.start, (size_t)(host_end - text.start)},
				 ret_authority);
	}
	if (!good || (host_end < end && *host_end != ':'))
		return text_err(detail, ERR_SYNTAX, whole,
				_("expected a host name, without a final dot, or an IP address"));
	if (host_end < end &&
	    (!port_read((struct span){host_end + 1, (size_t)(end - host_end - 1)}, &port) ||
	     port == 0))
		return text_err(detail, ERR_SYNTAX, whole,
				_("expected a port from 1 to 65535 after the host's colon"));
	ret_authority->port = (uint16_t)port;
	return 0;
}

/* Skips the scheme, if it is one of ours. */
static bool scheme_skip(const char **text, bool *ret_tls)
{
	static const char http[] = "http://";
	static const char https[] = "https://";

	*ret_tls = strncasecmp(*text, https, sizeof(https) - 1) == 0;
	if (!*ret_tls && strncasecmp(*text, http, sizeof(http) - 1) != 0)
		return false;
	*text += *ret_tls ? sizeof(https) - 1 : sizeof(http) - 1;
	return true;
}

/* Writes the host, and the port unless it is the scheme's default. */
static void host_write(const struct authority *authority, bool tls, char *ret_host, size_t capacity)
{
	uint16_t default_port = tls ? PORT_HTTPS : PORT_HTTP;

	if (authority->port == 0 || authority->port == default_port)
		(void)snprintf(ret_host, capacity, "%s", authority->host);
	else
		(void)snprintf(ret_host, capacity, "%s:%u", authority->host, authority->port);
}

/* Reads the user's name that begins at *TEXT and moves TEXT to END, which must follow the name.
 * WHOLE is quoted in errors. */
static int user_read(const char **text, char end, const char *whole,
		     char ret_user[static URL_USER_BYTES], struct err_detail *detail)
{
	const char *user = *text;
	size_t size = 0;

	while (ascii_is_alphanumeric(user[size]) || (user[size] && strchr("_.-", user[size])))
		size++;
	if (size == 0 || user[size] != end)
		return text_err(detail, ERR_SYNTAX, whole,
				_("expected a user as in @alice@misskey.example"));
	if (size >= URL_USER_BYTES)
		return text_err(detail, ERR_LIMIT, whole,
				_("expected a user name of at most %d characters"),
				URL_USER_BYTES - 1);
	memcpy(ret_user, user, size);
	ret_user[size] = '\0';
	*text = user + size;
	return 0;
}

/* Whether TEXT, which has no scheme, begins with a user: @alice@misskey.example, or without the
 * first @. */
static bool begins_with_user(const char *text)
{
	return text[0] == '@' || memchr(text, '@', strcspn(text, "/?#"));
}

/* What follows the host: nothing, or the user's page, /@alice. */
static int page_read(const char *rest, const char *whole, char ret_user[static URL_USER_BYTES],
		     struct err_detail *detail)
{
	bool is_page = strncmp(rest, "/@", 2) == 0 && !*ret_user;
	size_t size = strlen(rest);

	if (is_page) {
		char end = rest[size - 1] == '/' ? '/' : '\0';
		int r;

		rest += 2;
		r = user_read(&rest, end, whole, ret_user, detail);
		if (r < 0)
			return r;
	}
	if (strcmp(rest, "") != 0 && strcmp(rest, "/") != 0)
		return text_err(detail, ERR_INVALID, whole,
				_("expected nothing after the host: no path, query or fragment"));
	return 0;
}

/* Skips the scheme, reads the user and refuses what else must not stand around the host. */
static int server_split(const char *text, struct span *ret_authority, bool *ret_scheme,
			struct url_server *server, struct err_detail *detail)
{
	const char *rest = text;
	int r;

	*ret_scheme = scheme_skip(&rest, &server->tls);
	if (!*ret_scheme && strstr(text, "://"))
		return text_err(detail, ERR_INVALID, text,
				_("expected https:// or nothing before "
				  "the host"));
	if (!*ret_scheme && begins_with_user(text)) {
		rest += *rest == '@';
		r = user_read(&rest, '@', text, server->user, detail);
		if (r < 0)
			return r;
		rest++;
	}
	*ret_authority = (struct span){rest, strcspn(rest, "/?#")};
	if (memchr(rest, '@', ret_authority->size))
		return text_err(detail, ERR_INVALID, text,
				_("expected no user before the host, except as in "
				  "@alice@misskey.example"));
	return page_read(rest + ret_authority->size, text, server->user, detail);
}

int url_server_parse(const char *text, struct url_server *ret_server, struct err_detail *detail)
{
	struct url_server server = {0};
	struct authority authority = {0};
	struct span span;
	bool has_scheme;
	int r;

	if (!*text)
		return err_set(detail, ERR_SYNTAX,
			       _("nothing: expected a server such as misskey.example or "
				 "https://misskey.example:8443"));
	r = check_characters(text, true, detail);
	if (r < 0)
		return r;
	r = server_split(text, &span, &has_scheme, &server, detail);
	if (r < 0)
		return r;
	r = authority_read(span, text, &authority, detail);
	if (r < 0)
		return r;
	server.loopback = authority.loopback;
	if (!has_scheme)
		server.tls = !server.loopback;
	if (!server.tls && !server.loopback)
		return text_err(detail, ERR_INVALID, text,
				_("expected https://: without it everybody on the way could read "
				  "the credentials (http is for this machine alone)"));
	host_write(&authority, server.tls, server.host, sizeof(server.host));
	(void)snprintf(server.origin, sizeof(server.origin), "%s%s",
		       server.tls ? "https://" : "http://", server.host);
	*ret_server = server;
	return 0;
}

int url_split(const char *url, char ret_origin[static URL_ORIGIN_BYTES], const char **ret_path,
	      struct err_detail *detail)
{
	char host[URL_HOST_BYTES + 6];
	struct authority authority = {0};
	const char *rest = url;
	size_t size;
	bool tls;
	int r;

	r = check_characters(url, false, detail);
	if (r < 0)
		return r;
	if (!scheme_skip(&rest, &tls))
		return text_err(detail, ERR_SYNTAX, url, _("expected an http or https URL"));
	size = strcspn(rest, "/?#");
	if (memchr(rest, '@', size))
		return text_err(detail, ERR_SYNTAX, url, _("expected no user before the host"));
	if (rest[size] != '/' && rest[size] != '\0')
		return text_err(detail, ERR_SYNTAX, url, _("expected a path after the host"));
	r = authority_read((struct span){rest, size}, url, &authority, detail);
	if (r < 0)
		return r;
	host_write(&authority, tls, host, sizeof(host));
	(void)snprintf(ret_origin, URL_ORIGIN_BYTES, "%s%s", tls ? "https://" : "http://", host);
	*ret_path = rest + size;
	return 0;
}

int url_decode(const char *text, size_t size, char *ret_text, size_t capacity)
{
	size_t used = 0;

	for (size_t i = 0; i < size; i++) {
		char c = text[i];

		if (c == '%') {
			int high = i + 2 < size ? ascii_hex_value(text[i + 1]) : -1;
			int low = high >= 0 ? ascii_hex_value(text[i + 2]) : -1;

			if (low < 0)
				return ERR_SYNTAX;
			c = (char)(high << 4 | low);
			i += 2;
		}
		if (c == '\0')
			return ERR_SYNTAX;
		if (used + 1 >= capacity)
			return ERR_LIMIT;
		ret_text[used++] = c;
	}
	if (used >= capacity)
		return ERR_LIMIT;
	ret_text[used] = '\0';
	return 0;
}

bool url_is_uuid(const char *text)
{
	static const char shape[] = "00000000-0000-0000-0000-000000000000";

	for (size_t i = 0; i < sizeof(shape); i++) {
		bool fits = shape[i] == '0' ? ascii_hex_value(text[i]) >= 0 : text[i] == shape[i];

		if (!fits)
			return false;
	}
	return true;
}

int url_listen_parse(const char *text, unsigned *ret_port, struct err_detail *detail)
{
	static const char address[] = "127.0.0.1:";
	const char *port = text;

	if (strncmp(text, address, sizeof(address) - 1) == 0)
		port += sizeof(address) - 1;
	else if (text[strspn(text, "0123456789")] != '\0')
		return text_err(
			detail, ERR_INVALID, text,
			_("expected 127.0.0.1:PORT or a port alone, PORT from 0 (any) to 65535; "
			  "nothing but this machine's browser may reach the callback"));
	if (!port_read((struct span){port, strlen(port)}, ret_port))
		return text_err(
			detail, ERR_SYNTAX, text,
			_("expected 127.0.0.1:PORT or a port alone, PORT from 0 (any) to 65535"));
	return 0;
}
