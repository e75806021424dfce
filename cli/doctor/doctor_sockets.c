/* SPDX-License-Identifier: MIT */

/*
 * doctor: XDG_RUNTIME_DIR, the control socket, and who answers there.
 */

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/translate.h"
#include "common/vocabulary.h"
#include "doctor.h"
#include "doctor_path.h"

/* A daemon that is well answers in milliseconds. */
#define STATUS_TIMEOUT_MS 5000

static void say_no_socket(struct doctor *doctor)
{
	struct findings *findings = &doctor->findings;

	if (!*doctor->paths.control) {
		findings_add(findings, FINDING_ERROR, ADVICE_NO_SESSION, (unsigned long)geteuid());
		findings_remedy(findings, ADVICE_SESSION, (unsigned long)geteuid());
		return;
	}
	findings_add(findings, FINDING_ERROR,
		     _("The control socket's path is too long for a socket: %s"),
		     doctor->paths.control);
	findings_remedy(findings,
			_("Set XDG_RUNTIME_DIR to a shorter path, /run/user/%lu for instance, for "
			  "the daemon too"),
			(unsigned long)getuid());
}

/* What is wrong with the runtime directory DIRECTORY, or NULL. */
static const char *directory_fault(const char *directory, enum finding_status *ret_status)
{
	struct stat status;

	*ret_status = FINDING_ERROR;
	if (stat(directory, &status) < 0)
		return translate_errno(errno);
	if (!S_ISDIR(status.st_mode))
		return _("it is no directory");
	*ret_status = FINDING_UNSAFE;
	if (status.st_uid != geteuid())
		return _("it belongs to another user");
	if (status.st_mode & (S_IRWXG | S_IRWXO))
		return _("others have access to it");
	return NULL;
}

/* XDG_RUNTIME_DIR, which the XDG Base Directory Specification wants to be the user's own with mode
 * 0700, and our directory in it. */
static void check_runtime_directory(struct doctor *doctor)
{
	char directory[PATH_MAX];
	enum finding_status status;
	const char *fault;

	strcpy(directory, doctor->paths.runtime);
	*strrchr(directory, '/') = '\0';
	fault = directory_fault(directory, &status);
	if (!fault) {
		(void)doctor_check_path(&doctor->findings, doctor->paths.runtime, S_IFDIR);
		return;
	}
	findings_add(&doctor->findings, status, _("XDG_RUNTIME_DIR, %s, cannot be trusted: %s"),
		     directory, fault);
	findings_remedy(&doctor->findings, _("Log in again (su and sudo do not change it), or set "
					     "it to a directory of yours with the mode 0700"));
}

/* Whether there is something to connect to at PATH. */
static bool check_socket(struct doctor *doctor, const char *path)
{
	struct findings *findings = &doctor->findings;

	switch (doctor_check_path(findings, path, S_IFSOCK)) {
	case DOCTOR_PATH_GOOD:
		findings_add(findings, FINDING_OK, _("The control socket %s is private"), path);
		return true;
	case DOCTOR_PATH_MISSING:
		findings_add(findings, FINDING_ERROR,
			     _("There is no control socket %s: the daemon does not run"), path);
		findings_remedy(findings, DOCTOR_START);
		return false;
	default:
		return true;
	}
}

static void say_unanswered(struct doctor *doctor, int code, const struct err_detail *detail)
{
	struct findings *findings = &doctor->findings;

	findings_add(findings, code == ERR_UNSAFE ? FINDING_UNSAFE : FINDING_ERROR, "%s",
		     detail->text);
	switch (code) {
	case ERR_UNSAFE:
		findings_remedy(findings,
				_("Log in again (su and sudo do not change XDG_RUNTIME_DIR), or "
				  "find the program that listens there: ss -lxp"));
		break;
	case ERR_NOT_FOUND:
		findings_remedy(findings, DOCTOR_START);
		break;
	case ERR_DAMAGED:
		findings_remedy(findings,
				_("Find the program that listens there: ss -lxp; end it, then: %s"),
				ADVICE_RESTART);
		break;
	default:
		findings_remedy(findings, _("See what it says: %s; start it again: %s"), DOCTOR_LOG,
				ADVICE_RESTART);
	}
}

/* Whether another check reports the problem CODE, and says more. */
static bool is_said_elsewhere(const char *code)
{
	static const char *const codes[] = {CODE_PORT_TAKEN, CODE_STATE_DAMAGED,
					    CODE_REGISTRY_SET_ASIDE, CODE_BAD_CONFIG,
					    CODE_UNSAFE_CONFIG};

	for (size_t n = 0; n < sizeof(codes) / sizeof(codes[0]); n++)
		if (strcmp(code, codes[n]) == 0)
			return true;
	return false;
}

static void say_problems(struct doctor *doctor)
{
	const struct json *problem = json_first(json_get(doctor->status, "problems"));

	for (; problem; problem = json_next(problem)) {
		const char *code = json_get_string(problem, "code");
		const char *message = json_get_string(problem, "message");

		if (!code || is_said_elsewhere(code))
			continue;
		doctor_say_problem(doctor, FINDING_WARNING, code, message ? message : code);
		findings_remedy(&doctor->findings, _("See what else it says: %s"), DOCTOR_LOG);
	}
}

static void check_daemon(struct doctor *doctor)
{
	struct findings *findings = &doctor->findings;
	struct control_reply reply = {0};
	struct err_detail detail = {0};
	const char *version;
	int64_t pid = 0;
	int r = control_client_request(doctor->client, "GET", "/v1/status", NULL, STATUS_TIMEOUT_MS,
				       &reply, &detail);

	findings_begin(findings, "daemon");
	version = json_get_string(reply.body, "version");
	if (r == 0 && (reply.status != 200 || !version))
		r = err_set(&detail, ERR_DAMAGED,
			    _("What answers at %s is not misskey-authd (HTTP status %ld)"),
			    control_client_path(doctor->client), reply.status);
	if (r < 0) {
		control_reply_done(&reply);
		say_unanswered(doctor, r, &detail);
		return;
	}
	doctor->status = reply.body;
	if (strcmp(version, MISSKEY_AUTHD_VERSION) != 0) {
		findings_add(findings, FINDING_WARNING,
			     _("misskey-authd %s runs, but this is misskey-authctl %s"), version,
			     MISSKEY_AUTHD_VERSION);
		findings_remedy(findings, _("After an update: %s"), ADVICE_RESTART);
	} else {
		(void)json_get_integer(doctor->status, "pid", &pid);
		findings_add(findings, FINDING_OK, _("misskey-authd %s answers (process %lld)"),
			     version, (long long)pid);
	}
	say_problems(doctor);
}

void doctor_check_sockets(struct doctor *doctor)
{
	const char *path = doctor->client ? control_client_path(doctor->client) : NULL;

	if (!path) {
		say_no_socket(doctor);
		return;
	}
	/* The socket of --socket may be anywhere. */
	if (strcmp(path, doctor->paths.control) == 0)
		check_runtime_directory(doctor);
	if (check_socket(doctor, path))
		check_daemon(doctor);
}
