/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What libFuzzer calls, and what replay.c calls with every file of a corpus.
 */

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
