/* test_shape_cache.c - with the cache of shapes and without, the same bytes give the
 * same records, the same fingerprints and the same matches of rules, whatever the
 * values of their digits */
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "base/timestamp.h"
#include "base/yaml.h"
#include "pipeline/classify.h"
#include "pipeline/digit_mask.h"
#include "pipeline/front.h"
#include "pipeline/normalize.h"
#include "pipeline/shape_cache.h"

#define NOW_US (INT64_C(1770000000) * US_PER_SECOND) /* 2026-02-02 */
#define TEMPLATES_MAX 4096

static const char *const lines[] = {
	/* stamps whose values decide what they are */
	"2026-02-01 10:00:00,123 ERROR [main] a.b.C: took 12 ms",
	"2026-02-01T10:00:00.123456Z web-01 sshd[123]: Accepted password for x",
	"Feb  1 10:00:00 web-01 kernel[12]: [45.1] eth0: link up",
	"Jan 31 10:00:00 web-01 CRON[12]: (root) CMD (x 12)",
	"10:00:00.123 [main] INFO a.b - done 5",
	"[10:00:00 INF] Started 12",
	"081109 203518 143 INFO dfs.DataNode$PacketResponder: block blk_38865049 ends",
	"1117838570 2005.06.03 R02 2005-06-03-15.42.50.675872 R02 RAS KERNEL INFO 7 x",
	"- 1131566461 2005.11.09 dn228 Nov 9 12:01:01 dn228/dn228 crond[2920]: session",
	"1131566461000 INFO started in 12",
	"1131566461.123 INFO started in 12",
	"17/06/09 20:10:40 INFO executor.CoarseGrained: Registered 12",
	"12/31/24 20:10:40 x 1",
	"03-17 16:13:38.811  1702  2395 D WindowManager: printFreezing 12",
	"20171223-22:15:29:606|Step_LSC|30002312|onStandStepChanged 3579",
	"2024/01/02 03:04:05 [error] 1#2: *3 open() \"/a/1\" failed (2: No such file)",
	"[Sun Dec 04 04:47:44 2005] [error] mod_jk child workerEnv in error state 6",
	"[Thu Jun 09 06:07:04.123456 2025] [ssl:warn] [pid 300] AH01276: x 12",
	"2024-01-02 03:04:05 2024-01-02 03:04:05 twice 1",
	"2016-09-28 04:30:30, Info                  CBS    Loaded v6.1.7601.23505",
	"I0105 08:02:22.582893    1132 kubelet.go:126] Started container 12",
	"437:M 05 Jan 2026 08:01:17.582 * Background saving 12",
	"2026-01-05 08:00:00.932 UTC [6192] app@shop DEBUG1:  too many 3",
	"2026-01-05 08:00:00.932 UTC [6192] app@shop LOG:  duration: 3.123 ms",
	"5 Jan 2026 08:00:00 ERROR x12y 5",
	"08:00 x 12",
	/* digits elsewhere whose values might matter */
	"2026-02-01 10:00:00 INFO a: at 0x1f2b and 0xdead",
	"2026-02-01 10:00:00 INFO a: key=\"several 12 words\" n=3",
	"2026-02-01 10:00:00 INFO a: x 10.0.0.1:80 fe80::12 /a/1/b 550e8400-e29b-41d4-a716",
	"2026-02-01 10:00:00 INFO a: 5 5 5 12ms 3.5GB Jan 12 10:00",
	"2026-02-01 10:00:00 INFO a: \"GET /v1/users/42 HTTP/1.1\" 200",
	"10.0.0.1 - - [01/Feb/2026:10:00:00 +0000] \"GET /v1/x/42 HTTP/1.1\" 503 12",
	"{\"ts\":1770000000,\"level\":30,\"msg\":\"took 12\"}",
	"ts=1770000000 level=30 msg=\"took 12\" status=503",
	"<34>Feb  1 10:00:00 web-01 su: failed 12",
	"<165>1 2026-02-01T10:00:00Z web-01 app 123 ID47 [a@1 b=\"2\"] x 12",
	"<165>1 2026-02-01T10:00:00.123Z web-01 app 123 ID47 - x 12",
	"<165>1 2026-02-01T10:00:00.123+01:00 web-01 app - - - \xef\xbb\xbftook 12 ms",
	"<165>1 - - app - - - 2026-02-01 10:00:00 INFO a: took 12",
	"<13>1 2026-02-01T10:00:00Z web-01 app 1 - -",
	"<13>1 2026-02-01T10:00:00Z web-01 app 1 - - {\"level\":50,\"n\":10}",
	"<13>2 2026-02-01T10:00:00Z web-01 app 1 - - x 12",
	"<013>1 2026-02-01T10:00:00Z web-01 app 1 - - x 12",
	"<13>Feb  1 10:00:00 web-01 app[12]: {\"level\":50,\"n\":10}",
	"<13>Feb  1 10:00:00 web-01 app[12]: ERROR took 12 ms",
	"<13>2026-02-01T10:00:00.123Z web-01 app[12]: took 12 ms",
	"<13>Feb  1 10:00:00.123: %LINK-3-UPDOWN: Interface Gi0/1 is up",
	"<13>Feb  1 10:00:00 sw-1 %LINK-3-UPDOWN: Interface Gi0/1 is up",
	"<13>app: took 12 ms",
	"<13>10:00:00 took 12 ms",
	"<190>took 12 ms",
	"<1234>took 12 ms",
	"<12 took 12 ms",
	"2026-02-01T10:00:00.123456789Z stdout F <13>Feb  1 10:00:00 a b[1]: took 12",
	"2026-02-01T10:00:00.123456789Z stdout F INFO took 12",
	"2026-02-01T10:00:00.123456789Z stderr F 2026-02-01 10:00:00 ERROR took 12",
	"2026-02-01T10:00:00.123456789Z stdout F {\"level\":50,\"msg\":\"x 12\"}",
	"2026-02-01T10:00:00.123456789Z stdout P INFO part 12",
	"DEBUG5: x 12",
	"type=SYSCALL msg=audit(1700000000.123:456): arch=c000003e syscall=59",
	("Feb  1 10:00:00 lb haproxy[12]: 10.0.0.1:80 [01/Feb/2026:10:00:00.123] f b/s "
	 "1/0/1/2/4 503 12 - - ---- 1/1/0/0/0 0/0 \"GET /x HTTP/1.1\""),
	"[2026-02-01T10:00:00.123Z] \"GET /x HTTP/1.1\" 503 UF 0 91 12 - \"-\" \"c\"",
	"*Feb  1 10:00:00.123: %LINK-3-UPDOWN: Interface Gi0/1, changed state",
	"<187>12: *Feb  1 10:00:00.123: %LINK-3-UPDOWN: Interface Gi0/1 is up",
	"2m15s       Warning   BackOff   pod/x-12   Back-off restarting",
	"[12345.678901] eth0: link up 12",
	/* parts of records */
	"java.io.IOException: no 12",
	"\tat a.B.c(B.java:12)",
	"Traceback (most recent call last):",
	"  File \"a.py\", line 12, in f",
	"ValueError: 12",
	"plain text 12",
	"12 plain",
	"",
	"2026-02-01 10:00:00 INFO a: caf\xc3\xa9 12 \xff",
};

/* what digits decide, what they do not, and what looks at more than the message */
static const char *const matches[] = {
	"{message: {words: [failed, error, link up]}}",
	"{message: {words: [took 12, 'x 12']}}",
	"{message: {regex: 'took [0-4]\\d'}}",
	"{message: {regex: '\\d+ ?ms'}}",
	"{message: {regex: '[[:alpha:]]1'}}",
	"{message: {regex: '^.{0,4}2'}}",
	"{message: {equals: 'took 12'}}",
	"{level: {equals: ERROR}, message: {regex: '1.*2'}}",
	"{host: {equals: web-01}}",
	"{service: {words: kernel}, not: {message: {words: '45.1'}}}",
	"{attributes.syslog.facility: {equals: local4}}",
};
static struct rules *rules; /* for all tests */

static int compile_rules(void **state)
{
	struct yaml_doc *docs = NULL;
	struct error error = { 0 };
	struct buf text = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(matches); i++)
		buf_printf(&text,
			   "---\nid: r%zu\ntitle: t\nseverity: LOW\nconfidence: 0.5\n"
			   "match: %s\n",
			   i, matches[i]);
	buf_append_str(&text,
		       "---\nid: any\ntitle: t\nseverity: HIGH\nconfidence: 0.5\n"
		       "generic: true\nmatch: {message: {words: [error, done 5]}}\n");
	if (yaml_parse(buf_slice(&text), "t", &docs, &error) != 0 ||
	    rules_compile(docs, &rules, &error) != 0)
		fail_msg("%s", error.text);
	yaml_docs_free(&docs);
	buf_deinit(&text);
	return 0;
}

static int free_rules(void **state)
{
	(void)state;
	rules_free(&rules);
	return 0;
}

struct outcome {
	struct buf text;
	uint64_t records;
	uint64_t matched; /* of them, by any rule */
};

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void note_slice(struct buf *out, struct slice text)
{
	buf_append_char(out, text.ptr == NULL ? 'n' : 't');
	buf_append_slice(out, text);
	buf_append_char(out, '\n');
}

static void note_record(struct buf *out, const struct record *record,
			const struct classified *classified)
{
	note_slice(out, record->raw);
	note_slice(out, record->body);
	note_slice(out, record->severity_text);
	note_slice(out, record->service_name);
	note_slice(out, record->host_name);
	buf_append_u64(out, (uint64_t)record->timestamp_us);
	buf_append_u64(out, (uint64_t)record->observed_timestamp_us);
	buf_append_char(out, (char)record->severity);
	buf_append_char(out, (char)record->confidence);
	buf_append_char(out, (char)record->format);
	buf_append_u64(out, record->attributes_dropped);
	for (size_t i = 0; i < record->attributes_count; i++) {
		note_slice(out, record->attributes[i].key);
		note_slice(out, record->attributes[i].value);
	}
	buf_append_u64(out, classified->fingerprint);
	buf_append_u64(out, classified->template_key);
	for (size_t i = 0; classified->matched != NULL && i <= ARRAY_LEN(matches);
	     i++) {
		if (rule_set_has(classified->matched, i))
			buf_append_u64(out, i);
	}
}

static void take_records(struct front *front, struct classifier *classifier,
			 struct outcome *out)
{
	struct record record;
	struct front_extent extent;

	while (front_next(front, &record, &extent)) {
		struct classified classified = { 0 };

		classifier_run(classifier, &record, &classified);
		note_record(&out->text, &record, &classified);
		buf_append_u64(&out->text, extent.end);
		buf_append_u64(&out->text, extent.lines);
		out->records++;
		out->matched += classified.matched != NULL;
	}
}

/* part: bytes fed at once; 0: all, and each line as a whole record besides */
static void run(struct slice bytes, size_t part, struct shape_cache *shapes,
		struct outcome *out)
{
	const struct front_config config = { .shapes = shapes };
	const struct learner_config defaults = { 0 };
	struct learner *learner = learner_new(&defaults);
	struct classifier *classifier = classifier_new(learner, rules, TEMPLATES_MAX);
	struct front *front = front_new(&config);
	const struct front_stats *stats = front_stats(front);

	while (bytes.len > 0) {
		struct slice head = slice_head(bytes, part);

		front_feed(front, head, NOW_US);
		take_records(front, classifier, out);
		bytes = slice_from(bytes, head.len);
	}
	front_finish(front);
	take_records(front, classifier, out);
	buf_append_u64(&out->text, stats->invalid_utf8);
	buf_append_u64(&out->text, stats->lines);
	buf_append_u64(&out->text, stats->records);
	front_free(&front);
	classifier_free(&classifier);
	learner_free(&learner);
}

/* so much was there to be compared */
struct compared {
	uint64_t hits;    /* lines that the cache knew */
	uint64_t matched; /* records */
};

/* the outcomes without the cache and with it; adds to sums */
static void check_same(struct slice bytes, size_t part, struct compared *sums)
{
	struct shape_cache *shapes = shape_cache_new(131072);
	struct outcome without = { 0 };
	struct outcome with = { 0 };

	run(bytes, bytes.len, NULL, &without);
	run(bytes, part, shapes, &with);
	assert_int_equal(with.records, without.records);
	assert_int_equal(with.matched, without.matched);
	assert_true(slice_equal(buf_slice(&with.text), buf_slice(&without.text)));
	sums->hits += shape_cache_stats(shapes)->hits;
	sums->matched += with.matched;
	shape_cache_free(&shapes);
	buf_deinit(&without.text);
	buf_deinit(&with.text);
}

/* digits become others, now and then another byte does; most lines stay as they are */
static void append_changed(struct buf *out, struct slice line, uint64_t *state)
{
	size_t from = out->len;
	bool wild = next_random(state) % 64 == 0;

	buf_append_slice(out, line);
	for (size_t i = from; i < out->len; i++) {
		uint64_t dice = next_random(state);
		char c = out->data[i];

		if (c >= '0' && c <= '9' && dice % 4 == 0)
			out->data[i] = (char)('0' + dice / 4 % 10);
		else if (wild && dice % 16 == 0)
			out->data[i] = (char)(dice >> 32);
	}
	buf_append_char(out, '\n');
}

static void test_random_digits(void **state)
{
	uint64_t seed = 88172645463325252U;
	struct compared sums = { 0 };

	(void)state;
	for (size_t round = 0; round < 60; round++) {
		struct buf bytes = { 0 };

		for (size_t i = 0; i < 400; i++) {
			size_t line = next_random(&seed) % ARRAY_LEN(lines);

			append_changed(&bytes, slice_str(lines[line]), &seed);
		}
		check_same(buf_slice(&bytes),
			   round % 2 == 0 ? bytes.len : next_random(&seed) % 200 + 1,
			   &sums);
		buf_deinit(&bytes);
	}
	/* the test would say nothing if little was found */
	assert_true(sums.hits > 2000);
	assert_true(sums.matched > 1000);
}

/* each line alone: all its digits at random, often enough to meet every range */
static void test_each_line(void **state)
{
	uint64_t seed = 362436069362436069U;
	struct compared sums = { 0 }; /* some lines never hit */

	(void)state;
	for (size_t line = 0; line < ARRAY_LEN(lines); line++) {
		struct buf bytes = { 0 };

		for (size_t i = 0; i < 300; i++)
			append_changed(&bytes, slice_str(lines[line]), &seed);
		check_same(buf_slice(&bytes), bytes.len, &sums);
		buf_deinit(&bytes);
	}
}

static void append_corpus_file(struct buf *out, const char *path, uint64_t *state)
{
	FILE *file = fopen(path, "r");
	char *line = NULL;
	size_t size = 0;
	ssize_t len = 0;

	assert_non_null(file);
	while ((len = getline(&line, &size, file)) > 0) {
		for (size_t i = 0; i < 6; i++)
			append_changed(out, slice_trim(slice_of(line, (size_t)len)),
				       state);
	}
	free(line); /* of getline */
	assert_int_equal(fclose(file), 0);
}

/* every format of the corpus, each line with other digits some times over */
static void test_corpus(void **state)
{
	uint64_t seed = 88172645463325252U;
	struct compared sums = { 0 };
	glob_t files = { 0 };

	(void)state;
	assert_int_equal(glob(SIFTD_SOURCE_DIR "/tests/corpus/*.log", 0, NULL, &files),
			 0);
	assert_true(files.gl_pathc > 50);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		struct buf bytes = { 0 };

		append_corpus_file(&bytes, files.gl_pathv[i], &seed);
		check_same(buf_slice(&bytes), bytes.len, &sums);
		buf_deinit(&bytes);
	}
	globfree(&files);
}

static void test_whole_records(void **state)
{
	struct shape_cache *shapes = shape_cache_new(32768);
	const struct front_config with = { .shapes = shapes };
	const struct front_config without = { 0 };
	struct front *fronts[] = { front_new(&with), front_new(&without) };
	uint64_t seed = 521288629521288629U;
	struct buf texts[2] = { { 0 } };

	(void)state;
	append_changed(&texts[0], slice_str(lines[0]), &seed);
	for (size_t i = 0; i < 100 * ARRAY_LEN(lines); i++) {
		const struct classified none = { 0 };
		struct buf *text = &texts[i % 2];
		struct buf *next = &texts[(i + 1) % 2];
		struct buf notes[2] = { { 0 } };
		struct record record;

		buf_clear(next);
		append_changed(next, slice_str(lines[(i + 1) % ARRAY_LEN(lines)]),
			       &seed);
		for (size_t j = 0; j < 2; j++) {
			/* some are not told of */
			front_whole(fronts[j], buf_slice(text),
				    i % 7 == 0 ? (struct slice){ 0 } : buf_slice(next),
				    NOW_US, &record);
			note_record(&notes[j], &record, &none);
		}
		assert_true(slice_equal(buf_slice(&notes[0]), buf_slice(&notes[1])));
		for (size_t j = 0; j < 2; j++)
			buf_deinit(&notes[j]);
	}
	for (size_t j = 0; j < 2; j++)
		buf_deinit(&texts[j]);
	assert_true(shape_cache_stats(shapes)->hits > 1000);
	for (size_t j = 0; j < 2; j++)
		front_free(&fronts[j]);
	shape_cache_free(&shapes);
}

static struct front *open_line(struct shape_cache *shapes, const char *line)
{
	const struct front_config config = { .shapes = shapes };
	struct front *front = front_new(&config);

	front_feed(front, slice_str(line), NOW_US);
	return front;
}

/* the record of the open line */
static size_t close_line(struct front **front)
{
	struct record record;
	struct front_extent extent;

	assert_false(front_next(*front, &record, &extent));
	front_finish(*front);
	assert_true(front_next(*front, &record, &extent));
	front_free(front);
	return record.body.len;
}

static void look_at(struct front *front)
{
	struct record record;
	struct front_extent extent;

	assert_false(front_next(front, &record, &extent));
}

/* lines of many streams that look alike and are not, all looked up before any is
 * learned: a record is never that of a shape that took the place of its own */
static void test_shape_replaced(void **state)
{
	static const char stamped[] = "2026-02-01 10:00:00 INFO took 12\n";
	static const char plain[] = "2026-02-01 10:90:00 INFO took 12\n";
	struct shape_cache *shapes = shape_cache_new(32768);
	struct front *many[12];
	struct front *learner = NULL;
	struct front *last = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(many); i++) {
		many[i] = open_line(shapes, stamped);
		look_at(many[i]);
	}
	learner = open_line(shapes, plain);
	look_at(learner);
	assert_int_equal(close_line(&learner), sizeof(plain) - 2);
	last = open_line(shapes, plain);
	look_at(last);
	for (size_t i = 0; i < ARRAY_LEN(many); i++)
		assert_int_equal(close_line(&many[i]), strlen("took 12"));
	assert_int_equal(close_line(&last), sizeof(plain) - 2);
	shape_cache_free(&shapes);
}

static void test_digit_mask(void **state)
{
	char text[100];
	char out[100];

	(void)state;
	for (size_t len = 0; len < sizeof(text); len++) {
		for (size_t i = 0; i < len; i++)
			text[i] = (char)(i * 37 + len);
		digit_mask(slice_of(text, len), out);
		for (size_t i = 0; i < len; i++)
			assert_int_equal(out[i], text[i] >= '0' && text[i] <= '9'
							 ? '0'
							 : text[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_digit_mask),
		cmocka_unit_test(test_random_digits),
		cmocka_unit_test(test_each_line),
		cmocka_unit_test(test_corpus),
		cmocka_unit_test(test_whole_records),
		cmocka_unit_test(test_shape_replaced),
	};

	return cmocka_run_group_tests(tests, compile_rules, free_rules);
}
