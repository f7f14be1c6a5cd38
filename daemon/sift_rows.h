/* sift_rows.h - one row per line, or one JSON object per record
 *
 * Threads: one owner. Owner: sift_assign_free; standard output is buffered by the
 * caller. Limits: assigning holds 16 bytes per record until the input ends, since
 * groups may still merge; records are written on a second pass over the input instead.
 */
#ifndef SIFTD_DAEMON_SIFT_ROWS_H
#define SIFTD_DAEMON_SIFT_ROWS_H

#include "daemon/sift_run.h"

struct sift_assign;

struct sift_assign *sift_assign_new(void);
void sift_assign_free(struct sift_assign **assign);
/* a sift_record_fn; context is the assign */
void sift_assign_note(void *context, const struct sift_record *record);
/* line TAB group TAB template, for every line up to `lines`; lines that no record
 * covers (blank ones at the beginning of a file, records that were left out) get "-" as
 * their group. Whether output failed, ferror tells */
void sift_assign_print(const struct sift_assign *assign, struct learner *learner,
		       uint64_t lines);

/* context is the learner, final; writes to standard output */
void sift_rows_print_record(void *context, const struct sift_record *found);

#endif
