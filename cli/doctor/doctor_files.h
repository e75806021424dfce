/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The two halves of the check of the state directory: what the daemon writes for itself and as the
 * truth, and env/ and tokens/, which it makes from that.
 */

#include "doctor.h"

/* A path of the state directory and two names. */
#define DOCTOR_PATH_BYTES (PATH_MAX + 2 * NAME_MAX + 3)

/* env/ and tokens/ in the directory STATE: owners and modes, and whether each file of one agrees
 * with that of the other. Sets doctor->env_accounts. */
void doctor_check_derived_files(struct doctor *doctor, const char *state);
