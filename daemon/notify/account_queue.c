/* SPDX-License-Identifier: MIT */
#include "account_queue.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/cleanup.h"

int account_queue_push(struct account_queue *queue, const char *account, const char *server)
{
	struct account_queue_entry *entry = name_table_find(&queue->waiting, account);
	void *old;

	if (!entry) {
		entry = calloc(1, sizeof(*entry));
		if (!entry)
			return ERR_NOMEM;
		snprintf(entry->account, sizeof(entry->account), "%s", account);
		if (name_table_put(&queue->waiting, entry, &old)) {
			free(entry);
			return ERR_NOMEM;
		}
		if (queue->last)
			queue->last->next = entry;
		else
			queue->first = entry;
		queue->last = entry;
	}
	snprintf(entry->server, sizeof(entry->server), "%s", server);
	return 0;
}

struct account_queue_entry *account_queue_take(struct account_queue *queue)
{
	struct account_queue_entry *entry = queue->first;

	if (!entry)
		return NULL;
	(void)name_table_take(&queue->waiting, entry->account);
	queue->first = entry->next;
	if (!queue->first)
		queue->last = NULL;
	return entry;
}

bool account_queue_is_empty(const struct account_queue *queue)
{
	return !queue->first;
}

void account_queue_done(struct account_queue *queue)
{
	struct account_queue_entry *next;

	for (struct account_queue_entry *entry = queue->first; entry; entry = next) {
		next = entry->next;
		free(entry);
	}
	name_table_done(&queue->waiting);
	*queue = (struct account_queue){0};
}
