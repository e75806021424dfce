/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Misskey's app login, and MiAuth, on the wire: builds the requests' JSON and reads the answers.
 * Pure: no I/O, no state. Servers differ by version, and may send anything: every value is checked.
 */

#include "common/buf.h"
#include "common/digest.h"
#include "common/err.h"
#include "common/secret.h"
#include "common/url.h"
#include "http/answer.h"

#define MISSKEY_APP_CREATE "app/create"
#define MISSKEY_SESSION_GENERATE "auth/session/generate"
#define MISSKEY_SESSION_USERKEY "auth/session/userkey"
#define MISSKEY_I "i"
#define MISSKEY_MIAUTH_CHECK "miauth/check"
#define MISSKEY_PATH_APP_CREATE "/api/" MISSKEY_APP_CREATE
#define MISSKEY_PATH_SESSION_GENERATE "/api/" MISSKEY_SESSION_GENERATE
#define MISSKEY_PATH_SESSION_USERKEY "/api/" MISSKEY_SESSION_USERKEY
#define MISSKEY_PATH_I "/api/" MISSKEY_I
#define MISSKEY_PATH_META "/api/meta"
/* "/api/miauth/UUID/check" and a NUL. */
#define MISSKEY_PATH_MIAUTH_BYTES (12 + RANDOM_UUID_BYTES + 6)

/* Ids are 10 to 32 characters of [A-Za-z0-9] in all versions seen. */
#define MISSKEY_ID_BYTES 129
#define MISSKEY_USERNAME_BYTES URL_USER_BYTES
#define MISSKEY_CODE_BYTES 65

/* What an answer means for the caller. */
enum misskey_verdict {
	MISSKEY_DONE,
	MISSKEY_PENDING, /* PENDING_SESSION: no consent yet; of MiAuth also: i was given before */
	MISSKEY_NO_SUCH_SESSION, /* NO_SUCH_SESSION */
	MISSKEY_NO_SUCH_APP,	 /* NO_SUCH_APP */
	MISSKEY_REJECTED,	 /* AUTHENTICATION_FAILED */
	MISSKEY_SUSPENDED,	 /* the user is suspended */
	MISSKEY_DENIED,		 /* PERMISSION_DENIED: the credential works, not for this */
	MISSKEY_FOR_NOW,	 /* try again: not reached, 408, 425, 429, 5xx, whatever the body */
	MISSKEY_REFUSED,	 /* trying again does not help */
	MISSKEY_BAD_REPLY,	 /* 200, but not what Misskey answers */
	MISSKEY_ELSEWHERE,	 /* the consent URL has another origin than the server */
};

/* Codes of ours, from misskey_missing_read(): a Misskey without the app login, one without MiAuth.
 */
#define MISSKEY_CODE_NO_APP_AUTHORIZATION "NO_APP_AUTHORIZATION"
#define MISSKEY_CODE_NO_MIAUTH "NO_MIAUTH"

/* What to tell a person and when to try again. */
struct misskey_problem {
	char text[512];		       /* one printable sentence; the code, never the body */
	char code[MISSKEY_CODE_BYTES]; /* the API's error code if it is [A-Z0-9_]+, else "" */
	const char *endpoint;	       /* what was called: "app/create" */
	unsigned status;	       /* HTTP status, 0: no answer */
	int64_t retry_after_s;	       /* what the server asked for, an hour at most; -1: nothing */
};

struct misskey_app {
	char id[MISSKEY_ID_BYTES];
	struct secret secret; /* appSecret */
};

struct misskey_session {
	struct secret token;
	char consent_url[URL_MAX_BYTES]; /* checked: origin of the server, path /auth/TOKEN */
};

struct misskey_user {
	char id[MISSKEY_ID_BYTES];	       /* [A-Za-z0-9_-]+ */
	char username[MISSKEY_USERNAME_BYTES]; /* plain UTF-8, text_is_plain() */
};

/*
 * A request is appended to BODY. A secret that is not set is ERR_INVALID. A reader always fills
 * *ret_problem (with DONE its text is ""), and its other results only with DONE. Those must be
 * initialized: a secret in them is erased.
 */

/* Step 1. PERMISSION is a canonical list; CALLBACK_URL may be NULL: there is none. ERR_NOMEM;
 * ERR_LIMIT: Misskey would answer 500 to it. */
int misskey_app_create_request(const char *name, const char *description, const char *permission,
			       const char *callback_url, struct buf *body) _must_check_;
enum misskey_verdict misskey_app_create_read(const struct http_answer *answer,
					     struct misskey_app *ret_app,
					     struct misskey_problem *ret_problem) _must_check_;

/* Step 2. */
int misskey_session_generate_request(const struct secret *app_secret,
				     struct buf *body) _must_check_;
enum misskey_verdict
misskey_session_generate_read(const struct http_answer *answer, const struct url_server *server,
			      struct misskey_session *ret_session,
			      struct misskey_problem *ret_problem) _must_check_;

/* Step 3. The answer's user is in *ret_user. */
int misskey_userkey_request(const struct secret *app_secret, const struct secret *token,
			    struct buf *body) _must_check_;
enum misskey_verdict misskey_userkey_read(const struct http_answer *answer,
					  struct secret *ret_access_token,
					  struct misskey_user *ret_user,
					  struct misskey_problem *ret_problem) _must_check_;

/* Step 4: lower-case hex of sha256(accessToken + appSecret). ERR_CRYPTO, ERR_NOMEM. */
int misskey_i(const struct secret *access_token, const struct secret *app_secret,
	      struct secret *ret_i) _must_check_;

/* POST /api/i. DONE: *ret_user is whose credential it is. DENIED: it works, but may not read the
 * account. */
int misskey_verify_request(const struct secret *i, struct buf *body) _must_check_;
enum misskey_verdict misskey_verify_read(const struct http_answer *answer,
					 struct misskey_user *ret_user,
					 struct misskey_problem *ret_problem) _must_check_;

/* MiAuth (since Misskey 12.27) has no app: SESSION is a UUID of ours, and whoever knows it can
 * fetch i. The address of its consent page; CALLBACK_URL may be NULL: the page stays where it is
 * then. ERR_LIMIT: no address may be so long; ERR_NOMEM. */
int misskey_miauth_consent_url(const struct url_server *server, const char *session,
			       const char *name, const char *permission, const char *callback_url,
			       char ret_url[static URL_MAX_BYTES]) _must_check_;
/* Where its answer is asked for, once there is consent. */
void misskey_miauth_path(const char *session, char ret_path[static MISSKEY_PATH_MIAUTH_BYTES]);
int misskey_miauth_request(struct buf *body) _must_check_;
/* Before anybody has seen the page: DONE, the server has MiAuth. */
enum misskey_verdict misskey_miauth_probe_read(const struct http_answer *answer,
					       struct misskey_problem *ret_problem) _must_check_;
/* Once DONE, all that follow are PENDING. */
enum misskey_verdict misskey_miauth_read(const struct http_answer *answer, struct secret *ret_i,
					 struct misskey_user *ret_user,
					 struct misskey_problem *ret_problem) _must_check_;

/* Whether PROBLEM is that the server has no such endpoint. */
bool misskey_endpoint_is_missing(const struct misskey_problem *problem);

/* What a server lacks. */
enum misskey_missing {
	MISSKEY_LACKS_NOTHING,
	MISSKEY_LACKS_APPS,
	MISSKEY_LACKS_MIAUTH,
	MISSKEY_LACKS_BOTH
};

/* POST /api/meta, after a server did not know an endpoint and LACKS that. *ret_problem says whether
 * it is such a Misskey, or no Misskey at all. */
int misskey_meta_request(struct buf *body) _must_check_;
void misskey_missing_read(const struct http_answer *answer, enum misskey_missing lacks,
			  struct misskey_problem *ret_problem);
