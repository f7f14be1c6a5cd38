/* tail_config.c - defaults, bounds and copies */
#include "sources/tail_config.h"

#include "base/mem.h"
#include "sources/tail_file.h"

struct file_tail_config file_tail_defaults(void)
{
	return (struct file_tail_config){
		.name = "file_tail",
		.host_id = "",
		.start_at = TAIL_START_BEGINNING,
		.rescan_ms = 5000,
		.linger_ms = 30000,
		.read_bytes = (size_t)256 * 1024,
		.head_bytes = 4096,
		.files_max = 1024,
		.follow_symlinks = true,
	};
}

static const char *const *copy_list(const char *const *list, size_t count)
{
	char **copy = mem_calloc(count + 1, sizeof(char *));

	for (size_t i = 0; i < count; i++)
		copy[i] = mem_strdup(list[i]);
	return (const char *const *)copy;
}

static void free_string(const char *const *string)
{
	char *owned = NULL;

	/* the copy is ours; only its public face is const */
	memcpy(&owned, string, sizeof(owned));
	mem_free(owned);
}

static void free_list(const char *const **list, size_t count)
{
	char **owned = NULL;

	for (size_t i = 0; i < count; i++)
		free_string(&(*list)[i]);
	memcpy(&owned, list, sizeof(owned));
	mem_free(owned);
	*list = NULL;
}

static size_t at_most(size_t value, size_t max)
{
	return value == 0 || value > max ? max : value;
}

struct file_tail_config tail_config_copy(const struct file_tail_config *config)
{
	struct file_tail_config copy = *config;

	copy.name = mem_strdup(config->name);
	copy.host_id = mem_strdup(config->host_id);
	copy.globs = copy_list(config->globs, config->globs_count);
	copy.excludes = copy_list(config->excludes, config->excludes_count);
	copy.read_bytes = at_most(config->read_bytes, CHUNK_BYTES_MAX);
	copy.head_bytes = at_most(config->head_bytes, TAIL_HEAD_BYTES_MAX);
	return copy;
}

void tail_config_deinit(struct file_tail_config *config)
{
	free_string(&config->name);
	free_string(&config->host_id);
	free_list(&config->globs, config->globs_count);
	free_list(&config->excludes, config->excludes_count);
	*config = (struct file_tail_config){ 0 };
}
