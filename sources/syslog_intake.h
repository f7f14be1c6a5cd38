/* syslog_intake.h - from frames to the spool, with back-pressure the other way
 *
 * Threads: the loop thread. Owner: a reader (a connection, a datagram socket) has one
 *          intake, which is the target's from finish on: what it holds goes to the
 *          spool when that has room. syslog_target_deinit ends all.
 * Limits: after a submit that returned false no further one is due before `ready`;
 *         what the spool refused is held: the frames of one read, and one open frame.
 *
 *	syslog_intake_add(intake, frame); ...
 *	if (!syslog_intake_submit(intake))
 *		stop reading until `ready` is called
 */
#ifndef SIFTD_SOURCES_SYSLOG_INTAKE_H
#define SIFTD_SOURCES_SYSLOG_INTAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "sources/port.h"
#include "sources/spool.h"
#include "sources/spool_format.h"

struct syslog_intake;

/* what the intakes of one source have in common; zeroed but for the first members */
struct syslog_target {
	struct spool *spool;
	struct source *source; /* its name and counters */
	uint64_t stamp;        /* unique over restarts: the spool outlives us */
	int64_t project_id;
	int64_t ingestion_id;
	size_t unsynced_bytes_max; /* of one intake */
	/* kept by the intakes */
	struct spool_entry *entries; /* of the next submit */
	size_t entries_count;
	size_t entries_capacity;
	int64_t now_us; /* when the first of them was added */
	struct syslog_intake *intakes;
	uint64_t numbers;
	struct drop_sums lost; /* that no append has told of yet */
	char losses[DROP_REASONS][SPOOL_LOSS_MAX];
};

/* is called when the reader may go on */
typedef void syslog_ready_fn(void *context);

/* what was not taken by the spool yet is lost, and counted. Memory of what is on its
 * way stays until the spool has called back */
void syslog_target_deinit(struct syslog_target *target);
struct syslog_intake *syslog_intake_new(struct syslog_target *target,
					syslog_ready_fn *ready, void *context);
/* a frame of the next submit, which must come before another intake's add; its bytes
 * must stay until then */
void syslog_intake_add(struct syslog_intake *intake, struct slice frame);
/* tells the ledger, with the next submit, what never came as far as a frame: records,
 * or bytes of records that were cut */
void syslog_intake_lose(struct syslog_intake *intake, enum drop_reason reason,
			uint64_t records, uint64_t bytes);
/* all that was added, as one append. false: wait for `ready` */
bool syslog_intake_submit(struct syslog_intake *intake);
/* no more is submitted, `ready` is not called any more */
void syslog_intake_finish(struct syslog_intake **intake);

/* source_ops.committed and .rewind of a source that has no positions of its own:
 * what it received is replayed by the spool */
void syslog_no_commit(struct source *source, uint64_t stream, struct position position);
void syslog_no_rewind(struct source *source, const struct stored_positions *positions);

#endif
