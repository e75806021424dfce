/* SPDX-License-Identifier: MIT */
#include "desktop/opening.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "common/account_name.h"
#include "common/log.h"
#include "web_browser/web_browser.h"

/* A browser that was started, and may still say that it could not. */
struct opening {
	char account[ACCOUNT_NAME_BYTES];
	struct browser browser;
};

static void opening_free(void *context)
{
	struct opening *opening = context;

	browser_done(&opening->browser);
	free(opening);
}

static void log_failure(const char *account, const char *why)
{
	log_error("account %s: its page cannot be opened: %s Run: misskey-authctl login %s",
		  account, why, account);
}

static int on_report(sd_event_source *source, int fd, uint32_t events, void *context)
{
	struct opening *opening = context;
	struct err_detail detail;

	(void)fd;
	(void)events;
	if (browser_look(&opening->browser, 0, &detail))
		log_failure(opening->account, detail.text);
	/* Nobody else has it, so this frees it. */
	return sd_event_source_set_floating(source, false);
}

void opening_start(sd_event *event, const char *account, const char *url)
{
	struct opening *opening = calloc(1, sizeof(*opening));
	struct err_detail detail = {"There is no memory."};
	sd_event_source *report = NULL;

	if (!opening || browser_open(url, &opening->browser, &detail)) {
		log_failure(account, detail.text);
		free(opening);
		return;
	}
	log_info("account %s: its page is being opened", account);
	strcpy(opening->account, account);
	if (sd_event_add_io(event, &report, opening->browser.report, EPOLLIN, on_report, opening) <
	    0) {
		opening_free(opening);
		return;
	}
	(void)sd_event_source_set_destroy_callback(report, opening_free);
	(void)sd_event_source_set_floating(report, true);
	sd_event_source_unref(report);
}
