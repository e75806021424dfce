/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "common/account_name.h"
#include "fuzz.h"
#include "hook/hook_event.h"

#define CALLBACK "http://127.0.0.1:41987/callback"

static void check_facts(const struct hook_event *event)
{
	const char *end = event->facts.bytes + event->facts.size;

	for (const char *fact = event->facts.bytes; fact < end; fact += strlen(fact) + 1)
		if (strncmp(fact, "MISSKEY_", 8) != 0 || strpbrk(fact, " \t\n\"'`$\\;|&<>*?"))
			abort();
}

static void check(struct hook_event *event, int r)
{
	if (r)
		return;
	check_facts(event);
	if (strcspn(buf_text(&event->json), "\n") != event->json.size - 1)
		abort();
	hook_event_done(event);
}

/* What the daemon says of an account: what comes of it is of the alphabets that there are. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(json_freep) struct json *account = NULL;
	struct hook_event event;
	struct news news;

	json_init();
	if (json_parse((const char *)data, size, 65536, &account, NULL))
		return 0;
	check(&event, hook_event_credential_changed("me", account, &event));
	if (news_read(account, CALLBACK, &news, NULL))
		return 0;
	if (!account_name_valid(news.account) || !news_server_valid(news.server) ||
	    (news.error[0] && !news_code_valid(news.error)) ||
	    (news.url && !news_url_allowed(news.url, CALLBACK, news.server)))
		abort();
	check(&event, hook_event_consent_needed(&news, &event));
	if (news.error[0])
		check(&event, hook_event_error(&news, news.error, news.message, &event));
	return 0;
}
