/* spool.h - a durable log in front of the pipeline for what cannot be read again
 *
 * Threads: spool_append is called on the loop thread; writing, fdatasync and reading
 * run on the spool's own threads; spool_append's callback runs on the loop. Owner: the
 * wiring; entries' bytes are copied by spool_append, taken over by spool_append_owned.
 * Limits: spool_config; a full spool refuses appends, and so does one that cannot write
 * to its disk (the caller stops reading, or answers 503). Format: docs/spool.md.
 *
 * The spool is a source (port.h) too: each partition is one stream, read in order by
 * one reader into one lane; a segment is deleted when all of it is committed.
 */
#ifndef SIFTD_SOURCES_SPOOL_H
#define SIFTD_SOURCES_SPOOL_H

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/slice.h"
#include "sources/port.h"

struct spool;

struct spool_config {
	const char *folder;
	const char *host_id;
	unsigned partitions;
	uint64_t segment_bytes;
	uint64_t bytes_max; /* of all segments together */
	uint32_t frame_bytes_max;
	unsigned sync_delay_us; /* how long a group of appends may wait for more */
};

struct spool_entry {
	int64_t project_id;
	int64_t ingestion_id;
	uint64_t
		substream; /* unique: what records may span; also picks the partition */
	int64_t observed_timestamp_us;
	bool whole_record;  /* one record; else a run of bytes of lines */
	bool loss;          /* bytes are of spool_loss_write: for the ledger alone */
	bool end;           /* the substream ends behind it */
	struct slice bytes; /* larger than frame_bytes_max: split, kept together */
};

/* memory that is handed over: release is called once, on any thread */
struct spool_owned {
	void *memory;
	void (*release)(void *memory);
};

/* is called on the loop when all entries of one append are durable. What fails is tried
 * again for as long as it takes; an error comes only when the spool closes before */
typedef void spool_done_fn(void *context, const struct error *error);

MUST_CHECK int spool_open(struct event_base *base, const struct spool_config *config,
			  struct spool **out, struct error *error);
struct source *spool_source(struct spool *spool);
/* the entries go to one partition, in order, with nothing between them. false: full,
 * nothing was taken, done is not called */
MUST_CHECK bool spool_append(struct spool *spool, const struct spool_entry *entries,
			     size_t count, spool_done_fn *done, void *context);
/* as spool_append, of one entry that is not empty and lies in owned: nothing is copied.
 * false: nothing was taken, owned stays the caller's */
MUST_CHECK bool spool_append_owned(struct spool *spool, const struct spool_entry *entry,
				   const struct spool_owned *owned, spool_done_fn *done,
				   void *context);
/* may be called when an append returned false: done is called once when there is
 * room */
void spool_wait_room(struct spool *spool, spool_done_fn *room, void *context);
void spool_close(struct spool **spool);

#endif
