/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "common/vocabulary.h"
#include "control_messages.h"

static void unlink_waiter(struct control_waiter *waiter)
{
	LIST_REMOVE(waiter, link);
	free(waiter);
}

static void end_waiting(struct http_request *request, enum http_hold_end why, void *context)
{
	struct control_waiter *waiter = context;

	if (why == HTTP_HOLD_STOPPING)
		control_reply_error(
			request, 503, CODE_STOPPING,
			"The daemon stops. The login goes on when it is started again.");
	else if (why == HTTP_HOLD_DUE)
		waiter->reply(waiter);
	unlink_waiter(waiter);
}

void control_wait(struct control *control, struct http_request *request,
		  const struct control_waiter *wish, int64_t for_ms)
{
	struct control_waiter *waiter = malloc(sizeof(*waiter));

	if (!waiter) {
		control_reply_error(request, 500, CODE_INTERNAL, "There is no memory left.");
		return;
	}
	*waiter = *wish;
	waiter->request = request;
	waiter->control = control;
	LIST_INSERT_HEAD(&control->waiters, waiter, link);
	if (for_ms == 0 || waiter->is_due(waiter)) {
		waiter->reply(waiter);
		unlink_waiter(waiter);
	} else {
		http_request_hold(request, http_request_time(request).mono_ms + for_ms, end_waiting,
				  waiter);
	}
}

void control_wake(struct control *control, const struct account *account)
{
	struct control_waiter *next;

	for (struct control_waiter *waiter = LIST_FIRST(&control->waiters); waiter; waiter = next) {
		next = LIST_NEXT(waiter, link);
		if (waiter->account != account || !waiter->is_due(waiter))
			continue;
		waiter->reply(waiter);
		unlink_waiter(waiter);
	}
}

void control_wait_done(struct control *control)
{
	struct control_waiter *waiter;

	while ((waiter = LIST_FIRST(&control->waiters)))
		unlink_waiter(waiter);
}
