/* test_kafka_route.c - which project a topic names, and what configurations are refused
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/compiler.h"
#include "sources/kafka_route.h"

static const char *const projects[] = { "red", "blue" };
static const struct kafka_origin origins[] = { { 3, 30 }, { 4, 40 } };

static struct kafka_config config_with(const char *header, const char *pattern,
				       size_t projects_count)
{
	return (struct kafka_config){ .project_header = header,
				      .project_pattern = pattern,
				      .projects = projects,
				      .origins = origins,
				      .projects_count = projects_count };
}

static void test_topics(void **state)
{
	static const struct {
		const char *pattern;
		const char *topic;
		int project;
	} cases[] = {
		{ "^logs-(.*)$", "logs-red", 0 },
		{ "^logs-(.*)$", "logs-blue", 1 },
		{ "^logs-(.*)$", "logs-green", KAFKA_PROJECT_UNKNOWN },
		{ "^logs-(.*)$", "logs-", KAFKA_PROJECT_UNKNOWN },
		{ "^logs-(.*)$", "logs-redder", KAFKA_PROJECT_UNKNOWN },
		{ "^logs-(.*)$", "metrics-red", KAFKA_PROJECT_OWN },
		{ "^([a-z]+)\\.logs", "blue.logs.eu", 1 },
		{ "^logs(-(red|blue))?$", "logs", KAFKA_PROJECT_OWN },
		{ NULL, "logs-red", KAFKA_PROJECT_OWN },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct kafka_config config =
			config_with("tenant", cases[i].pattern, ARRAY_LEN(projects));
		struct kafka_route *route = NULL;
		struct error error = { 0 };

		assert_int_equal(kafka_route_new(&config, &route, &error), 0);
		assert_int_equal(kafka_route_topic(route, cases[i].topic),
				 cases[i].project);
		assert_int_equal(kafka_route_origin(route, 1).ingestion_id, 40);
		kafka_route_free(&route);
		assert_null(route);
	}
}

static void test_refused(void **state)
{
	static const struct {
		const char *header;
		const char *pattern;
		size_t projects_count;
		const char *error; /* NULL: it is taken */
	} cases[] = {
		{ NULL, NULL, 0, NULL },
		{ NULL, NULL, 2, "projects needs project_header or project_pattern" },
		{ "tenant", NULL, 0,
		  "project_header and project_pattern need projects" },
		{ "tenant", NULL, 2, NULL },
		{ NULL, "^a(", 2, "project_pattern \"^a(\": " },
		{ NULL, "^a.*", 2, "has no group (...) that names the project" },
		{ NULL, "^a(.*)", KAFKA_PROJECTS_MAX + 1, "more than 256 projects" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct kafka_config config = config_with(
			cases[i].header, cases[i].pattern, cases[i].projects_count);
		struct kafka_route *route = NULL;
		struct error error = { 0 };
		int status = kafka_route_new(&config, &route, &error);

		assert_int_equal(status, cases[i].error == NULL ? 0 : -1);
		if (cases[i].error != NULL)
			assert_non_null(strstr(error.text, cases[i].error));
		kafka_route_free(&route);
	}
}

static void test_listed_twice(void **state)
{
	static const char *const twice[] = { "red", "red" };
	struct kafka_config config = config_with("tenant", NULL, ARRAY_LEN(twice));
	struct kafka_route *route = NULL;
	struct error error = { 0 };

	(void)state;
	config.projects = twice;
	assert_int_equal(kafka_route_new(&config, &route, &error), -1);
	assert_string_equal(error.text, "project \"red\" is listed twice");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_topics),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_listed_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
