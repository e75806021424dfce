/* SPDX-License-Identifier: MIT */
/* Proves that an event is one harmless line on standard error, with the priority that the journal
 * wants, and that levels hold back what they should. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/log.h"

static char written[8192];

/* Logs TEXT at every level and returns what standard error got. */
static const char *log_everything(const char *text)
{
	int ends[2];
	int stderr_fd = dup(STDERR_FILENO);
	ssize_t size;

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
	log_error("%s 1", text);
	log_warning("%s 2", text);
	log_info("%s 3", text);
	log_debug("%s 4", text);
	assert_int_equal(dup2(stderr_fd, STDERR_FILENO), STDERR_FILENO);
	close(stderr_fd);
	close(ends[1]);
	memset(written, 0, sizeof(written));
	size = read(ends[0], written, sizeof(written) - 1);
	close(ends[0]);
	assert_true(size >= 0);
	return written;
}

static void starts_with_info(void **state)
{
	(void)state;
	assert_string_equal(log_everything("e"), "e 1\ne 2\ne 3\n");
}

static void levels_hold_back(void **state)
{
	(void)state;
	log_setup(LOG_LEVEL_ERROR, false);
	assert_string_equal(log_everything("e"), "e 1\n");
	log_setup(LOG_LEVEL_WARNING, false);
	assert_string_equal(log_everything("e"), "e 1\ne 2\n");
	log_setup(LOG_LEVEL_DEBUG, false);
	assert_string_equal(log_everything("e"), "e 1\ne 2\ne 3\ne 4\n");
}

static void journal_gets_priorities(void **state)
{
	(void)state;
	log_setup(LOG_LEVEL_DEBUG, true);
	assert_string_equal(log_everything("e"), "<3>e 1\n<4>e 2\n<6>e 3\n<7>e 4\n");
}

static void lines_cannot_be_forged(void **state)
{
	(void)state;
	log_setup(LOG_LEVEL_ERROR, true);
	assert_string_equal(log_everything("a\n<3>b\x1b[2J\xff"), "<3>a\\x0a<3>b\\x1b[2J\\xff 1\n");
}

static void long_messages_are_cut(void **state)
{
	char text[6000];
	const char *line;

	(void)state;
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	log_setup(LOG_LEVEL_ERROR, false);
	line = log_everything(text);
	assert_int_equal(strlen(line), 4096);
	assert_int_equal(line[4095], '\n');
}

static void errno_survives(void **state)
{
	int stderr_fd = dup(STDERR_FILENO);
	int survived;

	(void)state;
	log_setup(LOG_LEVEL_ERROR, false);
	assert_true(stderr_fd >= 0);
	close(STDERR_FILENO);
	errno = ENOTTY;
	log_error("into the void");
	survived = errno;
	assert_int_equal(dup2(stderr_fd, STDERR_FILENO), STDERR_FILENO);
	close(stderr_fd);
	assert_int_equal(survived, ENOTTY);
}

static void level_names_are_read(void **state)
{
	enum log_level level = LOG_LEVEL_INFO;

	(void)state;
	assert_int_equal(log_level_parse("error", &level), 0);
	assert_int_equal(level, LOG_LEVEL_ERROR);
	assert_int_equal(log_level_parse("warning", &level), 0);
	assert_int_equal(level, LOG_LEVEL_WARNING);
	assert_int_equal(log_level_parse("debug", &level), 0);
	assert_int_equal(level, LOG_LEVEL_DEBUG);
	assert_int_equal(log_level_parse("info", &level), 0);
	assert_int_equal(level, LOG_LEVEL_INFO);
	assert_int_equal(log_level_parse("Info", &level), ERR_INVALID);
	assert_int_equal(log_level_parse("", &level), ERR_INVALID);
	assert_int_equal(log_level_parse("notice", &level), ERR_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starts_with_info),	   cmocka_unit_test(levels_hold_back),
		cmocka_unit_test(journal_gets_priorities), cmocka_unit_test(lines_cannot_be_forged),
		cmocka_unit_test(long_messages_are_cut),   cmocka_unit_test(level_names_are_read),
		cmocka_unit_test(errno_survives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
