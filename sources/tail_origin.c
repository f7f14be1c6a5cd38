/* tail_origin.c - comparing first bytes with those of all logs known */
#include "sources/tail_origin.h"

#include <string.h>

/* what is asked for; most logs are known by equally many first bytes, whose hash is
 * kept */
struct question {
	const struct tail_file *file;
	bool compressed;
	struct slice head;
	uint64_t hashed_len;
	uint64_t hash;
};

static bool begins(struct question *question, const struct tail_identity *id)
{
	if (id->head_len == 0 || id->head_len > question->head.len)
		return false;
	if (id->head_len != question->hashed_len) {
		question->hashed_len = id->head_len;
		question->hash =
			hash64(slice_head(question->head, (size_t)id->head_len), 0);
	}
	return question->hash == id->head_hash;
}

static struct slice name_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slice_str(slash == NULL ? path : slash + 1);
}

/* "app.log" -> "app" */
static struct slice stem_of(struct slice name)
{
	size_t len = name.len;

	while (len > 1 && name.ptr[len - 1] != '.')
		len--;
	return slice_head(name, len > 1 ? len - 1 : name.len);
}

static bool ends_with(struct slice text, struct slice end)
{
	return text.len >= end.len &&
	       slice_equal(slice_from(text, text.len - end.len), end);
}

/* may rotation have given a copy of `log` that path? */
static bool is_rotated_name(const char *path, const char *log)
{
	struct slice name = name_of(path);
	struct slice from = name_of(log);
	struct slice stem = stem_of(from);
	size_t folder = (size_t)(name.ptr - path);

	if (folder != (size_t)(from.ptr - log) || memcmp(path, log, folder) != 0 ||
	    name.len <= from.len)
		return false;
	if (slice_starts_with(name, from))
		return true;
	return stem.len < from.len && slice_starts_with(name, stem) &&
	       ends_with(name, slice_from(from, stem.len));
}

static bool may_be(const struct question *question, const char *log)
{
	return question->compressed || is_rotated_name(question->file->path, log);
}

static const struct tail_mark *best_of(const struct tail_marks *marks,
				       struct question *question)
{
	const struct tail_mark *best = NULL;

	for (size_t i = 0; i < marks->count; i++) {
		const struct tail_mark *mark = &marks->items[i];

		if (!mark->coded && begins(question, &mark->id) &&
		    may_be(question, mark->path) &&
		    (best == NULL || mark->id.head_len > best->id.head_len ||
		     (mark->id.head_len == best->id.head_len &&
		      mark->id.sum.blocks >= best->id.sum.blocks)))
			best = mark;
	}
	return best;
}

static uint64_t open_head_len(const struct tail_set *set, struct question *question)
{
	uint64_t best = 0;

	for (size_t i = 0; i < set->count; i++) {
		const struct tail_file *other = set->files[i];

		if (other != question->file && other->coded == NULL &&
		    other->id.head_len > best && begins(question, &other->id) &&
		    may_be(question, other->path))
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
	const struct tail_mark *mark = best_of(origins->marks, &question);
	const struct tail_mark *leaving = best_of(origins->leaving, &question);
	uint64_t known = mark == NULL ? 0 : mark->id.head_len;
	uint64_t busy = open_head_len(origins->set, &question);

	if (leaving != NULL && leaving->id.head_len > busy)
		busy = leaving->id.head_len;
	/* a file that is open has a mark as well, when it was read before the start */
	if (busy > 0 && busy >= known)
		return ORIGIN_BUSY;
	*out = mark;
	return mark == NULL ? ORIGIN_NONE : ORIGIN_FOUND;
}
