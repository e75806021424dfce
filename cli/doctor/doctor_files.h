/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The two halves of the check of the state directory: what the daemon writes for itself and as the
 * truth, and accounts/, which it makes from that.
 */

#include "doctor.h"

/* A path of the state directory and three names. */
#define DOCTOR_PATH_BYTES (PATH_MAX + 3 * NAME_MAX + 4)

/* accounts/ in the directory STATE: owners and modes, and whether the two files of each account
 * agree. Sets doctor->env_accounts. */
void doctor_check_derived_files(struct doctor *doctor, const char *state);
