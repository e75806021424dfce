/* SPDX-License-Identifier: MIT */
/* Proves that accounts are taken in the order in which they came, each once, with the server that
 * was named last. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "account_queue.h"
#include "common/cleanup.h"

static void push(struct account_queue *queue, const char *account, const char *server)
{
	assert_int_equal(account_queue_push(queue, account, server), 0);
}

static void assert_next(struct account_queue *queue, const char *account, const char *server)
{
	_cleanup_(freep) struct account_queue_entry *entry = account_queue_take(queue);

	assert_non_null(entry);
	assert_string_equal(entry->account, account);
	assert_string_equal(entry->server, server);
}

static void test_first_come_first_served_and_once(void **state)
{
	_cleanup_(account_queue_done) struct account_queue queue = {0};

	(void)state;
	assert_true(account_queue_is_empty(&queue));
	assert_null(account_queue_take(&queue));
	push(&queue, "b", "https://one");
	push(&queue, "a", "https://one");
	push(&queue, "b", "https://two");
	assert_false(account_queue_is_empty(&queue));
	assert_next(&queue, "b", "https://two");
	push(&queue, "c", "https://one");
	push(&queue, "b", "https://three");
	assert_next(&queue, "a", "https://one");
	assert_next(&queue, "c", "https://one");
	assert_next(&queue, "b", "https://three");
	assert_true(account_queue_is_empty(&queue));
	assert_null(account_queue_take(&queue));
	push(&queue, "a", "https://one");
	assert_next(&queue, "a", "https://one");
}

static void test_many_accounts_lose_nothing(void **state)
{
	_cleanup_(account_queue_done) struct account_queue queue = {0};
	char name[16];

	(void)state;
	for (int round = 0; round < 2; round++)
		for (int n = 2000; n > 0; n--) {
			snprintf(name, sizeof(name), "a%d", n);
			push(&queue, name, "");
		}
	for (int n = 2000; n > 1000; n--) {
		snprintf(name, sizeof(name), "a%d", n);
		assert_next(&queue, name, "");
	}
	/* The rest is freed at the end. */
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_come_first_served_and_once),
		cmocka_unit_test(test_many_accounts_lose_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
