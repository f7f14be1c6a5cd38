/* parse_json.c - one JSON object a record, nested keys as dotted paths */
#include "pipeline/json_scan.h"
#include "pipeline/parse.h"
#include "pipeline/roles.h"
#include "pipeline/stamp_trace.h"

#define DEPTH_MAX 8
#define PATH_MAX_BYTES 256

struct walk {
	const struct parse_input *input;
	struct role_filler filler;
	struct json_cursor cursor;
	char path[PATH_MAX_BYTES];
	size_t ends[DEPTH_MAX]; /* length of the path before each open object's key */
	size_t path_len;
	unsigned depth;
	bool compact; /* has "@t" */
};

/* the member's key behind those of the objects around it */
static struct slice push_key(struct walk *walk, struct slice key)
{
	size_t room = sizeof(walk->path) - walk->path_len;

	if (key.len >= room)
		key.len = room - 1;
	memcpy(walk->path + walk->path_len, key.ptr, key.len);
	return slice_of(walk->path, walk->path_len + key.len);
}

static void take_scalar(struct walk *walk, const struct json_member *member,
			struct slice key)
{
	struct slice text = json_value_text(member, walk->input->scratch);
	bool plain = member->kind == JSON_STRING || member->kind == JSON_NUMBER;

	if (walk->depth > 0)
		key = push_key(walk, key);
	else
		walk->compact |= slice_equal(key, SLICE("@t"));
	if (plain && role_fill(&walk->filler, key, text))
		return;
	if (walk->depth > 0)
		key = arena_dup(walk->input->scratch, key);
	record_add_attribute(walk->filler.record, key, text);
}

static bool enter(struct walk *walk, const struct json_member *member, struct slice key)
{
	if (walk->depth + 1 >= DEPTH_MAX ||
	    key.len + 2 > sizeof(walk->path) - walk->path_len)
		return false;

	struct slice path = push_key(walk, key);

	walk->ends[++walk->depth] = walk->path_len;
	walk->path[path.len] = '.';
	walk->path_len = path.len + 1;
	return json_enter_member(&walk->cursor, member);
}

static bool walk_object(struct walk *walk)
{
	struct json_member member;

	for (;;) {
		int got = json_member(&walk->cursor, &member);

		if (got < 0)
			return false;
		if (got == 0) {
			if (walk->depth == 0)
				return json_at_end(&walk->cursor);
			walk->path_len = walk->ends[walk->depth--];
			continue;
		}

		struct slice key = json_key_text(&member, walk->input->scratch);

		if (member.kind == JSON_OBJECT && enter(walk, &member, key))
			continue;
		take_scalar(walk, &member, key);
	}
}

bool parse_json(const struct parse_input *input, struct record *record)
{
	struct walk walk;

	/* levels may be numbers */
	stamp_trace_refuse(input->context->trace);
	/* not the path: it is long, and written before it is read */
	walk.input = input;
	walk.filler = role_filler_init(record, input->context);
	walk.cursor = (struct json_cursor){
		.at = input->raw.ptr,
		.end = input->raw.ptr + input->raw.len,
	};
	walk.path_len = 0;
	walk.depth = 0;
	walk.compact = false;
	if (!json_enter(&walk.cursor) || !walk_object(&walk))
		return false;
	/* Serilog's compact form leaves the level out where it is Information */
	if (record->severity == SEVERITY_NONE && walk.compact)
		record->severity = SEVERITY_INFO;
	record->confidence = (uint8_t)(60 + 8 * role_filler_count(&walk.filler));
	return true;
}
