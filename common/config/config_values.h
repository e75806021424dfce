/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What config.c (the object), config_keys.c (the keys and what their values mean) and
 * config_parse.c (lines and sections) share. Errors of the first two are sentences without file and
 * line, which config_parse.c puts before them.
 */

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "config/config.h"

/* No section has more keys. */
#define CONFIG_KEYS_MAX 16
/* "; did you mean `x`?" for the words that are ours. */
#define CONFIG_HINT_BYTES 64

enum config_section { CONFIG_SECTION_NONE, CONFIG_SECTION_DAEMON, CONFIG_SECTION_ACCOUNT };

struct config_key {
	const char *name;
	/* Reads VALUE into CONFIG, or into the last of its accounts. NULL: the value is a time or a
	 * command. */
	int (*set)(struct config *config, const char *value, struct err_detail *detail);
	size_t seconds; /* where a time is in struct config */
	int64_t min_s, max_s;
	enum config_hook hook;
};

/* Reads VALUE, as KEY wants it. Errors of any kind. */
int config_key_set(const struct config_key *key, struct config *config, const char *value,
		   struct err_detail *detail) _must_check_;

/* The keys of SECTION, and how many there are. */
const struct config_key *config_keys(enum config_section section, size_t *ret_count);

/* Fills in what was left out of ACCOUNT. ERR_INVALID if that cannot be, ERR_NOMEM. */
int config_account_complete(struct config_account *account, struct err_detail *detail) _must_check_;

/* Writes "; did you mean `x`?" with the candidate that is nearest to WORD, or "". */
void config_suggest(char ret_text[static CONFIG_HINT_BYTES], const char *word,
		    const char *const *candidates, size_t count);

/* Replaces *TEXT by a copy of VALUE. ERR_NOMEM. */
int config_text_set(char **text, const char *value) _must_check_;

/* Appends an account, which may move the others in memory. ERR_NOMEM. */
int config_account_add(struct config *config, const char *name, unsigned line) _must_check_;
