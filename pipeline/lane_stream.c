/* lane_stream.c - fronts of a stream, and the way from front offsets to positions */
#include "pipeline/lane_stream.h"

#include "base/mem.h"

struct lane_stream *lane_stream_new(uint64_t id, struct stream_info *info)
{
	struct lane_stream *stream = mem_calloc(1, sizeof(*stream));

	stream->id = id;
	stream->info = info;
	stream->sealed = info->begin;
	stream->read = info->begin;
	return stream;
}

static void substream_deinit(struct substream *substream)
{
	front_free(&substream->front);
	mem_free(substream->spans);
}

void lane_stream_free(struct lane_stream **stream)
{
	if (*stream == NULL)
		return;
	for (size_t i = 0; i < (*stream)->substreams_count; i++)
		substream_deinit(&(*stream)->substreams[i]);
	mem_free((*stream)->substreams);
	mem_free((*stream)->sums);
	stream_info_free(&(*stream)->info);
	mem_free(*stream);
	*stream = NULL;
}

void lane_stream_set_detail(struct lane_stream *stream, char **detail)
{
	mem_free(stream->info->detail);
	stream->info->detail = *detail;
	*detail = NULL;
}

struct substream *lane_stream_substream(struct lane_stream *stream,
					const struct chunk_item *item,
					const struct front_config *config)
{
	struct substream *substream = NULL;

	for (size_t i = 0; i < stream->substreams_count; i++) {
		if (stream->substreams[i].id == item->substream)
			return &stream->substreams[i];
	}
	mem_grow(&stream->substreams, &stream->substreams_capacity,
		 stream->substreams_count, sizeof(*stream->substreams));
	substream = &stream->substreams[stream->substreams_count++];
	*substream = (struct substream){ .id = item->substream,
					 .project_id = item->project_id,
					 .ingestion_id = item->ingestion_id,
					 .front = front_new(config) };
	return substream;
}

/* spans before the one that holds the oldest open byte are no longer needed */
static void drop_old_spans(struct substream *substream)
{
	uint64_t open = front_open_offset(substream->front);
	size_t keep = 0;

	while (keep + 1 < substream->spans_count &&
	       substream->spans[keep + 1].front_offset <= open)
		keep++;
	if (keep == 0)
		return;
	substream->spans_count -= keep;
	memmove(substream->spans, substream->spans + keep,
		substream->spans_count * sizeof(*substream->spans));
}

void substream_note_item(struct substream *substream, const struct chunk_item *item)
{
	drop_old_spans(substream);
	mem_grow(&substream->spans, &substream->spans_capacity, substream->spans_count,
		 sizeof(*substream->spans));
	substream->spans[substream->spans_count++] =
		(struct span){ .front_offset = substream->fed,
			       .begin = item->begin,
			       .framed = (item->flags & CHUNK_ITEM_FRAMED) != 0 };
	substream->fed += item->len;
}

void lane_stream_sweep(struct lane_stream *stream)
{
	size_t kept = 0;

	for (size_t i = 0; i < stream->substreams_count; i++) {
		struct substream *substream = &stream->substreams[i];

		if (substream->finished && front_open_bytes(substream->front) == 0)
			substream_deinit(substream);
		else
			stream->substreams[kept++] = *substream;
	}
	stream->substreams_count = kept;
}

static struct position open_position(const struct substream *substream)
{
	uint64_t open = front_open_offset(substream->front);
	const struct span *span = &substream->spans[0];
	struct position position = { 0 };

	for (size_t i = 1; i < substream->spans_count; i++) {
		if (substream->spans[i].front_offset > open)
			break;
		span = &substream->spans[i];
	}
	position = span->begin;
	if (span->framed)
		position.inner += (int64_t)(open - span->front_offset);
	else
		position.offset += (int64_t)(open - span->front_offset);
	return position;
}

struct position lane_stream_position(const struct lane_stream *stream)
{
	struct position position = stream->read;

	for (size_t i = 0; i < stream->substreams_count; i++) {
		const struct substream *substream = &stream->substreams[i];
		struct position open = { 0 };

		if (front_open_bytes(substream->front) == 0)
			continue;
		open = open_position(substream);
		if (position_compare(open, position) < 0)
			position = open;
	}
	return position;
}

struct stream_sums *lane_stream_sums(struct lane_stream *stream, int64_t project_id,
				     int64_t ingestion_id)
{
	struct stream_sums *sums = NULL;

	/* the one used last comes first */
	for (size_t i = stream->sums_count; i-- > 0;) {
		sums = &stream->sums[i];
		if (sums->since.ingestion_id == ingestion_id &&
		    sums->since.project_id == project_id)
			return sums;
	}
	mem_grow(&stream->sums, &stream->sums_capacity, stream->sums_count,
		 sizeof(*stream->sums));
	sums = &stream->sums[stream->sums_count++];
	*sums = (struct stream_sums){ .since = { .project_id = project_id,
						 .ingestion_id = ingestion_id } };
	return sums;
}

/* fed for the ingestion, and not yet given out in a record */
static uint64_t open_bytes(const struct lane_stream *stream,
			   const struct batch_sums *whose)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < stream->substreams_count; i++) {
		const struct substream *substream = &stream->substreams[i];

		if (substream->ingestion_id == whose->ingestion_id &&
		    substream->project_id == whose->project_id &&
		    front_open_bytes(substream->front) > 0)
			bytes += substream->fed - front_open_offset(substream->front);
	}
	return bytes;
}

void lane_stream_seal_sums(struct lane_stream *stream, struct arena *arena,
			   struct batch_stream *out)
{
	struct batch_sums *sealed =
		arena_alloc(arena, stream->sums_count * sizeof(*sealed));
	size_t kept = 0;

	out->sums = sealed;
	out->sums_count = stream->sums_count;
	for (size_t i = 0; i < stream->sums_count; i++) {
		struct stream_sums sums = stream->sums[i];
		uint64_t open = open_bytes(stream, &sums.since);
		uint64_t received = sums.read_bytes - open;

		sealed[i] = sums.since;
		sealed[i].received_bytes = received - sums.sealed_bytes;
		/* an upload is over when nothing of it is open */
		if (open == 0)
			continue;
		sums.sealed_bytes = received;
		sums.since =
			(struct batch_sums){ .project_id = sums.since.project_id,
					     .ingestion_id = sums.since.ingestion_id };
		stream->sums[kept++] = sums;
	}
	stream->sums_count = kept;
}
