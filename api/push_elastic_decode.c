/* push_elastic_decode.c - actions and documents, line by line
 *
 * A document whose text stands under "message" or "log" becomes a record with fields:
 * the text may say more of itself, such as a level. Any other is a line of JSON
 * already.
 */
#include "api/push_elastic.h"
#include "base/json_out.h"
#include "base/timestamp.h"
#include "pipeline/json_scan.h"
#include "pipeline/timestamp_scan.h"

#define DEPTH_MAX 8
#define PATH_BYTES_MAX 256
#define STATUS_CREATED 201
#define STATUS_BAD 400
#define STATUS_TOO_LARGE 413

struct reading {
	const struct push_input *input;
	struct push_lines *lines;
	struct json_out items;
	struct arena arena; /* of one document */
	struct buf attributes;
	uint64_t number; /* of the item */
};

struct action {
	struct slice name;
	struct slice index;
	struct slice id;
};

/* a document being flattened: nested keys as dotted paths, as the pipeline reads JSON
 */
struct walk {
	struct reading *reading;
	struct push_record record;
	struct json_cursor cursor;
	char path[PATH_BYTES_MAX];
	size_t path_len;
	size_t ends[DEPTH_MAX];
	unsigned depth;
};

/* the path of a key in the object that is open; cut where it is too long */
static struct slice path_of(struct walk *walk, struct slice key)
{
	size_t room = sizeof(walk->path) - walk->path_len;

	if (key.len > room)
		key.len = room;
	memcpy(walk->path + walk->path_len, key.ptr, key.len);
	return slice_of(walk->path, walk->path_len + key.len);
}

static int64_t time_of(struct slice text)
{
	int64_t us = 0;

	return timestamp_parse(text, &us) ? us : timestamp_of_epoch_text(text);
}

/* the text of the record; "message" is the better name */
static bool is_body(const struct walk *walk, const struct json_member *member,
		    struct slice path)
{
	if (member->kind != JSON_STRING)
		return false;
	return slice_equal(path, SLICE("message")) ||
	       (walk->record.fields.body.len == 0 && slice_equal(path, SLICE("log")));
}

static void take_value(struct walk *walk, const struct json_member *member)
{
	struct pushed *fields = &walk->record.fields;
	struct slice path = path_of(walk, member->key);
	struct slice text = json_value_text(member, &walk->reading->arena);

	if (member->kind == JSON_NULL)
		return;
	if (slice_equal(path, SLICE("@timestamp")))
		fields->timestamp_us = time_of(text);
	else if (is_body(walk, member, path))
		fields->body = text;
	else
		push_record_label(&walk->record, path, text);
}

/* false: it is taken as a value */
static bool enter(struct walk *walk, const struct json_member *member)
{
	struct slice path = { 0 };

	if (member->kind != JSON_OBJECT || walk->depth + 1 == DEPTH_MAX ||
	    member->key.len + 1 >= sizeof(walk->path) - walk->path_len)
		return false;
	path = path_of(walk, member->key);
	walk->ends[++walk->depth] = walk->path_len;
	walk->path[path.len] = '.';
	walk->path_len = path.len + 1;
	return json_enter_member(&walk->cursor, member);
}

static bool walk_document(struct walk *walk)
{
	struct json_member member;

	if (!json_enter(&walk->cursor))
		return false;
	for (;;) {
		int got = json_member(&walk->cursor, &member);

		if (got < 0)
			return false;
		if (got == 1) {
			if (!enter(walk, &member))
				take_value(walk, &member);
			continue;
		}
		if (walk->depth == 0)
			return json_at_end(&walk->cursor);
		walk->path_len = walk->ends[walk->depth--];
	}
}

/* the status of the item */
static int add_document(struct reading *reading, struct slice index, struct slice line)
{
	struct walk walk;
	bool added = false;
	bool good = false;

	walk.reading = reading;
	walk.cursor = json_open(line);
	walk.path_len = 0;
	walk.depth = 0;
	push_record_begin(&walk.record, &reading->arena, &reading->attributes);
	good = walk_document(&walk);
	if (!good) {
		push_lines_reject(reading->lines, "a document is no JSON object");
	} else if (walk.record.fields.body.len > 0) {
		push_record_attribute(&walk.record, SLICE("elastic.index"), index);
		added = push_lines_add(reading->lines, &walk.record);
	} else {
		added = push_lines_add_plain(reading->lines, line);
	}
	arena_reset(&reading->arena);
	if (!good)
		return STATUS_BAD;
	return added ? STATUS_CREATED : STATUS_TOO_LARGE;
}

static const char *reason_of(int status)
{
	return status == STATUS_TOO_LARGE ? "the document is too long"
					  : "the document or its action is not taken";
}

static void write_item(struct reading *reading, const struct action *action, int status)
{
	struct json_out *out = &reading->items;

	json_object_begin(out);
	json_key_slice(out, action->name);
	json_object_begin(out);
	json_key_string(out, "_index", action->index);
	json_key(out, "_id");
	if (action->id.len > 0)
		json_out_string(out, action->id);
	else
		json_uint(out, reading->number);
	json_key_int(out, "status", status);
	if (status == STATUS_CREATED) {
		json_key_int(out, "_version", 1);
		json_key_string(out, "result", SLICE("created"));
	} else {
		json_key(out, "error");
		json_object_begin(out);
		json_key_string(out, "type", SLICE("document_parsing_exception"));
		json_key_string(out, "reason", slice_str(reason_of(status)));
		json_object_end(out);
	}
	json_object_end(out);
	json_object_end(out);
	reading->number++;
}

/* {"index":{"_index":"x","_id":"y"}} */
static bool read_action(struct reading *reading, struct slice line,
			struct action *action)
{
	struct json_cursor cursor = json_open(line);
	struct json_member member;

	if (!json_enter(&cursor) || json_member(&cursor, &member) != 1 ||
	    member.kind != JSON_OBJECT)
		return false;
	*action = (struct action){ .name = member.key,
				   .index = reading->input->index,
				   .id = SLICE("") };
	if (!json_enter_member(&cursor, &member))
		return false;
	while (json_member(&cursor, &member) == 1) {
		if (member.kind != JSON_STRING)
			continue;
		if (slice_equal(member.key, SLICE("_index")))
			action->index = member.value;
		else if (slice_equal(member.key, SLICE("_id")))
			action->id = member.value;
	}
	return true;
}

/* the first line that is not blank; empty at the end */
static struct slice take_line(struct slice *rest)
{
	struct slice line = SLICE("");

	while (line.len == 0 && rest->len > 0) {
		const char *end = memchr(rest->ptr, '\n', rest->len);
		size_t len = end == NULL ? rest->len : (size_t)(end - rest->ptr);

		line = slice_trim(slice_head(*rest, len));
		*rest = slice_from(*rest, len + 1);
	}
	return line;
}

/* false: the request is malformed from here on */
static bool read_item(struct reading *reading, struct slice line, struct slice *rest)
{
	struct action action;

	if (!read_action(reading, line, &action))
		return false;
	if (slice_equal(action.name, SLICE("delete"))) {
		push_lines_reject(reading->lines, "logs are not deleted");
		write_item(reading, &action, STATUS_BAD);
		return true;
	}
	line = take_line(rest);
	if (line.len == 0)
		return false;
	if (slice_equal(action.name, SLICE("index")) ||
	    slice_equal(action.name, SLICE("create"))) {
		write_item(reading, &action, add_document(reading, action.index, line));
		return true;
	}
	push_lines_reject(reading->lines, "logs are not updated");
	write_item(reading, &action, STATUS_BAD);
	return slice_equal(action.name, SLICE("update"));
}

static enum push_status end_reading(struct reading *reading, const char *wrong)
{
	struct push_lines *lines = reading->lines;

	arena_deinit(&reading->arena);
	buf_deinit(&reading->attributes);
	if (push_lines_full(lines))
		return PUSH_TOO_LARGE;
	return wrong == NULL ? PUSH_OK : push_malformed(lines, wrong);
}

enum push_status push_elastic_decode_bulk(const struct push_input *input,
					  struct push_lines *lines)
{
	struct reading reading = { .input = input,
				   .lines = lines,
				   .items = json_out_init(&lines->items) };
	struct slice rest = input->body;
	struct slice line = take_line(&rest);
	const char *wrong = line.len == 0 ? "request body is required" : NULL;

	json_array_begin(&reading.items);
	for (; line.len > 0 && wrong == NULL && !push_lines_full(lines);
	     line = take_line(&rest)) {
		if (!read_item(&reading, line, &rest))
			wrong = "Malformed action/metadata line";
	}
	json_array_end(&reading.items);
	return end_reading(&reading, wrong);
}

enum push_status push_elastic_decode_document(const struct push_input *input,
					      struct push_lines *lines)
{
	struct reading reading = { .input = input, .lines = lines };
	int status = add_document(&reading, input->index, input->body);

	return end_reading(&reading, status == STATUS_BAD
					     ? "the document is no JSON object"
					     : NULL);
}
