/* tail_intake.h - which files a file_tail source takes up, and where it begins in each
 *
 * Threads: one owner at a time. Owner: the parts are the source's; a file that is taken
 *          up belongs to the set. Limits: config->files_max; files beyond it wait.
 */
#ifndef SIFTD_SOURCES_TAIL_INTAKE_H
#define SIFTD_SOURCES_TAIL_INTAKE_H

#include <stdbool.h>

#include "sources/file_tail.h"
#include "sources/tail_mark.h"
#include "sources/tail_scan.h"
#include "sources/tail_set.h"

struct tail_intake {
	const struct file_tail_config *config;
	struct tail_scan *scan;
	struct tail_marks *marks;
	struct tail_set *set;
	bool first_scan;
	bool skip_present;     /* files of the first scan are read from their end */
	uint64_t behind_bytes; /* that the files have, and that were not read */
	uint64_t waiting;      /* files that the last scan found beyond files_max */
};

/* watches the folders, marks as listed what the patterns name, takes up what is new
 * among it, and as dirty what has changed */
void tail_intake_run(struct tail_intake *intake);
/* a file was read on from there: less is behind, as the last scan saw it */
void tail_intake_note_read(struct tail_intake *intake, const struct tail_file *file,
			   int64_t from);

#endif
