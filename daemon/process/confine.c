/* SPDX-License-Identifier: MIT */
#include "confine.h"

#include <errno.h>
#include <libgen.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/fsx.h"
#include "common/log.h"
#include "confinement/confinement.h"

/* A directory that is not there cannot be allowed, and a config may come later. */
static void make_directory_of(const char *file)
{
	_cleanup_(closep) int fd = -1;
	char directory[PATH_MAX];
	struct err_detail detail;

	strcpy(directory, file);
	*strrchr(directory, '/') = '\0';
	if (access(directory, F_OK) == 0 || errno != ENOENT)
		return;
	if (fsx_open_directory(directory, &fd, &detail))
		log_debug("a config that is written later needs a restart: %s", detail.text);
}

static void say(void)
{
	char summary[CONFINEMENT_SUMMARY_BYTES];

	confinement_summarize(summary);
	if (confinement_is_complete() || confinement_current()->is_declined)
		log_info("confined: %s", summary);
	else
		log_warning("confined: %s", summary);
}

static void add_file(struct confinement_needs *needs, const char *file)
{
	if (file)
		needs->files[needs->file_count++] = file;
}

int confine(const struct daemon_options *options, const struct config *config,
	    struct err_detail *detail)
{
	const struct paths *paths = options->paths;
	struct confinement_needs needs = {
		.home = paths->home,
		.state = paths->state,
		.runtime = paths->runtime[0] ? paths->runtime : NULL,
	};
	int r = 0;

	if (!config->confinement) {
		confinement_decline();
	} else {
		if (!options->source.named)
			make_directory_of(paths->config);
		add_file(&needs, options->source.named ? options->source.named : paths->config);
		add_file(&needs, config->ca_file);
		r = confinement_begin(&needs, detail);
	}
	if (!r)
		say();
	return r;
}

int confine_refusal(struct err_detail *detail)
{
	return confinement_begin(&(struct confinement_needs){0}, detail);
}
