/* SPDX-License-Identifier: MIT */
/* Proves with real processes how a hook is started, what it inherits, and how it ends: by itself,
 * by its time, or not at all. The clock is the test's. */
#include "support/state_directory.h"

#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "launch_process.h"
#include "runtime/descriptors.h"

static struct clock_time at(int64_t mono_ms)
{
	return (struct clock_time){.mono_ms = mono_ms};
}

static int start(char *const words[], const char *input, size_t size,
		 struct launch_process **ret_process)
{
	_cleanup_(buf_done) struct buf facts = {0};
	struct buf text = {0};
	struct launch_command command = {
		.words = words,
		.facts = &facts,
		.input = &text,
		.limit_ms = 1000,
	};
	int r;

	buf_append(&facts, "FACT=a b", sizeof("FACT=a b"));
	buf_append(&text, input, size);
	r = launch_process_start(&command, at(0), ret_process, &detail);
	buf_done(&text);
	return r;
}

#define START(input, ret_process, ...) \
	start((char *[]){__VA_ARGS__, NULL}, input, strlen(input), ret_process)

static char shell[] = "/bin/sh";
static char option[] = "-c";

/* Runs SCRIPT with the state directory as $0. */
static struct launch_process *start_script(const char *script, const char *input)
{
	struct launch_process *process = NULL;
	char *copy = strdup(script);

	assert_non_null(copy);
	if (START(input, &process, shell, option, copy, root))
		fail_msg("%s", detail.text);
	free(copy);
	return process;
}

/* Waits until the descriptor says that the process has ended. */
static void await_end(const struct launch_process *process)
{
	struct pollfd end = {.fd = launch_process_fd(process), .events = POLLIN};

	assert_int_equal(poll(&end, 1, 20000), 1);
}

static struct launch_result finish(struct launch_process *process, int64_t mono_ms)
{
	struct launch_result result;

	await_end(process);
	assert_true(launch_process_tick(process, at(mono_ms), &result));
	launch_process_free(process);
	return result;
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
	struct launch_process *process;
	char *copied;

	(void)state;
	assert_non_null(text);
	memset(text, 'x', size);
	text[size] = '\0';
	process = start_script("cat >\"$0/in\"; echo changed 2>/dev/null 1<>/proc/self/fd/0", text);
	assert_int_not_equal(finish(process, 0).number, 0);
	copied = content_of("in");
	assert_string_equal(copied, text);
	free(copied);
	free(text);
	process = start_script("cat >\"$0/in\"", "");
	assert_int_equal(finish(process, 0).number, 0);
	assert_content("in", "");
}

static void test_descriptors_are_limited_as_they_were_for_us(void **state)
{
	struct rlimit before;
	struct rlimit low;
	struct rlimit raised;

	(void)state;
	descriptors_restore_limit();
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	low = before;
	low.rlim_cur = 100;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	descriptors_raise_limit();
	assert_int_equal(finish(start_script("ulimit -Sn >\"$0/soft\"", ""), 0).number, 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &raised), 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_content("soft", "100\n");
	assert_true(raised.rlim_cur == before.rlim_max);
}

static void test_words_and_environment_are_what_was_given(void **state)
{
	struct launch_process *process = NULL;
	char copy[] = "/bin/cp";
	char environment[] = "/proc/self/environ";
	char cmdline[] = "/proc/self/cmdline";
	char *content;

	(void)state;
	assert_int_equal(clearenv(), 0);
	assert_int_equal(setenv("OURS", "yes", 1), 0);
	assert_int_equal(START("secret", &process, copy, environment, cmdline, root), 0);
	assert_int_equal(finish(process, 0).number, 0);
	content = content_of("environ");
	assert_string_equal(content, "OURS=yes");
	assert_string_equal(content + sizeof("OURS=yes"), "FACT=a b");
	free(content);
	content = content_of("cmdline");
	assert_string_equal(content, "/bin/cp");
	free(content);
	process = start_script("printf '<%s>' \"$0\" \"$FACT\" \"$#\" >\"$0/words\"", "");
	assert_int_equal(finish(process, 0).number, 0);
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
	struct launch_process *process;
	int leaked = open("/dev/null", O_RDWR); /* NOLINT(android-cloexec-open): that it is not */
	char group[64];
	char *status;

	(void)state;
	sigfillset(&all);
	assert_int_equal(sigprocmask(SIG_BLOCK, &all, &before), 0);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	process =
		start_script("cat /proc/self/status >\"$0/status\"; ls /proc/self/fd >\"$0/fds\"; "
			     "ls -l /proc/$$/fd/1 | grep -o '[^ ]*$' >\"$0/out\"; "
			     "pwd >\"$0/cwd\"; echo $$ >\"$0/pid\"; "
			     "cut -d' ' -f5,6 /proc/$$/stat >\"$0/group\"",
			     "x");
	signal(SIGPIPE, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	assert_int_equal(sigprocmask(SIG_SETMASK, &before, NULL), 0);
	assert_int_equal(finish(process, 0).number, 0);
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
	struct launch_result result = finish(start_script("exit 3", ""), 250);

	(void)state;
	assert_int_equal(result.end, LAUNCH_EXITED);
	assert_int_equal(result.number, 3);
	assert_int_equal(result.took_ms, 250);
	result = finish(start_script("kill -USR1 $$", ""), 5);
	assert_int_equal(result.end, LAUNCH_SIGNALED);
	assert_int_equal(result.number, SIGUSR1);
	/* In the round in which its time is over: it has ended by itself. */
	result = finish(start_script("exit 0", ""), 5000);
	assert_int_equal(result.end, LAUNCH_EXITED);
	assert_int_equal(result.number, 0);
}

static void assert_not_started(const char *name, const char *said)
{
	struct launch_process *process = NULL;
	char path[1024];

	snprintf(path, sizeof(path), "%s", name[0] == '/' ? name : path_in_root(name));
	assert_true(START("", &process, path) < 0);
	assert_null(process);
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
	struct launch_process *process = start_script(STUBBORN, "");
	struct launch_result result;

	(void)state;
	wait_for_file("up");
	assert_int_equal(launch_process_deadline(process), 1000);
	assert_false(launch_process_tick(process, at(999), &result));
	assert_false(launch_process_tick(process, at(1000), &result));
	assert_int_equal(launch_process_deadline(process), 1000 + LAUNCH_KILL_MS);
	usleep(100000);
	assert_false(launch_process_tick(process, at(5999), &result));
	assert_true(is_alive("self") && is_alive("child"));
	if (!launch_process_tick(process, at(6000), &result)) {
		assert_true(launch_process_deadline(process) == CLOCK_NEVER);
		await_end(process);
		assert_true(launch_process_tick(process, at(6100), &result));
	}
	assert_int_equal(result.end, LAUNCH_TIMED_OUT);
	assert_true(result.took_ms >= 6000);
	for (int n = 0; n < 500 && is_alive("child"); n++)
		usleep(10000);
	assert_false(is_alive("child"));
	launch_process_free(process);
}

static void test_children_have_their_time_although_the_first_has_ended(void **state)
{
	struct launch_process *process = start_script(
		"(trap '' TERM; >\"$0/up\"; while [ ! -e \"$0/go\" ]; do sleep 0.01; done; "
		">\"$0/done\") & wait",
		"");
	struct launch_result result;

	(void)state;
	wait_for_file("up");
	assert_false(launch_process_tick(process, at(1000), &result));
	await_end(process);
	assert_false(launch_process_tick(process, at(2000), &result));
	put("go", "");
	wait_for_file("done");
	assert_true(launch_process_tick(process, at(6000), &result));
	assert_int_equal(result.end, LAUNCH_TIMED_OUT);
	launch_process_free(process);
}

static void test_who_is_forgotten_goes_on_unless_its_time_is_over(void **state)
{
	struct launch_process *process =
		start_script("while [ ! -e \"$0/go\" ]; do sleep 0.01; done; >\"$0/done\"", "");
	struct launch_result result;

	(void)state;
	launch_process_free(process);
	put("go", "");
	wait_for_file("done");

	process = start_script(STUBBORN, "");
	wait_for_file("up");
	assert_false(launch_process_tick(process, at(1000), &result));
	launch_process_free(process);
	for (int n = 0; n < 500 && (is_alive("self") || is_alive("child")); n++)
		usleep(10000);
	assert_false(is_alive("self") || is_alive("child"));
	while (waitpid(-1, NULL, 0) > 0)
		;
}

int main(void)
{
#define WITH_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	static const struct CMUnitTest tests[] = {
		WITH_DIRECTORY(test_standard_input_is_the_text_and_cannot_be_changed),
		WITH_DIRECTORY(test_descriptors_are_limited_as_they_were_for_us),
		WITH_DIRECTORY(test_words_and_environment_are_what_was_given),
		WITH_DIRECTORY(test_nothing_else_is_inherited),
		WITH_DIRECTORY(test_exit_status_and_signal_are_told),
		WITH_DIRECTORY(test_what_cannot_be_started_is_said_at_once),
		WITH_DIRECTORY(test_who_ignores_the_end_of_its_time_is_killed_with_its_children),
		WITH_DIRECTORY(test_children_have_their_time_although_the_first_has_ended),
		WITH_DIRECTORY(test_who_is_forgotten_goes_on_unless_its_time_is_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
