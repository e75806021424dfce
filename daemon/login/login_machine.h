/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The state machine of one account's login: which step follows which, when to try again and when to
 * give up. Pure: it knows no secret, no file and no socket; what happened comes in as an event,
 * what to do next goes out as an action, and time and randomness are part of the event.
 *
 *     IDLE → REGISTERING → SESSION → CONSENT → SECURING → EXCHANGING →
 *     STORING → VERIFYING → FINISHED
 *
 * The owner answers every action but DO_FINISH and DO_NOTHING with one event, at once or later.
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/vocabulary.h"
#include "runtime/clock.h"

/* Retries wait 1 s, 2 s, 4 s … up to these, each a quarter more or less by chance. */
#define MACHINE_RETRY_MIN_MS 1000
#define MACHINE_RETRY_MAX_MS 60000
/* The disk is tried more often: the person who makes room is waiting. */
#define MACHINE_DISK_RETRY_MAX_MS 5000
/* A server's Retry-After counts up to an hour. */
#define MACHINE_RETRY_AFTER_MAX_S 3600
/* Until there is a page to open, a person sits and waits: four tries in about seven seconds. Those
 * that the server asked for do not count. */
#define MACHINE_EARLY_ATTEMPTS 4
#define MACHINE_EARLY_RETRY_MAX_MS 15000
/* After the consent: about five minutes, and what the calls take. The next login then needs no
 * click. */
#define MACHINE_EXCHANGE_ATTEMPTS 11
/* If several starts in a row ended during the same exchange, the server may be the cause. The next
 * one waits 5 s, 10 s, 20 s … up to MACHINE_RETRY_MAX_MS before it goes on. */
#define MACHINE_RESUME_MIN_MS 5000
/* Whether a stored credential works is asked in the background for about ten minutes. */
#define MACHINE_VERIFY_ATTEMPTS 15

/* The machine's names for where a login stands. */
enum machine_state {
	MACHINE_IDLE = LOGIN_IDLE,
	MACHINE_REGISTERING = LOGIN_REGISTERING,
	MACHINE_SESSION = LOGIN_SESSION,
	MACHINE_CONSENT = LOGIN_CONSENT, /* without a browser userkey is polled */
	MACHINE_SECURING = LOGIN_SECURING,
	MACHINE_EXCHANGING = LOGIN_EXCHANGING,
	MACHINE_STORING = LOGIN_STORING,
	MACHINE_VERIFYING = LOGIN_VERIFYING,
	MACHINE_FINISHED = LOGIN_FINISHED,
};

enum machine_event {
	/* From people and clocks */
	MACHINE_LOGIN,	  /* somebody wants a credential; app_known, browser */
	MACHINE_RENEW,	  /* the pending session is not to be used: make another; app_known, browser
			   */
	MACHINE_CALLBACK, /* the browser came back with the session's token */
	MACHINE_TIMER,	  /* login_machine_deadline() is over */
	MACHINE_CANCEL,	  /* the login is not wanted any more, whatever its state */
	/* Answers to actions */
	MACHINE_APP_CREATED,
	MACHINE_SESSION_MADE, /* and is on disk; expires_ms */
	MACHINE_SECURED,
	MACHINE_EXCHANGED,
	MACHINE_STORED,
	MACHINE_VERIFIED,
	MACHINE_PENDING,	 /* the exchange: no consent yet */
	MACHINE_OTHER_METHOD,	 /* the server has no apps: the session is to be made without one */
	MACHINE_NO_SUCH_APP,	 /* the server has forgotten the app */
	MACHINE_NO_SUCH_SESSION, /* the server has forgotten the session, or its answer was lost
				  */
	MACHINE_UNTRUSTED,	 /* the session must not be exchanged: another is needed */
	MACHINE_FAILED_FOR_NOW,	 /* retry_after_s */
	MACHINE_FAILED,		 /* outcome */
	/* From disk, at start; browser, expires_ms, renewed, resumes */
	MACHINE_RESTORED_CONSENT,
	MACHINE_RESTORED_EXCHANGE,
	MACHINE_RESTORED_STORED, /* the credential is there, whether it works is not known */
};

enum machine_action {
	MACHINE_DO_NOTHING,
	MACHINE_DO_CREATE_APP,
	MACHINE_DO_MAKE_SESSION,
	MACHINE_DO_SECURE,   /* reserve room, and note on disk that an exchange is under way */
	MACHINE_DO_EXCHANGE, /* only ever follows a SECURED, once */
	MACHINE_DO_STORE,
	MACHINE_DO_VERIFY,
	MACHINE_DO_FINISH, /* machine.outcome says how it ended */
};

struct machine_input {
	enum machine_event event;
	struct clock_time now;
	uint32_t random; /* any 32 bits, for the jitter */
	bool app_known;	 /* or the method needs none */
	bool browser;
	bool renewed;
	unsigned resumes;      /* starts before that ended during this exchange */
	int64_t expires_ms;    /* monotonic: a session's end, if one were made now */
	int64_t retry_after_s; /* -1: the server asked for nothing */
	enum outcome outcome;
	int64_t poll_interval_ms;
	int64_t poll_interval_max_ms; /* up to this the pause doubles while polls fail */
};

struct login_machine {
	enum machine_state state;
	enum outcome outcome; /* when finished */
	bool browser;	      /* consent is expected through the callback; else userkey is polled */
	bool callback_arrived; /* this exchange was asked for by the callback, not by a poll */
	bool ask_again;	       /* the callback came while a poll was under way */
	bool is_polling; /* this exchange is a poll by the clock: no person waits for its answer */
	bool session_renewed; /* a lost session was replaced already */
	bool app_renewed;     /* so was the app */
	bool waiting;	      /* for retry_ms, with nothing under way */
	bool server_asked; /* … because the server asked for it: not even a person can hurry it */
	unsigned attempts; /* failures in a row in this state */
	unsigned failures; /* failed exchanges in a row, polls or after a callback */
	int64_t retry_ms;  /* monotonic; also the next poll */
	int64_t expires_ms; /* monotonic, of the session, or of the wait for one */
};

/* Takes one event and says what to do. Events that mean nothing in the present state do nothing. */
enum machine_action login_machine_step(struct login_machine *machine,
				       const struct machine_input *input);

/* When MACHINE_TIMER is due, monotonic ms; CLOCK_NEVER if it is not waiting. */
int64_t login_machine_deadline(const struct login_machine *machine);

/* The state as others see it: a poll by the clock counts as waiting for consent. */
enum machine_state login_machine_visible_state(const struct login_machine *machine);

/* Whether a login is under way. */
bool login_machine_is_active(const struct login_machine *machine);
