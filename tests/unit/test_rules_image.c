/* test_rules_image.c - rules from an image judge as compiled ones do; an image that
 * does not fit is refused, and the rules are compiled
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <zstd.h>

#include "base/hash64.h"
#include "base/mem.h"
#include "pipeline/front.h"
#include "pipeline/rules_databases.h"

#define HEAD "id: r\ntitle: t\nseverity: LOW\nconfidence: 0.5\nmatch: "
/* one with all three databases */
#define RULE HEAD "{message: {regex: ['took 50\\d ms', 'x[13]y']}}\n"

/* of the header: magic, checksum, key */
enum { AT_CHECKSUM = 8, AT_KEY = 16, AT_FRAME = 32 };

static struct yaml_doc *parse(const char *text)
{
	struct yaml_doc *docs = NULL;
	struct error error = { 0 };

	if (yaml_parse(slice_str(text), "t", &docs, &error) != 0)
		fail_msg("%s", error.text);
	return docs;
}

static struct rules *compile(const struct yaml_doc *docs, struct slice image)
{
	struct rules *rules = NULL;
	struct error error = { 0 };

	if (rules_compile_stored(docs, image, &rules, &error) != 0)
		fail_msg("%s", error.text);
	return rules;
}

/* whether the image was used, and by it the rule finds what it is for */
static bool image_fits(const char *text, struct slice image)
{
	struct yaml_doc *docs = parse(text);
	struct rules *rules = compile(docs, image);
	struct rules_scratch *scratch = rules_scratch_new(rules);
	struct record record = { .body = SLICE("it took 503 ms") };
	struct rule_subject subject = { .record = &record };
	struct rule_set every = { .bits = { 1 } };
	struct rule_set matched = { 0 };
	bool fits = !rules_compiled(rules);

	rules_judge_event(rules, scratch, &subject, &every, &matched);
	assert_true(rule_set_has(&matched, 0));
	rules_scratch_free(&scratch);
	rules_free(&rules);
	yaml_docs_free(&docs);
	return fits;
}

static struct buf image_of(const char *text)
{
	struct yaml_doc *docs = parse(text);
	struct rules *rules = compile(docs, (struct slice){ 0 });
	struct buf image = { 0 };

	assert_true(rules_compiled(rules));
	for (size_t i = 0; i < RULES_DATABASES; i++)
		assert_non_null(rules->databases[i]);
	rules_image(rules, &image);
	rules_free(&rules);
	yaml_docs_free(&docs);
	return image;
}

static void test_fits(void **state)
{
	static const struct {
		const char *text;
		bool fits;
	} cases[] = {
		{ RULE, true },
		/* nothing that is compiled differs */
		{ "# a comment\n" RULE "description: other\n", true },
		{ HEAD "{message: {regex: ['took 50\\d ms', 'x[12]y']}}\n", false },
		{ HEAD "{message: {regex: ['x[13]y', 'took 50\\d ms']}}\n", false },
		{ HEAD "{message: {regex: 'took 50\\d ms'}}\n", false },
		{ HEAD "{message: {regex: ['took 50\\d ms', 'x[13]y', 'z']}}\n",
		  false },
	};
	struct buf image = image_of(RULE);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		if (image_fits(cases[i].text, buf_slice(&image)) != cases[i].fits)
			fail_msg("%s", cases[i].text);
	}
	buf_deinit(&image);
}

/* as rules_image_read, for the key that the image says it is for */
static bool readable(struct slice image)
{
	hs_database_t *databases[RULES_DATABASES] = { 0 };
	struct rules_key key = { 0 };
	bool good = false;

	if (image.len >= AT_FRAME)
		memcpy(&key, image.ptr + AT_KEY, sizeof(key));
	good = rules_image_read(image, &key, databases);
	for (size_t i = 0; i < RULES_DATABASES; i++)
		assert_true((databases[i] != NULL) == good);
	rules_free_databases(databases);
	return good;
}

static void test_damaged(void **state)
{
	struct buf image = image_of(RULE);

	(void)state;
	assert_true(readable(buf_slice(&image)));
	for (size_t i = 0; i < image.len; i++) {
		/* of its own size, so that a read behind the end is seen */
		char *cut = mem_slice_dup(slice_head(buf_slice(&image), i));

		assert_false(readable((struct slice){ cut, i }));
		mem_free(cut);
		for (unsigned bit = 0; bit < 8; bit++) {
			image.data[i] = (char)(image.data[i] ^ (1 << bit));
			assert_false(readable(buf_slice(&image)));
			image.data[i] = (char)(image.data[i] ^ (1 << bit));
		}
	}
	image.data[image.len / 2] ^= 1;
	assert_false(image_fits(RULE, buf_slice(&image)));
	image.data[image.len / 2] ^= 1;
	assert_true(image_fits(RULE, buf_slice(&image)));
	buf_append_char(&image, '\0');
	assert_false(readable(buf_slice(&image)));
	buf_deinit(&image);
}

/* the image with other bytes in its frame, and all else as it should be */
static struct buf with_databases(const struct buf *image, struct slice databases)
{
	struct buf made = { 0 };
	uint64_t key[2] = { 0 };
	uint64_t checksum = 0;
	size_t bound = ZSTD_compressBound(databases.len);

	buf_append(&made, image->data, AT_FRAME);
	buf_reserve(&made, bound);
	made.len += ZSTD_compress(made.data + AT_FRAME, bound, databases.ptr,
				  databases.len, 1);
	memcpy(key, image->data + AT_KEY, sizeof(key));
	checksum = hash64(slice_from(buf_slice(&made), AT_FRAME), 0);
	checksum = hash64_mix(hash64_mix(checksum, key[0]), key[1]);
	memcpy(made.data + AT_CHECKSUM, &checksum, sizeof(checksum));
	return made;
}

/* what the checksum covers is good, but Vectorscan's own header says another version or
 * a processor that this is not: it stands behind the length, as magic (4 bytes),
 * version (4), length (4), platform (8) */
static void test_foreign_databases(void **state)
{
	static const struct {
		size_t at;
		size_t cut;
		bool good;
	} cases[] = {
		{ 0, 0, true },       { 8, 0, false },  { 8 + 5, 0, false },
		{ 8 + 12, 0, false }, { 0, 1, false },  { 0, 9, false },
		{ 3, 0, false },      { 40, 0, false },
	};
	struct buf image = image_of(RULE);
	char bytes[1 << 16];
	size_t len = ZSTD_decompress(bytes, sizeof(bytes), image.data + AT_FRAME,
				     image.len - AT_FRAME);

	(void)state;
	assert_true(ZSTD_isError(len) == 0);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf made = { 0 };

		bytes[cases[i].at] =
			(char)(bytes[cases[i].at] ^ (cases[i].good ? 0 : 0x40));
		made = with_databases(&image,
				      (struct slice){ bytes, len - cases[i].cut });
		if (readable(buf_slice(&made)) != cases[i].good)
			fail_msg("at %zu cut %zu", cases[i].at, cases[i].cut);
		bytes[cases[i].at] =
			(char)(bytes[cases[i].at] ^ (cases[i].good ? 0 : 0x40));
		buf_deinit(&made);
	}
	buf_deinit(&image);
}

/* the same rules, compiled and from the image */
struct pair {
	struct rules *rules[2];
	struct rules_scratch *scratch[2];
	struct rule_set every;
	size_t lines;
	size_t matches;
};

static void judge_line(struct pair *pair, struct slice line)
{
	struct front_config config = { 0 };
	struct arena arena = { 0 };
	struct record record = { 0 };
	struct rule_set sets[2][4] = { 0 };
	bool shape[2] = { false };

	parse_record(line, &config, 0, &arena, &record);
	for (size_t i = 0; i < 2; i++) {
		struct rule_subject subject = { &record, record.body };

		rules_judge_event(pair->rules[i], pair->scratch[i], &subject,
				  &pair->every, &sets[i][0]);
		shape[i] = rules_judge_shape(pair->rules[i], pair->scratch[i], &subject,
					     &pair->every, &sets[i][1]);
		subject.template_text = SLICE("<*> failed <num> ms");
		rules_judge_template(pair->rules[i], pair->scratch[i], &subject,
				     &sets[i][2], &sets[i][3]);
	}
	assert_int_equal(shape[0], shape[1]);
	assert_memory_equal(sets[0], sets[1], sizeof(sets[0]));
	pair->lines++;
	for (size_t i = 0; i < RULES_MAX / 64; i++)
		pair->matches += sets[0][0].bits[i] != 0;
	arena_deinit(&arena);
}

static void judge_lines(struct pair *pair, const struct slices *lines)
{
	for (size_t i = 0; i < lines->count; i++)
		judge_line(pair, lines->items[i]);
}

static void test_shipped_rules(void **state)
{
	struct pair pair = { 0 };
	struct yaml_doc *docs = NULL;
	struct error error = { 0 };
	struct buf image = { 0 };

	(void)state;
	if (rules_read_folder(SIFTD_SOURCE_DIR "/conf/rules", &docs, &error) != 0)
		fail_msg("%s", error.text);
	pair.rules[0] = compile(docs, (struct slice){ 0 });
	rules_image(pair.rules[0], &image);
	pair.rules[1] = compile(docs, buf_slice(&image));
	assert_true(rules_compiled(pair.rules[0]));
	assert_false(rules_compiled(pair.rules[1]));
	for (size_t i = 0; i < 2; i++)
		pair.scratch[i] = rules_scratch_new(pair.rules[i]);
	for (size_t i = 0; i < rules_count(pair.rules[0]); i++)
		rule_set_put(&pair.every, i);
	for (size_t i = 0; i < rules_count(pair.rules[0]); i++) {
		judge_lines(&pair, &pair.rules[0]->entries[i].should);
		judge_lines(&pair, &pair.rules[0]->entries[i].should_not);
	}
	assert_true(pair.lines >= rules_count(pair.rules[0]) * 10);
	assert_true(pair.matches >= rules_count(pair.rules[0]) * 4);
	for (size_t i = 0; i < 2; i++) {
		rules_scratch_free(&pair.scratch[i]);
		rules_free(&pair.rules[i]);
	}
	yaml_docs_free(&docs);
	buf_deinit(&image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fits),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_foreign_databases),
		cmocka_unit_test(test_shipped_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
