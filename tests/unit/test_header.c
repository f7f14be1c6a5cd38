/* test_header.c - where headers end, and what they say; level words */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "base/timestamp.h"
#include "pipeline/format.h"
#include "pipeline/header.h"

#define NOW_US (INT64_C(1770000000) * US_PER_SECOND)

struct case_header {
	const char *line;
	const char *body; /* NULL: no header */
	enum severity severity;
	const char *service;
	const char *host;
	const char *pid;
};

static const struct case_header cases[] = {
	{ "I0102 15:04:05.678901   12345 file.go:123] klog text", "klog text",
	  SEVERITY_INFO, "", "", "12345" },
	{ "####<Oct 18, 2023 01:07:37 AM UTC> <Warning> <Server> <web01> <ms2> <[ACTIVE] ExecuteThread: '2' for queue: 'x (y)'> <weblogic> <> <5a> <1697591257000> <BEA-2605> <Text <of> it>",
	  "Text <of> it>", SEVERITY_WARN, "Server", "web01", "" },
	{ "START RequestId: 8d94ac80-f254-362e-ebb8-f36445433135 Version: 1",
	  "START RequestId: 8d94ac80-f254-362e-ebb8-f36445433135 Version: 1",
	  SEVERITY_NONE, "", "", "" },
	{ "D/Tag(  123): logcat text", "logcat text", SEVERITY_DEBUG, "Tag", "", "" },
	{ "02-01 10:00:00.811  1702  2395 W WifiService: scan took 3 s",
	  "scan took 3 s", SEVERITY_WARN, "WifiService", "", "1702" },
	{ "[2026-02-01T00:00:00Z INFO  my::module] env_logger text", "env_logger text",
	  SEVERITY_INFO, "my::module", "", "" },
	{ "2026-02-01T00:00:00.123456Z  INFO ThreadId(01) my_app::server: tracing text n=1",
	  "tracing text n=1", SEVERITY_INFO, "my_app::server", "", "" },
	{ "I, [2026-02-01T00:00:00.000000 #1234]  INFO -- prog: ruby text", "ruby text",
	  SEVERITY_INFO, "prog", "", "1234" },
	{ "2026-02-01 00:00:00,123 - my.logger - WARNING - python text", "python text",
	  SEVERITY_WARN, "my.logger", "", "" },
	{ "ERROR:root:python default", "python default", SEVERITY_ERROR, "root", "",
	  "" },
	{ "2026-02-01 00:00:00.123  INFO 1234 --- [   main] c.x.Application    : spring text",
	  "spring text", SEVERITY_INFO, "c.x.Application", "", "1234" },
	{ "12:00:01.123 [main] DEBUG com.foo.Bar - logback text", "logback text",
	  SEVERITY_DEBUG, "com.foo.Bar", "", "" },
	{ "[2026-02-01 00:00:00] production.ERROR: monolog text", "monolog text",
	  SEVERITY_ERROR, "production", "", "" },
	{ "2026-02-01 00:00:00.000 UTC [1234] LOG:  statement: select 1",
	  "statement: select 1", SEVERITY_INFO, "", "", "1234" },
	{ "2026-02-01 00:00:00.000 UTC [1234] user@db ERROR:  relation \"x\" is not there",
	  "relation \"x\" is not there", SEVERITY_ERROR, "user@db", "", "1234" },
	{ "2026-02-01T00:00:00.000000Z 0 [Note] [MY-010931] [Server] ready", "ready",
	  SEVERITY_NOTICE, "", "", "0" },
	{ "1234:M 01 Feb 2026 00:00:00.000 # redis text", "redis text", SEVERITY_WARN,
	  "", "", "1234" },
	{ "2026/02/01 00:00:00 [error] 1234#0: *5 open() \"/x\" failed",
	  "open() \"/x\" failed", SEVERITY_ERROR, "", "", "1234" },
	{ "2026/02/01 00:00:00 main.go:12: go text", "go text", SEVERITY_NONE, "", "",
	  "" },
	{ "2026/02/01 00:00:00 http: TLS handshake error", "http: TLS handshake error",
	  SEVERITY_NONE, "", "", "" },
	{ "2026-02-01 00:00:00.123 | INFO     | app.main:run:12 - loguru text",
	  "loguru text", SEVERITY_INFO, "app.main", "", "" },
	{ "20260201-22:15:29:606|Step|30002|piped text", "piped text", SEVERITY_NONE,
	  "Step", "", "30002" },
	{ "[2026-02-01 00:00:00,123: INFO/MainProcess] celery text", "celery text",
	  SEVERITY_INFO, "MainProcess", "", "" },
	{ "[Sun Feb 01 14:32:52.123456 2026] [core:error] [pid 35708:tid 43] httpd text",
	  "httpd text", SEVERITY_ERROR, "core", "", "35708" },
	{ "[12:00:01 INF] serilog text", "serilog text", SEVERITY_INFO, "", "", "" },
	{ "[INFO] maven text", "maven text", SEVERITY_INFO, "", "", "" },
	{ "[02.01 16:49:06] app.exe - host.example:5070 opened",
	  "host.example:5070 opened", SEVERITY_NONE, "app.exe", "", "" },
	{ "- 1769904001 2026.02.01 n228 2026-02-01-12.01.01.000001 n228 RAS KERNEL FATAL gone",
	  "gone", SEVERITY_CRITICAL, "KERNEL", "", "" },
	{ "2026-02-01 00:00:00 [thread-1] ERROR a.B: java.io.IOException: broken",
	  "java.io.IOException: broken", SEVERITY_ERROR, "a.B", "", "" },
	{ "2026-02-01 00:00:00,1 - WARN  [Worker:17:Cnx$Sender@688] - leaving",
	  "leaving", SEVERITY_WARN, "Cnx$Sender", "", "" },
	{ "2026-02-01 04:30:30, Info                  CBS    padded text",
	  "padded text", SEVERITY_INFO, "CBS", "", "" },
	{ "ERROR 404 not found", "404 not found", SEVERITY_ERROR, "", "", "" },
	{ "2026-02-01 00:00:00 error opening file", "error opening file",
	  SEVERITY_ERROR, "", "", "" },
	{ "2026-02-01 00:00:00 user logged in at 12:34:56 from web",
	  "user logged in at 12:34:56 from web", SEVERITY_NONE, "", "", "" },
	/* syslog daemons */
	{ "Feb  1 00:00:00 web1 cron[77]: (root) CMD", "(root) CMD", SEVERITY_NONE,
	  "cron", "web1", "77" },
	{ "Feb  1 00:00:00 web1 kernel: [   12.345678] eth0: up", "eth0: up",
	  SEVERITY_NONE, "kernel", "web1", "" },
	{ "Feb  1 00:00:00 web1 app: [12.345678] said", "[12.345678] said",
	  SEVERITY_NONE, "app", "web1", "" },
	{ "Feb  1 00:00:00 web1 kernel: [1.5] eth0: up", "[1.5] eth0: up",
	  SEVERITY_NONE, "kernel", "web1", "" },
	{ "Feb  1 00:00:00 web1 syslogd 1.4.1: restart.", "restart.", SEVERITY_NONE,
	  "syslogd", "web1", "" },
	{ "Feb  1 00:00:00 mac com.apple.launchd[1] (com.x.y): exited", "exited",
	  SEVERITY_NONE, "com.apple.launchd", "mac", "1" },
	{ "Feb  1 00:00:00 sshd(pam_unix)[9]: no host", "no host", SEVERITY_NONE,
	  "sshd(pam_unix)", "", "9" },
	{ "2026-02-01T00:00:00.123456+00:00 web1 nginx[123]: rsyslog text",
	  "rsyslog text", SEVERITY_NONE, "nginx", "web1", "123" },
	/* no headers */
	{ "Session 12 ended at 2026-02-01 00:00:00", NULL, SEVERITY_NONE, "", "", "" },
	{ "plain words", NULL, SEVERITY_NONE, "", "", "" },
	{ "Error: boom", NULL, SEVERITY_NONE, "", "", "" },
	{ "", NULL, SEVERITY_NONE, "", "", "" },
};

static void assert_text(const char *line, struct slice got, const char *want)
{
	if (!slice_equal(got, slice_str(want)))
		fail_msg("'%s': got '%.*s', not '%s'", line, (int)got.len, got.ptr,
			 want);
}

static void test_cases(void **state)
{
	const struct timestamp_context context = { .now_us = NOW_US };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct case_header *c = &cases[i];
		struct slice line = slice_str(c->line);
		struct header header;

		header_scan(line, &context, &header);
		if (header.found != (c->body != NULL))
			fail_msg("'%s': found is %d", c->line, header.found);
		if (c->body == NULL)
			continue;
		assert_text(c->line, slice_from(line, header.body), c->body);
		assert_text(c->line, header_slice(line, header.service), c->service);
		assert_text(c->line, header_slice(line, header.host), c->host);
		assert_text(c->line, header_slice(line, header.pid), c->pid);
		if (header.severity != c->severity)
			fail_msg("'%s': severity %d", c->line, (int)header.severity);
	}
}

/* a header cut anywhere is read without a byte behind the cut */
static void test_every_prefix(void **state)
{
	const struct timestamp_context context = { .now_us = NOW_US };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		size_t len = strlen(cases[i].line);

		for (size_t cut = 0; cut <= len; cut++) {
			char *copy = malloc(cut == 0 ? 1 : cut);
			struct header header;

			assert_non_null(copy);
			memcpy(copy, cases[i].line, cut);
			header_scan(slice_of(copy, cut), &context, &header);
			assert_true(header.body <= cut);
			free(copy);
		}
	}
}

static void test_best_stamp_counts(void **state)
{
	const struct timestamp_context context = { .now_us = NOW_US };
	struct header header;
	int64_t utc = 0;

	(void)state;
	/* the epoch knows the year that the second stamp lacks */
	header_scan(SLICE("- 1131523261 2005.11.09 n1 Nov  9 12:01:01 n1 crond[29]: x"),
		    &context, &header);
	assert_true(timestamp_parse(SLICE("2005-11-09T08:01:01Z"), &utc));
	assert_int_equal(header.timestamp_us, utc);
}

static void test_severity_words(void **state)
{
	static const struct {
		const char *word;
		enum severity severity;
	} words[] = {
		{ "TRACE", SEVERITY_TRACE },
		{ "verbose", SEVERITY_TRACE },
		{ "Debug", SEVERITY_DEBUG },
		{ "DEBUG3", SEVERITY_DEBUG },
		{ "DEBUG9", SEVERITY_DEBUG }, /* no level depends on a digit's value */
		{ "inf", SEVERITY_INFO },
		{ "Informational", SEVERITY_INFO },
		{ "notice", SEVERITY_NOTICE },
		{ "WARNING", SEVERITY_WARN },
		{ "W", SEVERITY_WARN },
		{ "err", SEVERITY_ERROR },
		{ "severe", SEVERITY_ERROR },
		{ "fatal", SEVERITY_CRITICAL },
		{ "emergency", SEVERITY_CRITICAL },
		{ "crit", SEVERITY_CRITICAL },
		{ "panic", SEVERITY_CRITICAL },
		{ "errors", SEVERITY_NONE },
		{ "informations", SEVERITY_NONE },
		{ "", SEVERITY_NONE },
		{ "wa rn", SEVERITY_NONE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (severity_of_word(slice_str(words[i].word)) != words[i].severity)
			fail_msg("%s", words[i].word);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_every_prefix),
		cmocka_unit_test(test_best_stamp_counts),
		cmocka_unit_test(test_severity_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
