/* SPDX-License-Identifier: MIT */
#include "doctor.h"

#include <stdlib.h>

#include "client/control_reply.h"
#include "command/command.h"
#include "common/translate.h"
#include "terminal/daemon_text.h"
#include "terminal/exit_status.h"
#include "terminal/terminal.h"

static const struct {
	const char *name;
	void (*run)(struct doctor *doctor);
} checks[] = {
	{"sockets", doctor_check_sockets}, {"units", doctor_check_units},
	{"config", doctor_check_config},   {"confined", doctor_check_confinement},
	{"port", doctor_check_port},	   {"files", doctor_check_files},
	{"servers", doctor_check_servers}, {"accounts", doctor_check_accounts},
	{"browser", doctor_check_browser},
};

static void doctor_done(struct doctor *doctor)
{
	findings_done(&doctor->findings);
	json_free(doctor->status);
	json_free(doctor->env_accounts);
	config_free(doctor->config);
}

const struct json *doctor_accounts(const struct doctor *doctor)
{
	return doctor->status ? json_get(doctor->status, "accounts") : doctor->env_accounts;
}

const char *doctor_problem(const struct doctor *doctor, const char *code)
{
	const struct json *problem =
		control_find(json_get(doctor->status, "problems"), "code", code);
	const char *message = json_get_string(problem, "message");

	return problem && !message ? code : message;
}

void doctor_say_problem(struct doctor *doctor, enum finding_status status, const char *code,
			const char *message)
{
	_cleanup_(buf_done) struct buf text = {0};

	daemon_text_append(&text, code, message);
	findings_add(&doctor->findings, status, "%s", buf_text(&text));
}

/* What becomes a value for programs is the same in every language, and so is what systemctl says.
 */
static void speak_english(void)
{
	translate_end();
	setenv("LC_ALL", "C", 1); /* LANGUAGE does not count then */
}

int command_doctor(struct control_client *client, const struct command_options *options)
{
	_cleanup_(doctor_done) struct doctor doctor = {.client = client};
	struct paths_environment environment;
	struct err_detail detail = {0};

	if (options->json)
		speak_english();
	paths_environment_read(&environment);
	if (paths_resolve(&environment, &doctor.paths, &detail) < 0) {
		terminal_message(_("misskey-authctl: %s."), detail.text);
		return EXIT_STATUS_FAILED;
	}
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		findings_begin(&doctor.findings, checks[i].name);
		checks[i].run(&doctor);
	}
	return findings_report(&doctor.findings, options->json);
}
