/* spool_request.c - entries into frames, copied, or with their payload apart
 *
 * Whole records that an append brings one behind the other from one origin share a
 * frame: its header alone is a third of a line of syslog.
 */
#include "sources/spool_request.h"

#include <assert.h>

#include "base/mem.h"
#include "sources/spool_format.h"

/* of records that share a frame, all of which are lost when a byte of it is damaged: no
 * more than a damaged block of the file system may cost anyway */
#define SHARED_BYTES_MAX ((size_t)4096)

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

	assert(room > 0);
	return entry->bytes.len == 0 ? 1 : (entry->bytes.len + room - 1) / room;
}

static bool may_share(const struct spool_entry *first, const struct spool_entry *entry)
{
	return entry->whole_record && !entry->loss && !entry->end &&
	       entry->substream == first->substream &&
	       entry->ingestion_id == first->ingestion_id &&
	       entry->project_id == first->project_id &&
	       entry->observed_timestamp_us == first->observed_timestamp_us;
}

/* entries that share a frame with the first one, itself counted; 1: it has its own */
static size_t share(const struct spool_entry *entries, size_t count,
		    size_t frame_bytes_max, size_t *payload_len)
{
	size_t max =
		frame_bytes_max < SHARED_BYTES_MAX ? frame_bytes_max : SHARED_BYTES_MAX;
	size_t n = 0;

	*payload_len = 0;
	while (n < count && may_share(&entries[0], &entries[n]) &&
	       entries[n].bytes.len < max &&
	       *payload_len + SPOOL_RECORD_BYTES + entries[n].bytes.len <= max) {
		*payload_len += SPOOL_RECORD_BYTES + entries[n].bytes.len;
		n++;
	}
	return n == 0 ? 1 : n;
}

size_t spool_request_len(const struct spool_entry *entries, size_t count,
			 size_t frame_bytes_max)
{
	size_t bytes = 0;

	for (size_t i = 0; i < count;) {
		size_t payload_len = 0;
		size_t n = share(&entries[i], count - i, frame_bytes_max, &payload_len);

		if (n > 1)
			bytes += SPOOL_HEADER_BYTES + payload_len;
		else
			bytes += frames_of(&entries[i], frame_bytes_max) *
					 SPOOL_HEADER_BYTES +
				 entries[i].bytes.len;
		i += n;
	}
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

/* last: of its append */
static void write_shared(struct spool_request *request,
			 const struct spool_entry *entries, size_t count,
			 size_t payload_len, bool last)
{
	char *to = request->frames + request->frames_len;
	char *at = to + SPOOL_HEADER_BYTES;
	struct spool_frame frame = frame_of(&entries[0], slice_of(at, payload_len));

	frame.flags |= SPOOL_FRAME_RECORDS | (last ? SPOOL_FRAME_APPEND_END : 0U);
	spool_header_write(to, &frame);
	for (size_t i = 0; i < count; i++)
		at += spool_record_write(at, entries[i].bytes);
	request->frames_len += SPOOL_HEADER_BYTES + payload_len;
}

struct spool_request *spool_request_new(const struct spool_entry *entries, size_t count,
					size_t frame_bytes_max)
{
	struct spool_request *request = mem_calloc(1, sizeof(*request));

	request->len = spool_request_len(entries, count, frame_bytes_max);
	request->frames = mem_alloc(request->len);
	for (size_t i = 0; i < count;) {
		size_t payload_len = 0;
		size_t n = share(&entries[i], count - i, frame_bytes_max, &payload_len);

		if (n > 1)
			write_shared(request, &entries[i], n, payload_len,
				     i + n == count);
		else
			write_entry(request, &entries[i], frame_bytes_max,
				    i + 1 == count);
		i += n;
	}
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
