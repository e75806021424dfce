/* SPDX-License-Identifier: MIT */

/* Proves: every outcome and state has a word of its own and is found by it; only what left a
 * credential is a success. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/vocabulary.h"

static void test_codes_are_those_of_the_documentation(void **state)
{
	static const char *const documented[] = {
		"",	     "AUTHORIZED", "UNVERIFIED",  "WRONG_USER",	  "EXPIRED",
		"LOST",	     "REJECTED",   "UNREACHABLE", "REFUSED",	  "BAD_REPLY",
		"ELSEWHERE", "LOCAL",	   "CANCELLED",	  "OPENED_TWICE",
	};

	(void)state;
	assert_int_equal(sizeof(documented) / sizeof(documented[0]), OUTCOME_COUNT);
	for (unsigned i = 0; i < OUTCOME_COUNT; i++)
		assert_string_equal(outcome_code((enum outcome)i), documented[i]);
}

static void test_codes_are_found(void **state)
{
	(void)state;
	for (unsigned i = 0; i < OUTCOME_COUNT; i++)
		assert_int_equal(outcome_from_code(outcome_code((enum outcome)i)), i);
	assert_int_equal(outcome_from_code("authorized"), OUTCOME_NONE);
	assert_int_equal(outcome_from_code("AUTHORIZED "), OUTCOME_NONE);
	assert_int_equal(outcome_from_code("SOMETHING"), OUTCOME_NONE);
	assert_int_equal(outcome_from_code(NULL), OUTCOME_NONE);
}

static void test_success_is_having_a_credential(void **state)
{
	(void)state;
	for (unsigned i = 0; i < OUTCOME_COUNT; i++)
		assert_int_equal(outcome_is_success((enum outcome)i),
				 i == OUTCOME_AUTHORIZED || i == OUTCOME_UNVERIFIED);
}

static void test_states_are_found(void **state)
{
	(void)state;
	for (unsigned i = 0; i < LOGIN_STATE_COUNT; i++)
		assert_int_equal(login_state_from_text(login_state_text((enum login_state)i)), i);
	assert_int_equal(login_state_from_text("Consent"), LOGIN_IDLE);
	assert_int_equal(login_state_from_text(NULL), LOGIN_IDLE);
	for (unsigned i = 0; i < CREDENTIAL_STATE_COUNT; i++)
		assert_int_equal(
			credential_state_from_text(credential_state_text((enum credential_state)i)),
			i);
	assert_int_equal(credential_state_from_text("verifie"), CREDENTIAL_STATE_COUNT);
	assert_int_equal(credential_state_from_text(NULL), CREDENTIAL_STATE_COUNT);
	for (unsigned i = 0; i < METHOD_COUNT; i++)
		assert_int_equal(method_from_text(method_text((enum method)i)), i);
	assert_int_equal(method_from_text("MiAuth"), METHOD_COUNT);
	assert_int_equal(method_from_text(""), METHOD_COUNT);
	assert_int_equal(method_from_text(NULL), METHOD_COUNT);
}

static void test_any_method_fits_where_none_is_asked_for(void **state)
{
	(void)state;
	assert_true(method_fits(METHOD_AUTO, METHOD_APP));
	assert_true(method_fits(METHOD_AUTO, METHOD_MIAUTH));
	assert_true(method_fits(METHOD_MIAUTH, METHOD_MIAUTH));
	assert_false(method_fits(METHOD_MIAUTH, METHOD_APP));
	assert_false(method_fits(METHOD_APP, METHOD_MIAUTH));
	assert_false(method_fits(METHOD_APP, METHOD_AUTO));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_codes_are_those_of_the_documentation),
		cmocka_unit_test(test_codes_are_found),
		cmocka_unit_test(test_states_are_found),
		cmocka_unit_test(test_any_method_fits_where_none_is_asked_for),
		cmocka_unit_test(test_success_is_having_a_credential),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
