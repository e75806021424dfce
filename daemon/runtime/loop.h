/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The one wait of the daemon: libcurl's sockets, the sources' descriptors and the signals, in one
 * curl_multi_poll(). In each round every source is dispatched, whether its descriptor is ready or
 * not: sources are few, and their dispatch is cheap when there is nothing to do.
 */

#include <stdbool.h>

#include <curl/curl.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "runtime/clock.h"

/* About a dozen are used. */
#define LOOP_MAX_SOURCES 16

struct loop_source {
	int fd; /* waited on for reading; -1: none. Borrowed. */
	/* The monotonic ms at which dispatch is due at the latest, CLOCK_NEVER for none. NULL:
	 * never. */
	int64_t (*deadline)(void *context, struct clock_time now);
	/* Does what is to be done; must not block. NULL: another source's does it. */
	void (*dispatch)(void *context, struct clock_time now);
	void *context;
};

struct loop;

/* MULTI (borrowed, NULL is fine in tests) is waited on too. Blocks SIGTERM, SIGINT and SIGHUP and
 * takes them through a signalfd; ignores SIGPIPE. Call it before any other thread exists. */
int loop_new(CURLM *multi, struct loop **ret_loop, struct err_detail *detail) _must_check_;

/* FUNCTION is called after each SIGHUP, which does nothing without it. */
void loop_on_hangup(struct loop *loop, void (*function)(void *context, struct clock_time now),
		    void *context);

/* SOURCE is copied. ERR_LIMIT. */
int loop_add(struct loop *loop, const struct loop_source *source) _must_check_;

/* Runs until loop_stop() or SIGTERM or SIGINT. ERR_IO if waiting fails for good. */
int loop_run(struct loop *loop, struct err_detail *detail) _must_check_;

/* Runs rounds until DONE(context) or LIMIT_MS have passed: for flushing at the end. */
void loop_drain(struct loop *loop, bool (*done)(void *context), void *context, int64_t limit_ms);

void loop_stop(struct loop *loop);

void loop_free(struct loop *loop);
DEFINE_CLEANUP(struct loop *, loop_free);
