/* tail_origin.c - comparing first bytes with those of all logs known */
#include "sources/tail_origin.h"

#include <string.h>

#include "base/buf.h"
#include "base/hash64.h"

/* what is asked for; its first bytes are hashed once for each length that a log is
 * known by, however many logs there are */
struct question {
	const struct tail_file *file;
	bool compressed;
	struct slice head;
	struct table hashes; /* length -> hash */
	/* hashes of the paths that a log must have which rotation renamed to this
	 * one's: of many logs, few are worth a closer look */
	struct table paths;
};

static bool begins(struct question *question, const struct tail_identity *id)
{
	uint64_t *hash = NULL;
	bool added = false;

	if (id->head_len == 0 || id->head_len > question->head.len)
		return false;
	hash = table_put(&question->hashes, id->head_len, &added);
	if (added)
		*hash = hash64(slice_head(question->head, (size_t)id->head_len), 0);
	return *hash == id->head_hash;
}

static struct slice name_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slice_str(slash == NULL ? path : slash + 1);
}

static bool may_be(const struct question *question, uint64_t path_hash)
{
	return question->compressed || table_get(&question->paths, path_hash) != NULL;
}

/* app.log.1 and app-1.log may come from app.log: what it begins with, and that with its
 * own ending. More than these come out, such as app.lo, and are compared in vain */
static void note_paths(struct question *question)
{
	struct slice path = slice_str(question->file->path);
	struct slice name = name_of(question->file->path);
	const char *dot = memrchr(name.ptr, '.', name.len);
	struct buf log = { 0 };

	for (const char *end = name.ptr + 1; end < name.ptr + name.len; end++) {
		struct slice begin = slice_head(path, (size_t)(end - path.ptr));

		(void)table_put(&question->paths, hash64(begin, 0), NULL);
		if (dot == NULL || end >= dot)
			continue;
		buf_clear(&log);
		buf_append_slice(&log, begin);
		buf_append_slice(&log, slice_from(path, (size_t)(dot - path.ptr)));
		(void)table_put(&question->paths, hash64(buf_slice(&log), 0), NULL);
	}
	buf_deinit(&log);
}

static bool is_further(const struct tail_mark *mark, const struct tail_mark *best)
{
	return mark->id.sum.blocks > best->id.sum.blocks ||
	       (mark->id.sum.blocks == best->id.sum.blocks &&
		mark->number > best->number);
}

static const struct tail_mark *best_of(const struct tail_marks *marks,
				       struct question *question)
{
	const struct tail_mark *best = NULL;

	for (size_t i = 0; i < marks->count; i++) {
		const struct tail_mark *mark = &marks->items[i];

		if (!mark->coded && may_be(question, mark->path_hash) &&
		    begins(question, &mark->id) &&
		    (best == NULL || mark->id.head_len > best->id.head_len ||
		     (mark->id.head_len == best->id.head_len &&
		      is_further(mark, best))))
			best = mark;
	}
	return best;
}

static uint64_t open_head_len(const struct tail_set *set, struct question *question)
{
	uint64_t best = 0;

	for (size_t i = 0; i < set->count; i++) {
		const struct tail_file *other = set->files[i];

		if (may_be(question, other->path_hash) && other != question->file &&
		    other->coded == NULL && other->id.head_len > best &&
		    begins(question, &other->id))
			best = other->id.head_len;
	}
	return best;
}

enum tail_origin tail_origin_find(const struct tail_origins *origins,
				  const struct tail_file *file, struct slice head,
				  const struct tail_mark **out)
{
	struct question question = { .file = file,
				     .compressed = tail_file_is_compressed(file),
				     .head = head };
	const struct tail_mark *mark = NULL;
	const struct tail_mark *leaving = NULL;
	uint64_t known = 0;
	uint64_t busy = 0;

	if (!question.compressed)
		note_paths(&question);
	mark = best_of(origins->marks, &question);
	leaving = best_of(origins->leaving, &question);
	known = mark == NULL ? 0 : mark->id.head_len;
	busy = open_head_len(origins->set, &question);
	table_deinit(&question.hashes);
	table_deinit(&question.paths);
	if (leaving != NULL && leaving->id.head_len > busy)
		busy = leaving->id.head_len;
	/* a file that is open has a mark as well, when it was read before the start */
	if (busy > 0 && busy >= known)
		return ORIGIN_BUSY;
	*out = mark;
	return mark == NULL ? ORIGIN_NONE : ORIGIN_FOUND;
}
