/* lane_stream.h - what a lane knows of one stream: its fronts, and where it stands
 *
 * Threads: belongs to one lane. Owner: the lane's pipeline; lane_stream_free frees.
 * Limits: a stream has as many fronts as substreams are open in it.
 *
 * Positions. A substream's bytes come in items; the front counts them from 0 on, and
 * the spans remember which source position each item's first byte has:
 *
 *   front offset   0 ........ a ........ b ....... fed
 *   spans            [item 0   | item 1   | item 2  ]
 *                        ^ open: the oldest byte not given out yet
 */
#ifndef SIFTD_PIPELINE_LANE_STREAM_H
#define SIFTD_PIPELINE_LANE_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "pipeline/batch.h"
#include "pipeline/chunk.h"
#include "pipeline/front.h"

struct span {
	uint64_t front_offset;
	struct position begin;
	bool framed;
};

struct substream {
	uint64_t id;
	int64_t project_id;
	int64_t ingestion_id;
	struct front *front;
	uint64_t fed;
	int64_t fed_at_us; /* monotonic, less what the pipeline stood */
	struct span *spans;
	size_t spans_count, spans_capacity;
	bool finished;
};

/* what a stream held for one ingestion */
struct stream_sums {
	uint64_t read_bytes;     /* fed or skipped, since the stream was opened */
	uint64_t sealed_bytes;   /* of those, given out in records by the last seal */
	struct batch_sums since; /* the last seal, but for received_bytes */
};

struct lane_stream {
	uint64_t id;
	struct stream_info *info;
	bool stored;            /* a batch of ours has carried its position */
	bool closed;            /* its last chunk came */
	struct position sealed; /* where the last sealed batch left it */
	struct position read;   /* behind the last item */
	struct substream *substreams;
	size_t substreams_count, substreams_capacity;
	struct stream_sums *sums; /* one for each ingestion that it is read for */
	size_t sums_count, sums_capacity;
};

/* takes info */
struct lane_stream *lane_stream_new(uint64_t id, struct stream_info *info);
void lane_stream_free(struct lane_stream **stream);
/* takes the text and sets it to NULL; batches sealed from now on carry it */
void lane_stream_set_detail(struct lane_stream *stream, char **detail);
/* the item's substream, made when it is new; valid until the next call */
struct substream *lane_stream_substream(struct lane_stream *stream,
					const struct chunk_item *item,
					const struct front_config *config);
/* notes that the item's bytes are fed next */
void substream_note_item(struct substream *substream, const struct chunk_item *item);
/* removes substreams that ended and have given out everything */
void lane_stream_sweep(struct lane_stream *stream);
/* where reading must begin to see every record that was not given out */
struct position lane_stream_position(const struct lane_stream *stream);
/* the sums of an ingestion; valid until the next call */
struct stream_sums *lane_stream_sums(struct lane_stream *stream, int64_t project_id,
				     int64_t ingestion_id);
/* those that are not 0, in the arena, and begins again */
void lane_stream_seal_sums(struct lane_stream *stream, struct arena *arena,
			   struct batch_stream *out);

#endif
