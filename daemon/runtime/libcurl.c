/* SPDX-License-Identifier: MIT */
#include "runtime/libcurl.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#include "common/erasing.h"

int libcurl_start(struct err_detail *detail)
{
	if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, malloc, erasing_free, erasing_realloc, strdup,
				 calloc) != CURLE_OK)
		return err_set(detail, ERR_LIBRARY, "cannot initialize libcurl");
	return 0;
}
