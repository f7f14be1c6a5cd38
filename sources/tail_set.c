/* tail_set.c - an array of open files and an index by watch */
#include "sources/tail_set.h"

#include "base/mem.h"

void tail_set_deinit(struct tail_set *set)
{
	for (size_t i = 0; i < set->count; i++)
		tail_file_free(&set->files[i]);
	mem_free(set->files);
	table_deinit(&set->by_watch);
	*set = (struct tail_set){ 0 };
}

static void put_at(struct tail_set *set, size_t index, struct tail_file *file)
{
	set->files[index] = file;
	if (file->watch >= 0)
		*table_put(&set->by_watch, (uint64_t)file->watch, NULL) = index;
}

void tail_set_add(struct tail_set *set, struct tail_file *file)
{
	mem_grow(&set->files, &set->capacity, set->count, sizeof(struct tail_file *));
	file->watch = tail_watch_file(set->watch, file->fd);
	put_at(set, set->count++, file);
}

void tail_set_drop(struct tail_set *set, size_t index)
{
	struct tail_file *file = set->files[index];

	put_at(set, index, set->files[--set->count]);
	if (file->watch >= 0)
		(void)table_remove(&set->by_watch, (uint64_t)file->watch); /* was in */
	tail_watch_remove(set->watch, file->watch);
	tail_file_free(&file);
}

struct tail_file *tail_set_by_inode(const struct tail_set *set, uint64_t device,
				    uint64_t inode)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct tail_identity *id = &set->files[i]->id;

		if (id->inode == inode && id->device == device)
			return set->files[i];
	}
	return NULL;
}

struct tail_file *tail_set_by_watch(const struct tail_set *set, int watch)
{
	const uint64_t *index = table_get(&set->by_watch, (uint64_t)watch);

	return index == NULL ? NULL : set->files[*index];
}
