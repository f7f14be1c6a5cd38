/* envelope.c - opened line by line, so that multi-line records are assembled by what is
 * inside */
#include "pipeline/envelope.h"

#include "pipeline/byte_class.h"
#include "pipeline/json_scan.h"

/* "2016-10-06T00:17:09Z" and the longest with nanoseconds and an offset */
#define CRI_STAMP_MIN 20
#define CRI_STAMP_MAX 35

/* Kubernetes CRI: STAMP STREAM TAGS LOG, tags are P or F, more may follow behind a
 * colon */
static bool open_cri(struct slice line, struct envelope *envelope)
{
	if (line.len < CRI_STAMP_MIN + 10 || line.ptr[4] != '-' || line.ptr[10] != 'T')
		return false;

	struct slice window =
		slice_from(slice_head(line, CRI_STAMP_MAX + 1), CRI_STAMP_MIN);
	const char *blank = memchr(window.ptr, ' ', window.len);

	if (blank == NULL)
		return false;

	struct slice rest = slice_from(line, (size_t)(blank + 1 - line.ptr));

	if (!slice_starts_with(rest, SLICE("stdout ")) &&
	    !slice_starts_with(rest, SLICE("stderr ")))
		return false;
	envelope->stamp = slice_head(line, (size_t)(blank - line.ptr));
	envelope->stream = slice_head(rest, 6);
	rest = slice_from(rest, 7);
	if (rest.len == 0 || (rest.ptr[0] != 'F' && rest.ptr[0] != 'P'))
		return false;
	envelope->partial = rest.ptr[0] == 'P';
	envelope->escaped = false;
	blank = memchr(rest.ptr, ' ', rest.len);
	envelope->inner = blank == NULL
				  ? slice_from(rest, rest.len)
				  : slice_from(rest, (size_t)(blank + 1 - rest.ptr));
	return true;
}

static void take_docker_member(const struct json_member *member,
			       struct envelope *envelope)
{
	if (member->kind != JSON_STRING)
		return;
	if (slice_equal(member->key, SLICE("log"))) {
		envelope->inner = member->value;
		envelope->escaped = member->value_escaped;
	} else if (slice_equal(member->key, SLICE("stream"))) {
		envelope->stream = member->value;
	} else if (slice_equal(member->key, SLICE("time"))) {
		envelope->stamp = member->value;
	}
}

static bool open_docker(struct slice line, struct envelope *envelope)
{
	struct json_cursor cursor = { .at = line.ptr, .end = line.ptr + line.len };
	struct json_member member;
	int got = 0;

	*envelope = (struct envelope){ 0 };
	if (!json_enter(&cursor))
		return false;
	while ((got = json_member(&cursor, &member)) == 1)
		take_docker_member(&member, envelope);
	/* other JSON may have a member "log": all three make the envelope */
	if (got < 0 || envelope->stream.len != 6 || envelope->stamp.len == 0 ||
	    envelope->inner.ptr == NULL)
		return false;
	envelope->partial =
		envelope->inner.len < 2 ||
		memcmp(envelope->inner.ptr + envelope->inner.len - 2, "\\n", 2) != 0;
	if (!envelope->partial)
		envelope->inner.len -= 2;
	return true;
}

bool envelope_open(struct slice line, struct envelope *envelope)
{
	if (line.len == 0)
		return false;
	if (byte_is(line.ptr[0], BYTE_DIGIT))
		return open_cri(line, envelope);
	return slice_starts_with(line, SLICE("{\"log\":\"")) &&
	       open_docker(line, envelope);
}

static struct slice inner_of(const struct envelope *envelope, struct arena *scratch)
{
	return envelope->escaped ? json_unescape(envelope->inner, scratch)
				 : envelope->inner;
}

static struct slice take_line(struct slice *rest)
{
	const char *end = memchr(rest->ptr, '\n', rest->len);
	struct slice line =
		end == NULL ? *rest : slice_head(*rest, (size_t)(end - rest->ptr));

	*rest = slice_from(*rest, line.len + 1);
	if (line.len > 0 && line.ptr[line.len - 1] == '\r')
		line.len--;
	return line;
}

struct slice envelope_unwrap(struct slice raw, const struct envelope *first,
			     struct arena *scratch)
{
	if (memchr(raw.ptr, '\n', raw.len) == NULL)
		return inner_of(first, scratch);

	/* unescaping grows nothing beyond half, envelopes only shrink */
	char *out = arena_alloc(scratch, raw.len + raw.len / 2 + 1);
	size_t len = 0;
	bool partial = false;

	for (bool begin = true; raw.len > 0; begin = false) {
		struct slice line = take_line(&raw);
		struct envelope envelope;

		if (!begin && !partial)
			out[len++] = '\n';
		partial = false;
		if (envelope_open(line, &envelope)) {
			line = inner_of(&envelope, scratch);
			partial = envelope.partial;
		}
		if (line.len > 0)
			memcpy(out + len, line.ptr, line.len);
		len += line.len;
	}
	return slice_of(out, len);
}
