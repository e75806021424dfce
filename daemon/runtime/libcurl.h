/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Starts libcurl with memory that is erased when it is freed: requests and answers have secrets.
 */

#include "common/err.h"

/* Can be called again; each success is undone by one curl_global_cleanup(). ERR_LIBRARY. */
int libcurl_start(struct err_detail *detail) _must_check_;
