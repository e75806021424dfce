/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "control_request.h"
#include "fuzz.h"

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
	}
	free(target);
	return 0;
}
