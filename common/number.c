/* SPDX-License-Identifier: MIT */
#include "common/number.h"

#include <string.h>
#include <unistd.h>

bool number_read(const char *text, size_t size, uint64_t max, uint64_t *ret_number)
{
	uint64_t number = 0;

	if (size == 0)
		return false;
	for (size_t i = 0; i < size; i++) {
		if (text[i] < '0' || text[i] > '9' || __builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, (uint64_t)(text[i] - '0'), &number) ||
		    number > max)
			return false;
	}
	*ret_number = number;
	return true;
}

size_t number_length(const char *text)
{
	return strspn(text, "0123456789");
}

bool number_is_own_pid(const char *text)
{
	uint64_t pid;

	return number_read(text, strlen(text), INT32_MAX, &pid) && pid == (uint64_t)getpid();
}
