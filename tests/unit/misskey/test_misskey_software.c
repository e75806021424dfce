/* SPDX-License-Identifier: MIT */

/*
 * Proves that a server's software is read with suspicion, and what it means for a person.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "misskey/misskey_software.h"
#include "support/http_answer.h"

static void test_name_and_version_are_read(void **state)
{
	struct http_answer answer = answer_of(200, "{\"version\":\"2.0\",\"software\":{\"name\":"
						   "\"misskey\",\"version\":\"2025.3.1\"}}");
	char software[MISSKEY_SOFTWARE_BYTES];

	(void)state;
	assert_true(misskey_software_read(&answer, software));
	assert_string_equal(software, "misskey 2025.3.1");
}

static void test_what_is_no_name_or_version_is_not_believed(void **state)
{
	static const char *const bodies[] = {
		"",
		"[]",
		"<html>",
		"{\"software\":\"misskey\"}",
		"{\"software\":{\"name\":\"misskey\"}}",
		"{\"software\":{\"name\":\"misskey\",\"version\":12}}",
		"{\"software\":{\"name\":\"\",\"version\":\"1\"}}",
		"{\"software\":{\"name\":\"Misskey\",\"version\":\"1\"}}",
		"{\"software\":{\"name\":\"misskey\",\"version\":\"1 2\"}}",
		"{\"software\":{\"name\":\"misskey\",\"version\":\"\\u001b[31m\"}}",
		"{\"software\":{\"name\":\"misskey\",\"version\":\""
		"1111111111222222222233333333334444444444555555555566666666667777777777888888888899"
		"99999999\"}}",
	};
	char software[MISSKEY_SOFTWARE_BYTES];
	struct http_answer answer;

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		answer = answer_of(200, bodies[i]);
		if (misskey_software_read(&answer, software) || *software)
			fail_msg("%s: %s", bodies[i], software);
	}
	answer = answer_of(200, "{\"software\":{\"name\":\"misskey\",\"version\":\"1\"}}");
	answer.status = 404;
	assert_false(misskey_software_read(&answer, software));
}

static void test_each_software_has_its_place(void **state)
{
	static const struct {
		const char *software;
		enum withdrawal withdrawal;
	} cases[] = {
		{NULL, WITHDRAWAL_APPS},
		{"", WITHDRAWAL_APPS},
		{"misskey 10.102.4", WITHDRAWAL_ADMINISTRATOR},
		{"misskey 11.37.1", WITHDRAWAL_ADMINISTRATOR},
		{"misskey 12.108.1", WITHDRAWAL_API},
		{"misskey 13.14.2", WITHDRAWAL_API},
		{"misskey 2023.9.0", WITHDRAWAL_APPS},
		{"misskey 2026.3.2", WITHDRAWAL_APPS},
		{"misskeyish 11.0.0", WITHDRAWAL_APPS},
		{"sharkey 2025.4.6", WITHDRAWAL_APPS},
		{"calckey 13.1.4", WITHDRAWAL_LAST_USED},
		{"firefish 20241210", WITHDRAWAL_LAST_USED},
		{"iceshrimp 2023.12.14", WITHDRAWAL_LAST_USED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (misskey_withdrawal(cases[i].software, METHOD_APP) != cases[i].withdrawal)
			fail_msg("%s", cases[i].software);
	/* What MiAuth gave has its name there. */
	assert_int_equal(misskey_withdrawal("iceshrimp 2026.5.1", METHOD_MIAUTH), WITHDRAWAL_APPS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_name_and_version_are_read),
		cmocka_unit_test(test_what_is_no_name_or_version_is_not_believed),
		cmocka_unit_test(test_each_software_has_its_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
