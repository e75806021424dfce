/* SPDX-License-Identifier: MIT */
#include "control_json.h"
#include "control_messages.h"

struct http_bytes *control_shared(struct control *control, enum control_shared which)
{
	_cleanup_(json_freep) struct json *value = NULL;
	_cleanup_(buf_done) struct buf text = {0};

	if (control->shared[which])
		return control->shared[which];
	value = which == CONTROL_SHARED_STATUS ? control_json_status(control->service)
					       : control_json_accounts(control->service);
	if (!value || json_print(value, false, &text))
		return NULL;
	buf_append_char(&text, '\n');
	control->shared[which] = http_bytes_new(&text);
	return control->shared[which];
}

void control_reply_shared(struct control *control, struct http_request *request,
			  enum control_shared which)
{
	static const struct http_header headers[] = {
		{"Content-Type", "application/json"},
		{"Cache-Control", "no-store"},
	};
	struct http_bytes *text = control_shared(control, which);

	if (text)
		http_request_reply_shared(request, 200, headers, 2, text);
	else
		control_reply_json(request, 200, NULL);
}

void control_shared_drop(struct control *control)
{
	for (size_t n = 0; n < CONTROL_SHARED_COUNT; n++) {
		http_bytes_free(control->shared[n]);
		control->shared[n] = NULL;
	}
}
