/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Limits how many exchanges are under way at the same time. Each reserves room on the disk for its
 * own answer and for those of all others: a thousand at once would need a million times the room of
 * one.
 *
 * A login waits for a turn before it asks its server. Callbacks and polls have turns of their own:
 * a person who pressed Accept never waits for polls. Within each kind the first comes first, but a
 * server has at most half of the turns: one that does not answer holds up only its own logins.
 *
 * Pure: starts nothing and borrows everything.
 */

#include <stdbool.h>
#include <sys/queue.h>

/* Of each kind. */
#define TURNS_MAX 8
#define TURNS_OF_SERVER_MAX (TURNS_MAX / 2)

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

/* Begins as zeros, and is not moved after that. */
struct turns {
	struct turn_queue queues[TURN_KINDS];
	bool may_go_on; /* turns_next() may have one */
};

/* TURN waits, at the end of its kind's queue. If it waits already, it keeps its place, but a poll
 * may become a callback. If it is taken, it stays so. */
void turns_wait(struct turns *turns, struct turn *turn, enum turn_kind kind);

/* Takes the next turn and returns its owner; NULL if nobody waits or none is free. */
void *turns_next(struct turns *turns);

/* TURN neither waits nor is taken any more. */
void turns_leave(struct turns *turns, struct turn *turn);
