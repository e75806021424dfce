/* SPDX-License-Identifier: MIT */
#include "common/output.h"

#include <errno.h>
#include <stdio.h>

#include "common/translate.h"

int output_flush(struct err_detail *detail)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	return err_set(detail, ERR_IO, _("Writing to standard output failed: %s."),
		       translate_errno(errno));
}
