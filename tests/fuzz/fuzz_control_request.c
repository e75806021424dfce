/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "common/permission.h"
#include "control_filter.h"
#include "control_request.h"
#include "fuzz.h"

/* The filter of GET /v1/accounts is empty, or has values in the forms that accounts have. */
static void check_filter(const char *query)
{
	struct control_filter filter;
	struct err_detail detail = {""};
	struct url_server server;

	if (control_filter_parse(query, &filter, &detail)) {
		if (!detail.text[0])
			abort();
		return;
	}
	if (filter.server[0] && (url_server_parse(filter.server, &server, NULL) ||
				 strcmp(server.origin, filter.server) != 0))
		abort();
	if (filter.permission && !permission_has_all(filter.permission, filter.permission))
		abort();
	control_filter_done(&filter);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *target = strndup((const char *)data, size);
	struct control_request request;
	struct err_detail detail = {""};

	if (!target)
		return 0;
	if (control_request_parse(target, &request, &detail)) {
		if (!detail.text[0])
			abort();
	} else if (request.account[0] && !account_name_valid(request.account)) {
		abort();
	} else if (request.wait_s > CONTROL_MAX_WAIT_S) {
		abort();
	} else {
		check_filter(request.query);
	}
	free(target);
	return 0;
}
