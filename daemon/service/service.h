/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What the daemon can do, for its two servers: the accounts, their logins and credentials. Opens
 * the state directory and goes on with the logins that were pending there.
 *
 * If the state is damaged, there is still a service, so that both servers can say what is wrong:
 * service_unavailable() has the text, and logins are refused.
 */

#include <stdbool.h>

#include "account/accounts.h"
#include "common/buf.h"
#include "common/cleanup.h"
#include "common/err.h"
#include "config/config.h"
#include "http/http_client.h"
#include "login/login.h"
#include "login/verification.h"
#include "runtime/loop.h"

/* Nothing adds more than one problem of a kind, and there are fewer kinds. */
#define SERVICE_MAX_PROBLEMS 8

/* Whoever can read the links of a login could have sessions made without end by opening each link
 * in two browsers. */
#define SERVICE_RACES_MAX 3

/* A caller that was told to open a page needs a moment until its next request. For this long it
 * counts as still there, so that a second caller does not open the page again. */
#define SERVICE_PAGE_GRACE_MS 2000

struct service_problem {
	const char *code; /* static */
	char text[ERR_DETAIL_BYTES];
};

/* Why the daemon cannot work. Nothing is opened then, and the service only says so. */
struct service_refusal {
	const char *code; /* of its problem; static */
	struct err_detail why;
};

struct service_options {
	struct config *config;	     /* taken over, also on failure */
	struct config_source source; /* where it is read again; its texts are borrowed */
	bool log_level_is_fixed;     /* the config's does not count */
	const char *state_directory;
	const char *callback_url;   /* borrowed; NULL: there is no callback listener */
	bool callback_is_passed;    /* the listener is systemd's, which starts us for a redirect */
	struct http_client *client; /* borrowed */
	const struct service_refusal *refusal; /* NULL: the daemon can work */
};

struct service;

/* ERR_BUSY: another daemon has the state directory; ERR_UNSAFE, ERR_ACCESS, … : the directory
 * cannot be used. */
int service_new(const struct service_options *options, struct service **ret_service,
		struct err_detail *detail) _must_check_;
void service_free(struct service *service);
DEFINE_CLEANUP(struct service *, service_free);

int service_attach(struct service *service, struct loop *loop) _must_check_;

/* Goes on with the pending logins. After service_watch(). */
void service_restore(struct service *service, struct clock_time now);

/* Whether an answer is awaited that cannot be had twice. */
bool service_is_exchanging(const struct service *service);

/* Whether the state directory is still where it was opened. False: it was removed or replaced, so
 * nothing that is written is found again. */
bool service_has_state(const struct service *service);

/* Whether the process may end until its next client starts it: nothing would be lost or late. A
 * login may be pending if it waits for a redirect that systemd takes. */
bool service_is_idle(const struct service *service);

/* Tries a last time to store what could not be stored. */
void service_flush(struct service *service, struct clock_time now);

enum service_change {
	SERVICE_LOGIN_CHANGED,	    /* the account's login: its state, its trouble, its end */
	SERVICE_CREDENTIAL_CHANGED, /* what credentials.json says of the account */
	SERVICE_ACCOUNT_CHANGED,    /* what the account is: its server, user, permissions */
	SERVICE_ACCOUNT_REMOVED,    /* no list has the account after this call; it may be freed */
	SERVICE_VERIFICATION_ENDED, /* service_verify() has its answer */
	SERVICE_RELOADED,	    /* the config was read again; it is about no account: NULL */
};

/* FUNCTION is called after every change, in the order in which the watchers came. It must not
 * change an account or a login. SERVICE_MAX_WATCHERS at most. */
typedef void service_watcher(enum service_change change, struct account *account,
			     struct clock_time now, void *context);
void service_watch(struct service *service, service_watcher *function, void *context);

/* Asks the account's server whether its credential still works: SERVICE_VERIFICATION_ENDED follows,
 * and service_find_verification() has the report. ERR_DAMAGED: unavailable; ERR_NOT_FOUND: there is
 * no credential to ask about; ERR_NOMEM, ERR_LIBRARY. */
int service_verify(struct service *service, struct account *account,
		   struct err_detail *detail) _must_check_;

/* Forgets ACCOUNT: its credential, its login, and if it is not in the config the account itself,
 * which is freed then. ERR_DAMAGED: unavailable; ERR_NOSPACE, ERR_IO, … : the credential could not
 * be removed from all files; to be tried again. */
int service_logout(struct service *service, struct account *account, struct clock_time now,
		   struct err_detail *detail) _must_check_;

/* Names of accounts, each with a line break. */
struct service_reload_report {
	struct buf added;
	struct buf changed;
	struct buf removed;
	/* `listen` is another than what this process listens on, or `confinement` than it is */
	bool needs_restart;
};
void service_reload_report_done(struct service_reload_report *report);

/* Gives ACCOUNT, which is freed then, the name NAME. In the config it must have that name, or none.
 * ERR_INVALID: NAME is none; ERR_EXISTS: why it cannot be, and what to do; ERR_DAMAGED:
 * unavailable; ERR_NOSPACE, ERR_IO, …: to be tried again. */
int service_rename(struct service *service, struct account *account, const char *name,
		   struct clock_time now, struct account **ret_account,
		   struct err_detail *detail) _must_check_;

/* Logs what CONFIG may not mean: see config_tell_doubts(). */
void service_log_doubts(const struct config *config);

/* Reads the config again. The result is the same as that of a restart, except for the port. A bad
 * config changes nothing. ERR_DAMAGED: unavailable; ERR_BUSY: a login that it moves to another
 * server is being finished; errors of config_read_source(); ERR_INVALID: its ca_file cannot be
 * read; ERR_ACCESS: perhaps because the process is confined; ERR_NOMEM. */
int service_reload(struct service *service, struct clock_time now,
		   struct service_reload_report *ret_report,
		   struct err_detail *detail) _must_check_;

/* Problems that a person must see; each code at most once. */
void service_add_problem(struct service *service, const char *code, const char *text);
void service_clear_problem(struct service *service, const char *code);
size_t service_problem_count(const struct service *service);
const struct service_problem *service_problem_at(const struct service *service, size_t index);
/* NULL if logins can be served; else why not and what to do. */
const char *service_unavailable(const struct service *service);
/* The same as an error: 0 or ERR_DAMAGED. */
int service_check_available(const struct service *service, struct err_detail *detail) _must_check_;
/* The code of the problem that is why. */
const char *service_unavailable_code(const struct service *service);

const char *service_callback_url(const struct service *service); /* NULL: none */
const char *service_state_directory(const struct service *service);
const struct config *service_config(const struct service *service);

/* Decides whether the program of a hook is safe to run. */
const struct trust *service_trust(const struct service *service);
struct accounts *service_accounts(struct service *service);
/* The account's current or last login or verification since the start; NULL: none. */
struct login *service_find_login(const struct service *service, const struct account *account);
const struct verification *service_find_verification(const struct service *service,
						     const struct account *account);
/* NULL if there is none. */
const struct credential *service_credential(const struct service *service, const char *account);
/* For looking things up; NULL while the service is unavailable. */
const struct registry *service_registry(const struct service *service);

/* The session of the account's login, from its consent page to its end; else NULL. */
const struct registry_session *service_open_session(const struct service *service,
						    const struct account *account);

/* Appends the address to open for the consent: the start link or, for a session without a browser,
 * the server's own page. Appends nothing if the redirect could not come back. */
void service_page_url(const struct service *service, const struct registry_session *session,
		      struct buf *url);

/* The name of the user who must consent; NULL: anybody may. */
const char *service_expected_user(const struct service *service, const struct account *account);

struct service_login {
	const char *account;
	/* What is NULL is as the pending login wants it, else as the account has it. */
	const char *server;	 /* as a person writes it */
	const char *user;	 /* who is to consent */
	const char *permission;	 /* permission_apply() */
	const char *app_name;	 /* a line */
	const char *description; /* a line */
	const char *method;	 /* method_text() */
	bool replace;		 /* the credential of another user may be replaced */
	bool if_needed;		 /* not if the credential is good for that */
	bool browser;		 /* the caller can open a page on this machine */
	bool somebody_waits;	 /* another caller waits for the same login's outcome */
};

/* Starts or joins a login. *ret_is_needed: whether it did; without if_needed true. ERR_NOT_FOUND:
 * unknown account and no server; ERR_INVALID, ERR_SYNTAX, ERR_LIMIT: a bad value; ERR_EXISTS: it
 * contradicts what the account is; ERR_OTHER_USER: it would replace another user's good
 * credential; ERR_DAMAGED: unavailable; ERR_NOMEM. */
int service_login(struct service *service, const struct service_login *asked, struct clock_time now,
		  struct account **ret_account, bool *ret_is_needed,
		  struct err_detail *detail) _must_check_;

/* Ends the account's login without a credential, because somebody asks for that. ERR_NOT_FOUND:
 * none is under way; ERR_EXISTS: consent was given, and it is being finished. */
int service_cancel_login(struct service *service, struct account *account, struct clock_time now,
			 struct err_detail *detail) _must_check_;

/* Whether the caller is the first to be told to open the account's start page. */
bool service_take_page(struct service *service, struct account *account, struct clock_time now);

/* Whether the result page leads its browser, which HAS_COOKIE, through the start link again. True
 * once in a process: the process before may have lost what the callback brought. */
bool service_lead_back(struct service *service, const struct account *account, bool has_cookie);

/* Others must not be able to fill the log. Whether this is the first callback without the cookie
 * for the account's session, which is then told to whoever waits; the first late opening of the
 * finished login's link. */
bool service_tell_refusal(struct service *service, const char *account, struct clock_time now);
bool service_tell_late_start(struct service *service, const char *start);

/* A caller that was told to open the page could not. PROBLEM, a clause or a sentence, is shown with
 * the login, also after a restart, until the page is opened or the login goes on. The next caller
 * is told to open the page. Does nothing if a browser already has the page. ERR_NOT_FOUND: no page
 * waits for a browser; ERR_NOMEM. */
int service_browser_failed(struct service *service, struct account *account, const char *problem,
			   struct clock_time now, struct err_detail *detail) _must_check_;

/* A browser opened the start link. 0 for the first, and for the one with the session's cookie:
 * *ret_session is valid until the next change. Any other is ERR_EXISTS: the session is not trusted
 * from then on, and another takes its place, or after SERVICE_RACES_MAX of them the login ends.
 * ERR_NOT_FOUND. */
int service_open_start(struct service *service, const char *start, bool has_cookie,
		       struct clock_time now,
		       const struct registry_session **ret_session) _must_check_;

/* The browser, or a person with a pasted URL, brought a session's token. Does nothing if that
 * session is being replaced. ERR_NOT_FOUND: no session has this token. */
int service_callback(struct service *service, const char *token, enum registry_proof proof,
		     struct clock_time now, struct account **ret_account) _must_check_;
