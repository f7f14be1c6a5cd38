/* tail_mark.c - reading stored positions of files, finding a file's own
 *
 * The marks lie in an array; those of one inode are a list, newest first, of which
 * by_inode knows the beginning.
 */
#include "sources/tail_mark.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hash64.h"
#include "base/log.h"
#include "base/mem.h"

#define NONE SIZE_MAX

void tail_marks_deinit(struct tail_marks *marks)
{
	for (size_t i = 0; i < marks->count; i++)
		mem_free(marks->items[i].path);
	mem_free(marks->items);
	table_deinit(&marks->by_name);
	table_deinit(&marks->by_inode);
	*marks = (struct tail_marks){ 0 };
}

static uint64_t name_key(const char *name)
{
	return hash64(slice_str(name), 0);
}

static uint64_t inode_key(const struct tail_identity *id)
{
	return hash64_mix(id->device, id->inode);
}

/* what leads to the mark at `index`, in the list of its inode */
static void relink(struct tail_marks *marks, size_t index, size_t to)
{
	const struct tail_mark *mark = &marks->items[index];
	uint64_t *first = table_get(&marks->by_inode, inode_key(&mark->id));
	size_t at = (size_t)*first;

	if (at == index && to == NONE) {
		(void)table_remove(&marks->by_inode, inode_key(&mark->id)); /* was in */
		return;
	}
	if (at == index) {
		*first = to;
		return;
	}
	while (marks->items[at].next != index)
		at = marks->items[at].next;
	marks->items[at].next = to;
}

/* the last one moves to its place */
static void drop(struct tail_marks *marks, size_t index)
{
	size_t last = marks->count - 1;

	relink(marks, index, marks->items[index].next);
	(void)table_remove(&marks->by_name,
			   name_key(marks->items[index].name)); /* was in */
	mem_free(marks->items[index].path);
	marks->count--;
	if (index == last)
		return;
	relink(marks, last, index);
	marks->items[index] = marks->items[last];
	*table_put(&marks->by_name, name_key(marks->items[index].name), NULL) = index;
}

static int compare_numbers(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a;
	uint64_t right = *(const uint64_t *)b;

	return (left > right) - (left < right);
}

/* many at once, so that one more costs little on the average */
static void forget_oldest(struct tail_marks *marks)
{
	uint64_t *numbers = mem_calloc(marks->count, sizeof(*numbers));
	uint64_t until = 0;

	for (size_t i = 0; i < marks->count; i++)
		numbers[i] = marks->items[i].number;
	qsort(numbers, marks->count, sizeof(*numbers), compare_numbers);
	until = numbers[marks->count / TAIL_MARKS_FORGET];
	mem_free(numbers);
	for (size_t i = marks->count; i-- > 0;) {
		if (marks->items[i].number < until)
			drop(marks, i);
	}
}

/* in place of what is there of the same stream */
static void add(struct tail_marks *marks, const struct tail_mark *mark)
{
	const uint64_t *known = table_get(&marks->by_name, name_key(mark->name));
	uint64_t *first = NULL;
	struct tail_mark *item = NULL;
	bool added = false;

	if (known != NULL)
		drop(marks, (size_t)*known);
	if (marks->count == TAIL_MARKS_MAX)
		forget_oldest(marks);
	mem_grow(&marks->items, &marks->capacity, marks->count, sizeof(*marks->items));
	item = &marks->items[marks->count];
	*item = *mark;
	item->number = ++marks->numbers;
	item->path_hash = hash64(slice_str(item->path), 0);
	first = table_put(&marks->by_inode, inode_key(&mark->id), &added);
	item->next = added ? NONE : (size_t)*first;
	*first = marks->count;
	*table_put(&marks->by_name, name_key(mark->name), NULL) = marks->count;
	marks->count++;
}

/* "device:inode:stamp", as tail_file_begin_generation writes it */
static bool parse_name(const char *text, struct tail_mark *mark)
{
	char *end = NULL;
	size_t len = strlen(text);

	if (len >= sizeof(mark->name))
		return false;
	memcpy(mark->name, text, len + 1);
	mark->id.device = strtoull(text, &end, 16);
	if (*end != ':')
		return false;
	mark->id.inode = strtoull(end + 1, &end, 10);
	return *end == ':';
}

static bool parse_detail(const char *text, struct tail_mark *mark)
{
	json_t *detail = json_loads(text, 0, NULL);
	const char *path = NULL;
	const char *target = NULL;
	const char *hash = NULL;
	const char *sum = "";
	char *end = NULL;
	json_int_t birth_us = 0;
	json_int_t head_len = 0;
	json_int_t coded_bytes = -1;
	json_int_t blocks = 0;
	bool fits =
		json_unpack(detail, "{s:s, s?s, s:I, s:I, s:s, s?I, s?I, s?s}", "path",
			    &path, "target", &target, "birth_us", &birth_us, "head_len",
			    &head_len, "head_hash", &hash, "coded_bytes", &coded_bytes,
			    "sum_blocks", &blocks, "sum_hash", &sum) == 0;

	if (fits) {
		mark->id.birth_us = birth_us;
		mark->id.head_len = (uint64_t)head_len;
		mark->id.head_hash = strtoull(hash, &end, 16);
		mark->id.sum =
			(struct tail_sum){ (uint64_t)blocks, strtoull(sum, NULL, 16) };
		mark->coded = coded_bytes >= 0;
		mark->coded_bytes = mark->coded ? coded_bytes : 0;
		fits = *end == '\0' && head_len >= 0 && blocks >= 0 &&
		       head_len <= (json_int_t)TAIL_HEAD_BYTES_MAX;
	}
	if (fits)
		mark->path = mem_strdup(target == NULL ? path : target);
	json_decref(detail);
	return fits;
}

void tail_marks_load(struct tail_marks *marks, const struct stored_positions *positions)
{
	tail_marks_deinit(marks);
	for (size_t i = 0; i < positions->count; i++) {
		const struct stored_position *stored = &positions->items[i];
		struct tail_mark mark = { .offset = stored->position.offset };

		if (mark.offset >= 0 && parse_name(stored->stream, &mark) &&
		    parse_detail(stored->detail, &mark))
			add(marks, &mark);
		else
			log_warn("file_tail",
				 "stored position cannot be read: stream=%s",
				 stored->stream);
	}
}

void tail_marks_add(struct tail_marks *marks, const struct tail_file *file, bool gone)
{
	struct tail_mark mark = {
		.path = mem_strdup(file->target == NULL ? file->path : file->target),
		.id = file->id,
		.offset = file->offset,
		.coded = file->coded != NULL,
		.coded_bytes = file->coded_bytes,
		.gone = gone,
		.stream = file->stream,
	};

	memcpy(mark.name, file->name, sizeof(mark.name));
	add(marks, &mark);
}

void tail_marks_move(struct tail_marks *from, size_t index, struct tail_marks *to)
{
	struct tail_mark mark = from->items[index];

	mark.path = mem_strdup(mark.path);
	drop(from, index);
	add(to, &mark);
}

/* the part behind the last colon: when the generation was first seen */
static int64_t stamp_of(const struct tail_mark *mark)
{
	const char *colon = strrchr(mark->name, ':');

	return colon == NULL ? 0 : strtoll(colon + 1, NULL, 10);
}

const struct tail_mark *tail_marks_find(const struct tail_marks *marks,
					const struct tail_file *file)
{
	const struct tail_mark *best = NULL;
	const uint64_t *first = table_get(&marks->by_inode, inode_key(&file->id));
	int64_t size = tail_file_size(file);

	for (size_t i = first == NULL ? NONE : (size_t)*first; i != NONE;
	     i = marks->items[i].next) {
		const struct tail_mark *mark = &marks->items[i];

		if (mark->gone || (!mark->coded && mark->offset > size) ||
		    !tail_file_is(file, &mark->id))
			continue;
		/* of two for one generation the later one wins */
		if (best == NULL || stamp_of(mark) > stamp_of(best))
			best = mark;
	}
	return best;
}

const struct tail_mark *tail_marks_named(const struct tail_marks *marks,
					 const char *name)
{
	const uint64_t *place = table_get(&marks->by_name, name_key(name));
	const struct tail_mark *mark = place == NULL ? NULL : &marks->items[*place];

	return mark != NULL && strcmp(mark->name, name) == 0 ? mark : NULL;
}
