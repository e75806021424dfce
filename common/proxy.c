/* SPDX-License-Identifier: MIT */
#include "common/proxy.h"

#include <stddef.h>
#include <stdlib.h>

const char *proxy_variable(void)
{
	/* In libcurl's order. */
	static const char *const names[] = {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = getenv(names[i]);

		if (value && *value)
			return names[i];
	}
	return NULL;
}
