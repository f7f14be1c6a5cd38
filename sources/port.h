/* port.h - what a source is, and what it is given
 *
 * Threads: start, stop and committed are called on the loop thread. A source that reads
 * on a thread of its own hands chunks over with source_sink.put, which may be called
 *          from any thread and waits for room (back-pressure); a source that lives on
 * the loop uses try_put and pauses on false. Owner: the wiring owns the source; a chunk
 * that was put belongs to the lane.
 */
#ifndef SIFTD_SOURCES_PORT_H
#define SIFTD_SOURCES_PORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "pipeline/chunk.h"

/* a position as stored in PostgreSQL; slices of text are NUL-terminated */
struct stored_position {
	char *stream;
	char *detail;
	struct position position;
};

struct stored_positions {
	struct stored_position *items;
	size_t count;
};

struct source;

/* where a source puts its chunks; the stream's id chooses the lane */
struct source_sink {
	void *context;
	/* is called when a reading thread has a chunk; waits; false: shutting down, the
	 * chunk stays the caller's */
	bool (*put)(void *context, struct chunk *chunk);
	/* is called when the loop has a chunk; false: full or shutting down */
	bool (*try_put)(void *context, struct chunk *chunk);
};

/* where a source asks for its stored positions while it runs */
struct source_positions {
	void *context;
	/* is called from any thread; the answer comes by ops->positions, once the
	 * database gave it; further calls until then are one */
	void (*ask)(void *context, struct source *source);
};

#define SOURCE_LATENCY_BOUNDS 10

/* counters that /metrics and /sources read; written by the source's threads */
struct source_stats {
	/* from the arrival of the oldest record of a batch to its commit; counted by
	 * the loop with source_note_latency */
	_Atomic uint64_t latency_us; /* of the last batch */
	_Atomic uint64_t latency_sum_us;
	_Atomic uint64_t latency_counts[SOURCE_LATENCY_BOUNDS + 1];
	_Atomic uint64_t canaries;
	_Atomic uint64_t timed_out_streams; /* silent for too long */
	_Atomic uint64_t received_bytes;
	_Atomic uint64_t received_frames;
	_Atomic uint64_t errors;
	_Atomic uint64_t skipped_bytes;
	_Atomic uint64_t open_streams;
	_Atomic uint64_t truncated_frames;
	_Atomic uint64_t dropped_frames;
	_Atomic uint64_t malformed_headers; /* of the PROXY protocol */
	_Atomic uint64_t lag_frames;        /* there, and not yet committed */
	_Atomic uint64_t lag_bytes;         /* of files: there, and not yet read */
	_Atomic uint64_t waiting_files;     /* beyond files_max; by the last scan */
	_Atomic uint64_t unwatched_files;   /* beyond the limit of inotify watches */
	/* the ledger of what was committed since the start; counted by the loop */
	_Atomic uint64_t ledger_received_bytes;
	_Atomic uint64_t ledger_stored_bytes;
	_Atomic uint64_t ledger_stored_records;
	_Atomic uint64_t ledger_deduplicated_bytes;
	_Atomic uint64_t ledger_dropped_bytes;
	_Atomic uint64_t ledger_dropped_records;
	_Atomic uint64_t rebalances;
};

struct source_ops {
	const char *type;
	/* is called when positions are loaded; from here on chunks flow */
	int (*start)(struct source *source, const struct stored_positions *positions,
		     struct error *error);
	/* is called when the daemon stops: no new input, hand over what is read, then
	 * no further put. Commits are still told until free */
	void (*stop)(struct source *source);
	/* is called when a flush committed a stream up to a position */
	void (*committed)(struct source *source, uint64_t stream,
			  struct position position);
	/* is called when a flush's guard failed: positions in PostgreSQL are others
	 * than ours; drop all streams and start again from these */
	void (*rewind)(struct source *source, const struct stored_positions *positions);
	/* is called with the positions that the source asked for, which it may take;
	 * NULL when it never asks */
	void (*positions)(struct source *source, struct stored_positions *positions);
	void (*free)(struct source **source);
	/* is called when files that the configuration names are to be read again; on an
	 * error what was read before stays. NULL: there are none */
	int (*reload)(struct source *source, struct error *error);
};

/* upper bounds of latency_counts, but for the last, which has none */
extern const uint64_t source_latency_bounds_us[SOURCE_LATENCY_BOUNDS];

/* first member of every source */
struct source {
	const struct source_ops *ops;
	const char *name;
	/* whose its positions are; NULL: the daemon's; "": of all daemons that share
	 * the database */
	const char *host_id;
	/* where its events go; 0: to many, as from the spool */
	int64_t project_id;
	int64_t ingestion_id;
	struct source_sink sink;
	struct source_positions positions;
	struct source_stats stats;
};

void source_note_latency(struct source_stats *stats, uint64_t latency_us);
/* how many batches were noted */
uint64_t source_latency_count(const struct source_stats *stats);

struct stored_positions stored_positions_copy(const struct stored_positions *positions);
/* NULL: none */
const struct stored_position *
stored_positions_find(const struct stored_positions *positions, const char *stream);
void stored_positions_deinit(struct stored_positions *positions);

#endif
