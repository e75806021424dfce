/* SPDX-License-Identifier: MIT */
#include "login/turns.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "runtime/clock.h"

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

/* The pause of SERVER, or the one that ends first, which may be over. */
static struct turn_pause *find_pause(struct turns *turns, const char *server)
{
	struct turn_pause *first = &turns->pauses[0];

	for (unsigned n = 0; n < TURNS_PAUSES; n++) {
		if (strcmp(turns->pauses[n].server, server) == 0)
			return &turns->pauses[n];
		if (turns->pauses[n].end_ms < first->end_ms)
			first = &turns->pauses[n];
	}
	return first;
}

/* Whether a poll of SERVER has to wait. Then turns_deadline() knows for how long. */
static bool is_paused(struct turns *turns, const char *server, int64_t now_ms)
{
	int64_t end_ms = find_pause(turns, server)->end_ms;

	if (end_ms <= now_ms)
		return false;
	if (turns->again_ms == 0 || end_ms < turns->again_ms)
		turns->again_ms = end_ms;
	return true;
}

/* Callbacks do not wait for a pause, and need not find room for one. */
static void begin_pause(struct turns *turns, const char *server, int64_t now_ms)
{
	struct turn_pause *pause = find_pause(turns, server);

	snprintf(pause->server, sizeof(pause->server), "%s", server);
	pause->end_ms = now_ms + TURNS_POLL_PAUSE_MS;
}

static struct turn *take_next(struct turns *turns, enum turn_kind kind, int64_t now_ms)
{
	struct turn_queue *queue = &turns->queues[kind];
	struct turn **place = free_place(queue);
	struct turn *turn;

	if (!place)
		return NULL;
	for (turn = TAILQ_FIRST(&queue->waiting); turn; turn = TAILQ_NEXT(turn, link)) {
		if (has_too_many(queue, turn->server))
			continue;
		if (kind == TURN_POLL && is_paused(turns, turn->server, now_ms))
			continue;
		TAILQ_REMOVE(&queue->waiting, turn, link);
		*place = turn;
		begin_pause(turns, turn->server, now_ms);
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

void *turns_next(struct turns *turns, int64_t now_ms)
{
	bool may_go_on = turns_deadline(turns, now_ms) <= now_ms;

	turns->again_ms = may_go_on ? 0 : turns->again_ms;
	for (unsigned kind = 0; may_go_on && kind < TURN_KINDS; kind++) {
		struct turn *turn = take_next(turns, kind, now_ms);

		if (!turn)
			continue;
		turn->state = TURN_TAKEN;
		turns->may_go_on = true;
		return turn->owner;
	}
	turns->may_go_on = false;
	return NULL;
}

int64_t turns_deadline(const struct turns *turns, int64_t now_ms)
{
	if (turns->may_go_on)
		return now_ms;
	return turns->again_ms > 0 ? turns->again_ms : CLOCK_NEVER;
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
