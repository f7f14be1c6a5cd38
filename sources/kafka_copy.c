/* kafka_copy.c - a Kafka source's own copy of its configuration */
#include "sources/kafka_copy.h"

#include <string.h>

#include "base/mem.h"

static const char *const *copy_list(const char *const *list, size_t count)
{
	char **copy = mem_calloc(count + 1, sizeof(char *));

	for (size_t i = 0; i < count; i++)
		copy[i] = mem_strdup(list[i]);
	return (const char *const *)copy;
}

struct kafka_config kafka_config_copy(const struct kafka_config *config)
{
	struct kafka_config copy = *config;

	copy.name = mem_strdup(config->name);
	copy.brokers = NULL;
	copy.brokers_count = 0;
	copy.topics = copy_list(config->topics, config->topics_count);
	copy.group = NULL;
	copy.project_header = NULL;
	copy.project_pattern = NULL;
	copy.projects = NULL;
	copy.origins = NULL;
	copy.projects_count = 0;
	copy.property_names = NULL;
	copy.property_values = NULL;
	copy.properties_count = 0;
	return copy;
}

/* the copy is ours; only its public face is const */
static void free_const(const void *place)
{
	void *owned = NULL;

	memcpy(&owned, place, sizeof(owned));
	mem_free(owned);
}

void kafka_config_deinit(struct kafka_config *config)
{
	for (size_t i = 0; i < config->topics_count; i++)
		free_const(&config->topics[i]);
	free_const(&config->topics);
	free_const(&config->name);
	*config = (struct kafka_config){ 0 };
}
