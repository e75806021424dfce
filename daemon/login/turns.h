/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Limits how many exchanges are under way at the same time. Each reserves room on the disk for its
 * own answer and for those of all others: a thousand at once would need a million times the room of
 * one.
 *
 * A login waits for a turn before it asks its server. Callbacks and polls have turns of their own:
 * a person who pressed Accept never waits for polls. Within each kind the first comes first, but a
 * server has at most half of the turns: one that does not answer holds up only its own logins. And
 * it is left in peace for a while before its next poll, however many logins are polled there:
 * Sharkey allows an address two exchanges a second.
 *
 * Pure: starts nothing and borrows everything.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "common/url.h"

/* Of each kind. */
#define TURNS_MAX 8
#define TURNS_OF_SERVER_MAX (TURNS_MAX / 2)
/* From a server's exchange to its next poll. Half of what Sharkey allows: others may be behind the
 * same address. */
#define TURNS_POLL_PAUSE_MS 1000
/* Servers that are left in peace at the same time. While there are more, polls of others wait. */
#define TURNS_PAUSES 32

enum turn_kind { TURN_CALLBACK, TURN_POLL, TURN_KINDS };

/* A member of whatever waits; begins as zeros. */
struct turn {
	enum { TURN_NONE, TURN_WAITS, TURN_TAKEN } state;
	enum turn_kind kind;
	const char *server; /* origin; borrowed while it waits or is taken */
	void *owner;
	TAILQ_ENTRY(turn) link; /* while it waits */
};

struct turn_queue {
	TAILQ_HEAD(turn_list, turn) waiting;
	struct turn *taken[TURNS_MAX]; /* NULL: free */
};

struct turn_pause {
	char server[URL_ORIGIN_BYTES];
	int64_t end_ms; /* monotonic, as all times here */
};

/* Begins as zeros, and is not moved after that. */
struct turns {
	struct turn_queue queues[TURN_KINDS];
	struct turn_pause pauses[TURNS_PAUSES];
	bool may_go_on;	  /* turns_next() may have one */
	int64_t again_ms; /* and from then on again, because a pause ends; 0: none does */
};

/* TURN waits, at the end of its kind's queue. If it waits already, it keeps its place, but a poll
 * may become a callback. If it is taken, it stays so. */
void turns_wait(struct turns *turns, struct turn *turn, enum turn_kind kind);

/* Takes the next turn and returns its owner; NULL if nobody waits, none is free, or the servers of
 * those who wait are left in peace. */
void *turns_next(struct turns *turns, int64_t now_ms);

/* When turns_next() may have one; CLOCK_NEVER. */
int64_t turns_deadline(const struct turns *turns, int64_t now_ms);

/* TURN neither waits nor is taken any more. */
void turns_leave(struct turns *turns, struct turn *turn);
