/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * registry.json: what only the daemon needs, and needs again after a crash: apps, pending sessions,
 * and for a day the outcomes of finished ones. Look-ups and changes are in memory; registry_save()
 * writes all of it to the disk.
 *
 * To add a member to an entry: its field here, and a line in the table of members in
 * registry_app.c, registry_session.c or registry_finished.c. A file without it is damaged then.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/account_name.h"
#include "common/cleanup.h"
#include "common/digest.h"
#include "common/err.h"
#include "common/secret.h"
#include "common/state.h"
#include "common/url.h"
#include "common/vocabulary.h"

/* "http://127.0.0.1:65535/callback" and a NUL. */
#define REGISTRY_CALLBACK_URL_BYTES 32
#define REGISTRY_FINISHED_MAX 100
#define REGISTRY_FINISHED_S (24 * 60 * 60)
/* Apps kept for one account that no session needs: beyond that the oldest are dropped. */
#define REGISTRY_SPARE_APPS 8

/* An app registration of an account, and everything that it was made with. */
struct registry_app {
	char account[ACCOUNT_NAME_BYTES];
	char *server; /* origin */
	char *name;
	char *description;
	char *permission;   /* canonical */
	char *callback_url; /* "": none */
	char *id;
	struct secret secret; /* appSecret */
	int64_t created_at;   /* unix s */
};

/* More starts than that are not counted. */
#define REGISTRY_RESUMES_MAX 100

/* What shows that the person of this machine came back from the session's consent page. */
enum registry_proof {
	REGISTRY_PROOF_NONE,
	REGISTRY_PROOF_COOKIE, /* the callback came with the session's cookie */
	REGISTRY_PROOF_OWNER,  /* the owner gave the callback's address */
};

struct registry_session {
	char account[ACCOUNT_NAME_BYTES];
	bool from_config;   /* the account was in the config when the session was made */
	char *user;	    /* who is wished for; NULL: whom the account has */
	bool replace;	    /* the credential of another user may be replaced */
	char *server;	    /* origin */
	enum method method; /* METHOD_APP or METHOD_MIAUTH */
	char *permission;   /* canonical; what it was made with, as the next three */
	char *app_name;
	char *description;
	char *callback_url;	     /* "": none */
	char *app_id;		     /* with account and server: its app; NULL: MiAuth has none */
	struct secret token;	     /* the session's; with MiAuth whoever has it can fetch i */
	char *consent_url;	     /* on the server; holds the token */
	char start[RANDOM_ID_BYTES]; /* of /start/…; "" for a session without browser */
	bool start_used;	     /* the link has been opened */
	bool start_raced;	     /* it was opened in a second browser, perhaps another user's */
	enum registry_proof proof;   /* of the callback that came */
	bool page_given;	     /* a command was told to open the link */
	char *browser_problem;	     /* why no browser could be opened; NULL: no problem */
	char cookie[RANDOM_ID_BYTES]; /* what the browser must bring; "" for a session without
					 browser */
	char result[RANDOM_ID_BYTES]; /* of /result/… */
	bool browser;
	bool exchanging;    /* userkey may have been sent */
	int64_t resumes;    /* starts that went on with that, and had no answer yet */
	bool refusal_told;  /* a callback without the cookie was logged; not on disk */
	bool led_back;	    /* its browser was led through the link again; not on disk */
	bool renewed;	    /* the daemon made it after one that was lost */
	int64_t expires_at; /* unix s */
};

struct registry_finished {
	char token_digest[SHA256_HEX_BYTES];
	char result[RANDOM_ID_BYTES];
	char start[RANDOM_ID_BYTES]; /* "": there was none */
	char account[ACCOUNT_NAME_BYTES];
	char *server;	    /* origin */
	char *user;	    /* who consented; NULL if unknown */
	char *expected;	    /* who should have, for OUTCOME_WRONG_USER; else NULL */
	char *detail;	    /* a sentence for OUTCOME_UNREACHABLE and the like; else NULL */
	enum method method; /* the session's */
	enum outcome outcome;
	int64_t finished_at;  /* unix s */
	bool late_start_told; /* not on disk */
};

struct registry;

/* Opens the registry in the state directory DIRFD (borrowed). No file is an empty registry.
 * ERR_DAMAGED, ERR_VERSION, ERR_UNSAFE, ERR_ACCESS, ERR_LIMIT, …: nothing was changed, DETAIL names
 * the file and what to do. A caller that wants to go on after ERR_DAMAGED sets the file aside
 * (fsx_set_aside) and opens again. */
int registry_open(int dirfd, struct registry **ret_registry,
		  struct err_detail *detail) _must_check_;

/* Writes everything, durably; drops finished sessions older than a day first. On failure memory
 * stays as it is and the file as it was. */
int registry_save(struct registry *registry, int64_t unix_s,
		  struct err_detail *detail) _must_check_;

void registry_free(struct registry *registry);
DEFINE_CLEANUP(struct registry *, registry_free);

/* The account OLD is called NEW from now on, which must have no session: its apps and outcomes go
 * along. */
void registry_rename(struct registry *registry, const char *old_name, const char *new_name);

/* Apps, which stay when their account goes: its next login needs no new one. _find: the newest of
 * the account that was made with all that WANTED has but its id, secret and time. _put copies; the
 * account's app of the same server and id is replaced. */
const struct registry_app *registry_app_find(const struct registry *registry,
					     const struct registry_app *wanted);
const struct registry_app *registry_app_by_id(const struct registry *registry, const char *account,
					      const char *server, const char *id);
int registry_app_put(struct registry *registry, const struct registry_app *app) _must_check_;
void registry_app_remove(struct registry *registry, const char *account, const char *server,
			 const char *id);

/* Pending sessions, one an account at most. _put copies and replaces the account's. Pointers are
 * valid until the next change of the registry. */
size_t registry_session_count(const struct registry *registry);
const struct registry_session *registry_session_at(const struct registry *registry, size_t index);
const struct registry_session *registry_session_find(const struct registry *registry,
						     const char *account);
/* By token, start or result, each compared in constant time. NULL for "" and unknown ones. */
const struct registry_session *registry_session_by_token(const struct registry *registry,
							 const char *token);
const struct registry_session *registry_session_by_start(const struct registry *registry,
							 const char *start);
const struct registry_session *registry_session_by_result(const struct registry *registry,
							  const char *result);
int registry_session_put(struct registry *registry,
			 const struct registry_session *session) _must_check_;
/* The app that it was made with; NULL if that is not known any more, and with MiAuth. */
const struct registry_app *registry_session_app(const struct registry *registry,
						const struct registry_session *session);
/* Whether a credential may be taken from the session: it never had a start link, or its callback
 * came with the cookie and nobody else opened the link, or the owner gave the callback's address.
 */
bool registry_session_is_trusted(const struct registry_session *session);
void registry_session_remove(struct registry *registry, const char *account);

/* What happened to the account's session, which there must be. Where there is a DETAIL the registry
 * is saved, with the errors of registry_save(); the change stays in memory if that fails. */

/* The start link was opened; RACED: in a second browser. */
int registry_session_mark_used(struct registry *registry, const char *account, bool raced,
			       int64_t unix_s, struct err_detail *detail) _must_check_;
/* A command was told to open the link. */
int registry_session_mark_page_given(struct registry *registry, const char *account, int64_t unix_s,
				     struct err_detail *detail) _must_check_;
/* The next command may be told to open the link. */
void registry_session_offer_page(struct registry *registry, const char *account);
/* No browser could be opened; PROBLEM (copied, or lost without memory) says why. */
int registry_session_mark_browser_failed(struct registry *registry, const char *account,
					 const char *problem, int64_t unix_s,
					 struct err_detail *detail) _must_check_;
/* The browser was led through the link again; a refused callback was logged. Returns whether it is
 * the first time. */
bool registry_session_mark_led_back(struct registry *registry, const char *account);
bool registry_session_mark_refusal_told(struct registry *registry, const char *account);
/* A callback came with PROOF; nothing is changed if there was as good a one. IS_ASKED: userkey is
 * under way. If not, the session is not exchanging any more, and nothing is saved:
 * registry_session_mark_exchanging() does that. */
int registry_session_mark_proof(struct registry *registry, const char *account,
				enum registry_proof proof, bool is_asked, int64_t unix_s,
				struct err_detail *detail) _must_check_;
/* userkey is about to be sent. On failure nothing is changed. */
int registry_session_mark_exchanging(struct registry *registry, const char *account, int64_t unix_s,
				     struct err_detail *detail) _must_check_;
/* The callback came before the consent. */
int registry_session_forget_callback(struct registry *registry, const char *account, int64_t unix_s,
				     struct err_detail *detail) _must_check_;
/* The server has answered userkey: the starts that went on without an answer are forgotten. */
void registry_session_mark_answered(struct registry *registry, const char *account);

/* This start goes on with all sessions that are exchanging: *ret_any (set after a failure too) is
 * whether there is one; if not, nothing is saved. */
int registry_mark_resumed(struct registry *registry, int64_t unix_s, bool *ret_any,
			  struct err_detail *detail) _must_check_;
/* No start is counted any more. */
int registry_forget_resumed(struct registry *registry, int64_t unix_s,
			    struct err_detail *detail) _must_check_;

/* Finished sessions. By token, result or start as above. _add copies; above REGISTRY_FINISHED_MAX
 * the oldest goes. */
const struct registry_finished *registry_finished_by_token(const struct registry *registry,
							   const char *token);
const struct registry_finished *registry_finished_by_result(const struct registry *registry,
							    const char *result);
const struct registry_finished *registry_finished_by_start(const struct registry *registry,
							   const char *start);
/* How many sessions of the account in a row ended as OUTCOME_OPENED_TWICE, up to its last one. */
unsigned registry_finished_races(const struct registry *registry, const char *account);
/* Whether this is the first time that its link was opened late, in this process. */
bool registry_finished_tell_late(struct registry *registry, const char *start);
int registry_finished_add(struct registry *registry,
			  const struct registry_finished *finished) _must_check_;
