/* parse_json.c - one JSON object a record, nested keys as dotted paths */
#include "pipeline/json_alias.h"
#include "pipeline/json_scan.h"
#include "pipeline/parse.h"

#define DEPTH_MAX 8
#define PATH_MAX_BYTES 256

struct walk {
	const struct parse_input *input;
	struct record *record;
	struct json_cursor cursor;
	unsigned char ranks[ROLE_COUNT];
	char path[PATH_MAX_BYTES];
	size_t ends[DEPTH_MAX]; /* length of the path before each open object's key */
	size_t path_len;
	unsigned depth;
};

static struct slice text_of(const struct walk *walk, const struct json_member *member)
{
	if (member->kind == JSON_STRING && member->value_escaped)
		return json_unescape(member->value, walk->input->scratch);
	return member->value;
}

static struct slice without_line_end(struct slice text)
{
	while (text.len > 0 &&
	       (text.ptr[text.len - 1] == '\n' || text.ptr[text.len - 1] == '\r'))
		text.len--;
	return text;
}

static bool set_timestamp(const struct walk *walk, const struct json_member *member,
			  struct slice text)
{
	int64_t us = timestamp_of_epoch_text(text);

	if (us == TIMESTAMP_NONE && member->kind == JSON_STRING)
		us = timestamp_of_text(text, walk->input->context);
	if (us == TIMESTAMP_NONE)
		return false;
	walk->record->timestamp_us = us;
	return true;
}

static bool set_severity(const struct walk *walk, const struct alias *alias,
			 struct slice text)
{
	enum severity severity = severity_of_word(text);

	if (severity == SEVERITY_NONE)
		severity = severity_of_number(text, alias->scale);
	if (severity == SEVERITY_NONE)
		return false;
	walk->record->severity = severity;
	walk->record->severity_text = text;
	return true;
}

/* true: the member became a field of the record */
static bool set_role(struct walk *walk, const struct alias *alias,
		     const struct json_member *member, struct slice text)
{
	struct record *record = walk->record;
	bool plain = member->kind == JSON_STRING || member->kind == JSON_NUMBER;
	bool taken = false;

	if (alias->rank >= walk->ranks[alias->role] || !plain || text.len == 0)
		return false;
	switch (alias->role) {
	case ROLE_TIMESTAMP:
		taken = set_timestamp(walk, member, text);
		break;
	case ROLE_SEVERITY:
		taken = set_severity(walk, alias, text);
		break;
	case ROLE_SERVICE:
		record->service_name = text;
		taken = true;
		break;
	case ROLE_HOST:
		record->host_name = text;
		taken = true;
		break;
	case ROLE_MESSAGE:
		record->body = without_line_end(text);
		taken = record->body.len > 0;
		break;
	case ROLE_NONE:
	case ROLE_COUNT:
	default:
		break;
	}
	if (taken)
		walk->ranks[alias->role] = alias->rank;
	return taken && alias->rank < ALIAS_RANK_VAGUE;
}

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
	const struct alias *alias = NULL;
	struct slice text = text_of(walk, member);

	if (walk->depth > 0)
		key = push_key(walk, key);
	alias = alias_of_key(key);
	if (alias != NULL && set_role(walk, alias, member, text))
		return;
	if (walk->depth > 0)
		key = arena_dup(walk->input->scratch, key);
	record_add_attribute(walk->record, key, text);
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

		struct slice key =
			member.key_escaped
				? json_unescape(member.key, walk->input->scratch)
				: member.key;

		if (member.kind == JSON_OBJECT && enter(walk, &member, key))
			continue;
		take_scalar(walk, &member, key);
	}
}

bool parse_json(const struct parse_input *input, struct record *record)
{
	struct walk walk;

	/* not the path: it is long, and written before it is read */
	walk.input = input;
	walk.record = record;
	walk.cursor = (struct json_cursor){
		.at = input->raw.ptr,
		.end = input->raw.ptr + input->raw.len,
	};
	memset(walk.ranks, ALIAS_RANK_NONE, sizeof(walk.ranks));
	walk.path_len = 0;
	walk.depth = 0;
	if (!json_enter(&walk.cursor) || !walk_object(&walk))
		return false;
	record->confidence = 60;
	for (unsigned role = ROLE_NONE + 1; role < ROLE_COUNT; role++) {
		if (walk.ranks[role] != ALIAS_RANK_NONE)
			record->confidence = (uint8_t)(record->confidence + 8);
	}
	return true;
}
