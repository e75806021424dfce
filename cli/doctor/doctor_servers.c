/* SPDX-License-Identifier: MIT */

/*
 * doctor: asks every account's server, one after the other, what it is and what time it has.
 */

#include <stdlib.h>
#include <string.h>

#include "command/places_note.h"
#include "common/text.h"
#include "common/translate.h"
#include "doctor.h"
#include "doctor_clock.h"
#include "server_probe.h"
#include "terminal/terminal.h"

/* Asking more would take minutes where the network is down. */
#define SERVERS_MAX 50
/* The longest version seen has 27 characters, and names of software are shorter. */
#define VERSION_MAX_CHARS 80

struct servers {
	struct url_server items[SERVERS_MAX];
	size_t count;
	bool are_more;
};

static void add_server(struct servers *servers, const struct url_server *server)
{
	for (size_t i = 0; i < servers->count; i++)
		if (strcmp(servers->items[i].origin, server->origin) == 0)
			return;
	if (servers->count == SERVERS_MAX)
		servers->are_more = true;
	else
		servers->items[servers->count++] = *server;
}

static void add_accounts(struct servers *servers, const struct json *accounts)
{
	for (const struct json *c = json_first(accounts); c; c = json_next(c)) {
		const char *origin = json_get_string(c, "server");
		struct url_server server;

		if (origin && url_server_parse(origin, &server, NULL) == 0)
			add_server(servers, &server);
	}
}

static void find_servers(const struct doctor *doctor, struct servers *servers)
{
	if (doctor->config)
		for (size_t i = 0; i < doctor->config->account_count; i++)
			add_server(servers, &doctor->config->accounts[i].server);
	add_accounts(servers, json_get(doctor->status, "accounts"));
	add_accounts(servers, doctor->env_accounts);
}

static void say_untrusted(struct doctor *doctor, const char *origin, const char *reason)
{
	const char *ca_file = doctor->config ? doctor->config->ca_file : NULL;

	findings_add(&doctor->findings, FINDING_ERROR, _("The secure connection to %s failed: %s"),
		     origin, reason);
	if (ca_file)
		findings_remedy(&doctor->findings,
				_("The authorities in ca_file, %s, are trusted instead of the "
				  "system's: add the server's there"),
				ca_file);
	else
		findings_remedy(&doctor->findings,
				_("If its certificate is of a private authority, name that in the "
				  "config, in [daemon]: ca_file = /path/to/ca.pem. Otherwise "
				  "somebody may be in between: do not log in there"));
}

static void say_unanswered(struct doctor *doctor, const char *origin, int code,
			   const struct err_detail *detail)
{
	struct findings *findings = &doctor->findings;

	switch (code) {
	case ERR_UNSAFE:
		say_untrusted(doctor, origin, detail->text);
		break;
	case ERR_NOT_FOUND:
	case ERR_BUSY:
		findings_add(findings, FINDING_ERROR, _("%s cannot be reached: %s"), origin,
			     detail->text);
		findings_remedy(
			findings,
			_("Is the name right, and is this computer online? Try: curl -v %s"),
			origin);
		break;
	default:
		findings_add(findings, FINDING_ERROR,
			     _("%s does not answer as a Misskey server does: %s"), origin,
			     detail->text);
		findings_remedy(findings, _("Is the name right? Try: curl -v %s"), origin);
	}
}

/* The origin of URL, which is in SERVER afterwards; NULL if URL is none of a server. */
static const char *server_name(const char *url, struct url_server *server)
{
	char origin[URL_ORIGIN_BYTES];
	const char *path;

	if (!url || url_split(url, origin, &path, NULL) < 0 ||
	    url_server_parse(origin, server, NULL) < 0)
		return NULL;
	return server->origin;
}

static void say_redirect(struct doctor *doctor, const char *origin, const char *url)
{
	struct url_server server;
	const char *name = server_name(url, &server);

	findings_add(&doctor->findings, FINDING_ERROR,
		     _("%s sends everybody on to another address, which is not followed: %s"),
		     origin, *url ? url : _("it does not say where"));
	if (name && strcmp(name, origin) != 0)
		findings_remedy(&doctor->findings,
				_("If that is the same server, log in with its name: "
				  "misskey-authctl login %s"),
				name);
	else
		findings_remedy(&doctor->findings,
				_("Open %s in a browser: the server, or a network that wants you "
				  "to sign in first, says what is the matter"),
				origin);
}

/* Says that no Misskey server answers this question with STATUS. */
static void say_status(struct doctor *doctor, const char *origin, unsigned status)
{
	if (status == 429 || status >= 500) {
		findings_add(&doctor->findings, FINDING_WARNING,
			     _("%s is in trouble: it answers with the HTTP status %u"), origin,
			     status);
		findings_remedy(&doctor->findings, _("Wait a few minutes and try again"));
		return;
	}
	findings_add(&doctor->findings, FINDING_ERROR,
		     _("%s does not answer as a Misskey server does: HTTP status %u"), origin,
		     status);
	findings_remedy(&doctor->findings, _("Is the name right? Open it in a browser: %s"),
			origin);
}

/* A fork's version in meta is a number of its own: only NodeInfo tells whose. */
static void say_software(struct doctor *doctor, const struct url_server *asked,
			 const struct json *meta)
{
	const char *ca_file = doctor->config ? doctor->config->ca_file : NULL;
	_cleanup_(server_answer_done) struct server_answer answer = {0};
	_cleanup_(buf_done) struct buf name = {0};
	_cleanup_(buf_done) struct buf version = {0};
	const struct json *software = NULL;
	const char *own_name, *own_version;
	struct err_detail detail;
	bool is_named;

	if (server_probe(asked, SERVER_NODEINFO, ca_file, &answer, &detail) == 0 &&
	    answer.status == 200)
		software = json_get(answer.body, "software");
	own_name = json_get_string(software, "name");
	own_version = json_get_string(software, "version");
	is_named = own_name && *own_name && own_version && *own_version;
	text_append_printable(&name, is_named ? own_name : "", VERSION_MAX_CHARS);
	text_append_printable(&version, is_named ? own_version : json_get_string(meta, "version"),
			      VERSION_MAX_CHARS);
	if (is_named)
		findings_add(&doctor->findings, FINDING_OK, _("%s runs %s %s"), asked->origin,
			     buf_text(&name), buf_text(&version));
	else
		findings_add(&doctor->findings, FINDING_OK,
			     _("%s answers as a Misskey server does; its version is %s"),
			     asked->origin, buf_text(&version));
}

static void say_misskey(struct doctor *doctor, const struct url_server *asked,
			const struct json *meta)
{
	const char *origin = asked->origin;
	struct url_server server;
	const char *own = server_name(json_get_string(meta, "uri"), &server);

	if (!own || strcmp(own, origin) == 0) {
		say_software(doctor, asked, meta);
		return;
	}
	findings_add(&doctor->findings, FINDING_WARNING,
		     _("%s calls itself %s: its consent page would be refused"), origin, own);
	findings_remedy(&doctor->findings, _("Log in with that name: misskey-authctl login %s"),
			own);
}

static void say_answer(struct doctor *doctor, const struct url_server *server,
		       const struct server_answer *answer)
{
	const char *origin = server->origin;

	if (answer->status >= 300 && answer->status < 400) {
		say_redirect(doctor, origin, answer->redirect_url);
	} else if (answer->status != 200) {
		say_status(doctor, origin, answer->status);
	} else if (json_get_string(answer->body, "version")) {
		say_misskey(doctor, server, answer->body);
	} else {
		findings_add(&doctor->findings, FINDING_ERROR,
			     _("%s does not answer as a Misskey server does: it does not tell its "
			       "version"),
			     origin);
		findings_remedy(&doctor->findings, _("Is the name right? Open it in a browser: %s"),
				origin);
	}
}

static void ask(struct doctor *doctor, const struct url_server *server, struct clock_views *views)
{
	const char *ca_file = doctor->config ? doctor->config->ca_file : NULL;
	_cleanup_(server_answer_done) struct server_answer answer = {0};
	struct err_detail detail = {0};
	int r;

	terminal_progress(_("Asking %s…"), server->origin);
	r = server_probe(server, SERVER_META, ca_file, &answer, &detail);
	if (r < 0) {
		say_unanswered(doctor, server->origin, r, &detail);
		return;
	}
	say_answer(doctor, server, &answer);
	if (answer.date_s >= 0)
		clock_view_add(views, server->origin, answer.local_s - answer.date_s);
}

/* Here the servers are asked by way of this shell's proxy. The daemon asks them by way of its own.
 */
static void check_proxy(struct doctor *doctor)
{
	const char *variable = places_missing_proxy(doctor->status);

	if (!variable)
		return;
	findings_add(&doctor->findings, FINDING_WARNING,
		     _("This shell has a proxy (%s), but the daemon has none"), variable);
	findings_remedy(&doctor->findings,
			_("To give it this one: systemctl --user import-environment %s; then: %s"),
			variable, ADVICE_RESTART);
}

void doctor_check_servers(struct doctor *doctor)
{
	_cleanup_(freep) struct servers *servers = calloc(1, sizeof(*servers));
	struct clock_views views = {0};

	if (!servers) {
		doctor->findings.error = ERR_NOMEM;
		return;
	}
	check_proxy(doctor);
	find_servers(doctor, servers);
	for (size_t i = 0; i < servers->count; i++)
		ask(doctor, &servers->items[i], &views);
	terminal_progress_end();
	if (servers->are_more)
		findings_add(&doctor->findings, FINDING_NOTE,
			     _("There are more servers: %d of them were asked"), SERVERS_MAX);
	if (servers->count == 0) {
		findings_add(&doctor->findings, FINDING_NOTE,
			     _("There is no account yet, so no server was asked"));
		findings_remedy(&doctor->findings, "misskey-authctl login misskey.example");
	}
	doctor_check_clock(&doctor->findings, &views);
}
