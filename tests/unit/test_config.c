/* test_config.c - the option tables: defaults, values, and errors that say where */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "base/endpoint.h"
#include "daemon/config.h"

static char path[] = "/tmp/siftd_test_config_XXXXXX";

static int load(const char *text, struct config **config, struct error *error)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	return config_load(path, config, error);
}

static void test_defaults(void **state)
{
	struct config *config = NULL;
	struct error error = { 0 };

	(void)state;
	assert_int_equal(config_load(NULL, &config, &error), 0);
	assert_string_equal(config->http.listen, "127.0.0.1:8080");
	assert_int_equal(config->batch.age_us, 500000);
	assert_int_equal(config->record.bytes_max, 1 << 20);
	assert_null(config->database.url);
	assert_int_equal(config->sources_count, 0);
	config_free(&config);
}

static void test_values(void **state)
{
	struct config *config = NULL;
	struct error error = { 0 };

	(void)state;
	assert_int_equal(setenv("SIFTD_TEST_WORD", "secret", 1), 0);
	assert_int_equal(
		load("state_dir: /tmp/x${SIFTD_TEST_WORD}y\n"
		     "http:\n  listen: '[::1]:99'\n  body_bytes_max: 2MiB\n"
		     "sources:\n"
		     "  - type: file\n    name: app\n    paths: [/a, '/b/*.log']\n"
		     "  - {type: syslog_tcp, name: net, connections_max: 7}\n",
		     &config, &error),
		0);
	assert_string_equal(config->state_dir, "/tmp/xsecrety");
	assert_int_equal(config->http.body_bytes_max, 2 << 20);
	assert_int_equal(config->sources_count, 2);
	assert_int_equal(config->sources[0].kind, SOURCE_FILE);
	assert_int_equal(config->sources[0].paths.count, 2);
	assert_string_equal(config->sources[0].paths.items[1], "/b/*.log");
	assert_string_equal(config->sources[0].project, "default");
	assert_int_equal(config->sources[1].connections_max, 7);
	config_free(&config);
}

static const struct {
	const char *text;
	const char *expected; /* behind the file's name */
} errors[] = {
	{ "state_dirr: x\n",
	  ":1:1: unknown key \"state_dirr\", did you mean \"state_dir\"?" },
	{ "http:\n  lisen: x\n",
	  ":2:3: unknown key \"http.lisen\", did you mean \"http.listen\"?" },
	{ "source: []\n", ":1:1: unknown key \"source\", did you mean \"sources\"?" },
	{ "htpp:\n  listen: x\n",
	  ":1:1: unknown key \"htpp\", did you mean \"http\"?" },
	{ "http:\n  listen: 127.0.0.1:99999\n",
	  ":2:3: http.listen: \"127.0.0.1:99999\": expected address:port" },
	{ "http: {tls_certificate: a}\nexplain:\n  url: http://h/v1\n",
	  ": http.tls_certificate and http.tls_key go together" },
	{ "explain:\n  url: http://h/v1\n", ":2:3: explain.url needs explain.model" },
	{ "lanes: many\n", ":1:1: \"many\" is not a whole number" },
	{ "lanes: 65\n", ":1:1: lanes must lie between 0 and 64, it is 65" },
	{ "log_level: loud\n",
	  ":1:1: log_level is one of debug|info|warn|error, not \"loud\"" },
	{ "http: 5\n", ":1:1: unknown key \"http\"" },
	{ "state_dir: ${SIFTD_NO_SUCH}\n",
	  ":1:1: environment variable SIFTD_NO_SUCH is not set" },
	{ "sources:\n  - name: x\n", ":2:5: a source needs a type, one of "
				     "file|syslog_tcp|syslog_udp|syslog_unix|kafka" },
	{ "sources:\n  - type: files\n    name: x\n",
	  ":2:5: type is one of file|syslog_tcp|syslog_udp|syslog_unix|kafka, not "
	  "\"files\"" },
	{ "sources:\n  - type: file\n    name: x\n", ":2:5: source \"x\" needs paths" },
	{ "sources:\n  - type: file\n    name: x\n    paths: /a\n    listen: y\n",
	  ":5:5: unknown key \"listen\"" },
	{ "sources:\n  - {type: syslog_tcp, name: a}\n  - {type: syslog_tcp, name: a}\n",
	  ":3:5: two sources are named \"a\"" },
	{ "sources:\n  - {type: syslog_tcp, name: 'a b'}\n",
	  ":2:5: name \"a b\": only letters, digits, _ - and . please" },
	{ "sources:\n  - {type: syslog_unix, name: u}\n",
	  ":2:5: source \"u\" needs a path that begins with /" },
	{ "sources:\n  - {type: syslog_unix, name: u, path: /l, mode: 0888}\n",
	  ":2:5: source \"u\": mode \"0888\" is not octal, as 0660" },
	{ "sources:\n  - {type: syslog_udp, name: u, path: /l}\n",
	  ":2:33: unknown key \"path\"" },
	{ "sources:\n  - {type: syslog_tcp, name: t, tls: {cert_file: /c}}\n",
	  ":2:5: source \"t\": TLS needs tls.cert_file and tls.key_file" },
	{ "sources:\n  - {type: syslog_tcp, name: t, tls: {client_ca_file: /c}}\n",
	  ":2:5: source \"t\": TLS needs tls.cert_file and tls.key_file" },
	{ "sources:\n"
	  "  - {type: syslog_tcp, name: t, tls: {cert_file: /no/c, key_file: /no/k}}\n",
	  ":2:5: source \"t\": tls.cert_file /no/c: No such file or directory" },
	{ "sources:\n  - {type: kafka, name: k, topics: t}\n",
	  ":2:5: source \"k\" needs brokers" },
	{ "sources:\n  - {type: kafka, name: k, brokers: b}\n",
	  ":2:5: source \"k\" needs topics" },
	{ "sources:\n  - {type: kafka, name: k, brokers: b, topics: t,\n"
	  "     properties: {sasl.pasword: x}}\n",
	  ":2:5: source \"k\": unknown property \"sasl.pasword\", did you mean "
	  "\"sasl.password\"?" },
	{ "sources:\n  - {type: kafka, name: k, brokers: b, topics: t,\n"
	  "     properties: {fetch.wait.max.ms: many}}\n",
	  ":2:5: source \"k\": property fetch.wait.max.ms: " },
	{ "sources:\n  - {type: kafka, name: k, brokers: b, topics: t,\n"
	  "     properties: {enable.auto.commit: true}}\n",
	  ":2:5: source \"k\": property enable.auto.commit cannot be changed" },
	{ "sources:\n  - {type: kafka, name: k, brokers: b, topics: t,\n"
	  "     properties: {group.id: g}}\n",
	  ":2:5: source \"k\": property group.id: use the option \"group\" instead" },
	{ "sources:\n  - {type: kafka, name: k, brokers: b, topics: t,\n"
	  "     properties: {sasl.password_file: /nonexistent}}\n",
	  ":2:5: source \"k\": property sasl.password_file: /nonexistent: No such file" },
	{ "sources:\n  - {type: kafka, name: k, brokers: b, topics: t, properties: 5}\n",
	  ":2:51: properties takes \"name: value\" lines" },
};

static void test_errors(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
		struct config *config = NULL;
		struct error error = { 0 };
		char expected[256];

		assert_int_equal(load(errors[i].text, &config, &error), -1);
		assert_null(config);
		(void)snprintf(expected, sizeof(expected), "%s%s", path,
			       errors[i].expected);
		if (strncmp(error.text, expected, strlen(expected)) != 0)
			fail_msg("expected %s, got %s", expected, error.text);
	}
}

/* the shipped example is what the program prints, and it can be read */
static void test_example(void **state)
{
	static char text[65536];
	struct buf described = { 0 };
	struct config *config = NULL;
	struct error error = { 0 };
	FILE *file = fopen(SIFTD_SOURCE_DIR "/conf/siftd.yaml", "r");
	size_t len = 0;

	(void)state;
	assert_non_null(file);
	len = fread(text, 1, sizeof(text), file);
	assert_int_equal(fclose(file), 0);
	config_describe(&described);
	assert_int_equal(len, described.len);
	assert_memory_equal(text, described.data, len);
	assert_int_equal(
		config_load(SIFTD_SOURCE_DIR "/conf/siftd.yaml", &config, &error), 0);
	config_free(&config);
	buf_deinit(&described);
}

static void test_endpoints(void **state)
{
	static const struct {
		const char *text;
		const char *address; /* NULL: an error */
		unsigned port;
	} cases[] = {
		{ "127.0.0.1:8080", "127.0.0.1", 8080 },
		{ "[::1]:514", "::1", 514 },
		{ "*:1", "0.0.0.0", 1 },
		{ ":65535", "0.0.0.0", 65535 },
		{ "localhost:80", "127.0.0.1", 80 },
		{ "127.0.0.1", NULL, 0 },
		{ "127.0.0.1:0", NULL, 0 },
		{ "127.0.0.1:65536", NULL, 0 },
		{ "example.org:80", NULL, 0 },
		{ "127.0.0.1:8o", NULL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct endpoint endpoint = { 0 };
		struct error error = { 0 };
		int status = endpoint_parse(cases[i].text, &endpoint, &error);

		assert_int_equal(status, cases[i].address == NULL ? -1 : 0);
		if (cases[i].address == NULL)
			continue;
		assert_string_equal(endpoint.address, cases[i].address);
		assert_int_equal(endpoint.port, cases[i].port);
		endpoint_deinit(&endpoint);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),  cmocka_unit_test(test_values),
		cmocka_unit_test(test_errors),    cmocka_unit_test(test_example),
		cmocka_unit_test(test_endpoints),
	};
	int fd = mkstemp(path);
	int failed = 0;

	if (fd < 0)
		return 1;
	(void)close(fd); /* written by name */
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	(void)unlink(path); /* in /tmp */
	return failed;
}
