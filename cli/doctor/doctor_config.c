/* SPDX-License-Identifier: MIT */

/*
 * doctor: the configuration file that the daemon uses, or would use.
 */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/text.h"
#include "common/translate.h"
#include "doctor.h"

#define AGENT_TRIES 12 /* of a quarter of a second */

static void say_bad(struct doctor *doctor, const char *daemons_file, int code,
		    const struct err_detail *detail)
{
	_cleanup_(buf_done) struct buf option = {0};

	if (daemons_file) {
		buf_append_text(&option, " -c ");
		text_append_quoted(&option, daemons_file);
	}
	findings_add(&doctor->findings, code == ERR_UNSAFE ? FINDING_UNSAFE : FINDING_ERROR, "%s",
		     detail->text[0] ? detail->text : _(err_text(code)));
	findings_remedy(&doctor->findings, _("Fix it, then: misskey-authd --check-config%s && %s"),
			buf_text(&option), ADVICE_RESTART);
}

/* A daemon would not start with a file that it cannot read. */
static void check_ca_file(struct doctor *doctor)
{
	_cleanup_(closep) int fd = open(doctor->config->ca_file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char byte;

	/* A directory opens, but does not read. */
	if (fd >= 0 && read(fd, &byte, 1) >= 0)
		return;
	findings_add(
		&doctor->findings, FINDING_ERROR,
		_("The file of trusted certificates that ca_file names, %s, cannot be read: %s"),
		doctor->config->ca_file, translate_errno(errno));
	findings_remedy(&doctor->findings, _("Put it there, or correct ca_file in %s, then: %s"),
			doctor->config->file, ADVICE_RESTART);
}

/* The config names no unsafe command: it would have been refused. */
static void check_hook(struct doctor *doctor, const struct trust *trust, enum config_hook hook)
{
	char **words = doctor->config->hooks[hook];
	struct err_detail detail = {0};

	if (!words || (trust_check(trust, words[0], &detail) == 0 && access(words[0], X_OK) == 0))
		return;
	if (!detail.text[0])
		(void)err_set(&detail, ERR_ACCESS, "%s: %s", words[0], translate_errno(errno));
	findings_add(&doctor->findings, FINDING_ERROR, _("The command of %s cannot be run: %s"),
		     config_hook_name(hook), detail.text);
	findings_remedy(&doctor->findings,
			_("Put an executable file there, or correct %s in %s, then: %s"),
			config_hook_name(hook), doctor->config->file, ADVICE_RESTART);
}

static bool file_is_there(const char *file)
{
	return access(file, F_OK) == 0;
}

/* DAEMONS_FILE is what the daemon read, NULL for the defaults. */
static void compare(struct doctor *doctor, const char *daemons_file)
{
	const char *usual = file_is_there(doctor->paths.config) ? doctor->paths.config
								: doctor->paths.system_config;

	if (!daemons_file && doctor->config->file) {
		findings_add(&doctor->findings, FINDING_WARNING,
			     _("The daemon runs without a config, though there is %s"),
			     doctor->config->file);
		findings_remedy(&doctor->findings, ADVICE_RESTART);
	}
	if (daemons_file && strcmp(daemons_file, usual) != 0)
		findings_add(&doctor->findings, FINDING_NOTE,
			     _("The daemon does not use the usual config, %s, but %s"),
			     doctor->paths.config, daemons_file);
}

/* An agent that was just started, as this doctor's first question may have done, has a moment to
 * follow the daemon. */
static void check_agent(struct doctor *doctor)
{
	bool is_there = !config_tells_anybody(doctor->config);

	for (int n = 0; n < AGENT_TRIES && !is_there; n++) {
		_cleanup_(json_freep) struct json *status = NULL;

		if (n > 0)
			control_client_pause();
		status = control_client_get(doctor->client, "/v1/status");
		(void)json_get_bool(status, "agent", &is_there);
	}
	if (is_there)
		return;
	findings_add(&doctor->findings, FINDING_WARNING,
		     _("misskey-authd-agent does not run, so no hook is run and no notification is "
		       "shown"));
	findings_remedy(&doctor->findings,
			_("See why: journalctl --user -u misskey-authd-agent -n 20; then: %s"),
			ADVICE_RESTART);
}

static void say_doubt(const char *sentence, void *context)
{
	struct doctor *doctor = context;

	findings_add(&doctor->findings, FINDING_WARNING, "%s", sentence);
	findings_remedy(&doctor->findings,
			_("Correct it there, then: misskey-authctl reload. All names: "
			  "misskey-authctl login --permission help"));
}

void doctor_check_config(struct doctor *doctor)
{
	const char *daemons_file = json_get_string(doctor->status, "config");
	const struct config_source source = {daemons_file,
					     doctor->paths.config,
					     doctor->paths.system_config,
					     {.home = doctor->paths.home}};
	struct err_detail detail = {0};
	int r = config_read_source(&source, &doctor->config, &detail);

	if (r < 0) {
		say_bad(doctor, daemons_file, r, &detail);
		return;
	}
	if (doctor->config->file)
		findings_add(&doctor->findings, FINDING_OK, _("%s is good"), doctor->config->file);
	else
		findings_add(&doctor->findings, FINDING_OK,
			     _("There is no %s, so the defaults are used"), doctor->paths.config);
	config_tell_doubts(doctor->config, say_doubt, doctor);
	if (doctor->config->ca_file)
		check_ca_file(doctor);
	for (enum config_hook hook = 0; hook < CONFIG_HOOK_COUNT; hook++)
		check_hook(doctor, &source.trust, hook);
	if (doctor->status) {
		compare(doctor, daemons_file);
		check_agent(doctor);
	}
}
