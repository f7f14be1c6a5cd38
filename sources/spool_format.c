/* spool_format.c - writing, checking and searching frames */
#include "sources/spool_format.h"

#include <assert.h>
#include <endian.h>

#include "base/hash64.h"

#define HEADER_CHECK_AT ((size_t)44)
#define CHECKSUM_AT ((size_t)48)
#define LOSS_BYTES_AT ((size_t)8)
#define LOSS_REASON_AT ((size_t)16)

static const char magic[4] = { 'S', 'F', 'R', '1' };

static void put_u32(char *to, uint32_t value)
{
	value = htole32(value);
	memcpy(to, &value, sizeof(value));
}

static void put_u64(char *to, uint64_t value)
{
	value = htole64(value);
	memcpy(to, &value, sizeof(value));
}

static uint32_t get_u32(const char *from)
{
	uint32_t value = 0;

	memcpy(&value, from, sizeof(value));
	return le32toh(value);
}

static uint64_t get_u64(const char *from)
{
	uint64_t value = 0;

	memcpy(&value, from, sizeof(value));
	return le64toh(value);
}

void spool_header_write(char *to, const struct spool_frame *frame)
{
	memcpy(to, magic, sizeof(magic));
	put_u32(to + 4, (uint32_t)frame->payload.len);
	put_u64(to + 8, (uint64_t)frame->project_id);
	put_u64(to + 16, (uint64_t)frame->ingestion_id);
	put_u64(to + 24, frame->substream);
	put_u64(to + 32, (uint64_t)frame->observed_timestamp_us);
	put_u32(to + 40, frame->flags);
	put_u32(to + 44, 0);
	put_u64(to + 48, 0);
}

void spool_frame_write(char *to, const struct spool_frame *frame)
{
	spool_header_write(to, frame);
	if (frame->payload.len > 0)
		memcpy(to + SPOOL_HEADER_BYTES, frame->payload.ptr, frame->payload.len);
}

size_t spool_loss_write(char to[SPOOL_LOSS_MAX], const struct spool_loss *loss)
{
	struct slice reason = slice_head(loss->reason, SPOOL_LOSS_MAX - LOSS_REASON_AT);

	put_u64(to, loss->records);
	put_u64(to + LOSS_BYTES_AT, loss->bytes);
	memcpy(to + LOSS_REASON_AT, reason.ptr, reason.len);
	return LOSS_REASON_AT + reason.len;
}

bool spool_loss_read(struct slice payload, struct spool_loss *out)
{
	if (payload.len < LOSS_REASON_AT)
		return false;
	*out = (struct spool_loss){
		.records = get_u64(payload.ptr),
		.bytes = get_u64(payload.ptr + LOSS_BYTES_AT),
		.reason = slice_from(payload, LOSS_REASON_AT),
	};
	return true;
}

size_t spool_record_write(char *to, struct slice bytes)
{
	put_u32(to, (uint32_t)bytes.len);
	if (bytes.len > 0)
		memcpy(to + SPOOL_RECORD_BYTES, bytes.ptr, bytes.len);
	return SPOOL_RECORD_BYTES + bytes.len;
}

bool spool_record_read(struct slice *rest, struct slice *record)
{
	size_t len = 0;

	if (rest->len < SPOOL_RECORD_BYTES)
		return false;
	len = get_u32(rest->ptr);
	if (len > rest->len - SPOOL_RECORD_BYTES)
		return false;
	*record = slice_of(rest->ptr + SPOOL_RECORD_BYTES, len);
	*rest = slice_from(*rest, SPOOL_RECORD_BYTES + len);
	return true;
}

static uint32_t header_check(const char *frame, uint64_t offset)
{
	return (uint32_t)hash64(slice_of(frame, HEADER_CHECK_AT), offset);
}

static uint64_t checksum(const char *header, struct slice payload)
{
	uint64_t seed = hash64(slice_of(header, CHECKSUM_AT), 0);

	return hash64(payload, seed);
}

size_t spool_header_seal(char *header, const char *payload, uint64_t offset)
{
	size_t payload_len = get_u32(header + 4);

	put_u32(header + HEADER_CHECK_AT, header_check(header, offset));
	put_u64(header + CHECKSUM_AT, checksum(header, slice_of(payload, payload_len)));
	return payload_len;
}

size_t spool_frame_seal(char *frame, uint64_t offset)
{
	return SPOOL_HEADER_BYTES +
	       spool_header_seal(frame, frame + SPOOL_HEADER_BYTES, offset);
}

void spool_hole_write(char *to, size_t len, uint64_t offset)
{
	struct spool_frame hole = { .flags =
					    SPOOL_FRAME_HOLE | SPOOL_FRAME_APPEND_END };

	assert(len >= SPOOL_HEADER_BYTES);
	memset(to, 0, len);
	while (len > 0) {
		size_t size = len;

		if (size > SPOOL_HEADER_BYTES + SPOOL_PAYLOAD_MAX)
			/* what is left has room for a header in any case */
			size = SPOOL_PAYLOAD_MAX;
		hole.payload =
			slice_of(to + SPOOL_HEADER_BYTES, size - SPOOL_HEADER_BYTES);
		spool_header_write(to, &hole);
		(void)spool_frame_seal(to, offset); /* the size is known */
		to += size;
		offset += size;
		len -= size;
	}
}

size_t spool_frame_size(struct slice bytes, uint64_t offset)
{
	size_t payload_len = 0;

	if (bytes.len < SPOOL_HEADER_BYTES ||
	    memcmp(bytes.ptr, magic, sizeof(magic)) != 0 ||
	    get_u32(bytes.ptr + HEADER_CHECK_AT) != header_check(bytes.ptr, offset))
		return 0;
	payload_len = get_u32(bytes.ptr + 4);
	return payload_len > SPOOL_PAYLOAD_MAX ? 0 : SPOOL_HEADER_BYTES + payload_len;
}

ssize_t spool_frame_read(struct slice bytes, uint64_t offset, struct spool_frame *out)
{
	const char *p = bytes.ptr;
	size_t known = bytes.len < sizeof(magic) ? bytes.len : sizeof(magic);
	size_t size = 0;

	if (known > 0 && memcmp(p, magic, known) != 0)
		return SPOOL_CORRUPT;
	if (bytes.len < SPOOL_HEADER_BYTES)
		return SPOOL_PARTIAL;
	size = spool_frame_size(bytes, offset);
	if (size == 0)
		return SPOOL_CORRUPT;
	if (bytes.len < size)
		return SPOOL_PARTIAL;
	if (checksum(p, slice_of(p + SPOOL_HEADER_BYTES, size - SPOOL_HEADER_BYTES)) !=
	    get_u64(p + CHECKSUM_AT))
		return SPOOL_CORRUPT;
	*out = (struct spool_frame){
		.project_id = (int64_t)get_u64(p + 8),
		.ingestion_id = (int64_t)get_u64(p + 16),
		.substream = get_u64(p + 24),
		.observed_timestamp_us = (int64_t)get_u64(p + 32),
		.flags = get_u32(p + 40),
		.payload = { p + SPOOL_HEADER_BYTES, size - SPOOL_HEADER_BYTES },
	};
	return (ssize_t)size;
}

/* the first byte is known to begin no frame */
static size_t find(struct slice bytes, uint64_t offset)
{
	struct spool_frame frame;
	size_t at = 1;

	while (at < bytes.len) {
		const char *hit = memchr(bytes.ptr + at, magic[0], bytes.len - at);

		if (hit == NULL)
			return bytes.len;
		at = (size_t)(hit - bytes.ptr);
		if (spool_frame_read(slice_from(bytes, at), offset + at, &frame) !=
		    SPOOL_CORRUPT)
			return at;
		at++;
	}
	return bytes.len;
}

size_t spool_frame_skip(struct slice bytes, uint64_t offset)
{
	size_t size = spool_frame_size(bytes, offset);

	assert(bytes.ptr != NULL && bytes.len > 0);
	/* only the payload is damaged: the next frame is where the header says */
	if (size > 0 && size <= bytes.len)
		return size;
	return find(bytes, offset);
}
