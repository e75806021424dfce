/* SPDX-License-Identifier: MIT */
#ifndef LOGIN_TURNS_H
#define LOGIN_TURNS_H

/*
 * How many exchanges are under way at the same time. Each needs room on the disk for its own answer
 * and for those of all others, and a connection: without a limit a thousand logins that are polled
 * would need a million times the room of one.
 *
 * Who wants to ask a server waits for a turn. Callbacks and polls have turns of their own, so that
 * a person who has pressed Accept never waits for polls. Each kind is served first come, first
 * served, but a server that has half of the turns already is passed over until it gives one back:
 * one that does not answer holds up nobody but itself.
 *
 * Pure: it starts nothing and borrows everything.
 */

#include <stdbool.h>

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
	struct turn *next; /* the next that waits */
};

struct turn_queue {
	struct turn *first; /* those that wait */
	struct turn *last;
	struct turn *taken[TURNS_MAX]; /* NULL: free */
};

/* Begins as zeros. */
struct turns {
	struct turn_queue queues[TURN_KINDS];
	bool may_go_on; /* turns_next() may have one */
};

/* Has TURN wait, at the end of its kind's queue. One that waits already keeps its place; a poll
 * that waits may become a callback. One that is taken stays so. */
void turns_wait(struct turns *turns, struct turn *turn, enum turn_kind kind);

/* The owner of the next turn, which is taken then; NULL if nobody waits or none is free. */
void *turns_next(struct turns *turns);

/* TURN neither waits nor is taken any more. */
void turns_leave(struct turns *turns, struct turn *turn);

#endif
