/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The two halves of the confinement.
 */

#include "confinement/confinement.h"

/* Landlock. *ret_abi: the version of the kernel's interface; 0: there is none. */
int confinement_of_files(const struct confinement_needs *needs, int *ret_abi,
			 struct err_detail *detail) _must_check_;

/* seccomp. */
int confinement_of_calls(bool *ret_has, struct err_detail *detail) _must_check_;
