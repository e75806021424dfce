/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What enable and disable share.
 */

#include "common/buf.h"
#include "common/err.h"
#include "units/units.h"

/* Appends where the user's own changes to the callback socket's unit are. ERR_NOT_FOUND if systemd
 * does not say where it looks for them; as units_show(). */
int service_units_drop_ins(struct buf *path, struct err_detail *detail) _must_check_;

/* As units_read(), and says what is wrong and what to do. Returns the exit status. */
int service_units_read(struct unit ret_units[static UNIT_COUNT]) _must_check_;
