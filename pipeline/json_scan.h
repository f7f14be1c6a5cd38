/* json_scan.h - walks the members of JSON objects in place, without a tree
 *
 * Threads: any; pure.
 * Owner: keys and values borrow from the text; json_unescape copies into the arena.
 * Limits: objects and arrays that the caller does not enter are skipped by their
 *         brackets and strings, not validated further.
 *
 *	if (!json_enter(&cursor))
 *		malformed;
 *	while ((got = json_member(&cursor, &member)) == 1)
 *		...
 *
 * A member of kind JSON_OBJECT may be entered with json_enter at once; its members come
 * next, and json_member returns 0 at its end. Else it has been skipped.
 */
#ifndef SIFTD_PIPELINE_JSON_SCAN_H
#define SIFTD_PIPELINE_JSON_SCAN_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/slice.h"

enum json_kind {
	JSON_STRING,
	JSON_NUMBER,
	JSON_BOOL,
	JSON_NULL,
	JSON_OBJECT,
	JSON_ARRAY
};

struct json_cursor {
	const char *at;
	const char *end;
	bool first; /* of its object: no comma is due */
};

struct json_member {
	struct slice key;   /* between the quotes */
	struct slice value; /* strings between the quotes, all else as written */
	enum json_kind kind;
	bool key_escaped;
	bool value_escaped;
};

/* at the begin of the text, which may be empty */
static inline struct json_cursor json_open(struct slice text)
{
	return (struct json_cursor){ .at = text.ptr,
				     .end = slice_from(text, text.len).ptr };
}

bool json_enter(struct json_cursor *cursor);
/* back to the start of a member's object, to enter it */
bool json_enter_member(struct json_cursor *cursor, const struct json_member *member);
/* 1: a member; 0: the object ended; -1: malformed or cut off */
int json_member(struct json_cursor *cursor, struct json_member *member);
/* as json_enter and json_enter_member, of an array */
bool json_enter_array(struct json_cursor *cursor);
bool json_enter_member_array(struct json_cursor *cursor,
			     const struct json_member *member);
/* as json_member, of an array: the item has no key */
int json_item(struct json_cursor *cursor, struct json_member *item);
/* one value of any kind, wherever it stands */
bool json_value(struct json_cursor *cursor, struct json_member *value);
/* nothing but blanks is left */
bool json_at_end(struct json_cursor *cursor);
/* what a member's key, and a value that is a string, say; other values as written */
struct slice json_key_text(const struct json_member *member, struct arena *arena);
struct slice json_value_text(const struct json_member *member, struct arena *arena);
/* invalid escapes become U+FFFD */
struct slice json_unescape(struct slice text, struct arena *arena);

#endif
