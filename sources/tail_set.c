/* tail_set.c - an array of open files, indexed by watch and inode, and those to be read
 */
#include "sources/tail_set.h"

#include "base/hash64.h"
#include "base/mem.h"

void tail_set_deinit(struct tail_set *set)
{
	for (size_t i = 0; i < set->count; i++)
		tail_file_free(&set->files[i]);
	mem_free(set->files);
	mem_free(set->ready);
	table_deinit(&set->by_watch);
	table_deinit(&set->by_inode);
	*set = (struct tail_set){ 0 };
}

static uint64_t inode_key(uint64_t device, uint64_t inode)
{
	return hash64_mix(device, inode);
}

static void put_at(struct tail_set *set, size_t index, struct tail_file *file)
{
	set->files[index] = file;
	*table_put(&set->by_inode, inode_key(file->id.device, file->id.inode), NULL) =
		index;
	if (file->watch >= 0)
		*table_put(&set->by_watch, (uint64_t)file->watch, NULL) = index;
}

void tail_set_make_ready(struct tail_set *set, struct tail_file *file)
{
	file->dirty = true;
	if (file->ready)
		return;
	file->ready = true;
	mem_grow(&set->ready, &set->ready_capacity, set->ready_count,
		 sizeof(struct tail_file *));
	set->ready[set->ready_count++] = file;
}

void tail_set_settle(struct tail_set *set)
{
	size_t kept = 0;

	for (size_t i = 0; i < set->ready_count; i++) {
		struct tail_file *file = set->ready[i];

		file->ready = file->dirty && !file->finished;
		if (file->ready)
			set->ready[kept++] = file;
	}
	set->ready_count = kept;
}

void tail_set_add(struct tail_set *set, struct tail_file *file)
{
	mem_grow(&set->files, &set->capacity, set->count, sizeof(struct tail_file *));
	file->watch = tail_watch_file(set->watch, file->fd);
	set->unwatched += file->watch < 0;
	put_at(set, set->count++, file);
	if (file->dirty)
		tail_set_make_ready(set, file);
}

void tail_set_drop(struct tail_set *set, size_t index)
{
	struct tail_file *file = set->files[index];

	if (file->ready) {
		file->dirty = false;
		tail_set_settle(set);
	}
	put_at(set, index, set->files[--set->count]);
	(void)table_remove(&set->by_inode,
			   inode_key(file->id.device, file->id.inode)); /* was in */
	if (file->watch >= 0)
		(void)table_remove(&set->by_watch, (uint64_t)file->watch); /* was in */
	set->unwatched -= file->watch < 0;
	tail_watch_remove(set->watch, file->watch);
	tail_file_free(&file);
}

struct tail_file *tail_set_by_inode(const struct tail_set *set, uint64_t device,
				    uint64_t inode)
{
	const uint64_t *index = table_get(&set->by_inode, inode_key(device, inode));
	struct tail_file *file = index == NULL ? NULL : set->files[*index];

	return file != NULL && file->id.inode == inode && file->id.device == device
		       ? file
		       : NULL;
}

struct tail_file *tail_set_by_watch(const struct tail_set *set, int watch)
{
	const uint64_t *index = table_get(&set->by_watch, (uint64_t)watch);

	return index == NULL ? NULL : set->files[*index];
}
