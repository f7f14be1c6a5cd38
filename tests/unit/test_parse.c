/* test_parse.c - records of each format: fields and attributes */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "base/timestamp.h"
#include "pipeline/front.h"

#define NOW_US (INT64_C(1770000000) * US_PER_SECOND)
#define ATTRIBUTES_CHECKED 4

struct case_parse {
	const char *raw;
	const char *format;
	const char *utc; /* "": none */
	enum severity severity;
	const char *service;
	const char *host;
	const char *body;
	struct {
		const char *key;
		const char *value;
	} attributes[ATTRIBUTES_CHECKED];
};

static const struct case_parse cases[] = {
	/* pino, bunyan */
	{ "{\"level\":30,\"time\":1749283750123,\"msg\":\"hello\",\"pid\":657,"
	  "\"hostname\":\"h1\",\"name\":\"app\"}",
	  "json",
	  "2025-06-07T08:09:10.123000Z",
	  SEVERITY_INFO,
	  "app",
	  "h1",
	  "hello",
	  { { "pid", "657" }, { "name", "app" } } },
	/* ECS, nested and dotted */
	{ "{\"@timestamp\":\"2025-06-07T08:09:10Z\",\"log.level\":\"ERROR\","
	  "\"message\":\"a \\\"b\\\"\\u00e4\\ud83d\\ude00\\n\",\"service\":{\"name\":\"s\"},"
	  "\"host\":{\"name\":\"h\"},\"error\":{\"stack\":{\"depth\":3}},\"tags\":[1,{}]}",
	  "json",
	  "2025-06-07T08:09:10.000000Z",
	  SEVERITY_ERROR,
	  "s",
	  "h",
	  "a \"b\"\xc3\xa4\xf0\x9f\x98\x80",
	  { { "error.stack.depth", "3" }, { "tags", "[1,{}]" } } },
	/* GELF */
	{ "{\"version\":\"1.1\",\"host\":\"h\",\"short_message\":\"m\","
	  "\"timestamp\":1749283750.3072,\"level\":4,\"_user_id\":9001}",
	  "json",
	  "2025-06-07T08:09:10.307200Z",
	  SEVERITY_WARN,
	  "",
	  "h",
	  "m",
	  { { "_user_id", "9001" } } },
	/* Python, OpenTelemetry, structlog, Serilog */
	{ "{\"levelno\":30,\"message\":\"m\",\"logger\":\"a.b\"}",
	  "json",
	  "",
	  SEVERITY_WARN,
	  "a.b",
	  "",
	  "m",
	  { { "logger", "a.b" } } },
	{ "{\"severityNumber\":21,\"body\":\"m\",\"timeUnixNano\":\"1749283750123456789\"}",
	  "json",
	  "2025-06-07T08:09:10.123456Z",
	  SEVERITY_CRITICAL,
	  "",
	  "",
	  "m",
	  { { 0 } } },
	{ "{\"event\":\"login\",\"level\":\"info\",\"user\":null}",
	  "json",
	  "",
	  SEVERITY_INFO,
	  "",
	  "",
	  "login",
	  { { "user", "null" } } },
	{ "{\"@t\":\"2025-06-07T08:09:10Z\",\"@mt\":\"hi {Name}\",\"@l\":\"Warning\"}",
	  "json",
	  "2025-06-07T08:09:10.000000Z",
	  SEVERITY_WARN,
	  "",
	  "",
	  "hi {Name}",
	  { { 0 } } },
	{ "{\"a\":1}",
	  "json",
	  "",
	  SEVERITY_NONE,
	  "",
	  "",
	  "{\"a\":1}",
	  { { "a", "1" } } },
	{ "{}", "json", "", SEVERITY_NONE, "", "", "{}", { { 0 } } },
	/* not JSON after all */
	{ "{\"a\":1", "text", "", SEVERITY_NONE, "", "", "{\"a\":1", { { 0 } } },
	{ "{\"a\":1} x", "text", "", SEVERITY_NONE, "", "", "{\"a\":1} x", { { 0 } } },
	{ "{\"a\" 1}", "text", "", SEVERITY_NONE, "", "", "{\"a\" 1}", { { 0 } } },
	/* RFC 5424 */
	{ "<165>1 2025-06-07T08:09:10.003Z h.example evnt 77 ID47 "
	  "[ex@32473 iut=\"3\" src=\"A\\\"x\\]\"][b] \xef\xbb\xbftext",
	  "syslog5424",
	  "2025-06-07T08:09:10.003000Z",
	  SEVERITY_NOTICE,
	  "evnt",
	  "h.example",
	  "text",
	  { { "ex@32473.iut", "3" },
	    { "ex@32473.src", "A\"x]" },
	    { "pid", "77" },
	    { "syslog.facility", "local4" } } },
	{ "<11>1 - - - - - -",
	  "syslog5424",
	  "",
	  SEVERITY_ERROR,
	  "",
	  "",
	  "",
	  { { 0 } } },
	{ "<14>1 2025-06-07T08:09:10Z h a - - - {\"level\":\"error\",\"msg\":\"m\"}",
	  "json",
	  "2025-06-07T08:09:10.000000Z",
	  SEVERITY_ERROR,
	  "a",
	  "h",
	  "m",
	  { { "syslog.facility", "user" } } },
	/* RFC 3164 */
	{ "<34>Feb  1 08:09:10 h su[12]: 'su root' failed",
	  "syslog3164",
	  "2026-02-01T08:09:10.000000Z",
	  SEVERITY_CRITICAL,
	  "su",
	  "h",
	  "'su root' failed",
	  { { "pid", "12" }, { "syslog.facility", "auth" } } },
	{ "<13>2025-06-07T08:09:10+02:00 h a: x",
	  "syslog3164",
	  "2025-06-07T06:09:10.000000Z",
	  SEVERITY_NOTICE,
	  "a",
	  "h",
	  "x",
	  { { 0 } } },
	{ "<13>no stamp at all",
	  "syslog3164",
	  "",
	  SEVERITY_NOTICE,
	  "",
	  "",
	  "no stamp at all",
	  { { 0 } } },
	{ "<999>x", "text", "", SEVERITY_NONE, "", "", "<999>x", { { 0 } } },
	/* logfmt */
	{ "time=\"2025-06-07T08:09:10Z\" level=warning msg=\"a \\\"b\\\"\" svc=foo n=3 bare",
	  "logfmt",
	  "2025-06-07T08:09:10.000000Z",
	  SEVERITY_WARN,
	  "foo",
	  "",
	  "a \"b\"",
	  { { "n", "3" }, { "bare", "" } } },
	{ "a=1 b=2",
	  "text",
	  "",
	  SEVERITY_NONE,
	  "",
	  "",
	  "a=1 b=2",
	  { { "a", "1" }, { "b", "2" } } },
	/* access logs */
	{ "10.0.0.1 - bob [07/Jun/2025:08:09:10 +0200] \"GET /a?x=1 HTTP/1.1\" 503 12 "
	  "\"http://r/\" \"curl \\\"7\\\"\"",
	  "access",
	  "2025-06-07T06:09:10.000000Z",
	  SEVERITY_ERROR,
	  "",
	  "",
	  "\"GET /a?x=1 HTTP/1.1\" 503 12 \"http://r/\" \"curl \\\"7\\\"\"",
	  { { "http.status", "503" },
	    { "http.method", "GET" },
	    { "client.address", "10.0.0.1" },
	    { "user.name", "bob" } } },
	{ "::1 - - [07/Jun/2025:08:09:10 +0000] \"\" 400 -",
	  "access",
	  "2025-06-07T08:09:10.000000Z",
	  SEVERITY_WARN,
	  "",
	  "",
	  "\"\" 400 -",
	  { { "http.status", "400" } } },
	/* containers */
	{ "{\"log\":\"2025-06-07 08:09:10 WARN a.B: in\\n\",\"stream\":\"stderr\","
	  "\"time\":\"2025-06-07T09:00:00Z\"}",
	  "text",
	  "2025-06-07T08:09:10.000000Z",
	  SEVERITY_WARN,
	  "a.B",
	  "",
	  "in",
	  { { "log.iostream", "stderr" } } },
	{ "2025-06-07T08:09:10.1Z stdout P half\n2025-06-07T08:09:10.1Z stdout F  of it",
	  "text",
	  "2025-06-07T08:09:10.100000Z",
	  SEVERITY_NONE,
	  "",
	  "",
	  "half of it",
	  { { "log.iostream", "stdout" } } },
	{ "2025-06-07T08:09:10.1Z stdout F {\"level\":\"error\",\"msg\":\"m\"}",
	  "json",
	  "2025-06-07T08:09:10.100000Z",
	  SEVERITY_ERROR,
	  "",
	  "",
	  "m",
	  { { 0 } } },
	/* two lines that are one header */
	{ "Jun 07, 2025 8:09:10 AM com.foo.Bar doIt\nSEVERE: jul text",
	  "text",
	  "2025-06-07T08:09:10.000000Z",
	  SEVERITY_ERROR,
	  "com.foo.Bar",
	  "",
	  "jul text",
	  { { 0 } } },
	{ "info: Microsoft.Hosting.Lifetime[14]\n      Now listening",
	  "text",
	  "",
	  SEVERITY_INFO,
	  "Microsoft.Hosting.Lifetime",
	  "",
	  "Now listening",
	  { { "pid", "14" } } },
	/* times that are none: kept as stated */
	{ "1970-01-01T00:00:09Z INFO a: x",
	  "text",
	  "",
	  SEVERITY_INFO,
	  "a",
	  "",
	  "x",
	  { { "timestamp.stated", "1970-01-01T00:00:09.000000Z" } } },
	{ "9999-12-31 23:59:59 INFO a: x",
	  "text",
	  "",
	  SEVERITY_INFO,
	  "a",
	  "",
	  "x",
	  { { "timestamp.stated", "9999-12-31 23:59:59" } } },
	{ "{\"time\":\"2088-01-01T00:00:00Z\",\"msg\":\"m\"}",
	  "json",
	  "",
	  SEVERITY_NONE,
	  "",
	  "",
	  "m",
	  { { "timestamp.stated", "2088-01-01T00:00:00.000000Z" } } },
	/* ClickHouse, etcd, a firewall's file */
	{ "2026.01.04 05:06:08.123456 [ 52 ] {f2a1c3d4-1111} <Error> executeQuery: no",
	  "text",
	  "2026-01-04T05:06:08.123456Z",
	  SEVERITY_ERROR,
	  "executeQuery",
	  "",
	  "no",
	  { { 0 } } },
	{ "2026-01-04 05:06:08.123456 W | rafthttp: lost",
	  "text",
	  "2026-01-04T05:06:08.123456Z",
	  SEVERITY_WARN,
	  "rafthttp",
	  "",
	  "lost",
	  { { 0 } } },
	{ "Jan 04 2026 05:06:08: %ASA-6-302013: Built inbound",
	  "text",
	  "2026-01-04T05:06:08.000000Z",
	  SEVERITY_INFO,
	  "ASA",
	  "",
	  "Built inbound",
	  { { "cisco.mnemonic", "302013" } } },
	/* attributes of plain text */
	{ "2025-06-07 08:09:10 INFO a.b [req-7f3a u1 - -] \"GET /x HTTP/1.1\" status: 404 "
	  "userId=u1, took=(3 ms)",
	  "text",
	  "2025-06-07T08:09:10.000000Z",
	  SEVERITY_INFO,
	  "a.b",
	  "",
	  "\"GET /x HTTP/1.1\" status: 404 userId=u1, took=(3 ms)",
	  { { "request_id", "req-7f3a" },
	    { "http.status", "404" },
	    { "user_id", "u1" },
	    { "userId", "u1" } } },
};

static void assert_text(const struct case_parse *c, const char *field, struct slice got,
			const char *want)
{
	if (!slice_equal(got, slice_str(want)))
		fail_msg("%s\n%s: got '%.*s', not '%s'", c->raw, field, (int)got.len,
			 got.ptr, want);
}

static void check_attributes(const struct case_parse *c, const struct record *record)
{
	for (size_t i = 0; i < ATTRIBUTES_CHECKED && c->attributes[i].key != NULL; i++)
		assert_text(c, c->attributes[i].key,
			    record_attribute(record, slice_str(c->attributes[i].key)),
			    c->attributes[i].value);
}

static void test_fields(void **state)
{
	const struct front_config config = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct case_parse *c = &cases[i];
		struct arena scratch = { 0 };
		struct record record;
		char utc[TIMESTAMP_TEXT_MAX] = "";

		parse_record(slice_str(c->raw), &config, NOW_US, &scratch, &record);
		if (record.timestamp_us != TIMESTAMP_NONE)
			(void)timestamp_format(record.timestamp_us, utc); /* in utc */
		assert_text(c, "format", slice_str(parse_format_name(record.format)),
			    c->format);
		assert_text(c, "timestamp", slice_str(utc), c->utc);
		assert_text(c, "service", record.service_name, c->service);
		assert_text(c, "host", record.host_name, c->host);
		assert_text(c, "body", record.body, c->body);
		if (record.severity != c->severity)
			fail_msg("%s\nseverity %d", c->raw, (int)record.severity);
		assert_int_equal(record.observed_timestamp_us, NOW_US);
		check_attributes(c, &record);
		arena_deinit(&scratch);
	}
}

/* any cut of a record is a record, and no byte behind it is read */
static void test_every_prefix(void **state)
{
	const struct front_config config = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		size_t len = strlen(cases[i].raw);

		for (size_t cut = 0; cut < len; cut++) {
			struct arena scratch = { 0 };
			struct record record;
			char *copy = malloc(cut == 0 ? 1 : cut);

			assert_non_null(copy);
			memcpy(copy, cases[i].raw, cut);
			parse_record(slice_of(copy, cut), &config, NOW_US, &scratch,
				     &record);
			assert_int_equal(record.raw.len, cut);
			arena_deinit(&scratch);
			free(copy);
		}
	}
}

static void test_too_many_attributes_are_counted(void **state)
{
	const struct front_config config = { 0 };
	struct arena scratch = { 0 };
	struct record record;
	char json[1024] = "{";
	size_t at = 1;

	(void)state;
	for (int i = 0; i < RECORD_ATTRIBUTES_MAX + 3; i++)
		at += (size_t)snprintf(json + at, sizeof(json) - at, "%s\"k%d\":%d",
				       i == 0 ? "" : ",", i, i);
	json[at++] = '}';
	parse_record(slice_of(json, at), &config, NOW_US, &scratch, &record);
	assert_int_equal(record.attributes_count, RECORD_ATTRIBUTES_MAX);
	assert_int_equal(record.attributes_dropped, 3);
	arena_deinit(&scratch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_every_prefix),
		cmocka_unit_test(test_too_many_attributes_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
