/* SPDX-License-Identifier: MIT */
#include "login/turns.h"

#include <stddef.h>
#include <string.h>

static void append(struct turn_queue *queue, struct turn *turn)
{
	turn->next = NULL;
	if (queue->last)
		queue->last->next = turn;
	else
		queue->first = turn;
	queue->last = turn;
}

/* Takes the turn after BEFORE out of the queue; BEFORE is NULL for the first. */
static struct turn *remove_after(struct turn_queue *queue, struct turn *before)
{
	struct turn **link = before ? &before->next : &queue->first;
	struct turn *turn = *link;

	*link = turn->next;
	if (queue->last == turn)
		queue->last = before;
	return turn;
}

static void leave_queue(struct turn_queue *queue, const struct turn *turn)
{
	struct turn *before = NULL;

	for (struct turn *one = queue->first; one != turn; one = one->next)
		before = one;
	(void)remove_after(queue, before);
}

static struct turn **free_place(struct turn_queue *queue)
{
	for (unsigned n = 0; n < TURNS_MAX; n++)
		if (!queue->taken[n])
			return &queue->taken[n];
	return NULL;
}

static bool has_too_many(const struct turn_queue *queue, const char *server)
{
	unsigned count = 0;

	for (unsigned n = 0; n < TURNS_MAX; n++)
		count += queue->taken[n] && strcmp(queue->taken[n]->server, server) == 0;
	return count >= TURNS_OF_SERVER_MAX;
}

static struct turn *take_next(struct turn_queue *queue)
{
	struct turn **place = free_place(queue);
	struct turn *before = NULL;

	for (struct turn *turn = queue->first; place && turn; turn = turn->next) {
		if (!has_too_many(queue, turn->server)) {
			*place = remove_after(queue, before);
			return *place;
		}
		before = turn;
	}
	return NULL;
}

void turns_wait(struct turns *turns, struct turn *turn, enum turn_kind kind)
{
	if (turn->state == TURN_TAKEN || (turn->state == TURN_WAITS && turn->kind <= kind))
		return;
	turns_leave(turns, turn);
	turn->state = TURN_WAITS;
	turn->kind = kind;
	append(&turns->queues[kind], turn);
	turns->may_go_on = true;
}

void *turns_next(struct turns *turns)
{
	for (unsigned kind = 0; turns->may_go_on && kind < TURN_KINDS; kind++) {
		struct turn *turn = take_next(&turns->queues[kind]);

		if (!turn)
			continue;
		turn->state = TURN_TAKEN;
		return turn->owner;
	}
	turns->may_go_on = false;
	return NULL;
}

void turns_leave(struct turns *turns, struct turn *turn)
{
	struct turn_queue *queue = &turns->queues[turn->kind];

	if (turn->state == TURN_WAITS)
		leave_queue(queue, turn);
	for (unsigned n = 0; turn->state == TURN_TAKEN && n < TURNS_MAX; n++)
		if (queue->taken[n] == turn)
			queue->taken[n] = NULL;
	turns->may_go_on = turns->may_go_on || turn->state == TURN_TAKEN;
	turn->state = TURN_NONE;
}
