/* SPDX-License-Identifier: MIT */
#include "login_browser.h"

#include "web_browser/web_browser.h"

enum login_browser login_browser_choose(const struct command_options *options)
{
	if (options->no_browser)
		return LOGIN_BROWSER_NO;
	if (options->browser || options->unattended)
		return LOGIN_BROWSER_YES;
	if (browser_is_elsewhere() || !browser_is_possible())
		return LOGIN_BROWSER_NO;
	return LOGIN_BROWSER_AS_CONFIGURED;
}

int login_browser_add(struct json *body, enum login_browser browser)
{
	if (browser == LOGIN_BROWSER_AS_CONFIGURED)
		return 0;
	return json_add_bool(body, "browser", browser == LOGIN_BROWSER_YES);
}
