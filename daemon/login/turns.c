/* SPDX-License-Identifier: MIT */
#include "login/turns.h"

#include <stddef.h>
#include <string.h>

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
	struct turn *turn;

	if (!place)
		return NULL;
	for (turn = TAILQ_FIRST(&queue->waiting); turn; turn = TAILQ_NEXT(turn, link)) {
		if (has_too_many(queue, turn->server))
			continue;
		TAILQ_REMOVE(&queue->waiting, turn, link);
		*place = turn;
		return turn;
	}
	return NULL;
}

void turns_wait(struct turns *turns, struct turn *turn, enum turn_kind kind)
{
	struct turn_queue *queue = &turns->queues[kind];

	if (turn->state == TURN_TAKEN || (turn->state == TURN_WAITS && turn->kind <= kind))
		return;
	turns_leave(turns, turn);
	turn->state = TURN_WAITS;
	turn->kind = kind;
	if (!queue->waiting.tqh_last)
		TAILQ_INIT(&queue->waiting);
	TAILQ_INSERT_TAIL(&queue->waiting, turn, link);
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
		TAILQ_REMOVE(&queue->waiting, turn, link);
	for (unsigned n = 0; turn->state == TURN_TAKEN && n < TURNS_MAX; n++)
		if (queue->taken[n] == turn)
			queue->taken[n] = NULL;
	turns->may_go_on = turns->may_go_on || turn->state == TURN_TAKEN;
	turn->state = TURN_NONE;
}
