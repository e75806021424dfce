/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Accounts that wait for something, first come, first served, each of them once: who waits already
 * keeps its place. So it is as long as there are accounts at most, and nothing is ever dropped.
 * Declare it as `_cleanup_(account_queue_done) struct account_queue queue = {0};`.
 */

#include <stdbool.h>

#include "common/account_name.h"
#include "common/name_table.h"
#include "common/url.h"

struct account_queue_entry {
	char account[ACCOUNT_NAME_BYTES]; /* first, for the set */
	char server[URL_ORIGIN_BYTES];	  /* an account that is gone has its server here alone */
	struct account_queue_entry *next;
};

struct account_queue {
	struct name_table waiting;
	struct account_queue_entry *first;
	struct account_queue_entry *last;
};

/* SERVER replaces that of an account that waits already. ERR_NOMEM. */
int account_queue_push(struct account_queue *queue, const char *account,
		       const char *server) _must_check_;

/* The first, which the caller frees with free(); NULL if nobody waits. */
struct account_queue_entry *account_queue_take(struct account_queue *queue);

bool account_queue_is_empty(const struct account_queue *queue);

void account_queue_done(struct account_queue *queue);
