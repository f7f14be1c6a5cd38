/* kafka_route.c - names from topics and headers, looked up in the list of projects */
#include "sources/kafka_route.h"

#include <regex.h>
#include <string.h>

#include "base/mem.h"

#define REASON_BYTES 200

struct kafka_route {
	char **names;
	struct kafka_origin *origins;
	size_t count;
	char *header;    /* NULL: none is asked */
	regex_t pattern; /* of topics, when has_pattern */
	bool has_pattern;
	size_t last; /* found; messages of a project come in runs */
};

static int check_names(const struct kafka_config *config, struct error *error)
{
	const char *const *names = config->projects;

	if (config->projects_count == 0)
		return error_set(error,
				 "project_header and project_pattern need projects, a "
				 "list of those that may be named");
	if (config->projects_count > KAFKA_PROJECTS_MAX)
		return error_set(error, "more than %d projects", KAFKA_PROJECTS_MAX);
	for (size_t i = 0; i < config->projects_count; i++) {
		if (names[i][0] == '\0')
			return error_set(error, "a project without a name");
		for (size_t k = 0; k < i; k++) {
			if (strcmp(names[i], names[k]) == 0)
				return error_set(error,
						 "project \"%s\" is listed twice",
						 names[i]);
		}
	}
	return 0;
}

static int compile(struct kafka_route *route, const char *pattern, struct error *error)
{
	char reason[REASON_BYTES];
	int code = regcomp(&route->pattern, pattern, REG_EXTENDED);

	if (code != 0) {
		(void)regerror(code, &route->pattern, reason, sizeof(reason));
		return error_set(error, "project_pattern \"%s\": %s", pattern, reason);
	}
	route->has_pattern = true;
	if (route->pattern.re_nsub == 0)
		return error_set(error,
				 "project_pattern \"%s\" has no group (...) that names "
				 "the project",
				 pattern);
	return 0;
}

int kafka_route_new(const struct kafka_config *config, struct kafka_route **out,
		    struct error *error)
{
	struct kafka_route *route = NULL;

	*out = NULL;
	if (config->project_header == NULL && config->project_pattern == NULL)
		return config->projects_count == 0
			       ? 0
			       : error_set(error, "projects needs project_header or "
						  "project_pattern");
	if (check_names(config, error) < 0)
		return -1;
	route = mem_calloc(1, sizeof(*route));
	route->count = config->projects_count;
	route->names = mem_calloc(route->count, sizeof(char *));
	route->origins = mem_calloc(route->count, sizeof(*route->origins));
	for (size_t i = 0; i < route->count; i++) {
		route->names[i] = mem_strdup(config->projects[i]);
		if (config->origins != NULL)
			route->origins[i] = config->origins[i];
	}
	if (config->project_header != NULL)
		route->header = mem_strdup(config->project_header);
	if (config->project_pattern != NULL &&
	    compile(route, config->project_pattern, error) < 0) {
		kafka_route_free(&route);
		return -1;
	}
	*out = route;
	return 0;
}

void kafka_route_free(struct kafka_route **route_ptr)
{
	struct kafka_route *route = *route_ptr;

	if (route == NULL)
		return;
	for (size_t i = 0; i < route->count; i++)
		mem_free(route->names[i]);
	if (route->has_pattern)
		regfree(&route->pattern);
	mem_free(route->names);
	mem_free(route->origins);
	mem_free(route->header);
	mem_free(route);
	*route_ptr = NULL;
}

/* its number, or KAFKA_PROJECT_UNKNOWN */
static int find(const struct kafka_route *route, struct slice name)
{
	for (size_t i = 0; i < route->count; i++) {
		size_t at = (route->last + i) % route->count;

		if (slice_equal(name, slice_str(route->names[at])))
			return (int)at;
	}
	return KAFKA_PROJECT_UNKNOWN;
}

int kafka_route_topic(const struct kafka_route *route, const char *topic)
{
	regmatch_t groups[2];

	if (!route->has_pattern ||
	    regexec(&route->pattern, topic, ARRAY_LEN(groups), groups, 0) != 0 ||
	    groups[1].rm_so < 0)
		return KAFKA_PROJECT_OWN;
	return find(route, slice_of(topic + groups[1].rm_so,
				    (size_t)(groups[1].rm_eo - groups[1].rm_so)));
}

int kafka_route_message(struct kafka_route *route, const rd_kafka_message_t *message,
			int by_topic)
{
	rd_kafka_headers_t *headers = NULL;
	const void *value = NULL;
	size_t len = 0;
	int project = 0;

	if (route->header == NULL ||
	    rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR ||
	    rd_kafka_header_get_last(headers, route->header, &value, &len) !=
		    RD_KAFKA_RESP_ERR_NO_ERROR)
		return by_topic;
	project = find(route, slice_of(value, value == NULL ? 0 : len));
	if (project >= 0)
		route->last = (size_t)project;
	return project;
}

struct kafka_origin kafka_route_origin(const struct kafka_route *route, int project)
{
	return route->origins[project];
}
