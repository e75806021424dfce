/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Which software a server runs, and what that means for a person. Pure, as misskey.h.
 */

#include <stdbool.h>

#include "common/vocabulary.h"
#include "http/answer.h"

/* Misskey has it since version 11, and every fork of that. */
#define MISSKEY_PATH_NODEINFO "/nodeinfo/2.0"

/* The longest real one has some forty characters. */
#define MISSKEY_SOFTWARE_BYTES 97

/* Reads NodeInfo 2.0 (nodeinfo.diaspora.software): "misskey 2025.3.1". False: there is no usable
 * answer, and *ret_software is "". */
bool misskey_software_read(const struct http_answer *answer,
			   char ret_software[static MISSKEY_SOFTWARE_BYTES]);

/* Where users of SOFTWARE (as above; NULL or "": not known) take away what they gave by METHOD. */
enum withdrawal misskey_withdrawal(const char *software, enum method method);
