/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The configuration file, config.example.ini explained in code. Everything is optional;
 * what is written must be right. An unknown section or key, a value out of range or a repetition is
 * refused: the error names the file, the line, what was expected and the nearest valid word.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/account_name.h"
#include "common/cleanup.h"
#include "common/err.h"
#include "common/log.h"
#include "common/name_table.h"
#include "common/trust.h"
#include "common/url.h"
#include "common/vocabulary.h"

/* A config of 10,000 accounts with every key is about 4 MiB. */
#define CONFIG_MAX_BYTES (8 * 1024 * 1024)
/* A line, without its end: a key and 128 permissions of 64 characters do not fit, a list of all
 * known ones does. A longer one is refused. */
#define CONFIG_LINE_BYTES 4096
#define CONFIG_MAX_ACCOUNTS 100000

#define CONFIG_DEFAULT_PORT 41987
#define CONFIG_DEFAULT_SESSION_TIME_S (30 * 60)
#define CONFIG_DEFAULT_POLL_INTERVAL_S 5
#define CONFIG_DEFAULT_POLL_INTERVAL_MAX_S 60
#define CONFIG_DEFAULT_REQUEST_TIME_S 30
#define CONFIG_DEFAULT_HOOK_TIME_S 60
#define CONFIG_DEFAULT_APP_DESCRIPTION \
	"Lets scripts on this person's own computer call the API for them."

/* What a command can be run for. */
enum config_hook {
	CONFIG_ON_CONSENT_NEEDED,
	CONFIG_ON_CREDENTIAL_CHANGED,
	CONFIG_ON_ERROR,
	CONFIG_HOOK_COUNT,
};

struct config_account {
	char name[ACCOUNT_NAME_BYTES];
	struct url_server server;
	char *permission; /* canonical, permission_parse() */
	char *user;	  /* who must consent, from `user` or `server`, without @; NULL: anybody */
	char *app_name;	  /* `name`: what the consent page calls the app; NULL: after the account */
	char *description; /* what the consent page says about the app */
	enum method method;
	unsigned line; /* where the section begins */
};

struct config {
	char *file;    /* where it was read from; NULL: all defaults */
	unsigned port; /* of 127.0.0.1; 0: any free one */
	int64_t session_time_s;
	int64_t poll_interval_s;
	/* The pause between polls that fail doubles up to it; never less than poll_interval_s. */
	int64_t poll_interval_max_s;
	int64_t request_time_s; /* for one call of a server */
	char *ca_file;		/* NULL: the system's */
	enum log_level log_level;
	char **hooks[CONFIG_HOOK_COUNT]; /* the words of a command, command_line_parse(); NULL: none
					  */
	int64_t hook_time_s;		 /* for one run of a hook */
	bool notifications;		 /* of the desktop */
	bool browser;			 /* logins open one here, unless they are told otherwise */
	bool confinement;		 /* the daemon keeps itself from what it does not need */
	struct config_account *accounts; /* in the file's order */
	size_t account_count;
	struct name_table by_name; /* the same sorted, for config_account_find() */
};

/* The defaults. ERR_NOMEM. */
int config_new(struct config **ret_config) _must_check_;

/* Reads SIZE bytes of TEXT; FILE only names it in errors, which read "FILE:LINE: `what was found`:
 * expected …; did you mean `…`?". ERR_INVALID, ERR_SYNTAX, ERR_LIMIT, ERR_NOMEM; ERR_EXISTS for a
 * repetition. The caller frees *ret_config. */
int config_parse(const char *text, size_t size, const char *file, struct config **ret_config,
		 struct err_detail *detail) _must_check_;

/* Reads FILE. It must be safe (common/trust.h), and so must the files that it names: ca_file and
 * the programs of hooks. One that does not exist is no error here, nor is a program that cannot be
 * reached, because the daemon does not run it. Errors as of trust_open() and
 * config_parse(). */
int config_read(const struct trust *trust, const char *file, struct config **ret_config,
		struct err_detail *detail) _must_check_;

/* Where a config can be. */
struct config_source {
	const char *named;  /* the only one that is read, if it is not NULL */
	const char *user;   /* else this, if it exists */
	const char *system; /* else this; without it there are the defaults */
	struct trust trust;
};

/* Errors as config_read(). ERR_NOT_FOUND for a named file only. */
int config_read_source(const struct config_source *source, struct config **ret_config,
		       struct err_detail *detail) _must_check_;

/* The key of the config that has its command. */
const char *config_hook_name(enum config_hook hook);

/* Whether there is anything for misskey-authd-agent to do. */
bool config_tells_anybody(const struct config *config);

/* What is allowed and yet probably a mistake: calls FUNCTION with a sentence for each, which names
 * the file and the section. */
typedef void config_doubt_function(const char *sentence, void *context);
void config_tell_doubts(const struct config *config, config_doubt_function *function,
			void *context);

/* NULL if there is none. */
const struct config_account *config_account_find(const struct config *config, const char *name);

void config_free(struct config *config);
DEFINE_CLEANUP(struct config *, config_free);
