/* SPDX-License-Identifier: MIT */
/* Proves with real processes how a hook is started, what it inherits, and how it ends: by itself,
 * by its time, or not at all. Time passes only while the events are run. */
#include "support/state_directory.h"

#include <signal.h>
#include <sys/wait.h>

#include "hook/hook_run.h"

static sd_event *event;
static struct hook_result result;
static struct hook_run *run;
static bool has_ended;

static void on_ended(const struct hook_result *its, void *context)
{
	assert_ptr_equal(context, &run);
	assert_false(has_ended);
	has_ended = true;
	result = *its;
	hook_run_free(TAKE_PTR(run));
}

static int setup_events(void **state)
{
	int r = setup(state);

	return r ? r : -(sd_event_new(&event) < 0);
}

static int teardown_events(void **state)
{
	hook_run_free(TAKE_PTR(run));
	event = sd_event_unref(event);
	return teardown(state);
}

static int start(char *const words[], const char *input, size_t size, uint64_t limit_ms)
{
	_cleanup_(buf_done) struct buf facts = {0};
	_cleanup_(buf_done) struct buf text = {0};
	struct hook_command command = {
		.words = words,
		.facts = &facts,
		.input = &text,
		.limit_ms = limit_ms,
	};

	buf_append(&facts, "FACT=a b", sizeof("FACT=a b"));
	buf_append(&text, input, size);
	has_ended = false;
	return hook_run_start(event, &command, on_ended, &run, &run, &detail);
}

#define START(input, ...) start((char *[]){__VA_ARGS__, NULL}, input, strlen(input), 60000)

static char shell[] = "/bin/sh";
static char option[] = "-c";

/* Runs SCRIPT with the state directory as $0. */
static void start_script(const char *script, const char *input, uint64_t limit_ms)
{
	char *copy = strdup(script);

	assert_non_null(copy);
	if (start((char *[]){shell, option, copy, root, NULL}, input, strlen(input), limit_ms))
		fail_msg("%s", detail.text);
	free(copy);
}

static void finish(void)
{
	for (int n = 0; n < 100 && !has_ended; n++)
		assert_true(sd_event_run(event, 20000000) >= 0);
	assert_true(has_ended);
}

static void finish_with(int number)
{
	finish();
	assert_false(result.is_signal);
	assert_int_equal(result.number, number);
}

static void wait_for_file(const char *name)
{
	for (int n = 0; n < 2000 && !exists(name); n++)
		usleep(10000);
	assert_true(exists(name));
}

/* ---- What it gets ---- */

static void test_standard_input_is_the_text_and_cannot_be_changed(void **state)
{
	size_t size = 1024 * 1024;
	char *text = malloc(size + 1);
	char *copied;

	(void)state;
	assert_non_null(text);
	memset(text, 'x', size);
	text[size] = '\0';
	start_script("cat >\"$0/in\"; echo changed 2>/dev/null 1<>/proc/self/fd/0", text, 60000);
	finish();
	assert_int_not_equal(result.number, 0);
	copied = content_of("in");
	assert_string_equal(copied, text);
	free(copied);
	free(text);
	start_script("cat >\"$0/in\"", "", 60000);
	finish_with(0);
	assert_content("in", "");
}

static void test_words_and_environment_are_what_was_given(void **state)
{
	char copy[] = "/bin/cp";
	char environment[] = "/proc/self/environ";
	char cmdline[] = "/proc/self/cmdline";
	char *content;

	(void)state;
	assert_int_equal(clearenv(), 0);
	assert_int_equal(setenv("OURS", "yes", 1), 0);
	assert_int_equal(setenv("NOTIFY_SOCKET", "/n", 1), 0);
	assert_int_equal(setenv("LISTEN_FDS", "2", 1), 0);
	assert_int_equal(setenv("WATCHDOG_USEC", "1", 1), 0);
	assert_int_equal(setenv("SYSTEMD_EXEC_PID", "1", 1), 0);
	assert_int_equal(setenv("MISSKEY_TOKEN", "mallory's", 1), 0);
	assert_int_equal(START("secret", copy, environment, cmdline, root), 0);
	finish_with(0);
	content = content_of("environ");
	assert_string_equal(content, "OURS=yes");
	assert_string_equal(content + sizeof("OURS=yes"), "FACT=a b");
	free(content);
	content = content_of("cmdline");
	assert_string_equal(content, "/bin/cp");
	free(content);
	start_script("printf '<%s>' \"$0\" \"$FACT\" \"$#\" >\"$0/words\"", "", 60000);
	finish_with(0);
	content = content_of("words");
	assert_non_null(strstr(content, "><a b><0>"));
	free(content);
}

/* Without signals 32 and 33, which are glibc's own: its posix_spawn(3) ignores them, and a program
 * that needs them sets them up. */
static unsigned long long signals_of(const char *status, const char *key)
{
	const char *line = strstr(status, key);

	assert_non_null(line);
	return strtoull(line + strlen(key), NULL, 16) & ~(3ULL << 31);
}

static void test_nothing_else_is_inherited(void **state)
{
	sigset_t all;
	sigset_t before;
	int leaked = open("/dev/null", O_RDWR); /* NOLINT(android-cloexec-open): that it is not */
	char group[64];
	char *status;

	(void)state;
	sigfillset(&all);
	assert_int_equal(sigprocmask(SIG_BLOCK, &all, &before), 0);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	start_script("cat /proc/self/status >\"$0/status\"; ls /proc/self/fd >\"$0/fds\"; "
		     "ls -l /proc/$$/fd/1 | grep -o '[^ ]*$' >\"$0/out\"; "
		     "pwd >\"$0/cwd\"; echo $$ >\"$0/pid\"; "
		     "cut -d' ' -f5,6 /proc/$$/stat >\"$0/group\"",
		     "x", 60000);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	assert_int_equal(sigprocmask(SIG_SETMASK, &before, NULL), 0);
	finish_with(0);
	close(leaked);
	status = content_of("status");
	assert_int_equal(signals_of(status, "SigBlk:\t"), 0);
	assert_int_equal(signals_of(status, "SigIgn:\t"), 0);
	free(status);
	/* 3 is what ls itself looks through. */
	assert_content("fds", "0\n1\n2\n3\n");
	assert_content("out", "/dev/null\n");
	assert_content("cwd", "/\n");
	status = content_of("pid");
	assert_non_null(strchr(status, '\n'));
	*strchr(status, '\n') = '\0';
	snprintf(group, sizeof(group), "%s %s\n", status, status);
	assert_content("group", group);
	free(status);
}

/* ---- How it ends ---- */

static void test_exit_status_and_signal_are_told(void **state)
{
	(void)state;
	start_script("exit 3", "", 60000);
	finish_with(3);
	assert_false(result.is_over_time);
	assert_true(result.took_s >= 0 && result.took_s < 60);
	start_script("kill -USR1 $$", "", 60000);
	finish();
	assert_true(result.is_signal && !result.is_over_time);
	assert_int_equal(result.number, SIGUSR1);
}

static void assert_not_started(const char *name, const char *said)
{
	char path[1024];

	snprintf(path, sizeof(path), "%s", name[0] == '/' ? name : path_in_root(name));
	assert_true(START("", path) < 0);
	assert_null(run);
	assert_detail(said);
	/* Nothing is left to be waited for. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void test_what_cannot_be_started_is_said_at_once(void **state)
{
	(void)state;
	assert_not_started("missing", "No such file");
	put_bytes("plain", "#!/bin/sh\n", 10, 0644);
	assert_not_started("plain", "Permission denied");
	put_bytes("script", "exit 0\n", 7, 0755);
	assert_not_started("script", "Exec format error"); /* no shell steps in */
	put_bytes("orphan", "#!/nowhere/sh\n", 14, 0755);
	assert_not_started("orphan", "No such file");
	assert_not_started("/", "Permission denied");
}

static bool is_alive(const char *pid_file)
{
	char *pid = content_of(pid_file);
	char path[64];
	char line[512] = "";
	FILE *stream;

	snprintf(path, sizeof(path), "/proc/%d/stat", atoi(pid));
	free(pid);
	stream = fopen(path, "re");
	if (!stream)
		return false;
	if (!fgets(line, sizeof(line), stream))
		line[0] = '\0';
	(void)fclose(stream);
	return line[0] && !strstr(line, ") Z ");
}

/* Ignores SIGTERM, and so does its child. */
#define STUBBORN                                                                               \
	"trap '' TERM; sleep 1000 & echo $! >\"$0/child\"; echo $$ >\"$0/self\"; >\"$0/up\"; " \
	"wait"

static void test_who_ignores_the_end_of_its_time_is_killed_with_its_children(void **state)
{
	(void)state;
	start_script(STUBBORN, "", 0);
	wait_for_file("up");
	finish();
	assert_true(result.is_over_time);
	for (int n = 0; n < 500 && is_alive("child"); n++)
		usleep(10000);
	assert_false(is_alive("self") || is_alive("child"));
}

/* Until there is nothing more to be done at once. */
static void run_events(void)
{
	while (sd_event_run(event, 100000) > 0)
		;
}

static void test_children_have_their_time_although_the_first_has_ended(void **state)
{
	char script[] = "(trap '' TERM; >\"$0/up\"; while [ ! -e \"$0/go\" ]; do sleep 0.01; done; "
			">\"$0/done\") & wait";
	_cleanup_(buf_done) struct buf nothing = {0};
	struct hook_command command = {
		.words = (char *[]){shell, option, script, root, NULL},
		.facts = &nothing,
		.input = &nothing,
		.kill_ms = HOOK_KILL_MS,
	};

	(void)state;
	has_ended = false;
	assert_int_equal(hook_run_start(event, &command, on_ended, &run, &run, &detail), 0);
	wait_for_file("up");
	run_events();
	assert_false(has_ended);
	put("go", "");
	wait_for_file("done");
	/* It is over when the rest has had its time, which is not waited for here. */
	run_events();
	assert_false(has_ended);
	hook_run_free(TAKE_PTR(run));
	while (waitpid(-1, NULL, 0) > 0)
		;
}

static void test_who_is_forgotten_goes_on_unless_its_time_is_over(void **state)
{
	_cleanup_(buf_done) struct buf nothing = {0};
	char script[] = STUBBORN;
	struct hook_command command = {
		.words = (char *[]){shell, option, script, root, NULL},
		.facts = &nothing,
		.input = &nothing,
		.kill_ms = 60000,
	};

	(void)state;
	start_script("while [ ! -e \"$0/go\" ]; do sleep 0.01; done; >\"$0/done\"", "", 60000);
	hook_run_free(TAKE_PTR(run));
	put("go", "");
	wait_for_file("done");

	assert_int_equal(hook_run_start(event, &command, on_ended, &run, &run, &detail), 0);
	wait_for_file("up");
	run_events();
	assert_false(has_ended);
	hook_run_free(TAKE_PTR(run));
	for (int n = 0; n < 500 && (is_alive("self") || is_alive("child")); n++)
		usleep(10000);
	assert_false(is_alive("self") || is_alive("child"));
	while (waitpid(-1, NULL, 0) > 0)
		;
}

int main(void)
{
#define WITH_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, setup_events, teardown_events)
	static const struct CMUnitTest tests[] = {
		WITH_DIRECTORY(test_standard_input_is_the_text_and_cannot_be_changed),
		WITH_DIRECTORY(test_words_and_environment_are_what_was_given),
		WITH_DIRECTORY(test_nothing_else_is_inherited),
		WITH_DIRECTORY(test_exit_status_and_signal_are_told),
		WITH_DIRECTORY(test_what_cannot_be_started_is_said_at_once),
		WITH_DIRECTORY(test_who_ignores_the_end_of_its_time_is_killed_with_its_children),
		WITH_DIRECTORY(test_children_have_their_time_although_the_first_has_ended),
		WITH_DIRECTORY(test_who_is_forgotten_goes_on_unless_its_time_is_over),
	};
	sigset_t taken;

	sigemptyset(&taken);
	sigaddset(&taken, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &taken, NULL) < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
