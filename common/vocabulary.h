/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The words that programs compare: what the control API says (docs/control-api.md), of which some
 * are also in the files of the state directory (docs/credentials.md). The daemon writes them, its
 * clients read them, and both take them from here. A word never changes its meaning.
 */

#include <stdbool.h>

/* ---- How a login can end ---- */

enum outcome {
	OUTCOME_NONE,	      /* not ended yet */
	OUTCOME_AUTHORIZED,   /* stored, and the server says that it works */
	OUTCOME_UNVERIFIED,   /* stored; the server could not be asked whether it works yet */
	OUTCOME_WRONG_USER,   /* somebody else consented than the account is bound to */
	OUTCOME_EXPIRED,      /* no consent within the session's time */
	OUTCOME_LOST,	      /* the server forgot the session, and the one made instead */
	OUTCOME_REJECTED,     /* the server does not accept the credential that it just gave */
	OUTCOME_UNREACHABLE,  /* the server could not be reached, or was in trouble for too long */
	OUTCOME_REFUSED,      /* the server refused for good, with a code */
	OUTCOME_BAD_REPLY,    /* the server's answer cannot be what Misskey says */
	OUTCOME_ELSEWHERE,    /* the consent page is not on the server that was asked for */
	OUTCOME_LOCAL,	      /* this machine failed: the session could not be stored */
	OUTCOME_CANCELLED,    /* by a person, or by a change of the account or a newer login */
	OUTCOME_OPENED_TWICE, /* its link was opened in two browsers, and another session took its
				 place: of a session alone, for its pages */
	OUTCOME_COUNT,
};

/* "AUTHORIZED" …; "" for OUTCOME_NONE. */
const char *outcome_code(enum outcome outcome);
/* OUTCOME_NONE for NULL and an unknown code. */
enum outcome outcome_from_code(const char *code);
/* Whether there is a credential now. */
bool outcome_is_success(enum outcome outcome);

/* ---- Where a login stands ---- */

enum login_state {
	LOGIN_IDLE,	   /* there is none; also an unknown word */
	LOGIN_REGISTERING, /* app/create is under way or will be tried again */
	LOGIN_SESSION,	   /* auth/session/generate, the same */
	LOGIN_CONSENT,	   /* the person is asked */
	LOGIN_SECURING,	   /* room is made for the credential */
	LOGIN_EXCHANGING,  /* auth/session/userkey is under way or will be tried again */
	LOGIN_STORING,	   /* the credential must become durable */
	LOGIN_VERIFYING,   /* the server is asked whether the credential works */
	LOGIN_FINISHED,
	LOGIN_STATE_COUNT,
};

/* "idle", "registering" … */
const char *login_state_text(enum login_state state);
/* LOGIN_IDLE for NULL and an unknown word. */
enum login_state login_state_from_text(const char *text);

/* ---- By which method a login asks for consent ---- */

enum method {
	METHOD_AUTO,   /* a wish: the app authorization, or MiAuth if the server has only that */
	METHOD_APP,    /* the app authorization: an app, and a session of it */
	METHOD_MIAUTH, /* MiAuth: a session of our own making, without an app */
	METHOD_COUNT,
};

/* "auto", "app", "miauth" */
const char *method_text(enum method method);
/* METHOD_COUNT for NULL and an unknown word. */
enum method method_from_text(const char *text);
/* Whether what was made by USED is what is asked for with WANTED. */
bool method_fits(enum method wanted, enum method used);

/* ---- What a credential is worth ---- */

enum credential_state {
	CREDENTIAL_VERIFIED,   /* the server said that it works */
	CREDENTIAL_UNVERIFIED, /* stored; the server has not been asked with success yet */
	CREDENTIAL_REVOKED,    /* the server does not accept it any more; i is not kept */
	CREDENTIAL_SUSPENDED,  /* the server has suspended the user; i is kept, but given to nobody
				*/
	CREDENTIAL_ABSENT,     /* there is none */
	CREDENTIAL_STATE_COUNT,
};

/* "verified" … */
const char *credential_state_text(enum credential_state state);
/* CREDENTIAL_STATE_COUNT for NULL and an unknown word. */
enum credential_state credential_state_from_text(const char *text);
/* Whether scripts may use it: verified or unverified. */
bool credential_state_is_good(enum credential_state state);

/* ---- Where a person takes the access away ---- */

/* Servers differ: see misskey_withdrawal(). */
enum withdrawal {
	WITHDRAWAL_APPS,	  /* at /settings/apps */
	WITHDRAWAL_API,		  /* in the settings, under API */
	WITHDRAWAL_LAST_USED,	  /* at /settings/apps, where the apps have no names */
	WITHDRAWAL_ADMINISTRATOR, /* nowhere: only the server's administrator can */
	WITHDRAWAL_COUNT,
};

/* The path of the page in the server's settings; NULL: there is none. */
const char *withdrawal_path(enum withdrawal withdrawal);
/* "apps" … */
const char *withdrawal_text(enum withdrawal withdrawal);
/* WITHDRAWAL_APPS for NULL and an unknown word. */
enum withdrawal withdrawal_from_text(const char *text);

/* ---- Codes of errors and problems ---- */

/* Errors of requests */
#define CODE_INVALID_REQUEST "INVALID_REQUEST"
#define CODE_NOT_FOUND "NOT_FOUND"
#define CODE_NO_SUCH_ACCOUNT "NO_SUCH_ACCOUNT"
#define CODE_NO_SUCH_SESSION "NO_SUCH_SESSION"
#define CODE_NO_CREDENTIAL "NO_CREDENTIAL"
#define CODE_METHOD_NOT_ALLOWED "METHOD_NOT_ALLOWED"
#define CODE_CONFLICT "CONFLICT"
#define CODE_OTHER_USER "OTHER_USER"
#define CODE_INTERNAL "INTERNAL"
#define CODE_STOPPING "STOPPING"
#define CODE_TOO_MANY_STREAMS "TOO_MANY_STREAMS"
/* Why the daemon cannot work: a problem, and the error of every request that it cannot serve */
#define CODE_BAD_CONFIG "BAD_CONFIG"
#define CODE_UNSAFE_CONFIG "UNSAFE_CONFIG"
#define CODE_STATE_DAMAGED "STATE_DAMAGED"
#define CODE_CANNOT_START "CANNOT_START"
/* Problems of a daemon that works */
#define CODE_PORT_TAKEN "PORT_TAKEN"
#define CODE_SOCKET_UNUSABLE "SOCKET_UNUSABLE"
#define CODE_LISTEN_IGNORED "LISTEN_IGNORED"
#define CODE_RESTART_NEEDED "RESTART_NEEDED"
#define CODE_REGISTRY_SET_ASIDE "REGISTRY_SET_ASIDE"
#define CODE_STATE_GONE "STATE_GONE"
/* Problems of a login that goes on */
#define CODE_START_RACED "START_RACED"
#define CODE_NO_COOKIE "NO_COOKIE"
#define CODE_NO_ROOM "NO_ROOM"
#define CODE_NOT_STORED "NOT_STORED"
#define CODE_SERVER "SERVER"
#define CODE_RATE_LIMIT_EXCEEDED "RATE_LIMIT_EXCEEDED"
#define CODE_ANSWER_LOST "ANSWER_LOST"

/* ---- Where an account comes from ---- */

#define SOURCE_CONFIG "config"
#define SOURCE_LOGIN "login"

/* ---- Events of GET /v1/events ---- */

#define EVENT_SNAPSHOT "snapshot"
#define EVENT_LOGIN "login"
#define EVENT_CREDENTIAL "credential"
#define EVENT_ACCOUNT "account"
#define EVENT_REMOVED "removed"
#define EVENT_VERIFICATION "verification"
#define EVENT_RELOAD "reload"
#define EVENT_HEARTBEAT "heartbeat"
#define EVENT_STOPPING "stopping"
