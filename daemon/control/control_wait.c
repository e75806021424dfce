/* SPDX-License-Identifier: MIT */
#include "common/vocabulary.h"
#include "control_messages.h"

static void end_waiting(struct http_request *request, enum http_hold_end why, void *context)
{
	const struct control_waiter *waiter = context;

	if (why == HTTP_HOLD_STOPPING)
		control_reply_error(
			request, 503, CODE_STOPPING,
			"The daemon stops. The login goes on when it is started again.");
	else if (why == HTTP_HOLD_DUE)
		waiter->reply(waiter, request);
}

void control_wait(struct http_request *request, struct control_waiter *waiter, int64_t for_ms)
{
	if (for_ms == 0 || waiter->has_come(waiter))
		waiter->reply(waiter, request);
	else
		http_request_hold(request, http_request_time(request).mono_ms + for_ms, end_waiting,
				  waiter, sizeof(*waiter));
}

struct http_request *control_next_waiting(const struct control *control,
					  const struct http_request *after)
{
	return http_server_next_held(control->server, after, end_waiting);
}

void control_wake(struct control *control, const struct account *account)
{
	struct http_request *request = NULL;

	while ((request = control_next_waiting(control, request))) {
		const struct control_waiter *waiter = http_request_context(request);

		if (waiter->account == account && waiter->has_come(waiter))
			waiter->reply(waiter, request);
	}
}
