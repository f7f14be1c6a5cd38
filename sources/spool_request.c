/* spool_request.c - entries into frames, copied, or with their payload apart */
#include "sources/spool_request.h"

#include "base/mem.h"
#include "sources/spool_format.h"

/* a whole record stays in one frame as long as a frame can hold it */
static size_t frame_room(const struct spool_entry *entry, size_t frame_bytes_max)
{
	if (entry->whole_record && entry->bytes.len > frame_bytes_max)
		return SPOOL_PAYLOAD_MAX;
	return frame_bytes_max;
}

static size_t frames_of(const struct spool_entry *entry, size_t frame_bytes_max)
{
	size_t room = frame_room(entry, frame_bytes_max);

	return entry->bytes.len == 0 ? 1 : (entry->bytes.len + room - 1) / room;
}

size_t spool_request_len(const struct spool_entry *entries, size_t count,
			 size_t frame_bytes_max)
{
	size_t bytes = 0;

	for (size_t i = 0; i < count; i++)
		bytes += frames_of(&entries[i], frame_bytes_max) * SPOOL_HEADER_BYTES +
			 entries[i].bytes.len;
	return bytes;
}

/* one frame of an entry; the flags say what ends with it */
static struct spool_frame frame_of(const struct spool_entry *entry,
				   struct slice payload)
{
	return (struct spool_frame){
		.project_id = entry->project_id,
		.ingestion_id = entry->ingestion_id,
		.substream = entry->substream,
		.observed_timestamp_us = entry->observed_timestamp_us,
		.flags = (entry->whole_record ? SPOOL_FRAME_WHOLE_RECORD : 0U) |
			 (entry->loss ? SPOOL_FRAME_LOSS : 0U),
		.payload = payload,
	};
}

/* last: of its append */
static void write_entry(struct spool_request *request, const struct spool_entry *entry,
			size_t frame_bytes_max, bool last)
{
	size_t room = frame_room(entry, frame_bytes_max);
	size_t frames = frames_of(entry, frame_bytes_max);
	bool apart = request->payload.ptr != NULL;
	struct slice rest = entry->bytes;

	for (size_t i = 0; i < frames; i++) {
		struct spool_frame frame = frame_of(entry, slice_head(rest, room));
		char *to = request->frames + request->frames_len;

		if (entry->end && i + 1 == frames)
			frame.flags |= SPOOL_FRAME_END;
		if (last && i + 1 == frames)
			frame.flags |= SPOOL_FRAME_APPEND_END;
		if (apart)
			spool_header_write(to, &frame);
		else
			spool_frame_write(to, &frame);
		request->frames_len +=
			SPOOL_HEADER_BYTES + (apart ? 0 : frame.payload.len);
		rest = slice_from(rest, room);
	}
}

struct spool_request *spool_request_new(const struct spool_entry *entries, size_t count,
					size_t frame_bytes_max)
{
	struct spool_request *request = mem_calloc(1, sizeof(*request));

	request->len = spool_request_len(entries, count, frame_bytes_max);
	request->frames = mem_alloc(request->len);
	for (size_t i = 0; i < count; i++)
		write_entry(request, &entries[i], frame_bytes_max, i + 1 == count);
	return request;
}

struct spool_request *spool_request_new_owned(const struct spool_entry *entry,
					      const struct spool_owned *owned,
					      size_t frame_bytes_max)
{
	struct spool_request *request = mem_calloc(1, sizeof(*request));

	request->len = spool_request_len(entry, 1, frame_bytes_max);
	request->payload = entry->bytes;
	request->owned = *owned;
	request->frames =
		mem_alloc(frames_of(entry, frame_bytes_max) * SPOOL_HEADER_BYTES);
	write_entry(request, entry, frame_bytes_max, true);
	return request;
}

/* all frames are one run of bytes */
static size_t next_run(struct spool_cursor *cursor, uint64_t offset, struct iovec *out)
{
	const struct spool_request *request = cursor->request;

	while (cursor->frames_at < request->frames_len)
		cursor->frames_at +=
			spool_frame_seal(request->frames + cursor->frames_at,
					 offset + cursor->frames_at);
	*out = (struct iovec){ request->frames, request->frames_len };
	return 1;
}

static size_t next_frame(struct spool_cursor *cursor, uint64_t offset,
			 struct iovec out[SPOOL_VECTORS_MAX])
{
	const struct spool_request *request = cursor->request;
	char *header = request->frames + cursor->frames_at;
	const char *payload = request->payload.ptr + cursor->payload_at;
	size_t payload_len = spool_header_seal(header, payload, offset);

	out[0] = (struct iovec){ header, SPOOL_HEADER_BYTES };
	out[1].iov_len = payload_len;
	/* pwritev only reads from it */
	memcpy(&out[1].iov_base, &payload, sizeof(payload));
	cursor->frames_at += SPOOL_HEADER_BYTES;
	cursor->payload_at += payload_len;
	return payload_len > 0 ? 2 : 1;
}

size_t spool_request_next(struct spool_cursor *cursor, uint64_t offset,
			  struct iovec out[SPOOL_VECTORS_MAX])
{
	if (cursor->frames_at == cursor->request->frames_len)
		return 0;
	if (cursor->request->payload.ptr == NULL)
		return next_run(cursor, offset, &out[0]);
	return next_frame(cursor, offset, out);
}

void spool_request_release(struct spool_request *request)
{
	mem_free(request->frames);
	request->frames = NULL;
	if (request->owned.release != NULL)
		request->owned.release(request->owned.memory);
	request->owned.release = NULL;
}

void spool_request_free(struct spool_request **request)
{
	if (*request == NULL)
		return;
	spool_request_release(*request);
	mem_free((*request)->error);
	mem_free(*request);
	*request = NULL;
}
